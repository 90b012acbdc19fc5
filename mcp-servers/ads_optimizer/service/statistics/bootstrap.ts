import { quantileOf } from '../../../../shared/statistics/quantile.ts';
import type { Random } from '../../../../shared/statistics/random.ts';

/** Where a figure lies with probability `level`. */
export type Interval = { readonly low: number; readonly high: number; readonly level: number };

/**
 * How often each of `length` successive observations is in one resample of them made of blocks, so that neighbours, which resemble each
 * other, stay together: the circular block bootstrap (Politis and Romano 1992, after Efron 1979 and Künsch 1989). The counts add up to
 * `length`. A block is never longer than a third of the observations, or a short series would be resampled as itself.
 */
export function blockCounts(length: number, block: number, random: Random): Float64Array {
  const counts = new Float64Array(length);
  const size = Math.max(1, Math.min(block, Math.floor(length / 3)));
  for (let drawn = 0; drawn < length; drawn += size) {
    const start = random.below(length);
    for (let i = 0; i < size && drawn + i < length; i++) {
      const at = (start + i) % length;
      counts[at] = (counts[at] as number) + 1;
    }
  }
  return counts;
}

/** The equal-tailed percentile interval of bootstrap draws (Efron 1979); null when there are none or one is not finite. */
export function percentileInterval(draws: readonly number[], level = 0.9): Interval | null {
  if (draws.length === 0 || !draws.every(Number.isFinite)) return null;
  const sorted = Float64Array.from(draws).sort();
  return { low: quantileOf(sorted, (1 - level) / 2), high: quantileOf(sorted, (1 + level) / 2), level };
}
