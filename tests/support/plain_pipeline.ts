import { ClientLimits } from '../../shared/cache/client_limits.ts';
import { ResultCache } from '../../shared/cache/result_cache.ts';
import { UsageAccounts } from '../../shared/cache/usage_accounts.ts';
import type { Clock } from '../../shared/domain/clock.ts';
import { createPipeline, type Pipeline } from '../../shared/mcp/pipeline.ts';
import type { ServedTool } from '../../shared/mcp/served_tool.ts';
import { CallMetrics } from '../../shared/telemetry/call_metrics.ts';

/** The pipeline of a server that keeps nothing and knows no limits: each call is answered by its handler. What it has to log goes to `log`. */
export function plainPipeline<Repos>(
  serverName: string,
  tools: readonly ServedTool<Repos>[],
  repos: Repos,
  clock: Clock,
  log: string[],
): Pipeline {
  const note = (details: object, message: string) => void log.push(`${message} ${JSON.stringify(details)}`);
  return createPipeline({
    serverName,
    version: 'test',
    tools,
    repos,
    clock,
    cache: new ResultCache({ redis: undefined, memoryBytes: 0 }),
    redis: undefined,
    clients: new ClientLimits({ redis: undefined, source: async () => undefined }),
    accounts: new UsageAccounts(undefined, clock.now),
    withoutRedis: 'local',
    freshness: { read: async () => undefined, known: () => undefined },
    etlIntervalMinutes: 11,
    metrics: new CallMetrics(),
    logger: { error: note, warn: note },
    deadlineMs: 20_000,
  });
}
