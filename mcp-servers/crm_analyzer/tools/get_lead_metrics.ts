import { z } from 'zod';
import { PERIOD_ALIASES, PeriodArguments } from '../../../shared/domain/period_arguments.ts';
import { answerOf, defineTool, lines, readOnly } from '../../../shared/mcp/define_tool.ts';
import { LEAD_SCOPE_ALIASES, LeadGrouping, LeadScopeArguments, LeadStatus } from './lead_arguments.ts';

const Figure = z.number().nullable();
const Ages = z.array(z.number());

export const getLeadMetrics = defineTool({
  name: 'get_lead_metrics',
  title: 'Lead metrics',
  description: lines(
    'Leads created in a period: how many, qualified, converted, lost and open, share that reached each stage, days in each stage, value; against the period before; by group; cohorts:true adds each month of leads followed to today.',
    'Use it for "how many leads, from where, how good". Not for where leads get stuck: get_lead_funnel.',
    'Without a period: the campaign to date, else the last 30 days.',
    'Example: {"period":"el mes pasado","groupBy":"source"}',
    'Example: {"clientName":"Café Tarrazú","period":"2026","cohorts":true}',
  ),
  input: z.object({
    groupBy: LeadGrouping.default('none'),
    ...LeadScopeArguments,
    cohorts: z.boolean().default(false),
    limit: z.int().min(1).max(50).default(10).describe('Groups listed; the rest is summed'),
    ...PeriodArguments,
  }),
  output: answerOf(
    z.object({
      status: LeadStatus,
      scope: z.string(),
      metrics: z.array(z.object({ metric: z.string(), unit: z.string(), value: Figure, previous: Figure, changePercent: Figure })),
      stages: z.array(z.object({ stage: z.string(), left: z.number(), stillThere: z.number(), medianDays: Figure, p90Days: Figure })),
      groups: z.array(
        z.object({
          key: z.string().nullable(),
          name: z.string(),
          leads: z.number(),
          sharePercent: Figure,
          qualified: z.number(),
          converted: z.number(),
          lost: z.number(),
          open: z.number(),
          contactedPercent: Figure,
          qualifiedPercent: Figure,
          proposalPercent: Figure,
          convertedPercent: Figure,
          openValue: z.number(),
          wonValue: z.number(),
          medianDaysToContact: Figure,
          medianDaysToWin: Figure,
          previousLeads: Figure,
          leadsChangePercent: Figure,
        }),
      ),
      others: z
        .object({
          groups: z.number(),
          leads: z.number(),
          qualified: z.number(),
          converted: z.number(),
          lost: z.number(),
          open: z.number(),
          openValue: z.number(),
          wonValue: z.number(),
        })
        .nullable(),
      smallGroups: z.number(),
      cohorts: z
        .array(
          z.object({
            month: z.string(),
            leads: Figure,
            contactedPercent: Ages,
            qualifiedPercent: Ages,
            proposalPercent: Ages,
            convertedPercent: Ages,
          }),
        )
        .nullable()
        .describe('Shares by age: 30, 60, … days'),
      basis: z
        .object({
          window: z.object({ from: z.string(), to: z.string() }),
          leads: Figure,
          customers: Figure,
          method: z.string(),
          assumes: z.array(z.string()),
        })
        .meta({ brief: true }),
    }),
  ),
  annotations: readOnly,
  scopes: ['crm:read'],
  cache: 'until-next-load',
  aliases: {
    ...PERIOD_ALIASES,
    ...LEAD_SCOPE_ALIASES,
    group_by: 'groupBy',
    by: 'groupBy',
    por: 'groupBy',
    cohortes: 'cohorts',
    top: 'limit',
  },
});
