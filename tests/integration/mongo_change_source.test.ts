import { BSON, type Document } from 'mongodb';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ChangeSet, DocumentSource, SourceDocument } from '../../shared/sources/change_source.ts';
import { mongoDocumentSource } from '../../shared/sources/mongo_change_source.ts';
import {
  bsonOf,
  failure,
  firstBatch,
  type MongoEndpoint,
  nextBatch,
  type Script,
  sent,
  startMongoEndpoint,
  tokenAt,
} from '../support/mongo_endpoint.ts';

// What the ETL says to MongoDB, by the manual's pages "Change Streams", "$changeStream", "find" and "hello".

const NOW = 1_770_000_000;
const STREAM = 77;
/** What the hub takes of an image. */
const IMAGE_FIELDS = {
  contentId: 1,
  url_imagen: 1,
  url_thumbnail: 1,
  descripcion: 1,
  hashtags: 1,
  categoria: 1,
  vector_id_pinecone: 1,
  metadata: 1,
  campanas_asociadas: 1,
  createdAt: 1,
  updatedAt: 1,
};
const REQUEST = { table: 'content.imagenes', columns: [], key: ['id'] };
let endpoint: MongoEndpoint;
let source: DocumentSource;

const uuid = (fill: number) => new BSON.Binary(Buffer.alloc(16, fill), 4);
const collection = (fill = 7): Document =>
  firstBatch('$cmd.listCollections', [{ name: 'imagenes', type: 'collection', info: { uuid: uuid(fill) } }]);

const event = (seconds: number, operationType: string, id?: unknown): Document => ({
  _id: tokenAt(seconds, 1),
  operationType,
  clusterTime: BSON.Timestamp.fromBits(1, seconds),
  ...(id === undefined ? {} : { documentKey: { _id: id } }),
});

/** A quiet collection of two images, whose stream stands at NOW; replies of a test's own come first. */
function scripted(own: Script = () => ({})): void {
  endpoint.answer(async (command, name) => {
    const reply = await own(command, name);
    if (reply === 'cut' || Object.keys(reply).length > 0) return reply;
    switch (name) {
      case 'listCollections':
        return collection();
      case 'aggregate':
        return firstBatch('imagenes', [], STREAM, { postBatchResumeToken: tokenAt(NOW) });
      case 'getMore':
        return nextBatch('imagenes', [], STREAM, { postBatchResumeToken: tokenAt(NOW) });
      case 'find':
        return firstBatch('imagenes', [{ _id: 'IMG-1' }, { _id: 'IMG-2' }]);
      default:
        return failure(59, name);
    }
  });
}

type Read = Pick<ChangeSet<SourceDocument>, 'mode' | 'position' | 'asOf'> & { readonly ids: string[]; readonly deleted: unknown[] };

async function collected({ content }: ChangeSet<SourceDocument>): Promise<SourceDocument[]> {
  const all: SourceDocument[] = [];
  for await (const one of content) all.push(one);
  return all;
}

async function read(position: string | null): Promise<Read> {
  const set = await source.readChanges(REQUEST, position);
  try {
    const ids = (await collected(set)).map(({ id }) => id);
    return { mode: set.mode, position: set.position, asOf: set.asOf, ids, deleted: set.deletedKeys.map((key) => key.id) };
  } finally {
    await set.close();
  }
}

const positionAt = (token: Document, fill = 7): string =>
  JSON.stringify({ collection: `rs0/promptcontent/imagenes/${Buffer.alloc(16, fill).toString('hex')}`, token });
const tokenIn = (position: string): unknown => JSON.parse(position).token;

