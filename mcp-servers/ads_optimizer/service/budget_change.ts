import { fold } from '../../../shared/domain/fold.ts';
import { type Decimal, decimal, sum } from '../../../shared/domain/money.ts';
import { ToolError } from '../../../shared/domain/tool_error.ts';
import type { BudgetRow, BudgetState } from '../../../shared/sources/ads_store.ts';

/** A change as it is asked for: a channel by name or id, dollars with two decimals at most. */
export type AskedChange = { readonly channel: string; readonly planned: number };

/** What a channel has and is to have. Decimal text; `expected` is null where nothing was planned. */
export type BudgetChange = {
  readonly channelId: string;
  readonly channel: string;
  readonly expected: string | null;
  readonly planned: string;
};

/** What a confirmation token holds. When it was made is part of it: the same change planned anew, later, is another plan. */
export type SignedBudgetPlan = {
  readonly campaignId: string;
  readonly month: string;
  readonly currency: string;
  readonly reason: string | null;
  readonly plannedAt: string;
  readonly changes: readonly Omit<BudgetChange, 'channel'>[];
};

/**
 * The channels that are meant, with their values. `seen` are the values that a plan was made of; without it they are those of now. A channel the
 * campaign does not have keeps the name it was called by: a rule refuses it, together with whatever else is wrong. Throws ToolError
 * 'invalid_input' for a channel that is named twice.
 */
export function budgetChanges(
  { channels }: Pick<BudgetState, 'channels'>,
  asked: readonly AskedChange[],
  seen?: ReadonlyMap<string, string | null>,
): BudgetChange[] {
  const changes = asked.map(({ channel, planned }): BudgetChange => {
    const name = fold(channel);
    const known = channels.find((one) => fold(one.channelId) === name) ?? channels.find((one) => fold(one.name) === name);
    const { channelId = channel, planned: now = null } = known ?? {};
    return {
      channelId,
      channel: known?.name ?? channel,
      expected: seen?.has(channelId) === true ? (seen.get(channelId) ?? null) : now,
      planned: decimal(planned).toFixed(2),
    };
  });
  const twice = [...new Set(changes.map(({ channelId }) => channelId).filter((id, index, ids) => ids.indexOf(id) !== index))];
  if (twice.length > 0) {
    throw new ToolError('invalid_input', `Named more than once: ${twice.join(', ')}. Nothing was changed.`, {
      remedy: 'Give each channel once, with the amount it is to have in the month.',
    });
  }
  return changes;
}

/** The changes as rows of a plan for the month that begins on that day. */
export function rowsOf(campaignId: string, month: string, changes: readonly BudgetChange[]): BudgetRow[] {
  return changes.map(({ channelId, expected, planned }) => ({ campaignId, channelId, month, expected, planned }));
}

export const isUnchanged = ({ expected, planned }: Pick<BudgetChange, 'expected' | 'planned'>): boolean =>
  expected !== null && decimal(expected).equals(planned);

/** Dollars before and after, over all channels of the month and over all months of the campaign. */
export type BudgetTotals = Readonly<Record<'monthOld' | 'monthNew' | 'campaignOld' | 'campaignNew' | 'campaignBudget', Decimal>>;

/** The totals that the changes lead to from that state. */
export function budgetTotals(state: BudgetState, changes: readonly BudgetChange[]): BudgetTotals {
  const more = sum(changes.map(({ expected, planned }) => decimal(planned).minus(expected ?? 0)));
  const monthOld = sum(state.channels.map(({ planned }) => planned ?? 0));
  const campaignOld = decimal(state.plannedInAll);
  return {
    monthOld,
    monthNew: monthOld.plus(more),
    campaignOld,
    campaignNew: campaignOld.plus(more),
    campaignBudget: decimal(state.budget),
  };
}
