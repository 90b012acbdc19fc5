import { z } from 'zod';
import { CampaignRef, PERIOD_ALIASES, PeriodArguments } from '../../../shared/domain/period_arguments.ts';
import { answerOf, defineTool, lines, readOnly } from '../../../shared/mcp/define_tool.ts';
import { CAMPAIGN_ALIASES, DataStatus, Figure } from './shapes.ts';

export const getCampaignChannels = defineTool({
  name: 'get_campaign_channels',
  title: 'Channels of a campaign',
  description: lines(
    'Where one campaign was published: each network with its publications, reach, spend, delivery, orders, revenue and ROAS in a period, and its share of spend against the share planned. Channels planned but not used are listed too.',
    'Use it for "on which networks was campaign X published". Not for cities: get_campaign_locations.',
    'Without a period: the whole campaign to date.',
    'Example: {"campaignName":"Verano 2025","period":"last month"}',
    'Example: {"campaignName":"CMP-VERANO-2025"}',
  ),
  input: z.object({ campaignName: CampaignRef, ...PeriodArguments }),
  output: answerOf(
    z.object({
      status: DataStatus,
      channels: z.array(
        z.object({
          channel: z.string(),
          kind: z.string(),
          publications: z.number(),
          publishedInPeriod: z.number(),
          reach: z.number(),
          plannedSharePercent: Figure,
          spendSharePercent: Figure,
          spend: Figure,
          impressions: Figure,
          clicks: Figure,
          ctr: Figure,
          cpc: Figure,
          conversions: Figure,
          orders: Figure,
          revenue: Figure,
          revenueSharePercent: Figure,
          roas: Figure,
        }),
      ),
      total: z
        .object({
          publications: z.number(),
          publishedInPeriod: z.number(),
          spend: z.number(),
          impressions: z.number(),
          clicks: z.number(),
          ctr: Figure,
          cpc: Figure,
          conversions: z.number(),
          orders: z.number(),
          revenue: z.number(),
          roas: Figure,
        })
        .nullable(),
    }),
  ),
  annotations: readOnly,
  scopes: ['dashboard:read'],
  cache: 'until-next-load',
  aliases: { ...CAMPAIGN_ALIASES, ...PERIOD_ALIASES },
});
