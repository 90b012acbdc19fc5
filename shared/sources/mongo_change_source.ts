import { BSON, type ChangeStream, type ChangeStreamDocument, type ClientSession, type Document } from 'mongodb';
import { codeOf, type MongoDatabase, openMongo, type StoredDocument } from '../db/mongo_database.ts';
import { idOf, plainDocument } from './bson_document.ts';
import type { ChangeRequest, ChangeSet, DocumentSource, SourceDocument } from './change_source.ts';
import { CONTENT_COLLECTIONS, type ContentCollection } from './content_collections.ts';
import { projectionOf } from './document_projection.ts';

const DOCUMENTS_A_FETCH = 500;
/** How long the server waits for an event before it says that there is none. */
const AWAIT_MS = 50;
/** A stream that has not come to where the database stood by then goes on in the next read. */
const MOST_DRAIN_MS = 10_000;
/** More events of different documents than this are left to the next read: they are kept in memory. */
const MOST_CHANGED = 100_000;

/**
 * What a stream that cannot be resumed says: ChangeStreamHistoryLost (the token has left the oplog), ChangeStreamFatalError (so has what it
 * belongs to), InvalidResumeToken (another collection's, or of one that was dropped), and BSONObjectTooLarge (an event that no client may read).
 */
const LOST = new Set([286, 280, 260, 10_334]);
/** After these the collection is another one, or none. */
const ENDINGS: ReadonlySet<string> = new Set(['drop', 'dropDatabase', 'rename', 'invalidate']);

/**
 * Without a replica set there is no stream. Documents are found by the time they say they were written at, which another clock stamped before
 * the write was seen: what was written so long before the last read is read again. What is deleted is noticed only by reading all.
 */
const OVERLAP_MS = 600_000;
const READ_ALL_AFTER_MS = 3_600_000;
const WRITTEN_AT: Readonly<Record<string, string>> = { logs_campanas: 'fecha', bitacora_solicitudes: 'fecha' };

/** Where a reader stands: the collection it read, and either the stream's token or the times of polling. */
type Position = {
  readonly collection: string;
  readonly token?: Document;
  /** The database's clock at the last read, and at the last one of all. */
  readonly polled?: { readonly at: string; readonly allAt: string };
};

/** A place in the log of a replica set: seconds since 1970 in the upper 32 bits, a counter in the lower. */
type ClusterTime = bigint;

/** The collection as it is now. */
type Standing = {
  /** Which incarnation of which collection: replica set, name and UUID, which is another after a drop or a restore. */
  readonly identity: string;
  readonly name: string;
  readonly replicated: boolean;
  /** The last write that a majority has, and the last one of all: a primary just elected may know the one later than the other. */
  readonly written: ClusterTime | undefined;
  readonly latest: ClusterTime | undefined;
  /** The database's clock. */
  readonly now: Date;
};

type Drained = {
  readonly token: Document;
  readonly changed: readonly unknown[];
  readonly deleted: readonly string[];
  /** Whether everything written before the read began is among it. */
  readonly complete: boolean;
};

/** The collections of the MongoDB database at an address, as the ETL reads them. Connects at first use. */
export function mongoDocumentSource(url: string): DocumentSource {
  const database = openMongo(url, {
    applicationName: 'promptsales etl',
    called: 'PromptContent',
    setting: 'CONTENT_DATABASE_URL',
    maxConnections: 4,
  });
  return { ...documentSourceIn(database), close: () => database.close() };
}

/**
 * The collections of a database that somebody else closes.
 *
 * On a replica set a collection's change stream tells which documents were written and which are gone; those that were written are then
 * looked up. The position is the post-batch resume token: it moves on even when nothing happened, so that it does not age out of the
 * oplog behind a quiet collection. A snapshot takes its position from a stream opened before the first document is read. One session ties
 * these steps together: whichever member answers has at least what the step before has seen. On a single server see {@link OVERLAP_MS}.
 */
export function documentSourceIn(database: MongoDatabase): DocumentSource {
  return {
    readChanges: async (request, position) => {
      await database.connect();
      const session = database.client.startSession({ causalConsistency: true });
      try {
        const standing = await standingOf(database, request);
        const previous = position === null ? undefined : readPosition(position, standing);
        const read: Reading = { database, session, standing };
        return standing.replicated ? await streamed(read, previous) : polled(read, previous);
      } catch (error) {
        await session.endSession();
        throw error;
      }
    },
    close: async () => {},
  };
}

type Reading = { readonly database: MongoDatabase; readonly session: ClientSession; readonly standing: Standing };