describe('a collection of a replica set', () => {
  beforeEach(async () => {
    endpoint = await startMongoEndpoint();
    endpoint.setTime(NOW);
    source = mongoDocumentSource(endpoint.url);
  });
  afterEach(async () => {
    await source?.close();
    await endpoint?.stop();
  });

  it('is read whole the first time, after its stream was opened, by one session that sees what the stream saw', async () => {
    scripted();
    expect(await read(null)).toEqual({
      mode: 'snapshot',
      position: positionAt(tokenAt(NOW)),
      asOf: new Date(NOW * 1_000),
      ids: ['IMG-1', 'IMG-2'],
      deleted: [],
    });
    const order = endpoint.received.map(({ name }) => name);
    expect(order).toEqual(['listCollections', 'aggregate', 'getMore', 'find']);
    const opened = endpoint.only('aggregate');
    const found = endpoint.only('find');
    expect(sent(opened)).toBe(
      bsonOf({
        aggregate: 'imagenes',
        pipeline: [{ $changeStream: {} }, { $project: { operationType: 1, documentKey: 1, clusterTime: 1 } }],
        cursor: { batchSize: 1_000 },
        readConcern: { level: 'majority' },
        $db: 'promptcontent',
      }),
    );
    expect(sent(found)).toBe(
      bsonOf({
        find: 'imagenes',
        filter: {},
        projection: IMAGE_FIELDS,
        batchSize: 500,
        readConcern: { level: 'majority', afterClusterTime: BSON.Timestamp.fromBits(1, NOW) },
        $db: 'promptcontent',
      }),
    );
    expect(found.document.lsid).toEqual(opened.document.lsid);
    // The stream is asked once for what came since it was opened, and waits no longer for it than this.
    const more = endpoint.only('getMore');
    expect(sent(more)).toBe(
      bsonOf({ getMore: BSON.Long.fromNumber(STREAM), collection: 'imagenes', batchSize: 1_000, $db: 'promptcontent' }),
    );
    expect(Number(more.document.maxTimeMS)).toBe(50);
  });

  it('goes on from where the stream was opened, so that what is written while it is read comes again', async () => {
    scripted((_, name) => {
      if (name === 'find') endpoint.setTime(NOW + 60);
      return {};
    });
    expect(tokenIn((await read(null)).position)).toEqual(tokenAt(NOW));
  });

  it('tells afterwards what was written, as it is by now, and what is gone, of several events of a document the last', async () => {
    endpoint.setTime(NOW + 9);
    const events = [
      event(NOW + 1, 'insert', 'IMG-3'),
      event(NOW + 2, 'update', 'IMG-1'),
      event(NOW + 3, 'delete', 'IMG-2'),
      event(NOW + 4, 'delete', 'IMG-1'),
      event(NOW + 5, 'insert', 'IMG-4'),
      event(NOW + 6, 'delete', 'IMG-4'),
      event(NOW + 7, 'insert', 'IMG-4'),
    ];
    scripted((_, name) => {
      if (name === 'aggregate') return firstBatch('imagenes', events, STREAM, { postBatchResumeToken: tokenAt(NOW + 9, 1) });
      if (name === 'getMore') return nextBatch('imagenes', [], STREAM, { postBatchResumeToken: tokenAt(NOW + 9, 1) });
      return name === 'find' ? firstBatch('imagenes', [{ _id: 'IMG-3' }, { _id: 'IMG-4' }]) : {};
    });
    expect(await read(positionAt(tokenAt(NOW)))).toEqual({
      mode: 'delta',
      position: positionAt(tokenAt(NOW + 9, 1)),
      asOf: new Date((NOW + 9) * 1_000),
      ids: ['IMG-3', 'IMG-4'],
      deleted: ['IMG-1', 'IMG-2'],
    });
    expect(BSON.serialize(endpoint.only('aggregate').document.pipeline[0])).toEqual(
      BSON.serialize({ $changeStream: { resumeAfter: tokenAt(NOW) } }),
    );
    expect(sent(endpoint.only('find'))).toBe(
      bsonOf({
        find: 'imagenes',
        filter: { _id: { $in: ['IMG-3', 'IMG-4'] } },
        projection: IMAGE_FIELDS,
        limit: 2,
        batchSize: 3,
        readConcern: { level: 'majority', afterClusterTime: BSON.Timestamp.fromBits(1, NOW + 9) },
        $db: 'promptcontent',
      }),
    );
  });

  it('moves its position on when nothing was written, so that the token does not age out behind a quiet collection', async () => {
    endpoint.setTime(NOW + 3_600);
    const quiet = { postBatchResumeToken: tokenAt(NOW + 3_600, 1) };
    scripted((_, name) =>
      name === 'aggregate' ? firstBatch('imagenes', [], STREAM, quiet) : name === 'getMore' ? nextBatch('imagenes', [], STREAM, quiet) : {},
    );
    const quietly = await read(positionAt(tokenAt(NOW)));
    expect(quietly).toMatchObject({ mode: 'delta', ids: [], deleted: [] });
    expect(tokenIn(quietly.position)).toEqual(tokenAt(NOW + 3_600, 1));
    expect(endpoint.all('find')).toEqual([]);
  });

  it('is not done by an empty batch from before the last write, only by one from after it', async () => {
    endpoint.setTime(NOW + 100);
    const batches = [
      nextBatch('imagenes', [], STREAM, { postBatchResumeToken: tokenAt(NOW + 50) }),
      nextBatch('imagenes', [event(NOW + 90, 'update', 'IMG-2')], STREAM, { postBatchResumeToken: tokenAt(NOW + 90, 1) }),
      nextBatch('imagenes', [], STREAM, { postBatchResumeToken: tokenAt(NOW + 100, 1) }),
    ];
    scripted((_, name) => (name === 'getMore' ? (batches.shift() ?? failure(59, 'no batch is left')) : {}));
    const late = await read(positionAt(tokenAt(NOW)));
    expect(late).toMatchObject({ mode: 'delta', asOf: new Date((NOW + 100) * 1_000) });
    expect(tokenIn(late.position)).toEqual(tokenAt(NOW + 100, 1));
    expect(endpoint.only('find').document.filter).toEqual({ _id: { $in: ['IMG-2'] } });
  });

  it('is as of its token where the stream stays behind the last write, and the next read goes on from there', async () => {
    endpoint.setTime(NOW + 100);
    const behind = { postBatchResumeToken: tokenAt(NOW + 50) };
    scripted((_, name) => (name === 'getMore' ? nextBatch('imagenes', [], STREAM, behind) : {}));
    const some = await read(positionAt(tokenAt(NOW)));
    expect(some).toMatchObject({ mode: 'delta', asOf: new Date((NOW + 50) * 1_000) });
    expect(tokenIn(some.position)).toEqual(tokenAt(NOW + 50));
  });

  it('ends at what was written before the read began, however much goes on being written', async () => {
    let second = NOW;
    const endless = () => event(++second, 'update', `IMG-${second - NOW}`);
    endpoint.setTime(NOW + 3);
    scripted((_, name) => {
      if (name === 'aggregate') return firstBatch('imagenes', [endless()], STREAM, { postBatchResumeToken: tokenAt(second, 1) });
      return name === 'getMore' ? nextBatch('imagenes', [endless()], STREAM, { postBatchResumeToken: tokenAt(second, 1) }) : {};
    });
    const some = await read(positionAt(tokenAt(NOW)));
    expect(tokenIn(some.position)).toEqual(tokenAt(NOW + 4, 1));
    expect(endpoint.only('find').document.filter).toEqual({ _id: { $in: ['IMG-1', 'IMG-2', 'IMG-3', 'IMG-4'] } });
  });

  describe('is read whole again, behind a stream opened anew,', () => {
    const anew = async (position: string): Promise<void> => {
      const whole = await read(position);
      expect(whole).toMatchObject({ mode: 'snapshot', ids: ['IMG-1', 'IMG-2'], deleted: [] });
      const order = endpoint.received.map(({ name }) => name);
      const opening = endpoint.all('aggregate').at(-1);
      expect(opening?.document.pipeline[0]).toEqual({ $changeStream: {} });
      expect(order.lastIndexOf('find')).toBeGreaterThan(order.lastIndexOf('aggregate'));
      expect(tokenIn(whole.position)).toEqual(tokenAt(NOW));
    };
    const resumed = (command: Document): boolean => command.pipeline?.[0]?.$changeStream?.resumeAfter !== undefined;

    it.each([
      ['has left the oplog (286)', 286, 'ChangeStreamHistoryLost'],
      ['cannot be found any more (280)', 280, 'ChangeStreamFatalError'],
      ['is of another collection (260)', 260, 'InvalidResumeToken'],
    ])('when the token %s', async (_, code, codeName) => {
      scripted((command) => (resumed(command) ? failure(code, codeName, ['NonResumableChangeStreamError']) : {}));
      await anew(positionAt(tokenAt(NOW - 50)));
    });

    it('when the token leaves the oplog while the stream is read', async () => {
      let isOpen = false;
      scripted((command, name) => {
        if (resumed(command)) {
          isOpen = true;
          return firstBatch('imagenes', [event(NOW - 40, 'delete', 'IMG-1')], STREAM, { postBatchResumeToken: tokenAt(NOW - 40, 1) });
        }
        if (name !== 'getMore' || !isOpen) return {};
        isOpen = false;
        return failure(286, 'ChangeStreamHistoryLost', ['NonResumableChangeStreamError']);
      });
      await anew(positionAt(tokenAt(NOW - 50)));
    });

    it.each(['drop', 'rename', 'dropDatabase', 'invalidate'])('after the event %s', async (operationType) => {
      scripted((command) =>
        resumed(command)
          ? firstBatch('imagenes', [event(NOW - 40, operationType)], STREAM, { postBatchResumeToken: tokenAt(NOW - 40, 1) })
          : {},
      );
      await anew(positionAt(tokenAt(NOW - 50)));
    });

    it.each([
      ['of a collection that was dropped and made anew', positionAt(tokenAt(NOW - 50), 8)],
      ['from after the last write, as after a restore', positionAt(tokenAt(NOW + 50))],
      ['of another kind of database', '1.2.3.4:99'],
    ])('when the position is %s', async (_, position) => {
      scripted();
      await anew(position);
    });
  });

  describe('whose connection is cut', () => {
    it('in the middle of the snapshot tells so, and gives no end that could be taken for the whole', async () => {
      scripted((command, name) => {
        if (name === 'find') return firstBatch('imagenes', [{ _id: 'IMG-1' }], 99);
        return name === 'getMore' && Number(command.getMore) === 99 ? 'cut' : {};
      });
      await expect(read(null)).rejects.toThrow(/closed/);
    });

    it.each([
      ['by the network', 'cut' as const],
      ['by a server that is no primary any more (10107)', failure(10_107, 'NotWritablePrimary', ['ResumableChangeStreamError'])],
      ['by a server that shuts down (91)', failure(91, 'ShutdownInProgress', ['ResumableChangeStreamError'])],
    ])('%s in the middle of the stream goes on after the last event that came', async (_, end) => {
      endpoint.setTime(NOW + 9);
      let cuts = 0;
      scripted((command, name) => {
        const after = command.pipeline?.[0]?.$changeStream?.resumeAfter;
        if (after?._data === tokenAt(NOW)._data) {
          return firstBatch('imagenes', [event(NOW + 1, 'update', 'IMG-1')], STREAM, { postBatchResumeToken: tokenAt(NOW + 1, 1) });
        }
        if (after !== undefined) {
          return firstBatch('imagenes', [event(NOW + 2, 'delete', 'IMG-2')], STREAM, { postBatchResumeToken: tokenAt(NOW + 9, 1) });
        }
        if (name === 'getMore')
          return cuts++ === 0 ? end : nextBatch('imagenes', [], STREAM, { postBatchResumeToken: tokenAt(NOW + 9, 1) });
        return name === 'find' ? firstBatch('imagenes', [{ _id: 'IMG-1' }]) : {};
      });
      const all = await read(positionAt(tokenAt(NOW)));
      expect(all).toMatchObject({ mode: 'delta', ids: ['IMG-1'], deleted: ['IMG-2'] });
      expect(tokenIn(all.position)).toEqual(tokenAt(NOW + 9, 1));
      expect(endpoint.all('aggregate').map(({ document }) => document.pipeline[0].$changeStream.resumeAfter)).toEqual([
        tokenAt(NOW),
        tokenAt(NOW + 1, 1),
      ]);
    });
  });

  it('has its batches fetched one after the other by the cursor that was opened', async () => {
    const batches = [nextBatch('imagenes', [{ _id: 'IMG-2' }], 99), nextBatch('imagenes', [{ _id: 'IMG-3' }])];
    scripted((command, name) => {
      if (name === 'find') return firstBatch('imagenes', [{ _id: 'IMG-1' }], 99);
      return name === 'getMore' && Number(command.getMore) === 99 ? (batches.shift() ?? failure(43, 'CursorNotFound')) : {};
    });
    expect((await read(null)).ids).toEqual(['IMG-1', 'IMG-2', 'IMG-3']);
    const fetches = endpoint.all('getMore').filter(({ document }) => Number(document.getMore) === 99);
    expect(fetches.map(sent)).toEqual(
      [1, 2].map(() => bsonOf({ getMore: BSON.Long.fromNumber(99), collection: 'imagenes', batchSize: 500, $db: 'promptcontent' })),
    );
    expect(fetches.map(({ document }) => document.lsid)).toEqual([1, 2].map(() => endpoint.only('find').document.lsid));
  });

  it('gives documents as the JSON they mean, whatever BSON types a field holds', async () => {
    scripted((_, name) =>
      name === 'find'
        ? firstBatch('imagenes', [
            {
              _id: new BSON.ObjectId('65f0c0ffee65f0c0ffee0001'),
              creado: new Date('2026-01-01T08:00:00.123Z'),
              veces: BSON.Long.fromString('12'),
              muchas: BSON.Long.fromString('9007199254740993'),
              costo: BSON.Decimal128.fromString('1.5E-7'),
              grande: BSON.Decimal128.fromString('12E+3'),
              ancho: new BSON.Double(1200),
              sello: BSON.Timestamp.fromBits(3, NOW),
              autor: new BSON.ObjectId('65f0c0ffee65f0c0ffee0002'),
              clave: uuid(7),
              lista: [{ en: new Date(0) }, null, 'texto'],
            },
          ])
        : {},
    );
    const set = await source.readChanges(REQUEST, null);
    const [found] = await collected(set);
    await set.close();
    expect(found).toEqual({
      id: '65f0c0ffee65f0c0ffee0001',
      document: {
        creado: '2026-01-01T08:00:00.123Z',
        veces: 12,
        muchas: '9007199254740993',
        costo: '0.00000015',
        grande: '12000',
        ancho: 1200,
        sello: '2026-02-02T02:40:00.000Z',
        autor: '65f0c0ffee65f0c0ffee0002',
        clave: '07070707-0707-0707-0707-070707070707',
        lista: [{ en: '1970-01-01T00:00:00.000Z' }, null, 'texto'],
      },
    });
  });
});

