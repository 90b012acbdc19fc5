import { expect, it } from 'vitest';
import { peekCopy } from '../../etl/copy_chunks.ts';
import { type DocumentOutcome, documentRows } from '../../etl/document_rows.ts';
import type { DocumentStream } from '../../etl/stream.ts';
import { streams } from '../../etl/streams.ts';
import { BinaryCopyWriter } from '../../shared/db/binary_copy.ts';
import { campaignOf, clientOf, imageOf } from '../support/etl_databases.ts';

const clients = documentStream('business.clients');
const subscriptions = documentStream('business.subscriptions');
const images = documentStream('content.images');

function documentStream(table: string): DocumentStream {
  const stream = streams.find((candidate) => candidate.table === table);
  if (stream?.kind !== 'documents') throw new Error(`${table} is no stream of documents`);
  return stream;
}

async function* each<T>(...items: T[]): AsyncGenerator<T> {
  yield* items;
}

async function outcomeOf(stream: DocumentStream, id: string, document: unknown): Promise<DocumentOutcome> {
  const outcome: DocumentOutcome = { loadedIds: [], refused: [] };
  for await (const _ of documentRows(stream, each({ id, document }), outcome)) {
    // only what becomes of the document matters
  }
  return outcome;
}

it('makes a row of each subscription of a client, and none of a client without', () => {
  expect(subscriptions.map('CLI-1', clientOf(1, ['PLAN-GROWTH', 'PLAN-STARTER'])).map((row) => row.plan_id)).toEqual([
    'PLAN-GROWTH',
    'PLAN-STARTER',
  ]);
  expect(subscriptions.map('CLI-1', clientOf(1, []))).toEqual([]);
});

it('reads times that are Date objects, as a document database gives them, like those in text', () => {
  const text = imageOf(1);
  const dates = { ...text, createdAt: new Date(String(text.createdAt)), updatedAt: new Date(String(text.updatedAt)) };
  expect(images.map('IMG-1', dates)).toEqual(images.map('IMG-1', text));
});

it.each([
  ['a field is missing', { ...clientOf(1, []), email: undefined }, 'email: '],
  ['a nested value is impossible', { ...clientOf(1, ['P']), subscriptions: [{ planId: 'P' }] }, 'subscriptions.0.planName: '],
  ['it is no document', 'text', 'document: '],
  ['its id is not its own', clientOf(2, []), "clientId is 'CLI-2' but the document's id is 'CLI-1'"],
  ['it is too large', { ...clientOf(1, []), notes: 'á'.repeat(2_000_001) }, 'it is larger than 4,000,000 bytes'],
  ['a text holds what PostgreSQL cannot', { ...clientOf(1, []), company: 'A\u0000B' }, 'a text holds the character NUL'],
])('refuses a document when %s, and says so (E3)', async (_, document, reason) => {
  const outcome = await outcomeOf(clients, 'CLI-1', document);
  expect(outcome.loadedIds).toEqual([]);
  expect(outcome.refused).toEqual([{ key: 'CLI-1', reason: expect.stringContaining(reason), data: document }]);
});

it('takes what the owner writes in every collection', async () => {
  expect((await outcomeOf(images, 'IMG-1', imageOf(1))).refused).toEqual([]);
  expect((await outcomeOf(documentStream('content.campaigns'), 'CMP-1', campaignOf(1))).refused).toEqual([]);
  expect((await outcomeOf(clients, 'CLI-1', clientOf(1, ['P']))).refused).toEqual([]);
});

it('tells a COPY stream without rows from one with rows, wherever it is cut, and loses no byte', async () => {
  const empty = new BinaryCopyWriter().end();
  const filled = new BinaryCopyWriter().row(1).int4(7).end();
  for (let cut = 0; cut <= empty.length; cut++) {
    expect((await peekCopy(each(empty.subarray(0, cut), empty.subarray(cut)))).isEmpty).toBe(true);
  }
  for (let cut = 0; cut <= filled.length; cut++) {
    const { isEmpty, chunks } = await peekCopy(each(filled.subarray(0, cut), filled.subarray(cut)));
    expect(isEmpty).toBe(false);
    const seen: Uint8Array[] = [];
    for await (const chunk of chunks) seen.push(chunk);
    expect(Buffer.concat(seen)).toEqual(filled);
  }
});
