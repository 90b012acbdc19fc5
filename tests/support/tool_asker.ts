import { ClientLimits } from '../../shared/cache/client_limits.ts';
import { ResultCache } from '../../shared/cache/result_cache.ts';
import { UsageAccounts } from '../../shared/cache/usage_accounts.ts';
import type { Caller } from '../../shared/mcp/contract.ts';
import type { ToolResult } from '../../shared/mcp/envelope.ts';
import { createPipeline } from '../../shared/mcp/pipeline.ts';
import type { ServedTool } from '../../shared/mcp/served_tool.ts';
import { CallMetrics } from '../../shared/telemetry/call_metrics.ts';

/** When it is for the tool; both can be moved. */
export type MovableClock = { now: Date; today: string };

/** One tool through the pipeline every call goes through, without Redis and cache. What it warns of or fails with is pushed to the log. */
export function toolAsker<Repos>(
  serverName: string,
  served: ServedTool<Repos>,
  repos: Repos,
  time: MovableClock,
  log: string[],
): (args: unknown, caller: Caller) => Promise<ToolResult> {
  const note = (details: object, message: string) => void log.push(`${message} ${JSON.stringify(details)}`);
  const pipeline = createPipeline({
    serverName,
    version: 'test',
    tools: [served],
    repos,
    clock: { now: () => time.now, today: () => time.today, timeZone: 'America/Costa_Rica' },
    cache: new ResultCache({ redis: undefined, memoryBytes: 0 }),
    redis: undefined,
    clients: new ClientLimits({ redis: undefined, source: async () => undefined }),
    accounts: new UsageAccounts(undefined, () => time.now),
    withoutRedis: 'local',
    freshness: { read: async () => undefined, known: () => undefined },
    etlIntervalMinutes: 11,
    metrics: new CallMetrics(),
    logger: { error: note, warn: note },
    deadlineMs: 20_000,
  });
  return async (args, caller) => (await pipeline.call(served.tool.name, args, caller)).result;
}
