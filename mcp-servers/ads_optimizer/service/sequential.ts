import type { Interval, Proportion } from '../../../shared/statistics/proportions.ts';

/**
 * A reading of an experiment that may be taken every day: the mixture sequential probability ratio test.
 * Sources: R. Johari, P. Koomen, L. Pekelis, D. Walsh, "Peeking at A/B tests", KDD 2017, and "Always valid inference: continuous monitoring of A/B tests",
 * Operations Research 70 (2022) 1806-1821: a normal mixture N(0, τ²) over the difference of two rates; the ratio Λ stays below 1/α with probability 1 − α however
 * often one looks, so p = min 1/Λ so far, and the differences that Λ does not exclude make a confidence sequence.
 */
export type AlwaysValidReading = {
  /** The smallest 1/Λ of all days so far, at most 1. */
  readonly p: number;
  /** 1 when the treatment was ahead on the day of the smallest p, -1 when the control was, 0 when nothing was known. */
  readonly ahead: 1 | 0 | -1;
  /** Of the difference treatment − control on the last day; null while nothing is known. */
  readonly interval: Interval | null;
};

/** Both arms from the first day to the end of one. */
export type Look = { readonly treatment: Proportion; readonly control: Proportion };

/** Standard deviation of the mixture, relative to the pooled rate: effects of a fifth are where the test is quickest. Any value is valid. */
const MIXTURE_LIFT = 0.2;
/** Before both arms have so many successes the normal approximation may not be leaned on, and a look counts for nothing. */
const LEAST_SUCCESSES = 10;

/** Reads all looks in order of time. `level` is of the confidence sequence. */
export function alwaysValid(looks: readonly Look[], level = 0.95): AlwaysValidReading {
  let p = 1;
  let ahead: 1 | 0 | -1 = 0;
  let interval: Interval | null = null;
  for (const { treatment, control } of looks) {
    if (Math.min(treatment.successes, control.successes) < LEAST_SUCCESSES) continue;
    const difference = treatment.successes / treatment.trials - control.successes / control.trials;
    const variance = varianceOf(treatment, control);
    if (variance === 0) continue;
    const mixture = (MIXTURE_LIFT * pooledRate(treatment, control)) ** 2;
    const logRatio = 0.5 * Math.log(variance / (variance + mixture)) + (difference ** 2 * mixture) / (2 * variance * (variance + mixture));
    const now = Math.exp(-logRatio);
    if (now < p) {
      p = now;
      ahead = difference > 0 ? 1 : -1;
    }
    const half = Math.sqrt(
      ((variance * (variance + mixture)) / mixture) * (2 * Math.log(1 / (1 - level)) + Math.log((variance + mixture) / variance)),
    );
    interval = { low: difference - half, high: difference + half, level };
  }
  return { p, ahead, interval };
}

const pooledRate = (one: Proportion, other: Proportion): number => (one.successes + other.successes) / (one.trials + other.trials);

/** Of the difference: the larger of the pooled one, which holds when nothing differs, and the separate one, which holds when something does. */
function varianceOf(one: Proportion, other: Proportion): number {
  const pooled = pooledRate(one, other);
  const ofRate = (rate: number, { trials }: Proportion): number => (rate * (1 - rate)) / trials;
  return Math.max(
    ofRate(pooled, one) + ofRate(pooled, other),
    ofRate(one.successes / one.trials, one) + ofRate(other.successes / other.trials, other),
  );
}
