import { z } from 'zod';
import { PERIOD_ALIASES, PeriodArguments } from '../../../shared/domain/period_arguments.ts';
import { answerOf, defineTool, lines, readOnly } from '../../../shared/mcp/define_tool.ts';

const Sales = z.object({ orders: z.number(), revenue: z.number() });
const Figure = z.number().nullable();
const Model = z.enum(['first_touch', 'last_touch', 'linear', 'time_decay', 'position_based', 'markov', 'shapley']);

export const getAttribution = defineTool({
  name: 'get_attribution',
  title: 'Attribution of sales',
  description: lines(
    'Divides the sales that advertising touched over channels (or campaigns) by an attribution model: first_touch, last_touch, linear, time_decay, position_based, markov (removal effect), shapley, or all side by side. Every model adds up to the same orders and revenue.',
    'Use it for "which channel really brings the sales of X". Not for cause: analyze_experiment. Not for moving money: recommend_budget.',
    'Without a period: the whole campaign to date, else the last 30 days.',
    'Example: {"campaignName":"Verano 2025","model":"all"}',
    'Example: {"clientName":"Café Tarrazú","model":"markov","by":"campaign","period":"last quarter"}',
  ),
  input: z.object({
    campaignName: z.string().trim().min(1).max(200).optional().describe('Campaign name or id'),
    clientName: z.string().trim().min(1).max(200).optional().describe('Client name or id: all of its campaigns'),
    channel: z.string().trim().min(1).max(80).optional().describe('Only sales touched on this channel'),
    objective: z.enum(['awareness', 'traffic', 'leads', 'sales', 'retention']).optional(),
    status: z.enum(['draft', 'scheduled', 'active', 'paused', 'completed']).optional(),
    model: z.enum([...Model.options, 'all']).default('all'),
    by: z.enum(['channel', 'campaign']).default('channel').describe('What sales are divided over'),
    halfLifeDays: z.number().min(0.5).max(90).default(7).describe('time_decay: days in which a touch comes to count half'),
    ...PeriodArguments,
  }),
  output: answerOf(
    z.object({
      status: z.enum(['data', 'no_data']),
      scope: z.string(),
      by: z.enum(['channel', 'campaign']),
      models: z.array(Model),
      distributed: Sales,
      withoutTouch: Sales,
      touchedByOthers: Sales,
      credits: z.array(
        z.object({
          id: z.string(),
          name: z.string(),
          model: Model,
          orders: z.number(),
          revenue: z.number(),
          sharePercent: Figure,
          low: Figure,
          high: Figure,
        }),
      ),
      crm: z.object({ agree: z.number(), differ: z.number(), toNone: z.number(), toEarlierTouch: z.number(), elsewhere: z.number() }),
      basis: z
        .object({
          window: z.object({ from: z.string(), to: z.string() }),
          paths: z.number(),
          touches: z.number(),
          idleCustomers: Figure,
          resamples: z.number(),
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
    modelo: 'model',
    groupBy: 'by',
    half_life_days: 'halfLifeDays',
  },
});
