import { inspect } from 'node:util';
import { BSON, type Document } from 'mongodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deadlineIn } from '../../shared/domain/deadline.ts';
import { storedDocument } from '../../shared/sources/bson_document.ts';
import { GenerationLogDocument } from '../../shared/sources/content_documents.ts';
import type { ContentStore, OutsideRequest } from '../../shared/sources/content_store.ts';
import { mongoDocumentSource } from '../../shared/sources/mongo_change_source.ts';
import { openMongoContentStore } from '../../shared/sources/mongo_content_store.ts';
import { freePort } from '../../shared/stack/ports.ts';
import { campaignOf } from '../support/etl_databases.ts';
import {
  bsonOf,
  failure,
  firstBatch,
  type MongoEndpoint,
  type ScriptedReply,
  sent,
  startMongoEndpoint,
} from '../support/mongo_endpoint.ts';
import { mongoHistory } from '../support/mongo_history.ts';

// What PromptContent's adapter says to MongoDB, by the manual's "Database Commands". What the server makes of it, the contract suite shows on a real one.

const MAJORITY = { w: 'majority', wtimeout: 10_000 };
let endpoint: MongoEndpoint;
let store: ContentStore;
const soon = () => deadlineIn(10_000);

beforeAll(async () => {
  endpoint = await startMongoEndpoint();
  store = await openMongoContentStore(endpoint.url);
});
afterAll(async () => {
  await store?.close();
  await endpoint?.stop();
});

/** Answers one after the other; what comes after the last fails the test. */
function inTurn(...replies: readonly ScriptedReply[]): void {
  const left = [...replies];
  endpoint.answer((_, name) => left.shift() ?? failure(59, `no reply is left for ${name}`));
}

const request = (requestId: string): OutsideRequest => ({
  requestId,
  service: 'openai',
  request: { operation: 'chat.completions' },
  response: { status: 200 },
  result: 'ok',
  tokens: 12,
  costUsd: '0.0012',
  costKnown: true,
  durationMs: 85,
  tool: 'getContent',
  caller: 'host',
  at: new Date('2026-02-10T18:00:00.000Z'),
  day: '2026-02-10',
});

const reserved = (reservationId = 'R-1') =>
  store.reserve({ reservationId, clientId: 'CLI-1', feature: 'imagenes_ia', amount: 2, today: '2026-02-10' }, soon());

const planned = (used: number, open: readonly string[]): Document => ({
  ok: 1,
  value: {
    status: 'active',
    subscribed: true,
    plans: [
      {
        place: 0,
        feature: 'imagenes_ia',
        planId: 'PLAN-1',
        planName: 'Plan 1',
        used,
        limit: 5,
        resetDate: '2026-03-01',
        open: open.map((reservationId) => ({ reservationId, amount: 2 })),
      },
    ],
  },
});

