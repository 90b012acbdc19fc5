import { z } from 'zod';
import { MetricName } from '../../../shared/domain/metrics.ts';
import { CampaignRef, PERIOD_ALIASES, PeriodArguments } from '../../../shared/domain/period_arguments.ts';
import { answerOf, defineTool, lines, readOnly } from '../../../shared/mcp/define_tool.ts';
import { CAMPAIGN_ALIASES, DataStatus, Figure } from './shapes.ts';

const PlaceFigures = {
  spend: z.number(),
  impressions: z.number(),
  clicks: z.number(),
  leads: z.number(),
  orders: z.number(),
  revenue: z.number(),
  roas: Figure,
};

export const getCampaignLocations = defineTool({
  name: 'get_campaign_locations',
  title: 'Locations of a campaign',
  description: lines(
    'Where one campaign has its impact: countries, regions or cities ranked by revenue (or another metric), with spend, delivery, leads, orders, ROAS and share, the rest summed and the total over all.',
    'Use it for "in which cities does campaign X have most impact". Not for networks: get_campaign_channels. Advertising counts where it was delivered, orders and leads where the customer lives.',
    'Without a period: the whole campaign to date.',
    'Example: {"campaignName":"Verano 2025","granularity":"city","limit":10}',
    'Example: {"campaignName":"Verano 2025","granularity":"country","sortBy":"roas","period":"last 30 days"}',
  ),
  input: z.object({
    campaignName: CampaignRef,
    granularity: z.enum(['country', 'region', 'city']).default('city').describe('Size of a place'),
    sortBy: MetricName.default('revenue').describe('Metric that ranks the places, the best first'),
    limit: z.int().min(1).max(200).default(15).describe('Places listed one by one; the rest is summed'),
    ...PeriodArguments,
  }),
  output: answerOf(
    z.object({
      status: DataStatus,
      granularity: z.string(),
      sortBy: z.string(),
      locations: z.array(
        z.object({
          rank: z.number(),
          place: z.string(),
          within: z.string(),
          ...PlaceFigures,
          revenueSharePercent: Figure,
          value: Figure.optional(),
        }),
      ),
      others: z.object({ places: z.number(), ...PlaceFigures }).nullable(),
      total: z.object({ places: z.number(), ...PlaceFigures }).nullable(),
    }),
  ),
  annotations: readOnly,
  scopes: ['dashboard:read'],
  cache: 'until-next-load',
  aliases: { ...CAMPAIGN_ALIASES, ...PERIOD_ALIASES, level: 'granularity', sort_by: 'sortBy', metric: 'sortBy', top: 'limit' },
});
