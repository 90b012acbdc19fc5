import { fillSources } from '../../database/generator/fill_sources.ts';
import { openConnections } from '../../etl/connections.ts';
import { runOnce } from '../../etl/run.ts';
import { salesDashboard } from '../../mcp-servers/sales_dashboard/index.ts';
import { ClientLimits } from '../../shared/cache/client_limits.ts';
import { ResultCache } from '../../shared/cache/result_cache.ts';
import { UsageAccounts } from '../../shared/cache/usage_accounts.ts';
import { readSettings } from '../../shared/config/settings.ts';
import { openPostgres } from '../../shared/db/postgres_database.ts';
import type { Clock } from '../../shared/domain/clock.ts';
import type { ToolResult } from '../../shared/mcp/envelope.ts';
import { createPipeline } from '../../shared/mcp/pipeline.ts';
import { CallMetrics } from '../../shared/telemetry/call_metrics.ts';
import { createEtlDatabases, query } from './etl_databases.ts';
import { startScratchPostgres } from './scratch_postgres.ts';

export const TODAY = '2026-11-21';
export const TIME_ZONE = 'America/Costa_Rica';

/** The sales dashboard over a hub that the ETL filled from generated sources. */
export type SalesDashboardWorld = {
  readonly ask: (tool: string, args: unknown) => Promise<ToolResult>;
  readonly sources: { readonly ads: string; readonly crm: string; readonly content: string };
  /** The hub as its owner. */
  readonly hub: string;
  readonly runEtl: () => Promise<void>;
  /** What the pipeline had to log: nothing, when every answer kept its contract. */
  readonly log: readonly string[];
  readonly stop: () => Promise<void>;
};

/** Fills the small data set (seed 7) and loads it. The tools read through a login that may only read (S4). */
export async function startSalesDashboard(): Promise<SalesDashboardWorld> {
  const server = await startScratchPostgres();
  const { urls, hubOwner } = await createEtlDatabases(server);
  await fillSources(urls, { seed: 7, referenceDate: TODAY, scale: 'small', onProgress: () => {} });
  const runEtl = async (): Promise<void> => {
    const connections = await openConnections(urls);
    try {
      const round = await runOnce({ connections, timeZone: TIME_ZONE });
      if (round.failed > 0) throw new Error(round.runs.map(({ table, error }) => `${table}: ${error ?? 'done'}`).join('\n'));
    } finally {
      await connections.close();
    }
  };
  await runEtl();
  await query(hubOwner, `CREATE ROLE reader LOGIN PASSWORD 'reader'; GRANT promptsales_read TO reader; ANALYZE`);
  const hub = await openPostgres(server.url(new URL(hubOwner).pathname.slice(1), 'reader'), { applicationName: 'sales_dashboard test' });
  const log: string[] = [];
  const note = (details: object, message: string) => void log.push(`${message} ${JSON.stringify(details)}`);
  const clock: Clock = { now: () => new Date(), today: () => TODAY, timeZone: TIME_ZONE };
  const pipeline = createPipeline({
    serverName: salesDashboard.name,
    version: 'test',
    tools: salesDashboard.tools,
    repos: salesDashboard.openRepos(hub, readSettings({}), undefined),
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
  const caller = { client: 'tests', role: 'users', scopes: new Set(['dashboard:read']) } as const;
  return {
    ask: async (tool, args) => (await pipeline.call(tool, args, caller)).result,
    sources: urls,
    hub: hubOwner,
    runEtl,
    log,
    stop: async () => {
      await hub.close();
      await server.stop();
    },
  };
}
