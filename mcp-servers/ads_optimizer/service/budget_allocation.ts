import { marginalAt, type ResponseCurve, resultAt, spendAtMarginal } from './response_curve.ts';

/** A channel that takes part in an allocation; money a day. */
export type AllocatedChannel = { readonly curve: ResponseCurve; readonly min: number; readonly max: number };

/**
 * The split of `budget` over channels that brings the most, within each one's limits. Exact for concave curves: all channels between their
 * limits have the same marginal return (Karush, Kuhn and Tucker; "water filling", Boyd and Vandenberghe, Convex Optimization, §5.5.3), and
 * that return is found by bisection. A budget beyond the limits' sums is cut to them: the caller says so or refuses.
 */
export function allocate(channels: readonly AllocatedChannel[], budget: number): readonly number[] {
  const lowest = channels.reduce((sum, { min }) => sum + min, 0);
  const highest = channels.reduce((sum, { max }) => sum + max, 0);
  if (budget <= lowest) return channels.map(({ min }) => min);
  if (budget >= highest) return channels.map(({ max }) => max);
  // In logarithms: marginal returns lie orders of magnitude apart. A channel that may have nothing has none worth bounding: at 0 it is infinite.
  const open = channels.filter(({ max }) => max > 0);
  const ends = open.flatMap(({ curve, min, max }) => [marginalAt(curve, Math.max(min, max * 1e-9)), marginalAt(curve, max)]);
  let low = Math.log(Math.max(1e-300, Math.min(...ends) / 2));
  let high = Math.log(Math.max(...ends) * 2);
  for (let i = 0; i < 100 && high - low > 1e-13; i++) {
    const middle = (low + high) / 2;
    if (total(spendsAt(channels, Math.exp(middle))) > budget) low = middle;
    else high = middle;
  }
  const spends = spendsAt(channels, Math.exp(high));
  return spreadRest(channels, spends, budget - total(spends));
}

/** What each channel should get so that its last dollar brings `marginal`, within its limits. */
export function spendsAt(channels: readonly AllocatedChannel[], marginal: number): readonly number[] {
  return channels.map(({ curve, min, max }) => spendAtMarginal(curve, marginal, min, max));
}

/**
 * The largest budget whose best split still brings `target` for a dollar over all, and that split; undefined when not even the least allowed
 * spend does. The best overall return falls with the budget, so bisection finds it.
 */
export function allocateForReturn(channels: readonly AllocatedChannel[], target: number): readonly number[] | undefined {
  const lowest = channels.reduce((sum, { min }) => sum + min, 0);
  const highest = channels.reduce((sum, { max }) => sum + max, 0);
  const reaches = (budget: number): boolean => resultOf(channels, allocate(channels, budget)) >= target * budget;
  if (reaches(highest)) return allocate(channels, highest);
  if (lowest > 0 && !reaches(lowest)) return undefined;
  let [low, high] = [lowest, highest];
  for (let i = 0; i < 50 && high - low > 1e-7 * high; i++) {
    const middle = (low + high) / 2;
    if (reaches(middle)) low = middle;
    else high = middle;
  }
  return allocate(channels, low);
}

/** Expected result of a day with these spends. */
export function resultOf(channels: readonly { readonly curve: ResponseCurve }[], spends: readonly number[]): number {
  return channels.reduce((sum, { curve }, i) => sum + resultAt(curve, spends[i] ?? 0), 0);
}

const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

/** What bisection left of the budget goes, cent fractions as they are, to where there is room. */
function spreadRest(channels: readonly AllocatedChannel[], spends: readonly number[], rest: number): readonly number[] {
  let left = rest;
  return spends.map((spend, i) => {
    const { min, max } = channels[i] as AllocatedChannel;
    const next = Math.min(max, Math.max(min, spend + left));
    left -= next - spend;
    return next;
  });
}