describe('a command', () => {
  it('that reads asks for the fields of the schema, with a limit, of what a majority has', async () => {
    inTurn(firstBatch('campanas', [storedDocument('CMP-1', campaignOf(1))]));
    expect(await store.campaign('CMP-1', soon())).toMatchObject({ campaignId: 'CMP-1', updatedAt: new Date('2026-01-02T08:00:00Z') });
    const command = endpoint.only('find');
    const projection = {
      campaignId: 1,
      clientId: 1,
      name: 1,
      description: 1,
      targetAudience: 1,
      campaignMessage: 1,
      contentVersions: 1,
      usedImages: 1,
      status: 1,
      updatedAt: 1,
    };
    expect(sent(command)).toBe(
      bsonOf({
        find: 'campanas',
        filter: { _id: 'CMP-1' },
        projection,
        limit: 1,
        batchSize: 2,
        readConcern: { level: 'majority' },
        $db: 'promptcontent',
      }),
    );
    expect(Number(command.document.maxTimeMS)).toBeGreaterThan(0);
    expect(Number(command.document.maxTimeMS)).toBeLessThanOrEqual(10_000);
  });

  it('that reads a list is sorted by the server and ends after so many', async () => {
    inTurn(firstBatch('logs_campanas', []));
    expect(await store.lastMessages(['CMP-1', 'CMP-2'], 3, soon())).toEqual([]);
    const fields = Object.fromEntries(Object.keys(GenerationLogDocument.shape).map((name) => [name, 1]));
    expect(sent(endpoint.only('find'))).toBe(
      bsonOf({
        find: 'logs_campanas',
        filter: { id_campana: { $in: ['CMP-1', 'CMP-2'] } },
        sort: { fecha: -1, _id: -1 },
        projection: fields,
        limit: 3,
        batchSize: 4,
        readConcern: { level: 'majority' },
        $db: 'promptcontent',
      }),
    );
  });

  it('that appends a record gives it its id, keeps times as dates, and waits for a majority', async () => {
    inTurn({ ok: 1, n: 1 });
    expect(await store.recordRequest(request('REQ-1'), soon())).toBe(true);
    const command = endpoint.only('insert');
    expect(sent(command)).toBe(
      bsonOf({
        insert: 'bitacora_solicitudes',
        documents: [
          {
            _id: 'REQ-1',
            id_solicitud: 'REQ-1',
            servicio_utilizado: 'openai',
            request: { operacion: 'chat.completions', modelo: null, version_prompt: null, hash_prompt: null, textos: null },
            response: { estado: 200, motivo_fin: null, id_respuesta: null },
            resultado: 'ok',
            tiempo_respuesta_ms: 85,
            tokens_consumidos: 12,
            costo_usd: '0.0012',
            costo_conocido: true,
            tokens_ahorrados: 0,
            costo_ahorrado_usd: '0',
            id_cliente: null,
            id_campana: null,
            herramienta: 'getContent',
            usuario: 'host',
            dia: '2026-02-10',
            fecha: new Date('2026-02-10T18:00:00.000Z'),
          },
        ],
        ordered: true,
        writeConcern: MAJORITY,
        $db: 'promptcontent',
      }),
    );
    expect(command.document.txnNumber).toBeDefined();
  });

  it('that reserves changes one document by a pipeline and reads what came of it, in one step', async () => {
    inTurn(planned(3, ['R-1']));
    expect(await reserved()).toEqual({
      outcome: 'reserved',
      reservation: { reservationId: 'R-1', clientId: 'CLI-1', planId: 'PLAN-1', feature: 'imagenes_ia' },
      used: 3,
      limit: 5,
      resetDate: '2026-03-01',
    });
    const { findAndModify, query, update, new: after, upsert, fields, writeConcern, txnNumber } = endpoint.only('findAndModify').document;
    expect({ findAndModify, query, after, upsert, writeConcern: BSON.EJSON.deserialize(writeConcern) }).toEqual({
      findAndModify: 'clientes',
      query: { _id: 'CLI-1' },
      after: true,
      upsert: false,
      writeConcern: MAJORITY,
    });
    expect(update.map((stage: Document) => Object.keys(stage))).toEqual([['$set'], ['$set'], ['$unset']]);
    expect(Object.keys(fields)).toEqual(['_id', 'status', 'subscribed', 'plans']);
    expect(txnNumber).toBeDefined();
  });

  it('takes a text that begins with a dollar for a text, never for a field', async () => {
    inTurn(planned(5, []));
    expect(await reserved('$secret')).toMatchObject({ outcome: 'exhausted', used: 5, limit: 5 });
    const text = JSON.stringify(endpoint.only('findAndModify').document.update);
    expect(text.match(/"\$secret"/g)).toHaveLength(2);
    expect(text.match(/\{"\$literal":"\$secret"\}/g)).toHaveLength(2);
  });

  it('that saves versions compares updatedAt as it is stored, whatever its type, and adds each once', async () => {
    const stored = { ...campaignOf(1), _id: 'CMP-1', updatedAt: '2026-01-02T08:00:00Z' };
    inTurn(firstBatch('campanas', [stored]), { ok: 1, n: 1, nModified: 1 });
    const versions = [
      { contentId: 'IMG-1', platform: 'instagram', type: 'image' },
      { contentId: 'IMG-9', platform: 'tiktok', type: 'video', text: undefined },
    ];
    const at = new Date('2026-02-10T12:00:00Z');
    const asked = { campaignId: 'CMP-1', versions, images: ['IMG-1', 'IMG-9'], expectedUpdatedAt: new Date('2026-01-02T08:00:00Z'), at };
    expect(await store.saveVersions(asked, soon())).toEqual({ outcome: 'saved', addedVersions: 1, addedImages: 1, updatedAt: at });
    expect(sent(endpoint.only('update'))).toBe(
      bsonOf({
        update: 'campanas',
        updates: [
          {
            q: { _id: 'CMP-1', updatedAt: '2026-01-02T08:00:00Z' },
            u: {
              $addToSet: {
                contentVersions: { $each: [{ contentId: 'IMG-9', platform: 'tiktok', type: 'video' }] },
                usedImages: { $each: ['IMG-9'] },
              },
              $set: { updatedAt: at },
            },
          },
        ],
        ordered: true,
        writeConcern: MAJORITY,
        $db: 'promptcontent',
      }),
    );
  });

  it('that saves versions finds that somebody wrote in between, and says so', async () => {
    const stored = storedDocument('CMP-1', campaignOf(1));
    const later = { ...stored, updatedAt: new Date('2026-02-01T00:00:00Z') };
    inTurn(firstBatch('campanas', [stored]), { ok: 1, n: 0, nModified: 0 }, firstBatch('campanas', [later]));
    const asked = {
      campaignId: 'CMP-1',
      versions: [],
      images: ['IMG-9'],
      expectedUpdatedAt: new Date('2026-01-02T08:00:00Z'),
      at: new Date(),
    };
    expect(await store.saveVersions(asked, soon())).toEqual({ outcome: 'conflict', updatedAt: later.updatedAt });
  });
});

