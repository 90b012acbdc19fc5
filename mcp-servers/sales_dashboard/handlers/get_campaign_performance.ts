import { resolveCampaign } from '../../../shared/domain/entity_resolution.ts';
import type { Handler } from '../../../shared/mcp/contract.ts';
import type { SalesDashboardRepos } from '../repo/repos.ts';
import { lagWarnings, noDataWarning, periodsOf, readCampaignPeriod, sameQuestion, wholeCampaignCall } from '../service/campaign_period.ts';
import { measurePerformance, performanceRanges, performanceText } from '../service/performance.ts';
import { getCampaignPerformance } from '../tools/get_campaign_performance.ts';

export const handleGetCampaignPerformance: Handler<typeof getCampaignPerformance, SalesDashboardRepos> = async (
  { campaignName, ...asked },
  { repos, clock, deadline },
) => {
  const campaign = await resolveCampaign(repos.campaigns, campaignName, deadline);
  const today = clock.today();
  const read = readCampaignPeriod(asked, campaign, clock);
  const ranges = performanceRanges(campaign, read, today);
  const [totals, plan] = await Promise.all([
    repos.totals.ofCampaign(campaign.campaignId, ranges.all, deadline),
    repos.campaigns.plan(campaign.campaignId, deadline),
  ]);
  const performance = measurePerformance(campaign, ranges, totals, plan?.budget ?? null, today);
  const isKnown = performance.status === 'data';
  const same = sameQuestion(campaign, read);
  return {
    data: performance.data,
    text: performanceText(performance),
    campaign,
    ...periodsOf(read, isKnown),
    warnings: isKnown
      ? [...read.fit, ...read.comparison, ...(read.period === undefined ? [] : lagWarnings(campaign, read.period, performance.lastAdDay))]
      : [noDataWarning(campaign, read.period, today)],
    next: isKnown
      ? [
          { tool: 'get_campaign_channels', arguments: same, why: 'which networks brought it' },
          { tool: 'get_campaign_locations', arguments: same, why: 'in which cities' },
        ]
      : wholeCampaignCall(getCampaignPerformance.name, campaign, today),
  };
};
