import { z } from 'zod';
import { outsideStatisticsKey } from '../cache/keys.ts';
import type { RedisCommand, RedisConnection } from '../cache/redis_connection.ts';

/** How an outside service did since it was last left alone for a day. */
export type OutsideStatistics = {
  /** Calls made: each attempt is one, answers from the cache are none. */
  readonly calls: number;
  readonly errors: number;
  /** Milliseconds, of all calls together. */
  readonly latencyMs: number;
};

const Stored = z.object({
  calls: z.coerce.number().int().nonnegative(),
  errors: z.coerce.number().int().nonnegative(),
  latency: z.coerce.number().nonnegative(),
});

/** The commands that count a call. */
export function countOutsideCall(service: string, call: { readonly failed: boolean; readonly latencyMs: number }): readonly RedisCommand[] {
  const key = outsideStatisticsKey.of({ service });
  return [
    ['hincrby', key, 'calls', 1],
    ['hincrby', key, 'errors', call.failed ? 1 : 0],
    ['hincrbyfloat', key, 'latency', call.latencyMs.toFixed(3)],
    ['expire', key, outsideStatisticsKey.seconds],
  ];
}

/** Undefined when the service was not called for a day, or Redis is away. */
export async function readOutsideStatistics(redis: RedisConnection | undefined, service: string): Promise<OutsideStatistics | undefined> {
  const [reply] = (await redis?.pipeline([['hgetall', outsideStatisticsKey.of({ service })]])) ?? [];
  const stored = Stored.safeParse(reply?.ok ? reply.value : undefined);
  return stored.success ? { calls: stored.data.calls, errors: stored.data.errors, latencyMs: stored.data.latency } : undefined;
}
