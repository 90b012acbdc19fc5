import { lastSyncKey } from '../shared/cache/keys.ts';
import type { RedisConnection } from '../shared/cache/redis_connection.ts';
import type { RunReport } from './report.ts';

/** Tells Redis what a committed run did. Nothing is ever decided from it, so a Redis that is away is no failure. */
export type LastSync = {
  readonly record: (run: RunReport, position: string, asOf: Date) => Promise<void>;
};

/** Keeps `etl:last_sync:*` in a Redis. */
export function lastSyncIn(redis: RedisConnection): LastSync {
  return {
    record: async (run, position, asOf) => {
      const key = lastSyncKey.of({ database: run.database, table: run.table });
      const fields = {
        last_id: position,
        last_timestamp: asOf.toISOString(),
        records_processed: run.read + run.deleted,
        sync_duration_ms: run.ms,
      };
      await redis.pipeline([
        ['hset', key, ...Object.entries(fields).flat()],
        ['expire', key, lastSyncKey.seconds],
      ]);
    },
  };
}
