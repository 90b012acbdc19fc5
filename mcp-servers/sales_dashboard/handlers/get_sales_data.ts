import { resolveCampaign } from '../../../shared/domain/entity_resolution.ts';
import type { Handler } from '../../../shared/mcp/contract.ts';
import type { SalesDashboardRepos } from '../repo/repos.ts';
import { noDataWarning, periodsOf, readCampaignPeriod, sameQuestion, wholeCampaignCall } from '../service/campaign_period.ts';
import { describeSales, NO_SALES, salesText } from '../service/sales.ts';
import { campaignTrendSteps } from '../service/trend.ts';
import { getSalesData } from '../tools/get_sales_data.ts';

export const handleGetSalesData: Handler<typeof getSalesData, SalesDashboardRepos> = async (
  { campaignName, ...asked },
  { repos, clock, deadline },
) => {
  const campaign = await resolveCampaign(repos.campaigns, campaignName, deadline);
  const read = readCampaignPeriod(asked, campaign, clock);
  const { period, compared } = read;
  const readSales = async () => {
    if (period === undefined) return NO_SALES;
    const trend = campaignTrendSteps(campaign, period);
    const ranges = [period, ...(compared === undefined ? [] : [compared])];
    const [totals, orders] = await Promise.all([
      repos.totals.ofCampaign(campaign.campaignId, [...ranges, ...(trend?.steps ?? [])], deadline),
      repos.sales.orders(campaign.campaignId, ranges, period.timeZone, deadline),
    ]);
    return describeSales(orders, totals, compared !== undefined, trend);
  };
  const sales = await readSales();
  const isKnown = sales.data.status === 'data';
  const same = sameQuestion(campaign, read);
  return {
    data: sales.data,
    text: salesText(sales),
    campaign,
    ...periodsOf(read, isKnown),
    warnings: isKnown ? [...read.fit, ...read.comparison] : [noDataWarning(campaign, period, clock.today())],
    next: isKnown
      ? [
          { tool: 'get_campaign_locations', arguments: same, why: 'where the buyers are' },
          { tool: 'get_campaign_performance', arguments: same, why: 'what it cost and delivered' },
        ]
      : wholeCampaignCall(getSalesData.name, campaign, clock.today()),
  };
};
