import { z } from 'zod';
import { answerOf, defineTool, lines, readOnly } from '../../../shared/mcp/define_tool.ts';

const Dollars = z.number().min(0).max(1e9);
const Figure = z.number().nullable();
const IntervalOutput = z.object({ low: z.number(), high: z.number(), level: z.number() }).nullable();

export const recommendBudget = defineTool({
  name: 'recommend_budget',
  title: 'Budget recommendation',
  description: lines(
    'How to split a budget over channels for the most revenue or conversions: spend today and proposed, expected result, marginal return and the evidence, with 90 % intervals.',
    'Use it for "where should the next dollar go" or "how much may I spend at ROAS 4". It changes nothing and says "no_change" when the gain is within the noise.',
    'Scope: a campaign, or the active campaigns of a client, or all. Without totalBudget: as much as today. Amounts are USD over the horizon.',
    'Example: {"campaignName":"Verano 2025","totalBudget":12000,"maxChangePercent":20}',
    'Example: {"clientName":"Café Tarrazú","targetRoas":4,"limits":[{"channel":"Email","max":900}]}',
  ),
  input: z.object({
    campaignName: z.string().trim().min(1).max(200).optional().describe('Campaign name or id'),
    clientName: z.string().trim().min(1).max(200).optional().describe('Client name or id: its active campaigns'),
    country: z.string().trim().min(1).max(80).optional().describe('Only campaigns aimed at it: name or ISO code'),
    channel: z.string().trim().min(1).max(80).optional().describe('Only this channel'),
    totalBudget: Dollars.positive().optional().describe('USD over the horizon; not with a target'),
    objective: z.enum(['revenue', 'conversions']).default('revenue').describe('conversions: as platforms count them'),
    targetRoas: z.number().positive().max(1000).optional().describe('Largest spend that still returns so much revenue a dollar'),
    targetMarginalRoas: z.number().positive().max(1000).optional().describe('Spend until the last dollar returns so much'),
    horizonDays: z.int().min(1).max(365).default(30),
    maxChangePercent: z.number().min(0).max(1000).default(30).describe('Step limit a channel against today'),
    limits: z
      .array(z.object({ channel: z.string().trim().min(1).max(80), min: Dollars.optional(), max: Dollars.optional() }))
      .max(20)
      .default([])
      .describe('USD over the horizon by channel'),
  }),
  output: answerOf(
    z.object({
      verdict: z.enum(['change', 'no_change', 'no_data']),
      objective: z.string(),
      horizonDays: z.number(),
      totalBudget: Figure,
      channels: z.array(
        z.object({
          channel: z.string(),
          channelId: z.string(),
          today: z.number(),
          proposed: z.number(),
          todayPerDay: z.number(),
          proposedPerDay: z.number(),
          changePercent: Figure,
          expectedToday: z.number(),
          expectedProposed: z.number(),
          marginalToday: Figure,
          marginalTodayInterval: IntervalOutput,
          marginalProposed: Figure,
          elasticity: z.number(),
          pooledPercent: z.number(),
          days: z.number(),
          beyondObserved: z.boolean(),
        }),
      ),
      expected: z
        .object({
          today: z.number(),
          todayInterval: IntervalOutput,
          sameMix: z.number(),
          proposed: z.number(),
          proposedInterval: IntervalOutput,
          difference: z.number(),
          differenceInterval: IntervalOutput,
          chanceBetterPercent: z.number(),
        })
        .nullable(),
      sensitivities: z.array(z.string()),
      basis: z
        .object({
          window: z.object({ from: z.string(), to: z.string() }).nullable(),
          days: z.number(),
          campaigns: z.number(),
          pooledFrom: z.number(),
          events: z.number(),
          carryover: Figure,
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
    campaign: 'campaignName',
    campaignId: 'campaignName',
    campaign_name: 'campaignName',
    client: 'clientName',
    clientId: 'clientName',
    client_name: 'clientName',
    budget: 'totalBudget',
    total_budget: 'totalBudget',
    roas: 'targetRoas',
    horizon: 'horizonDays',
    days: 'horizonDays',
    constraints: 'limits',
  },
});
