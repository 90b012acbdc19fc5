import { z } from 'zod';
import type { Tool, ToolAnnotations } from './contract.ts';

/** Gives a contract its exact type; adds nothing. */
export function defineTool<Input extends z.ZodObject, Output extends z.ZodObject>(contract: Tool<Input, Output>): Tool<Input, Output> {
  return contract;
}

/** A tool that only reads PromptSales' own data: the same question may be asked again at no harm. */
export const readOnly: ToolAnnotations = { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false };

/** Joins the lines of a description. */
export function lines(...text: readonly string[]): string {
  return text.join('\n');
}

const Campaign = z.object({
  campaignId: z.string(),
  name: z.string(),
  clientId: z.string(),
  clientName: z.string(),
  status: z.string(),
  startDate: z.string(),
  endDate: z.string(),
  matchedBy: z.string(),
});

const Period = z.object({ from: z.string(), to: z.string(), timeZone: z.string(), today: z.string(), readAs: z.string() });

const Envelope = z.object({
  campaign: Campaign.optional(),
  period: Period.optional(),
  previousPeriod: z.object({ from: z.string(), to: z.string() }).optional(),
  dataAsOf: z.record(z.string(), z.string()).describe('Source → when it was last loaded'),
  cache: z.object({ hit: z.boolean(), ageSeconds: z.number() }),
  page: z.object({ returned: z.number(), total: z.number(), nextCursor: z.string().nullable() }).optional(),
  warnings: z.array(z.string()),
  next: z.array(z.object({ tool: z.string(), arguments: z.record(z.string(), z.unknown()), why: z.string() })),
});

/** The whole structured answer around a tool's own data: what is read, of when, how fresh, from where, and what to ask next. */
export function answerOf<Data extends z.ZodObject>(data: Data) {
  return z.object({ data, ...Envelope.shape });
}

/** A structured answer as {@link answerOf} describes it, for any tool. */
export type StructuredAnswer = z.infer<typeof Envelope> & { readonly data: Readonly<Record<string, unknown>> };
