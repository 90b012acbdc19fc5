import { z } from 'zod';
import { generateCampaignMessages } from '../../mcp-servers/content_generator/tools/generate_campaign_messages.ts';
import type { ToolResult } from '../../shared/mcp/envelope.ts';

/** What came of a segment: the result of its job, and what the results file tells. */
export const SegmentOutcome = z.object({
  /** kept: written before, at no cost now. */
  status: z.enum(['written', 'kept', 'failed']),
  campaignId: z.string(),
  campaignName: z.string(),
  /** As it was understood. */
  population: z.string(),
  channel: z.string(),
  language: z.string(),
  model: z.string().nullable(),
  messages: z.array(
    z.object({
      number: z.number(),
      headline: z.string().nullable(),
      text: z.string(),
      tone: z.string(),
      hashtags: z.array(z.string()),
      /** Content ids. */
      images: z.array(z.string()),
      reason: z.string(),
    }),
  ),
  /** Of what failed: what kind of failure it was, where it was the call's, and why. */
  errorClass: z.string().nullable(),
  why: z.string().nullable(),
  tokens: z.number(),
  /** US dollars, exact; at least so much where `costKnown` is false. */
  costUsd: z.string(),
  costKnown: z.boolean(),
});
export type SegmentOutcome = z.output<typeof SegmentOutcome>;

/** A call that failed. */
const CallFailure = z.object({
  error: z.object({
    class: z.string(),
    message: z.string(),
    remedy: z.string().optional(),
    retryAfterSeconds: z.number().optional(),
    candidates: z.array(z.record(z.string(), z.string())).optional(),
  }),
});
type CallFailure = z.output<typeof CallFailure>['error'];

/** The tool's whole answer. */
type MessagesAnswer = z.output<typeof generateCampaignMessages.output>;

/** What the tool said: its answer, or why there is none. */
export function readToolResult(
  result: ToolResult,
): { readonly answer: MessagesAnswer; readonly failure?: never } | { readonly failure: CallFailure; readonly answer?: never } {
  if (result.isError === true) return { failure: CallFailure.parse(result.structuredContent).error };
  return { answer: generateCampaignMessages.output.parse(result.structuredContent) };
}

/** What an answer about one population came to. */
export function outcomeOf({ data, campaign }: MessagesAnswer): SegmentOutcome {
  const [population] = data.populations;
  const isWritten = population !== undefined && population.messages.length > 0;
  return {
    status: !isWritten ? 'failed' : population.result === 'written' ? 'written' : 'kept',
    campaignId: campaign?.campaignId ?? '',
    campaignName: campaign?.name ?? '',
    population: population?.population ?? '',
    channel: data.channel,
    language: data.language,
    model: data.model,
    messages: (population?.messages ?? []).map(({ images, number, headline, text, tone, hashtags, reason }) => ({
      ...{ number, headline, text, tone, hashtags, reason },
      images: images.map(({ contentId }) => contentId),
    })),
    errorClass: null,
    why: isWritten ? null : (population?.why ?? 'Nothing was written.'),
    ...data.spent,
  };
}

/** A segment for which nothing could be asked. */
export function failedOutcome(
  about: Pick<SegmentOutcome, 'campaignId' | 'campaignName' | 'population' | 'channel' | 'language'>,
  { errorClass, why }: { readonly errorClass: string | null; readonly why: string },
): SegmentOutcome {
  return { ...about, status: 'failed', model: null, messages: [], errorClass, why, tokens: 0, costUsd: '0', costKnown: true };
}
