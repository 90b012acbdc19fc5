import { z } from 'zod';
import { MetricName } from '../../../shared/domain/metrics.ts';
import { PERIOD_ALIASES, PeriodArguments } from '../../../shared/domain/period_arguments.ts';
import { answerOf, defineTool, lines, readOnly } from '../../../shared/mcp/define_tool.ts';
import { Figure } from './shapes.ts';

export const rankCampaigns = defineTool({
  name: 'rank_campaigns',
  title: 'Ranking of campaigns',
  description: lines(
    'Compares all campaigns by one metric in a period, with the value and the rank of the period before. Filters: client, country, channel, objective, status.',
    'Use it for "which campaigns sell best" or "the worst CPA of client Y". Not for one campaign: get_campaign_performance. Ranking by a rate leaves out campaigns with too little volume and says how many.',
    'Without a period: the last 30 days. "best" knows that a low cost is good. A channel counts only what happened on it. For more rows send the cursor of the answer with the same arguments.',
    'Example: {"metric":"roas","period":"last month","limit":5}',
    'Example: {"metric":"cpa","order":"worst","client":"Café Tarrazú","country":"Costa Rica","status":"active"}',
  ),
  input: z.object({
    metric: MetricName.default('revenue').describe('Metric to rank by'),
    order: z.enum(['best', 'worst', 'highest', 'lowest']).default('best').describe('Which end comes first'),
    limit: z.int().min(1).max(50).default(10).describe('Rows a page'),
    cursor: z.string().max(500).optional().describe('nextCursor of the page before'),
    client: z.string().trim().min(1).max(200).optional().describe('Client name or id'),
    country: z.string().trim().min(1).max(80).optional().describe('Target country: name or ISO code. Examples: "Costa Rica", "MX"'),
    channel: z.string().trim().min(1).max(80).optional().describe('Channel name or id. Example: "Instagram"'),
    objective: z.enum(['awareness', 'traffic', 'leads', 'sales', 'retention']).optional(),
    status: z.enum(['draft', 'scheduled', 'active', 'paused', 'completed']).optional(),
    ...PeriodArguments,
  }),
  output: answerOf(
    z.object({
      status: z.string(),
      metric: z.string(),
      unit: z.string(),
      order: z.string(),
      campaigns: z.array(
        z.object({
          rank: z.number(),
          previousRank: Figure,
          campaignId: z.string(),
          name: z.string(),
          clientName: z.string(),
          status: z.string(),
          value: z.number(),
          previous: Figure,
          changePercent: Figure,
          spend: z.number(),
          revenue: z.number(),
        }),
      ),
      overall: z.object({ campaigns: z.number(), value: Figure, previous: Figure, changePercent: Figure }).nullable(),
      minimum: z.object({ of: z.string(), atLeast: z.number(), leftOut: z.number() }).nullable(),
      filters: z.record(z.string(), z.string()),
    }),
  ),
  annotations: readOnly,
  scopes: ['dashboard:read'],
  cache: 'until-next-load',
  aliases: {
    ...PERIOD_ALIASES,
    sortBy: 'metric',
    sort_by: 'metric',
    rankBy: 'metric',
    top: 'limit',
    direction: 'order',
    clientName: 'client',
    clientId: 'client',
  },
});
