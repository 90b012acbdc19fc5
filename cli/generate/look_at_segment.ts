import { setTimeout as pause } from 'node:timers/promises';
import { generateCampaignMessages } from '../../mcp-servers/content_generator/tools/generate_campaign_messages.ts';
import { decimal } from '../../shared/domain/money.ts';
import { ToolError } from '../../shared/domain/tool_error.ts';
import { type AskTool, failureText } from './generate_segment.ts';
import { outcomeOf, readToolResult, type SegmentOutcome } from './segment_outcome.ts';
import { type SegmentRequest, toolArguments } from './segment_request.ts';

/** What is known of a segment before anything is written for it: it is written already, it may cost so much, or it cannot be asked. */
export type Look =
  | { readonly found: 'written'; readonly outcome: SegmentOutcome }
  /** US dollars as decimal text; null: nobody knows. */
  | { readonly found: 'plan'; readonly mostCostUsd: string | null }
  | { readonly found: 'bad'; readonly why: string };

/** A prompt shows what was written last for the client, so a later question may be longer than the one that was looked at. */
const HEADROOM = '1.25';
const ATTEMPTS = 5;
const LONGEST_PAUSE_S = 60;

/**
 * Looks what a segment would cost, with a tool that asks for consent whatever it costs: nothing is written. Throws ToolError when the tool
 * cannot be asked for good.
 */
export async function lookAtSegment(
  campaignId: string,
  id: string,
  request: SegmentRequest,
  ask: AskTool,
  signal: AbortSignal,
): Promise<Look> {
  for (let attempt = 1; ; attempt++) {
    const args = { ...toolArguments(campaignId, request), idempotencyKey: id };
    const { answer, failure } = readToolResult(await ask(generateCampaignMessages.name, args, signal));
    signal.throwIfAborted();
    if (answer !== undefined) {
      const { plan } = answer.data;
      if (plan === null) return { found: 'written', outcome: outcomeOf(answer) };
      return { found: 'plan', mostCostUsd: plan.mostCostUsd === null ? null : decimal(plan.mostCostUsd).times(HEADROOM).toFixed() };
    }
    switch (failure.class) {
      case 'rate_limited':
      case 'unavailable':
      case 'timeout':
      case 'internal': {
        if (attempt === ATTEMPTS) throw new ToolError('unavailable', failureText(failure));
        await pause(1_000 * Math.min(failure.retryAfterSeconds ?? 2 ** (attempt - 1), LONGEST_PAUSE_S), undefined, { signal });
        break;
      }
      default:
        return { found: 'bad', why: failureText(failure) };
    }
  }
}