describe('a server that fails', () => {
  const duplicate = {
    ok: 1,
    n: 0,
    writeErrors: [{ index: 0, code: 11_000, errmsg: 'E11000 duplicate key error', keyPattern: { _id: 1 } }],
  };

  it('because the record is there already (11000) leaves it as it is', async () => {
    inTurn(duplicate);
    expect(await store.recordRequest(request('REQ-1'), soon())).toBe(false);
  });

  it('by losing the connection under a write gets the same write once more, under the same number', async () => {
    inTurn('cut', { ok: 1, n: 1 });
    expect(await store.recordRequest(request('REQ-2'), soon())).toBe(true);
    const [first, second] = endpoint.all('insert');
    expect(second && sent(second)).toBe(first && sent(first));
    expect(second?.document.txnNumber).toEqual(first?.document.txnNumber);
    expect(second?.document.lsid).toEqual(first?.document.lsid);
  });

  it('by losing the connection under a reservation counts it once, by its number', async () => {
    inTurn('cut', planned(2, ['R-1']));
    expect(await reserved()).toMatchObject({ outcome: 'reserved', used: 2 });
    const [first, second] = endpoint.all('findAndModify');
    expect(second?.document.txnNumber).toEqual(first?.document.txnNumber);
  });

  it.each([
    ['being no primary any more (10107)', failure(10_107, 'NotWritablePrimary', ['RetryableWriteError'])],
    ['shutting down (91)', failure(91, 'ShutdownInProgress', ['RetryableWriteError'])],
  ])('by %s is asked once more, and is told as unavailable when it stays so', async (_, reply) => {
    inTurn(reply, { ok: 1, n: 1 });
    expect(await store.recordRequest(request('REQ-3'), soon())).toBe(true);
    inTurn(reply, reply);
    await expect(store.recordRequest(request('REQ-4'), soon())).rejects.toMatchObject({
      name: 'ToolError',
      errorClass: 'unavailable',
      retryAfterSeconds: 5,
    });
    expect(endpoint.all('insert')).toHaveLength(2);
  });

  it('under a read is asked once more', async () => {
    inTurn('cut', firstBatch('campanas', []));
    expect(await store.campaign('CMP-1', soon())).toBeUndefined();
    inTurn(failure(91, 'ShutdownInProgress'), firstBatch('campanas', []));
    expect(await store.campaign('CMP-1', soon())).toBeUndefined();
    inTurn('cut', 'cut');
    await expect(store.campaign('CMP-1', soon())).rejects.toMatchObject({ errorClass: 'unavailable' });
  });

  it('to get a majority in time (64) has told nothing for certain: the caller asks again under the same id', async () => {
    inTurn({ ok: 1, n: 1, writeConcernError: { code: 64, codeName: 'WriteConcernTimeout', errmsg: 'waiting for replication timed out' } });
    await expect(store.recordRequest(request('REQ-5'), soon())).rejects.toMatchObject({ errorClass: 'unavailable' });
    inTurn(duplicate);
    expect(await store.recordRequest(request('REQ-5'), soon())).toBe(false);
  });

  it('by taking too long is a timeout, whether it says so (50) or says nothing', async () => {
    inTurn(failure(50, 'MaxTimeMSExpired'));
    await expect(store.campaign('CMP-1', soon())).rejects.toMatchObject({ errorClass: 'timeout' });
    endpoint.answer(() => new Promise(() => undefined));
    const began = performance.now();
    await expect(store.campaign('CMP-1', deadlineIn(150))).rejects.toMatchObject({ errorClass: 'timeout' });
    expect(performance.now() - began).toBeLessThan(2_000);
    expect(Number(endpoint.only('find').document.maxTimeMS)).toBeLessThanOrEqual(150);
  });

  it('by saying nothing to who asks for changes is a timeout too, and the next is answered', async () => {
    const history = mongoHistory(endpoint);
    let answer = (): void => undefined;
    const silence = new Promise<void>((resolve) => {
      answer = resolve;
    });
    endpoint.answer(async (command, name) => {
      if (name === 'find') await silence;
      return history.script(command, name);
    });
    const began = performance.now();
    await expect(store.imageChanges(null, deadlineIn(300))).rejects.toMatchObject({ name: 'ToolError', errorClass: 'timeout' });
    expect(performance.now() - began).toBeLessThan(2_000);
    answer();
    endpoint.answer(history.script);
    expect(await store.imageChanges(null, soon())).toMatchObject({ mode: 'snapshot', images: [] });
  });

  it('by refusing a document that breaks the rules of its collection (121) is told so, without the document', async () => {
    const details = { operatorName: '$jsonSchema', consideredValue: 'ana@example.com' };
    inTurn({
      ok: 1,
      n: 0,
      writeErrors: [{ index: 0, code: 121, errmsg: 'Document failed validation', errInfo: { failingDocumentId: 'REQ-6', details } }],
    });
    const error = await store.recordRequest(request('REQ-6'), soon()).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: 'ToolError', errorClass: 'internal' });
    expect(inspect(error, { depth: 9 })).not.toMatch(/REQ-6|ana@/);
  });

  it('by forbidding the command (13) is no outage', async () => {
    inTurn(failure(13, 'Unauthorized'));
    await expect(store.campaign('CMP-1', soon())).rejects.toMatchObject({ name: 'MongoServerError', code: 13 });
  });
});

