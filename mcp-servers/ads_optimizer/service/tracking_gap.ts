/** Days on which clicks went on and no conversion was counted. */
export type TrackingGap = {
  /** First and last position, inclusive. */
  readonly first: number;
  readonly last: number;
  /** Conversions that the earlier rate would have brought. */
  readonly expected: number;
  /** Chance of none at all under the earlier rate, for the longest of all runs that could have been looked at (Bonferroni). */
  readonly p: number;
  /** Conversions for a click before. */
  readonly rateBefore: number;
};

const FEWEST_DAYS = 2;
const DAYS_BEFORE = 28;
const FEWEST_DAYS_BEFORE = 7;
const FEWEST_CONVERSIONS_BEFORE = 8;

/**
 * The least likely run of days without a conversion. With C conversions of K clicks in the four weeks before, k more clicks bring none with
 * probability (K / (K + k))^C: the negative binomial that a Poisson count has when its rate is itself estimated (Gamma posterior), so that a
 * short past does not make a gap look surer than it is. Undefined when there is no run or nothing to measure it by.
 */
export function findTrackingGap(
  clicks: readonly number[],
  conversions: readonly number[],
  mayBegin: (position: number) => boolean,
): TrackingGap | undefined {
  let best: TrackingGap | undefined;
  let candidates = 0;
  for (let first = 0; first < clicks.length; first++) {
    if (conversions[first] !== 0 || clicks[first] === 0 || (first > 0 && conversions[first - 1] === 0 && clicks[first - 1] !== 0)) continue;
    let last = first;
    while (last + 1 < clicks.length && conversions[last + 1] === 0 && (clicks[last + 1] as number) > 0) last++;
    const from = Math.max(0, first - DAYS_BEFORE);
    if (!mayBegin(first) || last - first + 1 < FEWEST_DAYS || first - from < FEWEST_DAYS_BEFORE) continue;
    const [before, during] = [sumOf(clicks, from, first - 1), sumOf(clicks, first, last)];
    const counted = sumOf(conversions, from, first - 1);
    if (counted < FEWEST_CONVERSIONS_BEFORE || before === 0) continue;
    const chance = Math.exp(-counted * Math.log1p(during / before));
    candidates++;
    if (best === undefined || chance < best.p) {
      best = { first, last, expected: (counted * during) / before, p: chance, rateBefore: counted / before };
    }
  }
  // Every day could have begun a run, not only those that did.
  return best === undefined ? undefined : { ...best, p: Math.min(1, best.p * Math.max(candidates, clicks.length)) };
}

function sumOf(values: readonly number[], from: number, to: number): number {
  let sum = 0;
  for (let i = from; i <= to; i++) sum += values[i] as number;
  return sum;
}
