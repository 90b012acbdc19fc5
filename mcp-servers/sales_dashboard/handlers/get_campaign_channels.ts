import { resolveCampaign } from '../../../shared/domain/entity_resolution.ts';
import type { Handler } from '../../../shared/mcp/contract.ts';
import type { SalesDashboardRepos } from '../repo/repos.ts';
import { noDataWarning, periodsOf, readCampaignPeriod, sameQuestion, wholeCampaignCall } from '../service/campaign_period.ts';
import { channelsText, rankChannels } from '../service/channels.ts';
import { getCampaignChannels } from '../tools/get_campaign_channels.ts';

export const handleGetCampaignChannels: Handler<typeof getCampaignChannels, SalesDashboardRepos> = async (
  { campaignName, ...asked },
  { repos, clock, deadline },
) => {
  const campaign = await resolveCampaign(repos.campaigns, campaignName, deadline);
  const read = readCampaignPeriod(asked, campaign, clock);
  // A campaign that has not begun has planned channels and no days: any day shows them.
  const days = read.period ?? { from: clock.today(), to: clock.today() };
  const channels = rankChannels(await repos.channels.channels(campaign.campaignId, days, clock.timeZone, deadline));
  const isKnown = channels.status === 'data';
  const same = sameQuestion(campaign, read);
  return {
    data: channels,
    text: channelsText(channels),
    campaign,
    ...periodsOf({ ...read, compared: undefined }, isKnown),
    warnings: isKnown ? read.fit : [noDataWarning(campaign, read.period, clock.today())],
    next: isKnown
      ? [
          { tool: 'get_campaign_locations', arguments: same, why: 'in which cities' },
          { tool: 'get_sales_data', arguments: same, why: 'what the sales are made of' },
        ]
      : wholeCampaignCall(getCampaignChannels.name, campaign, clock.today()),
  };
};