describe('a server that is away', () => {
  it('when it is first asked is found once it is there, by the store and by the ETL', async () => {
    const port = await freePort();
    const address = `mongodb://127.0.0.1:${port}/promptcontent?replicaSet=rs0`;
    const [early, changes] = [await openMongoContentStore(address), mongoDocumentSource(address)];
    const read = () => changes.readChanges({ table: 'content.imagenes', columns: [], key: ['id'] }, null);
    const [asked, loaded] = await Promise.allSettled([early.campaign('CMP-1', soon()), read()]);
    expect(asked).toMatchObject({ reason: { name: 'ToolError', errorClass: 'unavailable' } });
    expect(loaded).toMatchObject({ reason: { name: 'MongoServerSelectionError' } });
    const late = await startMongoEndpoint('replica set', port);
    try {
      late.answer(mongoHistory(late).script);
      expect(await early.campaign('CMP-1', soon())).toBeUndefined();
      await (await read()).close();
    } finally {
      await Promise.all([early.close(), changes.close()]);
      await late.stop();
    }
  });

  it('for a while is found again', async () => {
    const port = await freePort();
    const before = await startMongoEndpoint('replica set', port);
    before.answer(() => firstBatch('campanas', []));
    const own = await openMongoContentStore(before.url);
    try {
      expect(await own.campaign('CMP-1', soon())).toBeUndefined();
      await before.stop();
      await expect(own.campaign('CMP-1', deadlineIn(300))).rejects.toMatchObject({ name: 'ToolError' });
      const after = await startMongoEndpoint('replica set', port);
      after.answer(() => firstBatch('campanas', []));
      expect(await own.campaign('CMP-1', soon())).toBeUndefined();
      await after.stop();
    } finally {
      await own.close();
    }
  });
});

describe('a single server', () => {
  it('gets no retryable writes, which it would refuse, and no time of a cluster', async () => {
    const single = await startMongoEndpoint('single server');
    const own = await openMongoContentStore(single.url);
    try {
      single.answer(() => ({ ok: 1, n: 1 }));
      expect(await own.recordRequest(request('REQ-1'), soon())).toBe(true);
      expect(single.only('insert').document).not.toHaveProperty('txnNumber');
      expect(single.only('insert').document).not.toHaveProperty('$clusterTime');
    } finally {
      await own.close();
      await single.stop();
    }
  });
});
