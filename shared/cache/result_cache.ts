import { toolResultKey } from './keys.ts';
import { MemoryCache } from './memory_cache.ts';
import type { CountsToWrite } from './rate_limits.ts';
import type { RedisConnection, RedisReply } from './redis_connection.ts';

/** A cached result: its JSON, and when it was computed (milliseconds since 1970). */
export type CachedResult<Value> = { readonly value: Value; readonly storedAt: number };

/** Where results are kept between calls: in the process, and in Redis for all processes. */
export class ResultCache<Value> {
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

  fromMemory(key: string): CachedResult<Value> | undefined {
    return this.#memory.get(key);
  }

  /** Writes the waiting counts and, when a key is given, reads that result, in one round trip. */
  async fromRedis(
    key: string | undefined,
    counts: CountsToWrite,
    read: (json: string) => Value | undefined,
  ): Promise<CachedResult<Value> | undefined> {
    if (this.#redis === undefined) {
      counts.absorb(undefined);
      return undefined;
    }
    const reading = key === undefined ? [] : [['hmget', key, 'result', 'timestamp'] as const];
    if (counts.commands.length + reading.length === 0) return undefined;
    const replies = await this.#redis.pipeline([...counts.commands, ...reading]);
    counts.absorb(replies);
    if (key === undefined || replies === undefined) return undefined;
    return this.#read(key, replies.at(-1), read);
  }

  /** Keeps a result, in memory at once and in Redis behind the call's back. */
  store(key: string, value: Value): void {
    const json = JSON.stringify(value);
    const storedAt = this.#now();
    this.#memory.set(key, { value, storedAt }, json.length * 2, toolResultKey.seconds);
    void this.#redis?.pipeline([
      ['hset', key, 'result', json, 'timestamp', new Date(storedAt).toISOString(), 'tokens_used', 0, 'cost_usd', 0, 'segmento', ''],
      ['expire', key, toolResultKey.seconds],
    ]);
  }

  /** A result of Redis, put into memory too. One that cannot be read is deleted, so that it harms one call only. */
  #read(key: string, reply: RedisReply | undefined, read: (json: string) => Value | undefined): CachedResult<Value> | undefined {
    const drop = () => void this.#redis?.pipeline([['del', key]]);
    if (reply === undefined) return undefined;
    if (!reply.ok) return drop();
    const [json, timestamp] = Array.isArray(reply.value) ? reply.value : [];
    if (json === null || json === undefined) return undefined;
    const storedAt = Date.parse(String(timestamp));
    const value = typeof json === 'string' && Number.isFinite(storedAt) ? readSafely(json, read) : undefined;
    if (value === undefined) return drop();
    const secondsLeft = toolResultKey.seconds - (this.#now() - storedAt) / 1_000;
    if (typeof json === 'string' && secondsLeft > 0) this.#memory.set(key, { value, storedAt }, json.length * 2, secondsLeft);
    return { value, storedAt };
  }
}

function readSafely<Value>(json: string, read: (json: string) => Value | undefined): Value | undefined {
  try {
    return read(json);
  } catch {
    return undefined;
  }
}
