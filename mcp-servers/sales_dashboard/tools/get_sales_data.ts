import { z } from 'zod';
import { CampaignRef, PERIOD_ALIASES, PeriodArguments } from '../../../shared/domain/period_arguments.ts';
import { answerOf, defineTool, lines, readOnly } from '../../../shared/mcp/define_tool.ts';
import { CAMPAIGN_ALIASES, DataStatus, Figure, MeasureOutput, TrendOutput } from './shapes.ts';

export const getSalesData = defineTool({
  name: 'get_sales_data',
  title: 'Sales of a campaign',
  description: lines(
    'The money one campaign brought: orders, revenue, refunds, cancellations, order value, buyers, first-time and repeat sales, by channel, by currency and over time, against the period before.',
    'Use it for "how much money did campaign X bring". Not for costs and delivery: get_campaign_performance; cities: get_campaign_locations.',
    'Without a period: the whole campaign to date, with the 30 days after its end in which sales are still credited to it.',
    'Example: {"campaignName":"Verano 2025"}',
    'Example: {"campaignName":"Verano 2025","period":"el mes pasado"}',
  ),
  input: z.object({ campaignName: CampaignRef, ...PeriodArguments }),
  output: answerOf(
    z.object({
      status: DataStatus,
      metrics: z.array(MeasureOutput),
      channels: z.array(z.object({ channel: z.string(), orders: z.number(), revenue: z.number(), revenueSharePercent: Figure })),
      currencies: z.array(z.object({ currency: z.string(), orders: z.number(), revenue: z.number(), revenueUsd: z.number() })),
      trend: TrendOutput.nullable(),
      attribution: z.object({ model: z.string(), windowDays: z.number() }),
    }),
  ),
  annotations: readOnly,
  scopes: ['dashboard:read'],
  cache: 'until-next-load',
  aliases: { ...CAMPAIGN_ALIASES, ...PERIOD_ALIASES },
});
