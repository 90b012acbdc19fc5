import type { Handler } from '../../../shared/mcp/contract.ts';
import type { SalesDashboardRepos } from '../repo/repos.ts';
import { dataAge, dataAgeText } from '../service/data_age.ts';
import type { getDataFreshness } from '../tools/get_data_freshness.ts';

export const handleGetDataFreshness: Handler<typeof getDataFreshness, SalesDashboardRepos> = async (_args, { repos, clock, deadline }) => {
  const age = dataAge(await repos.loads.tables(deadline), repos.loads.intervalMinutes, clock.now());
  return { data: age, text: dataAgeText(age) };
};
