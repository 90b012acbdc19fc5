import type { Usage } from '../cache/result_cache.ts';
import { decimal } from '../domain/money.ts';

/**
 * What calls of models took. It is a {@link Usage}, and says beside it what a sum cannot: where `costKnown` is false, `costUsd` holds the part
 * that is known (none of it: '0'), and whoever shows it says that the cost is not known, never that there was none.
 */
export type ModelUsage = Usage & {
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** False when a model has no price in the settings, or the service did not say how many tokens it counted (they are estimates then). */
  readonly costKnown: boolean;
};

export const NO_MODEL_USAGE: ModelUsage = { tokens: 0, costUsd: '0', inputTokens: 0, outputTokens: 0, costKnown: true };

/** Both together, exactly; the cost is known when both are. */
export function addUsage(one: ModelUsage, other: ModelUsage): ModelUsage {
  return {
    tokens: one.tokens + other.tokens,
    costUsd: decimal(one.costUsd).plus(other.costUsd).toFixed(),
    inputTokens: one.inputTokens + other.inputTokens,
    outputTokens: one.outputTokens + other.outputTokens,
    costKnown: one.costKnown && other.costKnown,
  };
}
