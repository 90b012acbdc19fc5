import { type CacheReport, type ReportQuestion, readCacheReport } from '../../../shared/cache/cache_report.ts';
import type { RedisConnection } from '../../../shared/cache/redis_connection.ts';

export type { CacheReport } from '../../../shared/cache/cache_report.ts';

/** What Redis has counted of the servers' use. Undefined when there is no Redis, or it cannot be asked. */
export type CacheUse = { readonly report: (question: ReportQuestion) => Promise<CacheReport | undefined> };

export function openCacheUse(redis: RedisConnection | undefined): CacheUse {
  return { report: async (question) => (redis === undefined ? undefined : readCacheReport(redis, question)) };
}
