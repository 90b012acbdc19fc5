import { z } from 'zod';
import { CampaignRef, PERIOD_ALIASES, PeriodArguments } from '../../../shared/domain/period_arguments.ts';
import { answerOf, defineTool, lines, readOnly } from '../../../shared/mcp/define_tool.ts';
import { CAMPAIGN_ALIASES, DataStatus, Figure, MeasureOutput, TrendOutput } from './shapes.ts';

export const getCampaignPerformance = defineTool({
  name: 'get_campaign_performance',
  title: 'Performance of a campaign',
  description: lines(
    'How one campaign did in a period: spend, delivery, leads, orders, revenue and the rates between them (CTR, CPC, CPM, CPL, CPA, ROAS, AOV), each against the period before, with budget used and the trend.',
    'Use it for "how did campaign X do last month". Not for cities: get_campaign_locations; networks: get_campaign_channels; what its sales are made of: get_sales_data; which campaign is best: rank_campaigns.',
    'Without a period: the whole campaign to date. "vs last year" after the period compares with the same days a year before.',
    'Example: {"campaignName":"Verano 2025","period":"last month"}',
    'Example: {"campaignName":"CMP-VERANO-2025","startDate":"2025-11-01","endDate":"2025-11-20"}',
  ),
  input: z.object({ campaignName: CampaignRef, ...PeriodArguments }),
  output: answerOf(
    z.object({
      status: DataStatus,
      metrics: z.array(MeasureOutput),
      budget: z.object({
        total: Figure,
        spentToDate: Figure,
        usedPercent: Figure,
        daysPlanned: z.number(),
        daysRun: z.number(),
        daysLeft: z.number(),
      }),
      trend: TrendOutput.nullable(),
    }),
  ),
  annotations: readOnly,
  scopes: ['dashboard:read'],
  cache: 'until-next-load',
  aliases: { ...CAMPAIGN_ALIASES, ...PERIOD_ALIASES },
});
