import { z } from 'zod';
import { PERIOD_ALIASES, PeriodArguments } from '../../../shared/domain/period_arguments.ts';
import { answerOf, defineTool, lines, readOnly } from '../../../shared/mcp/define_tool.ts';

const Figure = z.number().nullable();
const Verdict = z.enum(['on_track', 'over', 'under', 'no_plan', 'not_started', 'ended', 'no_data']);
const pace = {
  verdict: Verdict,
  planned: Figure,
  plannedToDate: Figure,
  delivered: Figure,
  paceIndex: Figure,
  forecast: Figure,
  interval: z.record(z.string(), z.number()).nullable(),
  moneyAtRisk: Figure,
  daysLeft: z.number(),
  recentDailyRate: Figure,
  dailyRateToPlan: Figure,
};

// Written out in full once, for campaigns: three times cost 250 tokens a copy.
const SamePace = z.looseObject({ verdict: z.string() }).describe('Figures as of campaigns');
const Days = z.record(z.string(), z.string());

export const getCampaignPacing = defineTool({
  name: 'get_campaign_pacing',
  title: 'Pacing of campaigns against plan',
  description: lines(
    'Spend against plan: delivered so far, plan of the same days, pace index, forecast to the end of the period with a 90 % interval, over- or under-delivery, and the daily rate that would land on plan; by channel and in total.',
    'Use it for "will X spend its budget", "which campaigns overspend". Without a campaign: all that run in the period, by money at risk; filters clientName, objective, status. Not for moving money: recommend_budget.',
    'Without a period: the running month. "whole campaign" forecasts to its end. A day counts once it is over.',
    'Example: {"campaignName":"Verano 2025"}',
    'Example: {"clientName":"Café Tarrazú","status":"active","limit":5}',
  ),
  input: z.object({
    campaignName: z.string().trim().min(1).max(200).optional().describe('Campaign name or id'),
    clientName: z.string().trim().min(1).max(200).optional().describe('Client name or id: all of its campaigns'),
    objective: z.enum(['awareness', 'traffic', 'leads', 'sales', 'retention']).optional(),
    status: z.enum(['scheduled', 'active', 'paused', 'completed']).optional(),
    limit: z.int().min(1).max(50).default(10).describe('Rows a page, without campaignName'),
    cursor: z.string().max(500).optional().describe('nextCursor of the page before'),
    ...PeriodArguments,
  }),
  output: answerOf(
    z.object({
      sentence: z.string(),
      window: Days,
      asOf: z.string().nullable(),
      total: SamePace.nullable(),
      channels: z.array(SamePace),
      campaigns: z.array(z.object({ campaignId: z.string(), name: z.string(), clientName: z.string(), endDate: z.string(), ...pace })),
      filters: z.record(z.string(), z.string()),
      basis: z
        .object({
          window: Days.nullable(),
          days: z.number(),
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
    campaign_id: 'campaignName',
    campana: 'campaignName',
    campaña: 'campaignName',
    client: 'clientName',
    clientId: 'clientName',
    cliente: 'clientName',
    top: 'limit',
  },
});
