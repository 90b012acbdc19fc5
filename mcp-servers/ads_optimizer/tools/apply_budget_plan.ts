import { z } from 'zod';
import { CampaignRef } from '../../../shared/domain/period_arguments.ts';
import { answerOf, defineTool, lines } from '../../../shared/mcp/define_tool.ts';

const amount = z.number().nullable();

export const applyBudgetPlan = defineTool({
  name: 'apply_budget_plan',
  title: 'Change planned budgets of a campaign',
  description: lines(
    'Sets what channels of one campaign are planned to spend in a month, in PromptAds: all of the changes or none.',
    'Use it when the user has decided on new amounts. Not for finding good ones: recommend_budget.',
    "Two steps. The first call checks the compliance rules and answers needs_confirmation with old and new amounts; show them. After the user's yes, the same call with its confirmationToken, within 15 minutes, applies it. Repeating it is harmless: already_applied.",
    'An amount that somebody changed meanwhile: nothing is written, both values are told. Other tools see it after the next load.',
    'Example: {"campaignName":"CMP-VERANO-2026","month":"2026-12","changes":[{"channel":"instagram","planned":1250.5}],"reason":"Best marginal return"}',
  ),
  input: z.object({
    campaignName: CampaignRef,
    month: z
      .string()
      .trim()
      .regex(/^[1-9]\d{3}-(0[1-9]|1[0-2])$/, 'not a month such as 2026-12')
      .describe('YYYY-MM'),
    changes: z
      .array(
        z.strictObject({
          channel: z.string().trim().min(1).max(60).describe('Name or id'),
          planned: z
            .number()
            .min(0)
            .max(999_999_999.99)
            .refine((dollars) => /^\d+(\.\d{1,2})?$/.test(String(dollars)), 'not dollars with at most two decimals')
            .describe('New amount, USD for the whole month'),
        }),
      )
      .min(1)
      .max(50)
      .describe('Channels left out stay as they are'),
    reason: z
      .string()
      .trim()
      .min(1)
      .max(500)
      .regex(/^[^\p{Cc}]*$/u, 'holds control characters')
      .optional()
      .describe('Kept in the audit record'),
    confirmationToken: z.string().min(1).max(65_536).optional().describe('Of the plan the user agreed to'),
  }),
  output: answerOf(
    z.object({
      status: z.enum(['needs_confirmation', 'applied', 'already_applied', 'unchanged']),
      month: z.string(),
      currency: z.string(),
      channels: z.array(z.object({ channelId: z.string(), channel: z.string(), old: amount, new: z.number(), changePercent: amount })),
      totals: z
        .object({
          monthOld: z.number().describe('All channels'),
          monthNew: z.number(),
          campaignOld: z.number().describe('All months'),
          campaignNew: z.number(),
          campaignBudget: z.number(),
        })
        .nullable(),
      rules: z.array(z.object({ rule: z.string(), says: z.string() })),
      planId: z.string().nullable(),
      appliedAt: z.string().nullable(),
      changedBy: z.string().nullable(),
      reason: z.string().nullable(),
      confirmationToken: z.string().nullable(),
      expiresAt: z.string().nullable(),
    }),
  ),
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
  scopes: ['ads:write'],
  cache: 'none',
  aliases: {
    campaign: 'campaignName',
    campaignId: 'campaignName',
    campaign_name: 'campaignName',
    campaign_id: 'campaignName',
    campana: 'campaignName',
    campaña: 'campaignName',
    mes: 'month',
    cambios: 'changes',
    motivo: 'reason',
    confirmation_token: 'confirmationToken',
  },
});
