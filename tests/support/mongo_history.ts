import { BSON, type Document } from 'mongodb';
import { storedDocument } from '../../shared/sources/bson_document.ts';
import { failure, firstBatch, type MongoEndpoint, nextBatch, type Script, tokenAt } from './mongo_endpoint.ts';

/** The past of a few collections, told in the order it happened, to who asks what the ETL asks and nothing else. */
export type MongoHistory = {
  /** A document is written, or deleted where none is given. */
  readonly write: (collection: string, id: string, document?: Readonly<Record<string, unknown>>) => void;
  /** So many seconds in which nothing happens. */
  readonly pass: (seconds: number) => void;
  /** Every document there is, by its id. */
  readonly now: (collection: string) => ReadonlyMap<string, Document>;
  /** Replies to the ETL's commands; any other is a command that does not exist. */
  readonly script: Script;
};

type Happened = { readonly second: number; readonly collection: string; readonly operationType: string; readonly id: string };

const BEGIN = 1_770_000_000;
/** Fewer than the ETL asks for, so that a read has a middle to be killed in. */
const BATCH = 20;
const STREAM = 1;

/** A history that begins empty. Each event has a second of its own. */
export function mongoHistory(endpoint: MongoEndpoint): MongoHistory {
  const collections = new Map<string, Map<string, Document>>();
  const happened: Happened[] = [];
  const left = new Map<number, { readonly collection: string; readonly batches: Document[][] }>();
  let second = BEGIN;
  let cursors = STREAM;
  endpoint.setTime(second);

  const documents = (collection: string): Map<string, Document> => {
    const known = collections.get(collection) ?? new Map<string, Document>();
    collections.set(collection, known);
    return known;
  };
  const next = (id: number, collection: string, batches: Document[][], reply: typeof firstBatch): Document => {
    const batch = batches.shift() ?? [];
    if (batches.length === 0) return reply(collection, batch);
    left.set(id, { collection, batches });
    return reply(collection, batch, id);
  };
  const eventsAfter = (since: number, collection: string): Document[] =>
    happened
      .filter((event) => event.collection === collection && event.second > since)
      .map(({ second: at, operationType, id }) => ({
        _id: tokenAt(at, 1),
        operationType,
        documentKey: { _id: id },
        clusterTime: BSON.Timestamp.fromBits(1, at),
      }));

  return {
    write: (collection, id, document) => {
      second += 1;
      endpoint.setTime(second);
      if (document === undefined) documents(collection).delete(id);
      else documents(collection).set(id, storedDocument(id, document));
      happened.push({ second, collection, operationType: document === undefined ? 'delete' : 'replace', id });
    },
    pass: (seconds) => {
      second += seconds;
      endpoint.setTime(second);
    },
    now: documents,
    script: (command, name) => {
      const stands = { postBatchResumeToken: tokenAt(second, 1) };
      switch (name) {
        case 'listCollections': {
          const uuid = new BSON.Binary(Buffer.alloc(16, 7), 4);
          return firstBatch('$cmd.listCollections', [{ name: command.filter.name, type: 'collection', info: { uuid } }]);
        }
        case 'aggregate': {
          const after: Document | undefined = command.pipeline[0].$changeStream.resumeAfter;
          const since = after === undefined ? second : Number.parseInt(after._data.slice(2, 10), 16);
          return firstBatch(command.aggregate, eventsAfter(since, command.aggregate), STREAM, stands);
        }
        case 'find': {
          const asked: string[] | undefined = command.filter._id?.$in;
          const found = [...documents(command.find)]
            .filter(([id]) => asked === undefined || asked.includes(id))
            .map(([, document]) => document);
          cursors += 1;
          const batches = Array.from({ length: Math.ceil(found.length / BATCH) }, (_, index) =>
            found.slice(index * BATCH, (index + 1) * BATCH),
          );
          return next(cursors, command.find, batches, firstBatch);
        }
        case 'getMore': {
          const id = Number(command.getMore);
          const cursor = left.get(id);
          if (id === STREAM) return nextBatch(command.collection, [], STREAM, stands);
          return cursor === undefined ? failure(43, 'CursorNotFound') : next(id, cursor.collection, cursor.batches, nextBatch);
        }
        default:
          return failure(59, `CommandNotFound: ${name}`);
      }
    },
  };
}
