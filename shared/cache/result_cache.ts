import { toolResultKey } from './keys.ts';
import { MemoryCache } from './memory_cache.ts';
import type { RedisCommand, RedisConnection, RedisReply } from './redis_connection.ts';

/** What a result took to make: what the cache spares whoever asks again. Dollars as decimal text. */
export type Usage = { readonly tokens: number; readonly costUsd: string; readonly segment?: string | undefined };

export const NO_USAGE: Usage = { tokens: 0, costUsd: '0' };

/** A kept result: when it was computed (milliseconds since 1970), from which version of the data, and what it took. */
export type CachedResult<Value> = {
  readonly value: Value;
  readonly storedAt: number;
  /** It is a hit only while the data has this version; afterwards it is what can be said when the data cannot be asked. */
  readonly dataVersion: string;
  readonly usage: Usage;
};

/** From this size on a value is worth compressing for its way to Redis and its place there, in bytes. */
const COMPRESS_FROM = 4_096;
/** What a compressed value may grow to: more is no answer of ours. */
const MOST_BYTES = 16 * 1024 * 1024;

/** Where results are kept between calls: in the process, and in Redis for all processes. */
export class ResultCache<Value extends object> {
  readonly #memory: MemoryCache<CachedResult<Value>>;
  readonly #redis: RedisConnection | undefined;
  readonly #now: () => number;

  constructor(options: {
    readonly redis: RedisConnection | undefined;
    readonly memoryBytes: number;
    readonly now?: (() => number) | undefined;
  }) {
    this.#now = options.now ?? Date.now;
    this.#memory = new MemoryCache(options.memoryBytes, this.#now);
    this.#redis = options.redis;
  }

  /** What this process holds, of whichever version of the data. */
  fromMemory(key: string): CachedResult<Value> | undefined {
    return this.#memory.get(key);
  }

  /** The command that reads a result; its reply goes to {@link fromReply}. */
  reading(key: string): RedisCommand {
    return ['hmgetBuffer', key, 'result', 'timestamp', 'data_version', 'encoding', 'tokens_used', 'cost_usd', 'segmento'];
  }

  /** A result of Redis, put into memory too. One that cannot be read is deleted, so that it harms one call only. */
  async fromReply(
    key: string,
    reply: RedisReply | undefined,
    read: (json: string) => Value | undefined,
  ): Promise<CachedResult<Value> | undefined> {
    if (reply === undefined) return undefined;
    const fields = reply.ok && Array.isArray(reply.value) ? (reply.value as readonly (Buffer | null)[]) : undefined;
    if (fields?.every((field) => field === null)) return undefined;
    const found = fields === undefined ? undefined : await this.#readFields(fields, read);
    if (found === undefined) {
      void this.#redis?.pipeline([['del', key]]);
      return undefined;
    }
    const secondsLeft = toolResultKey.seconds - (this.#now() - found.result.storedAt) / 1_000;
    if (secondsLeft > 0) this.#memory.set(key, found.result, found.bytes * 2, secondsLeft);
    return found.result;
  }

  /** Keeps a result for `seconds`, in memory at once and in Redis behind the call's back; the promise resolves when Redis has it or cannot. */
  async store(
    key: string,
    value: Value,
    of: { readonly dataVersion: string; readonly usage?: Usage | undefined; readonly seconds?: number | undefined },
  ): Promise<void> {
    const json = JSON.stringify(value);
    const storedAt = this.#now();
    const { dataVersion, usage = NO_USAGE, seconds = toolResultKey.seconds } = of;
    this.#memory.set(key, { value, storedAt, dataVersion, usage }, json.length * 2, seconds);
    if (this.#redis === undefined) return;
    const { result, encoding } = await encoded(json);
    await this.#redis.pipeline([
      [
        'hset',
        key,
        ...['result', result],
        ...['timestamp', new Date(storedAt).toISOString()],
        ...['tokens_used', usage.tokens],
        ...['cost_usd', usage.costUsd],
        ...['segmento', usage.segment ?? ''],
        ...['data_version', dataVersion],
        ...['encoding', encoding],
      ],
      ['expire', key, seconds],
    ]);
  }

  async #readFields(
    fields: readonly (Buffer | null)[],
    read: (json: string) => Value | undefined,
  ): Promise<{ readonly result: CachedResult<Value>; readonly bytes: number } | undefined> {
    const [result, ...rest] = fields;
    const [timestamp = '', dataVersion = '', encoding, tokens, costUsd = '0', segment = ''] = rest.map((field) => field?.toString('utf8'));
    const storedAt = Date.parse(timestamp);
    if (result === null || result === undefined || !Number.isFinite(storedAt) || dataVersion === '') return undefined;
    try {
      const json = await decoded(result, encoding);
      const value = json === undefined ? undefined : read(json);
      if (json === undefined || value === undefined) return undefined;
      const usage = { tokens: Number(tokens ?? 0) || 0, costUsd: /^\d+(\.\d+)?$/.test(costUsd) ? costUsd : '0', segment };
      return { result: { value, storedAt, dataVersion, usage }, bytes: json.length };
    } catch {
      return undefined;
    }
  }
}

/** Loaded when first needed: most processes of a host that only looks at tools never compress anything. */
const compression = () => import('node:zlib');

// In this thread: answers are small, and handing 8 kB to another thread and back costs six times what compressing them does.
async function encoded(json: string): Promise<{ readonly result: string | Buffer; readonly encoding: 'json' | 'zstd' }> {
  if (json.length < COMPRESS_FROM) return { result: json, encoding: 'json' };
  const { zstdCompressSync } = await compression();
  return { result: zstdCompressSync(json), encoding: 'zstd' };
}

async function decoded(result: Buffer, encoding: string | undefined): Promise<string | undefined> {
  if (encoding === 'json') return result.toString('utf8');
  if (encoding !== 'zstd') return undefined;
  const { zstdDecompressSync } = await compression();
  return zstdDecompressSync(result, { maxOutputLength: MOST_BYTES }).toString('utf8');
}
