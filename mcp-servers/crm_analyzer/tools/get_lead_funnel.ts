import { z } from 'zod';
import { PERIOD_ALIASES, PeriodArguments } from '../../../shared/domain/period_arguments.ts';
import { answerOf, defineTool, lines, readOnly } from '../../../shared/mcp/define_tool.ts';
import { LEAD_SCOPE_ALIASES, LeadScopeArguments, LeadStatus } from './lead_arguments.ts';

const Figure = z.number().nullable();

export const getLeadFunnel = defineTool({
  name: 'get_lead_funnel',
  title: 'Lead funnel',
  description: lines(
    'Stage by stage (new, contacted, qualified, proposal, won): how many, step conversion with its 90 % interval, drop-off, days, and which steps are worse than in the 12 months before (same client, or company). Leads too young to have moved on are left out of a step, so they are no drop-off.',
    'Use it for "where do we lose leads, is it worse than usual". Not for counts by source or region: get_lead_metrics.',
    'Without a period: the campaign to date, else the last 90 days.',
    'Example: {"campaignName":"Verano 2025"}',
    'Example: {"source":"referidos","period":"este trimestre"}',
  ),
  input: z.object({ ...LeadScopeArguments, ...PeriodArguments }),
  output: answerOf(
    z.object({
      status: LeadStatus,
      scope: z.string(),
      leads: Figure,
      won: Figure,
      lost: Figure,
      steps: z.array(
        z.object({
          from: z.string(),
          to: z.string(),
          entered: Figure,
          reachedNext: Figure,
          tooYoung: Figure,
          followed: Figure,
          movedOn: Figure,
          conversionPercent: Figure,
          lowPercent: Figure,
          highPercent: Figure,
          dropOff: Figure,
          lost: Figure,
          waiting: Figure,
          late: Figure,
          followDays: z.number(),
          medianDays: Figure,
          p90Days: Figure,
          usualPercent: Figure,
          usualFollowed: z.number(),
          q: Figure,
          verdict: z.enum(['worse', 'usual', 'better', 'cannot_say']),
          missing: Figure,
        }),
      ),
      worst: z.string().nullable(),
      basis: z
        .object({
          window: z.object({ from: z.string(), to: z.string() }),
          usualWindow: z.object({ from: z.string(), to: z.string() }),
          usualOf: z.string(),
          usualLeads: z.number(),
          method: z.string(),
          assumes: z.array(z.string()),
        })
        .meta({ brief: true }),
    }),
  ),
  annotations: readOnly,
  scopes: ['crm:read'],
  cache: 'until-next-load',
  aliases: { ...PERIOD_ALIASES, ...LEAD_SCOPE_ALIASES },
});
