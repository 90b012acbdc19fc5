import { z } from 'zod';
import { PERIOD_ALIASES, PeriodArguments } from '../../../shared/domain/period_arguments.ts';
import { answerOf, defineTool, lines, readOnly } from '../../../shared/mcp/define_tool.ts';

const Figure = z.number().nullable();

export const findAdAnomalies = defineTool({
  name: 'find_ad_anomalies',
  title: 'Breaks in advertising',
  description: lines(
    'Finds breaks in spend, CTR and CPA, and tracking gaps (clicks go on, conversions stop), by campaign and channel: first date, before and after, how sure, money at stake; most money first. Weekdays, planned months, trend and ad fatigue are not breaks.',
    'Use it for "what went wrong", "why did CPA rise", "is tracking broken". Not for spend against plan: get_campaign_pacing.',
    'Without a period: the last 90 days. For more rows send the cursor of the answer with the same arguments.',
    'Example: {"period":"last 30 days","limit":5}',
    'Example: {"campaignName":"Verano 2025","sensitivity":"high"}',
  ),
  input: z.object({
    campaignName: z.string().trim().min(1).max(200).optional().describe('Campaign name or id'),
    clientName: z.string().trim().min(1).max(200).optional().describe('Client name or id'),
    channel: z.string().trim().min(1).max(80).optional(),
    objective: z.enum(['awareness', 'traffic', 'leads', 'sales', 'retention']).optional(),
    status: z.enum(['draft', 'scheduled', 'active', 'paused', 'completed']).optional(),
    sensitivity: z
      .enum(['low', 'normal', 'high'])
      .default('normal')
      .describe('low: changes of 50 % and more, 1 % false; normal: 30 %, 5 %; high: 15 %, 10 %'),
    limit: z.int().min(1).max(50).default(10),
    cursor: z.string().max(500).optional().describe('nextCursor of the page before'),
    ...PeriodArguments,
  }),
  output: answerOf(
    z.object({
      status: z.enum(['data', 'no_data']),
      scope: z.string(),
      anomalies: z.array(
        z.object({
          kind: z.enum(['spend', 'ctr', 'cpa', 'tracking_gap']),
          campaignId: z.string(),
          campaign: z.string(),
          clientName: z.string(),
          channelId: z.string(),
          channel: z.string(),
          firstDate: z.string(),
          lastDate: z.string().nullable(),
          days: z.number(),
          daysBefore: z.number(),
          before: Figure,
          after: Figure,
          changePercent: z.number(),
          lowPercent: Figure,
          highPercent: Figure,
          z: Figure,
          p: z.number(),
          q: z.number(),
          atStake: z.number(),
          severity: z.enum(['high', 'medium', 'low']),
        }),
      ),
      basis: z
        .object({
          window: z.object({ from: z.string(), to: z.string() }),
          daysUsed: z.number(),
          campaigns: z.number(),
          series: z.number(),
          tests: z.number(),
          level: z.number(),
          method: z.string(),
          assumes: z.array(z.string()),
        })
        .meta({ brief: true }),
    }),
  ),
  annotations: readOnly,
  scopes: ['ads:read'],
  cache: 'until-next-load',
  aliases: {
    ...PERIOD_ALIASES,
    campaign: 'campaignName',
    campaignId: 'campaignName',
    campaña: 'campaignName',
    client: 'clientName',
    clientId: 'clientName',
    cliente: 'clientName',
    top: 'limit',
  },
});