describe('a collection of a single server, which has no streams,', () => {
  beforeEach(async () => {
    endpoint = await startMongoEndpoint('single server');
    endpoint.setTime(NOW);
    source = mongoDocumentSource(endpoint.url);
    scripted();
  });
  afterEach(async () => {
    await source?.close();
    await endpoint?.stop();
  });

  it('is read whole first; then what may have been written since, by each type that a time is kept as', async () => {
    const first = await read(null);
    expect(first).toMatchObject({ mode: 'snapshot', ids: ['IMG-1', 'IMG-2'], asOf: new Date(NOW * 1_000) });
    endpoint.setTime(NOW + 660);
    scripted();
    expect(await read(first.position)).toMatchObject({ mode: 'delta', asOf: new Date((NOW + 660) * 1_000), deleted: [] });
    expect(endpoint.all('aggregate')).toEqual([]);
    // Ten minutes before the last read: clocks of writers differ, and a transaction commits after it stamped.
    const since = new Date((NOW - 600) * 1_000);
    expect(sent(endpoint.only('find'))).toBe(
      bsonOf({
        find: 'imagenes',
        filter: {
          $or: [
            { updatedAt: { $gte: since } },
            { updatedAt: { $gte: since.toISOString().slice(0, 19) } },
            { updatedAt: { $type: 'string', $not: { $regex: '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}(\\.\\d+)?Z$' } } },
            { updatedAt: { $not: { $type: ['date', 'string'] } } },
          ],
        },
        projection: IMAGE_FIELDS,
        batchSize: 500,
        readConcern: { level: 'majority' },
        $db: 'promptcontent',
      }),
    );
  });

  it('is asked for records by the time they tell: they are never changed and have no other', async () => {
    const set = await source.readChanges({ ...REQUEST, table: 'content.bitacora_solicitudes' }, null);
    await set.close();
    const next = await source.readChanges({ ...REQUEST, table: 'content.bitacora_solicitudes' }, set.position);
    await collected(next);
    await next.close();
    expect(Object.keys(endpoint.all('find').at(-1)?.document.filter.$or[0])).toEqual(['fecha']);
  });

  it('is read whole again every hour, which shows what was deleted; an hour counts from the last time it was', async () => {
    let { position } = await read(null);
    const modes: string[] = [];
    for (const minutes of [11, 22, 33, 44, 55, 66, 77]) {
      endpoint.setTime(NOW + minutes * 60);
      const set = await read(position);
      modes.push(set.mode);
      position = set.position;
    }
    expect(modes).toEqual(['delta', 'delta', 'delta', 'delta', 'delta', 'snapshot', 'delta']);
  });
});
