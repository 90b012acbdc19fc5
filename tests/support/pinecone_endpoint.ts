import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';

const Metadata = z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.array(z.string())]));
const Condition = z.union([
  z.strictObject({ $in: z.array(z.string()).min(1) }),
  z.strictObject({ $eq: z.union([z.string(), z.boolean()]) }),
]);
const Upsert = z.object({
  namespace: z.string(),
  vectors: z
    .array(z.object({ id: z.string().min(1), values: z.array(z.number()), metadata: Metadata.optional() }))
    .min(1)
    .max(1000),
});
const Query = z.object({
  namespace: z.string(),
  topK: z.int().min(1).max(10_000),
  vector: z.array(z.number()),
  filter: z.record(z.string(), Condition).optional(),
});
const Delete = z.object({ namespace: z.string(), ids: z.array(z.string()).min(1).max(1000) });

type Stored = z.infer<typeof Upsert>['vectors'][number];

/** An answer of the server's to be given instead of the real one. */
export type Disturbance = { readonly status: number; readonly retryAfter?: string; readonly body?: string } | 'silence' | 'reset';

/** A small store on this machine that speaks Pinecone's data plane (API 2025-10: upsert, query, delete, fetch, describe_index_stats). */
export type PineconeEndpoint = {
  readonly url: string;
  readonly apiKey: string;
  /** The requests that came, as 'POST /query', and the size of each body. */
  readonly requests: readonly { readonly route: string; readonly bytes: number; readonly apiKey: string | undefined }[];
  /** The next requests are disturbed, in this order. */
  readonly disturb: (...disturbances: readonly Disturbance[]) => void;
  /** From now on what is written shows after so many milliseconds, as at Pinecone. */
  readonly delayWrites: (milliseconds: number) => void;
  readonly stop: () => Promise<void>;
};

/** The most a request may weigh. */
const MOST_BYTES = 2 * 1024 * 1024;

export async function startPineconeEndpoint(dimensions: number): Promise<PineconeEndpoint> {
  const apiKey = 'pcsk-for-tests';
  const namespaces = new Map<string, Map<string, Stored>>();
  const requests: { route: string; bytes: number; apiKey: string | undefined }[] = [];
  const disturbances: Disturbance[] = [];
  const timers = new Set<NodeJS.Timeout>();
  let delayMs = 0;

  const write = (change: () => void) => {
    if (delayMs === 0) return change();
    const timer = setTimeout(() => {
      timers.delete(timer);
      change();
    }, delayMs);
    timers.add(timer);
  };
  const answer = (route: string, url: URL, body: unknown): { readonly status: number; readonly body: unknown } => {
    switch (route) {
      case 'POST /vectors/upsert': {
        const { namespace, vectors } = Upsert.parse(body);
        if (vectors.some(({ values }) => values.length !== dimensions)) return refusal(400, 'Vector dimension does not match');
        write(() => {
          const held = namespaces.get(namespace) ?? new Map<string, Stored>();
          for (const vector of vectors) held.set(vector.id, vector);
          namespaces.set(namespace, held);
        });
        return { status: 200, body: { upsertedCount: vectors.length } };
      }
      case 'POST /vectors/delete': {
        const { namespace, ids } = Delete.parse(body);
        if (!namespaces.has(namespace)) return refusal(404, 'Namespace not found');
        write(() => {
          for (const id of ids) namespaces.get(namespace)?.delete(id);
        });
        return { status: 200, body: {} };
      }
      case 'POST /query': {
        const { namespace, topK, vector, filter } = Query.parse(body);
        if (vector.length !== dimensions) return refusal(400, 'Vector dimension does not match');
        const matches = [...(namespaces.get(namespace)?.values() ?? [])]
          .filter(({ metadata = {} }) => passes(metadata, filter ?? {}))
          .map(({ id, values }) => ({ id, score: cosine(values, vector), values: [] }))
          .sort((one, other) => other.score - one.score)
          .slice(0, topK);
        return { status: 200, body: { matches, namespace, usage: { readUnits: 1 } } };
      }
      case 'GET /vectors/fetch': {
        const held = namespaces.get(url.searchParams.get('namespace') ?? '');
        const vectors = url.searchParams.getAll('ids').flatMap((id) => held?.get(id) ?? []);
        return { status: 200, body: { vectors: Object.fromEntries(vectors.map((vector) => [vector.id, vector])), namespace: '' } };
      }
      case 'POST /describe_index_stats': {
        const counts = [...namespaces].filter(([, held]) => held.size > 0).map(([name, held]) => [name, { vectorCount: held.size }]);
        const total = [...namespaces.values()].reduce((sum, held) => sum + held.size, 0);
        return {
          status: 200,
          body: { namespaces: Object.fromEntries(counts), dimension: dimensions, indexFullness: 0, totalVectorCount: total },
        };
      }
      default:
        return refusal(404, 'Not found');
    }
  };

  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1');
    const text = await textOf(request);
    const route = `${request.method} ${url.pathname}`;
    const key = request.headers['api-key'];
    requests.push({ route, bytes: Buffer.byteLength(text), apiKey: typeof key === 'string' ? key : undefined });
    const disturbance = disturbances.shift();
    if (disturbance === 'silence') return;
    if (disturbance === 'reset') {
      request.socket.destroy();
      return;
    }
    if (disturbance !== undefined) {
      const { status, retryAfter, body = '{"code":13,"message":"disturbed"}' } = disturbance;
      response.writeHead(status, {
        'content-type': 'application/json',
        ...(retryAfter === undefined ? {} : { 'retry-after': retryAfter }),
      });
      response.end(body);
      return;
    }
    const given = (() => {
      if (key !== apiKey) return refusal(401, 'Invalid API Key');
      if (request.headers['x-pinecone-api-version'] === undefined) return refusal(400, 'No API version');
      if (Buffer.byteLength(text) > MOST_BYTES) return refusal(413, 'Request is too large');
      try {
        return answer(route, url, text === '' ? undefined : JSON.parse(text));
      } catch (error) {
        return refusal(400, String(error));
      }
    })();
    response.writeHead(given.status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(given.body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    apiKey,
    requests,
    disturb: (...next) => disturbances.push(...next),
    delayWrites: (milliseconds) => {
      delayMs = milliseconds;
    },
    stop: async () => {
      for (const timer of timers) clearTimeout(timer);
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function refusal(status: number, message: string) {
  return { status, body: { code: status, message, details: [] } };
}

function passes(metadata: z.infer<typeof Metadata>, filter: Readonly<Record<string, z.infer<typeof Condition>>>): boolean {
  return Object.entries(filter).every(([field, condition]) => {
    const value = metadata[field];
    const values = Array.isArray(value) ? value : [value];
    return '$in' in condition ? values.some((one) => condition.$in.includes(String(one))) : values.includes(condition.$eq as never);
  });
}

function cosine(one: readonly number[], other: readonly number[]): number {
  const product = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0);
  return product(one, other) / Math.sqrt(product(one, one) * product(other, other));
}

async function textOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString('utf8');
}