async function standingOf({ db }: MongoDatabase, request: ChangeRequest): Promise<Standing> {
  const name = request.table.split('.').at(-1) ?? request.table;
  const [hello, [found]] = await Promise.all([db.command({ hello: 1 }), db.listCollections({ name }, { nameOnly: false }).toArray()]);
  const replicated = typeof hello.setName === 'string' || hello.msg === 'isdbgrid';
  const uuid = found !== undefined && 'info' in found ? (found.info?.uuid?.toString('hex') ?? 'none') : 'none';
  return {
    identity: [hello.setName ?? hello.msg ?? 'single', db.databaseName, name, uuid].join('/'),
    name,
    replicated,
    written: (hello.lastWrite?.majorityOpTime?.ts ?? hello.operationTime)?.toBigInt(),
    latest: hello.lastWrite?.opTime?.ts?.toBigInt(),
    now: hello.localTime,
  };
}

async function streamed(read: Reading, previous: Position | undefined): Promise<ChangeSet<SourceDocument>> {
  const { standing } = read;
  const token = previous?.token;
  // A token from after the last write belongs to a history that this database has not, as after a restore: the stream would be silent for long.
  const fromTheFuture = token !== undefined && isAfter(timeOf(token), standing.latest);
  const drained = token === undefined || fromTheFuture ? undefined : await drain(read, token);
  if (drained === undefined) {
    const position = await openedNow(read);
    return changeSet(read, { mode: 'snapshot', position: { token: position }, asOf: standing.now, deleted: [], content: all(read) });
  }
  const reached = timeOf(drained.token);
  return changeSet(read, {
    mode: 'delta',
    position: { token: drained.token },
    asOf: drained.complete || reached === undefined ? standing.now : new Date(Number(reached >> 32n) * 1_000),
    deleted: drained.deleted,
    content: lookedUp(read, drained.changed),
  });
}

type Event = Pick<ChangeStreamDocument, '_id' | 'operationType' | 'clusterTime'> & { readonly documentKey?: { readonly _id: unknown } };

function watch({ database, session, standing }: Reading, resumeAfter?: Document): ChangeStream<StoredDocument, Event> {
  return database.db.collection<StoredDocument>(standing.name).watch<StoredDocument, Event>(
    // Who and what; the documents themselves are looked up as they are by then.
    [{ $project: { operationType: 1, documentKey: 1, clusterTime: 1 } }],
    { session, maxAwaitTimeMS: AWAIT_MS, batchSize: 1_000, ...(resumeAfter === undefined ? {} : { resumeAfter }) },
  );
}

/** Where a stream stands that is opened now. Whatever comes first in it happened before the documents are read. */
async function openedNow(read: Reading): Promise<Document> {
  const stream = watch(read);
  try {
    await stream.tryNext();
    return tokenOf(stream);
  } finally {
    await stream.close();
  }
}

/** What happened after a token, up to where the database stood when the read began; undefined when only a snapshot can tell. */
async function drain(read: Reading, after: Document): Promise<Drained | undefined> {
  const { written } = read.standing;
  const stream = watch(read, after);
  const last = new Map<string, { readonly id: unknown; readonly isGone: boolean }>();
  const outcome = (complete: boolean): Drained => ({
    token: tokenOf(stream),
    changed: [...last.values()].filter(({ isGone }) => !isGone).map(({ id }) => id),
    deleted: [...last].filter(([, { isGone }]) => isGone).map(([id]) => id),
    complete,
  });
  try {
    const end = performance.now() + MOST_DRAIN_MS;
    let stoodAt: ClusterTime | undefined;
    while (performance.now() < end && last.size < MOST_CHANGED) {
      const event = await stream.tryNext();
      if (event === null) {
        // The server may have stopped looking before it came to the end of its log; a token of a form unknown here cannot tell.
        const reached = timeOf(tokenOf(stream));
        if (reached === undefined || !isAfter(written, reached)) return outcome(true);
        if (reached === stoodAt) return outcome(false);
        stoodAt = reached;
        continue;
      }
      if (ENDINGS.has(event.operationType)) return undefined;
      if (event.documentKey !== undefined) {
        const { _id: id } = event.documentKey;
        last.set(idOf(id), { id, isGone: event.operationType === 'delete' });
      }
      if (isAfter(event.clusterTime?.toBigInt(), written)) return outcome(true);
    }
    return outcome(false);
  } catch (error) {
    if (LOST.has(codeOf(error) ?? 0)) return undefined;
    throw error;
  } finally {
    await stream.close();
  }
}

function isAfter(one: ClusterTime | undefined, other: ClusterTime | undefined): boolean {
  return one !== undefined && other !== undefined && one > other;
}

