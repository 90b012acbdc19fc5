import type { z } from 'zod';
import { generateCampaignMessages } from '../../mcp-servers/content_generator/tools/generate_campaign_messages.ts';
import type { generationJobs } from '../../shared/cache/job_queue.ts';
import type { Job } from '../../shared/cache/job_worker.ts';
import { decimal } from '../../shared/domain/money.ts';
import { ToolError, type ToolErrorClass } from '../../shared/domain/tool_error.ts';
import type { ToolResult } from '../../shared/mcp/envelope.ts';
import { failedOutcome, outcomeOf, readToolResult, type SegmentOutcome } from './segment_outcome.ts';
import { readSegment, type SegmentRequest, segmentId, toolArguments } from './segment_request.ts';
import { whyText } from './segments_file.ts';

/** Asks a tool of content_generator. */
export type AskTool = (tool: string, args: object, signal: AbortSignal) => Promise<ToolResult>;

/** What may go right another time. */
const WORTH_ANOTHER_TRY: ReadonlySet<string> = new Set(['rate_limited', 'unavailable', 'timeout', 'internal'] satisfies ToolErrorClass[]);

/**
 * Does a job of queue:ai_generation: has the messages written, under an idempotency key that is made of what is asked, so that a job that is
 * done again after its worker died is not paid again. A plan is confirmed when it costs no more than whoever queued the job agreed to.
 * Throws what is worth another attempt, until `lastAttempt`; what is not is an outcome that says why.
 */
export async function generateSegment(
  { payload, signal, attempt }: Pick<Job<z.output<(typeof generationJobs)['payload']>>, 'payload' | 'signal' | 'attempt'>,
  ask: AskTool,
  lastAttempt: number,
): Promise<SegmentOutcome> {
  const { campana_id: campaignId, segmento } = payload;
  let request: SegmentRequest;
  let idempotencyKey: string;
  try {
    request = readSegment(segmento);
    idempotencyKey = segmentId(campaignId, request);
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
    const about = { campaignId, campaignName: '', population: segmento, channel: '', language: '' };
    return failedOutcome(about, { errorClass: error.errorClass, why: whyText(error) });
  }
  const { population, channel = 'any', language, agreedCostUsd } = request;
  const failed = (errorClass: string | null, why: string) =>
    failedOutcome({ campaignId, campaignName: '', population, channel, language }, { errorClass, why });
  const args = { ...toolArguments(campaignId, request), idempotencyKey };
  const first = readToolResult(await ask(generateCampaignMessages.name, args, signal));
  const plan = first.answer?.data.plan ?? undefined;
  if (plan !== undefined && !isAgreed(plan.mostCostUsd, agreedCostUsd)) {
    return failed(null, `It may cost ${plan.mostCostUsd ?? 'an unknown amount of'} dollars, more than was agreed to when it was queued.`);
  }
  const { answer, failure } =
    plan === undefined
      ? first
      : readToolResult(await ask(generateCampaignMessages.name, { ...args, confirmationToken: plan.confirmationToken }, signal));
  if (failure === undefined) return outcomeOf(answer);
  if (signal.aborted) throw signal.reason;
  if (WORTH_ANOTHER_TRY.has(failure.class) && attempt < lastAttempt) throw new ToolError('unavailable', failureText(failure));
  return failed(failure.class, failureText(failure));
}

/** A failure in a line. */
export function failureText({
  message,
  remedy,
  candidates = [],
}: Pick<ToolError, 'message'> & Partial<Pick<ToolError, 'remedy' | 'candidates'>>): string {
  const named = candidates.map((candidate) => Object.values(candidate).join(', ')).join('; ');
  return whyText({ message, remedy: [remedy, named === '' ? '' : `Candidates: ${named}.`].filter(Boolean).join(' ') });
}

function isAgreed(mostCostUsd: string | null, agreed: SegmentRequest['agreedCostUsd']): boolean {
  if (agreed === undefined) return false;
  return agreed === null || (mostCostUsd !== null && decimal(mostCostUsd).lessThanOrEqualTo(agreed));
}
