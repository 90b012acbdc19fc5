import { ToolError } from '../../../shared/domain/tool_error.ts';
import type { Handler } from '../../../shared/mcp/contract.ts';
import type { SalesDashboardRepos } from '../repo/repos.ts';
import { useOfCache, useOfCacheText } from '../service/cache_report.ts';
import type { getCacheReport } from '../tools/get_cache_report.ts';

const ONE_DAY_MS = 86_400_000;
const SERVERS = ['sales_dashboard', 'content_generator', 'ads_optimizer', 'crm_analyzer'];

export const handleGetCacheReport: Handler<typeof getCacheReport, SalesDashboardRepos> = async (
  { client, day },
  { repos, clock, deadline },
) => {
  const at = new Date(clock.now().getTime() - (day === 'yesterday' ? ONE_DAY_MS : 0));
  const loads = await repos.loads.tables(deadline);
  const tables = loads.map(({ source, table }) => ({ database: source, table }));
  const report = await repos.cacheUse.report({ client, day: at, servers: SERVERS, tables });
  if (report === undefined) {
    throw new ToolError('unavailable', 'What was asked is counted in Redis, which cannot be reached just now.', {
      remedy: 'Answers are not affected. `promptsales status` shows which part is down.',
      retryAfterSeconds: 30,
    });
  }
  const use = useOfCache(report, { client, day: at.toISOString().slice(0, 10), tables: tables.length });
  return {
    data: use,
    text: useOfCacheText(use),
    warnings: use.status === 'no_data' ? [`Nothing was counted for ${use.client} on ${use.day}.`] : [],
  };
};