/**
 * The time that a token's text begins with: the byte 0x82, which says that a timestamp follows, and its eight bytes (resume_token.cpp of the server).
 * Undefined where it begins otherwise.
 */
function timeOf(token: Document): ClusterTime | undefined {
  const [, time] = /^82([0-9a-f]{16})/i.exec(String(token._data)) ?? [];
  return time === undefined ? undefined : BigInt(`0x${time}`);
}

function tokenOf(stream: ChangeStream<StoredDocument, Event>): Document {
  if (typeof stream.resumeToken !== 'object' || stream.resumeToken === null)
    throw new Error('the change stream did not tell where it stands');
  return stream.resumeToken;
}

/** Those of the ids that exist, as they are now. One that was deleted meanwhile is deleted in the stream after the position, too. */
async function* lookedUp({ database, session, standing }: Reading, ids: readonly unknown[]): AsyncGenerator<SourceDocument> {
  const collection = database.db.collection(standing.name);
  const projection = shownOf(standing.name);
  for (let from = 0; from < ids.length; from += DOCUMENTS_A_FETCH) {
    const some = ids.slice(from, from + DOCUMENTS_A_FETCH);
    const found = collection.find({ _id: { $in: some as [] } }, { session, projection, limit: some.length, batchSize: some.length + 1 });
    for (const document of await found.toArray()) yield toSource(document);
  }
}

function all(read: Reading): AsyncGenerator<SourceDocument> {
  return matching(read, {});
}

async function* matching({ database, session, standing }: Reading, filter: Document): AsyncGenerator<SourceDocument> {
  const projection = shownOf(standing.name);
  const cursor = database.db.collection(standing.name).find(filter, { session, projection, batchSize: DOCUMENTS_A_FETCH });
  try {
    for await (const document of cursor) yield toSource(document);
  } finally {
    await cursor.close();
  }
}

/** What the hub takes of a document is what the collection's schema reads; of a collection that has none, everything. */
function shownOf(name: string): Document {
  const known: Readonly<Record<string, ContentCollection>> = CONTENT_COLLECTIONS;
  const { schema } = known[name] ?? {};
  return schema === undefined ? {} : projectionOf(schema);
}

function polled(read: Reading, previous: Position | undefined): ChangeSet<SourceDocument> {
  const { now, name } = read.standing;
  const last = previous?.polled;
  const at = now.toISOString();
  if (last === undefined || now.getTime() - Date.parse(last.allAt) >= READ_ALL_AFTER_MS) {
    return changeSet(read, { mode: 'snapshot', position: { polled: { at, allAt: at } }, asOf: now, deleted: [], content: all(read) });
  }
  return changeSet(read, {
    mode: 'delta',
    position: { polled: { at, allAt: last.allAt } },
    asOf: now,
    deleted: [],
    content: matching(read, writtenSince(WRITTEN_AT[name] ?? 'updatedAt', new Date(Date.parse(last.at) - OVERLAP_MS))),
  });
}

/**
 * Documents that may have been written since. A comparison looks only at values of its own BSON type, so each type that a time is kept as is asked
 * for, and what is of none of them, or a text of no such form that sorts like time, is always read.
 */
function writtenSince(field: string, since: Date): Document {
  const utc = '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}(\\.\\d+)?Z$';
  return {
    $or: [
      { [field]: { $gte: since } },
      { [field]: { $gte: since.toISOString().slice(0, 19) } },
      { [field]: { $type: 'string', $not: { $regex: utc } } },
      { [field]: { $not: { $type: ['date', 'string'] } } },
    ],
  };
}

function changeSet(
  { session, standing }: Reading,
  found: {
    readonly mode: 'snapshot' | 'delta';
    readonly position: Omit<Position, 'collection'>;
    readonly asOf: Date;
    readonly deleted: readonly string[];
    readonly content: AsyncGenerator<SourceDocument>;
  },
): ChangeSet<SourceDocument> {
  return {
    mode: found.mode,
    position: BSON.EJSON.stringify({ collection: standing.identity, ...found.position }),
    asOf: found.asOf,
    content: found.content,
    deletedKeys: found.deleted.map((id) => ({ id })),
    rejected: [],
    close: async () => {
      try {
        await found.content.return(undefined);
        await session.endSession();
      } catch {
        // The server forgets a cursor and a session by itself.
      }
    },
  };
}

function toSource(document: Document): SourceDocument {
  return { id: idOf(document._id), document: plainDocument(document) };
}

/** A position of this collection as it is now, undefined of any other. */
function readPosition(text: string, { identity }: Standing): Position | undefined {
  try {
    const position: Position = BSON.EJSON.parse(text);
    return position.collection === identity ? position : undefined;
  } catch {
    return undefined;
  }
}
