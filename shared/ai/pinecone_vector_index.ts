import type { Index } from '@pinecone-database/pinecone';
import { z } from 'zod';
import type { Deadline } from '../domain/deadline.ts';
import { callOutside, type Outside, type OutsideReply } from '../gateway/outside_service.ts';
import type { VectorFilter, VectorIndex, VectorItem } from './vector_index.ts';

/** The name under which breaker, limit, statistics and settings know the service. */
export const PINECONE_SERVICE = 'pinecone';

export type PineconeAddress = {
  readonly apiKey: string;
  /** The index's own address, as the console shows it. */
  readonly host: string;
  /** Keeps the vectors of one use, or of one model, apart from others in the same index. */
  readonly namespace: string;
};

/**
 * Records of one request. Pinecone takes at most 1000 and 2 MB; 64 vectors of 1536 numbers of up to 15 characters stay below
 * (docs.pinecone.io, "Upsert records", read in November 2026).
 */
const RECORDS_PER_REQUEST = 64;
/** Ids of one deletion; Pinecone takes 1000. Ids of one fetch travel in the address. */
const IDS_PER_DELETION = 1_000;
const IDS_PER_FETCH = 100;
/** The most hits Pinecone gives. */
const MOST_HITS = 10_000;

/** What stands for an answer without content. */
const DONE = { done: true };
const Done = z.object({ done: z.literal(true) });
const Matches = z.object({ matches: z.array(z.object({ id: z.string(), score: z.number() })) });
const Records = z.object({ records: z.record(z.string(), z.object({ values: z.array(z.number()) })) });
const Stats = z.object({ namespaces: z.record(z.string(), z.object({ recordCount: z.number() })) });

type Attempt<T> = (index: Index) => Promise<T>;

/**
 * An index at Pinecone, through its own client and our one way to the outside. Every request can be repeated (an id is upserted or deleted
 * with the same outcome), and is after 429, 5xx or a lost connection. Pinecone is eventually consistent: what was written is found, and
 * counted, seconds later; nothing here assumes otherwise. Throws what callOutside throws.
 */
export function pineconeVectorIndex(address: PineconeAddress, outside: Outside): VectorIndex {
  const { namespace } = address;
  const ask = async <T>(method: string, response: z.ZodType<T>, send: Attempt<unknown>, deadline: Deadline): Promise<T> => {
    const answer = await callOutside(
      outside,
      {
        service: PINECONE_SERVICE,
        method,
        arguments: null,
        response,
        // To the gateway it says 'keep the answer', and an answer from an hour ago is wrong here. What may be sent again says so itself.
        repeatable: false,
        send: (signal) => attempt(address, send, signal),
      },
      deadline,
    );
    return answer.response;
  };

  return {
    upsert: async (items, deadline) => {
      for (const some of batches(items, RECORDS_PER_REQUEST)) {
        await ask('upsert', Done, (index) => index.upsert({ records: some.map(toRecord) }).then(() => DONE), deadline);
      }
    },
    remove: async (ids, deadline) => {
      for (const some of batches(ids, IDS_PER_DELETION)) {
        await ask('delete', Done, (index) => index.deleteMany({ ids: [...some] }).then(() => DONE), deadline);
      }
    },
    search: async (vector, { limit, filter = {} }, deadline) => {
      const conditions = conditionsOf(filter);
      if (limit < 1 || conditions === 'nothing') return [];
      const topK = Math.min(limit, MOST_HITS);
      const query = { vector: toNumbers(vector), topK, ...(conditions === undefined ? {} : { filter: conditions }) };
      return (await ask('query', Matches, (index) => index.query(query), deadline)).matches;
    },
    vectors: async (ids, deadline) => {
      const found = new Map<string, Float32Array>();
      for (const some of batches(ids, IDS_PER_FETCH)) {
        const { records } = await ask('fetch', Records, (index) => index.fetch({ ids: [...some] }), deadline);
        for (const [id, { values }] of Object.entries(records)) found.set(id, Float32Array.from(values));
      }
      return found;
    },
    count: async (deadline) => {
      const { namespaces } = await ask('describe_index_stats', Stats, (index) => index.describeIndexStats(), deadline);
      return namespaces[namespace]?.recordCount ?? 0;
    },
  };
}

/**
 * One request. The client takes no signal and hides the header Retry-After, so it is given a fetch that has the one and notes the other;
 * the package's own retries are off.
 */
async function attempt(address: PineconeAddress, send: Attempt<unknown>, signal: AbortSignal): Promise<OutsideReply> {
  const { Pinecone } = await import('@pinecone-database/pinecone');
  let said: Response | undefined;
  const noting: typeof fetch = async (input, init) => {
    const response = await fetch(input, { ...init, signal });
    said = response;
    return response;
  };
  const client = new Pinecone({ apiKey: address.apiKey, fetchApi: noting, maxRetries: 0 });
  const index = client.index({ host: address.host, namespace: address.namespace });
  try {
    return { status: 200, response: await send(index) };
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    const answered = said as Response | undefined;
    const words = error instanceof Error ? error.message.replaceAll(address.apiKey, '[key]') : '';
    // No connection: to ask again is safe, as every request here can be repeated.
    if (answered === undefined) return { status: 503, response: words };
    // Nothing was ever written to the namespace, or all of it is deleted: there is nothing to delete or find in it.
    if (answered.status === 404 && answered.url.includes('/vectors/delete')) return { status: 200, response: DONE };
    // A good status with a body that cannot be read is a broken answer.
    const status = answered.status >= 500 || answered.ok ? 503 : answered.status;
    return { status, response: words, retryAfter: answered.headers.get('retry-after') };
  }
}

function toRecord({ id, vector, attributes }: VectorItem) {
  const { category, hashtags, campaignIds, clientIds, format, approved } = attributes;
  return {
    id,
    values: toNumbers(vector),
    metadata: { category, hashtags: [...hashtags], campaignIds: [...campaignIds], clientIds: [...clientIds], format, approved },
  };
}

/** Nine digits tell every 32-bit number from its neighbours; the seventeen of JSON would double the request. */
function toNumbers(vector: Float32Array): number[] {
  return Array.from(vector, (value) => Number(value.toPrecision(9)));
}

/** Pinecone's words for a filter: undefined when it says nothing, 'nothing' when no record can pass. */
function conditionsOf(filter: VectorFilter): Record<string, object> | undefined | 'nothing' {
  const { categories, hashtags, campaignIds, clientIds, formats, approved } = filter;
  const lists = Object.entries({ category: categories, hashtags, campaignIds, clientIds, format: formats });
  if (lists.some(([, values]) => values?.length === 0)) return 'nothing';
  const conditions: Record<string, object> = {};
  for (const [field, values] of lists) if (values !== undefined) conditions[field] = { $in: [...values] };
  if (approved !== undefined) conditions.approved = { $eq: approved };
  return Object.keys(conditions).length === 0 ? undefined : conditions;
}

function batches<T>(all: readonly T[], size: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, batch) => all.slice(batch * size, (batch + 1) * size));
}
