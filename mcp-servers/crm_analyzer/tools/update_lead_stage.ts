import { z } from 'zod';
import { LEAD_STAGES } from '../../../shared/domain/lead_stages.ts';
import { answerOf, defineTool, lines } from '../../../shared/mcp/define_tool.ts';

const Stage = z.enum(LEAD_STAGES);

export const updateLeadStage = defineTool({
  name: 'update_lead_stage',
  title: 'Move leads to another stage',
  description: lines(
    'Moves one lead, or up to 200, to another stage in PromptCRM: all of them or none. Use it when somebody says where a lead stands now.',
    'Allowed: new → contacted → qualified → proposal → won; any of the first four → lost; lost → contacted, with a note.',
    "Two steps. The first call answers needs_confirmation with each lead's old and new stage; show them. After the user's yes, the same call with its confirmationToken, within 15 minutes, applies it. Repeating it is harmless: already_applied.",
    'Other tools see it after the next load.',
    'Example: {"changes":[{"leadId":4711,"stage":"contacted"},{"leadId":4712,"stage":"lost","at":"2026-11-20T16:00:00-06:00"}]}',
  ),
  input: z.object({
    changes: z
      .array(
        z.strictObject({
          leadId: z.int().min(1),
          stage: Stage,
          at: z.iso.datetime({ offset: true }).optional().describe('When it happened, with offset; else now'),
          note: z
            .string()
            .trim()
            .min(1)
            .max(500)
            .regex(/^[^\p{Cc}]*$/u, 'holds control characters')
            .optional()
            .describe('Kept in the history, never answered'),
        }),
      )
      .min(1)
      .max(200),
    confirmationToken: z.string().min(1).max(65_536).optional().describe('Of the plan the user agreed to'),
  }),
  output: answerOf(
    z.object({
      status: z.enum(['needs_confirmation', 'applied', 'already_applied', 'unchanged']),
      leads: z.array(
        z.object({
          leadId: z.number(),
          customerId: z.number(),
          old: z.string(),
          new: z.string(),
          at: z.string().nullable().describe('Null: was there already'),
        }),
      ),
      rules: z.array(z.object({ rule: z.string(), says: z.string() })),
      planId: z.string().nullable(),
      appliedAt: z.string().nullable(),
      changedBy: z.string().nullable(),
      confirmationToken: z.string().nullable(),
      expiresAt: z.string().nullable(),
    }),
  ),
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
  scopes: ['crm:write'],
  cache: 'none',
  aliases: { leads: 'changes', cambios: 'changes', confirmation_token: 'confirmationToken' },
});
