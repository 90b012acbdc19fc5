import type { Redis } from 'ioredis';

/** What a Redis reply was: a value, or the reason there is none. */
export type RedisReply = { readonly ok: true; readonly value: unknown } | { readonly ok: false };

/** A command and its arguments. */
export type RedisCommand = readonly [name: string, ...parameters: readonly (string | number)[]];

/** Redis as the call path uses it: at most one round trip, and never a wait for a server that is not there. */
export interface RedisConnection {
  /** Sends commands in one round trip. Undefined when Redis cannot answer in time; never throws. */
  pipeline(commands: readonly RedisCommand[]): Promise<readonly RedisReply[] | undefined>;
  readonly isUp: boolean;
  close(): Promise<void>;
}

/** A cache that is slower than this is no cache, in milliseconds. */
const COMMAND_TIMEOUT_MS = 250;

/**
 * Connects in the background and keeps reconnecting. While Redis is away every pipeline returns undefined at once, so a
 * call never waits for it; `onFailure` hears of each.
 */
export async function connectRedis(url: string, onFailure: () => void = () => undefined): Promise<RedisConnection> {
  // The default export: a bundle does not give a CommonJS package's named ones to a dynamic import.
  const { default: ioredis } = await import('ioredis');
  const redis: Redis = new ioredis.Redis(url, {
    lazyConnect: true,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    connectTimeout: 1_000,
    commandTimeout: COMMAND_TIMEOUT_MS,
    retryStrategy: (attempt) => Math.min(100 * attempt, 2_000),
  });
  // Without a listener ioredis writes each failed attempt to the console.
  redis.on('error', () => undefined);
  // The first call should find the cache when it is there, and should not wait long when it is not.
  await Promise.race([redis.connect().catch(() => undefined), new Promise((resolve) => setTimeout(resolve, 300).unref())]);
  return {
    get isUp() {
      return redis.status === 'ready';
    },
    async pipeline(commands) {
      if (redis.status !== 'ready') {
        onFailure();
        return undefined;
      }
      try {
        const replies = await redis.pipeline(commands.map((command) => [...command])).exec();
        return replies?.map(([error, value]) => (error === null ? { ok: true, value } : { ok: false }));
      } catch {
        onFailure();
        return undefined;
      }
    },
    async close() {
      redis.disconnect();
    },
  };
}
