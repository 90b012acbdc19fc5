import { ClientLimits, type KnownPermissions } from '../../shared/cache/client_limits.ts';
import { DEFAULT_LIMITS, type Limits, type WithoutRedis } from '../../shared/cache/rate_limits.ts';
import type { RedisConnection } from '../../shared/cache/redis_connection.ts';
import { ResultCache } from '../../shared/cache/result_cache.ts';
import { UsageAccounts } from '../../shared/cache/usage_accounts.ts';
import { readSettings } from '../../shared/config/settings.ts';
import type { SqlDatabase } from '../../shared/db/sql_database.ts';
import { ToolError } from '../../shared/domain/tool_error.ts';
import type { Caller } from '../../shared/mcp/contract.ts';
import type { DataState } from '../../shared/mcp/freshness.ts';
import type { Outcome } from '../../shared/mcp/outcome.ts';
import { createPipeline, type Pipeline } from '../../shared/mcp/pipeline.ts';
import type { ServedTool } from '../../shared/mcp/served_tool.ts';
import { CallMetrics } from '../../shared/telemetry/call_metrics.ts';
import { type SampleRepos, sampleServer } from './sample_server.ts';

/** What a test can turn: the clock, the data, the limits, and which Redis is there. */
export type SampleWorld = {
  now: Date;
  today: string;
  data: DataState | undefined;
  readonly repos: SampleRepos;
  readonly metrics: CallMetrics;
  readonly log: { details: object; message: string }[];
  readonly pipeline: Pipeline;
};

export const someone: Caller = { client: 'tests', role: 'users', scopes: new Set(['dashboard:read']) };

/** A database that waits for pg_sleep's argument and answers nothing else. */
const sleepyDatabase: SqlDatabase = {
  async rows(_statement, [seconds], map, deadline) {
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(resolve, Number(seconds) * 1_000);
      deadline.signal.addEventListener('abort', () => {
        clearTimeout(timer);
        reject(new ToolError('timeout', 'stopped'));
      });
    });
    return [map({})];
  },
};

export type SampleOptions = {
  readonly redis?: RedisConnection;
  readonly limits?: Limits;
  readonly permissions?: Partial<KnownPermissions>;
  readonly withoutRedis?: WithoutRedis;
  readonly deadlineMs?: number;
  /** The sample server's, unless a test needs others. */
  readonly tools?: readonly ServedTool<SampleRepos>[];
};

export function sampleWorld({ redis, ...options }: SampleOptions = {}): SampleWorld {
  const metrics = new CallMetrics();
  const log: { details: object; message: string }[] = [];
  const note = (details: object, message: string) => void log.push({ details, message });
  const world = {
    now: new Date('2026-11-21T12:00:30Z'),
    today: '2026-11-21',
    data: { version: '7', asOf: new Map([['PromptAds', new Date('2026-11-21T11:55:00Z')]]) } as DataState | undefined,
    repos: sampleServer.openRepos(sleepyDatabase, readSettings({}), undefined),
    metrics,
    log,
  };
  const pipeline = createPipeline({
    serverName: 'sample',
    version: 'test',
    tools: options.tools ?? sampleServer.tools,
    repos: world.repos,
    clock: { now: () => world.now, today: () => world.today, timeZone: 'America/Costa_Rica' },
    redis,
    cache: new ResultCache<Outcome>({ redis, memoryBytes: 1_000_000, now: () => world.now.getTime() }),
    clients: new ClientLimits({
      redis,
      source: async () => ({ active: true, tools: 'all', ...(options.limits ?? DEFAULT_LIMITS), ...options.permissions }),
    }),
    accounts: new UsageAccounts(redis, () => world.now),
    withoutRedis: options.withoutRedis ?? 'local',
    freshness: { read: async () => world.data, known: () => world.data },
    etlIntervalMinutes: 11,
    metrics,
    logger: { error: note, warn: note },
    deadlineMs: options.deadlineMs ?? 5_000,
  });
  return Object.assign(world, { pipeline });
}
