import type { ChainableCommander, Redis } from 'ioredis';

/** What a Redis reply was: a value, or the reason there is none. */
export type RedisReply = { readonly ok: true; readonly value: unknown } | { readonly ok: false };

/** A script that Redis runs as one step. It may touch only the one key it is given: KEYS[1]. */
export type RedisScript = { readonly name: string; readonly lua: string };

/** A command, or a script (its one key first), and its arguments. A command's name with 'Buffer' behind it ('hmgetBuffer') replies in bytes. */
export type RedisCommand = readonly [command: string | RedisScript, ...parameters: readonly (string | number | Buffer)[]];

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

  const defined = new Set<string>();
  /** The name by which the driver runs it: a script is made known at its first use, and sent whole only where the server lacks it. */
  const nameOf = (command: string | RedisScript): string => {
    if (typeof command === 'string') return command;
    if (!defined.has(command.name)) {
      redis.defineCommand(command.name, { numberOfKeys: 1, lua: command.lua });
      defined.add(command.name);
    }
    return command.name;
  };
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
        const pipeline: ChainableCommander = redis.pipeline(commands.map(([command, ...parameters]) => [nameOf(command), ...parameters]));
        const replies = await pipeline.exec();
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
