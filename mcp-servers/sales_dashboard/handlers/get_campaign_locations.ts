import { resolveCampaign } from '../../../shared/domain/entity_resolution.ts';
import type { Handler } from '../../../shared/mcp/contract.ts';
import type { SalesDashboardRepos } from '../repo/repos.ts';
import { noDataWarning, periodsOf, readCampaignPeriod, sameQuestion, wholeCampaignCall } from '../service/campaign_period.ts';
import { locationsText, rankLocations } from '../service/locations.ts';
import { getCampaignLocations } from '../tools/get_campaign_locations.ts';

export const handleGetCampaignLocations: Handler<typeof getCampaignLocations, SalesDashboardRepos> = async (
  { campaignName, granularity, sortBy, limit, ...asked },
  { repos, clock, deadline },
) => {
  const campaign = await resolveCampaign(repos.campaigns, campaignName, deadline);
  const read = readCampaignPeriod(asked, campaign, clock);
  const { period } = read;
  const cities = period === undefined ? [] : await repos.locations.cities(campaign.campaignId, period, period.timeZone, deadline);
  const locations = rankLocations(cities, granularity, sortBy, limit);
  const isKnown = locations.status === 'data';
  const total = locations.total?.places ?? 0;
  return {
    data: locations,
    text: locationsText(locations),
    campaign,
    ...periodsOf({ ...read, compared: undefined }, isKnown),
    page: { returned: locations.locations.length, total, nextCursor: null },
    warnings: isKnown ? read.fit : [noDataWarning(campaign, period, clock.today())],
    next: isKnown
      ? [
          ...(total > limit
            ? [
                {
                  tool: getCampaignLocations.name,
                  arguments: { ...sameQuestion(campaign, read), granularity, sortBy, limit: Math.min(200, total) },
                  why: 'the other places one by one',
                },
              ]
            : []),
          { tool: 'get_campaign_channels', arguments: sameQuestion(campaign, read), why: 'which networks brought it' },
        ]
      : wholeCampaignCall(getCampaignLocations.name, campaign, clock.today(), { granularity }),
  };
};
