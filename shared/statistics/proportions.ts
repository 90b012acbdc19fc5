import { normalCdf, normalQuantile, normalUpperTail, twoSidedP } from './normal.ts';

/** Successes out of trials. */
export type Proportion = { readonly successes: number; readonly trials: number };

/** An interval that holds the truth in `level` of all samples. */
export type Interval = { readonly low: number; readonly high: number; readonly level: number };

const twoSidedZ = (level: number): number => normalQuantile(0.5 + level / 2);

/** Wilson's score interval of a proportion: E. B. Wilson, JASA 22 (1927) 209-212. Needs trials > 0. */
export function wilsonInterval({ successes, trials }: Proportion, level: number): Interval {
  const z = twoSidedZ(level);
  const middle = 2 * successes + z * z;
  const half = z * Math.sqrt(z * z + (4 * successes * (trials - successes)) / trials);
  const scale = 2 * (trials + z * z);
  return { low: Math.max(0, (middle - half) / scale), high: Math.min(1, (middle + half) / scale), level };
}

/**
 * Interval of the difference treatment − control: R. G. Newcombe, "Interval estimation for the difference between independent proportions",
 * Statistics in Medicine 17 (1998) 873-890, method 10 (from Wilson's intervals, no continuity correction). Needs trials > 0 in both.
 */
export function differenceInterval(treatment: Proportion, control: Proportion, level: number): Interval {
  const [one, other] = [treatment, control].map((arm) => ({ ...wilsonInterval(arm, level), rate: arm.successes / arm.trials })) as [
    Interval & { rate: number },
    Interval & { rate: number },
  ];
  const difference = one.rate - other.rate;
  return {
    low: difference - Math.hypot(one.rate - one.low, other.high - other.rate),
    high: difference + Math.hypot(one.high - one.rate, other.rate - other.low),
    level,
  };
}

/**
 * Interval of the relative lift, treatment rate ÷ control rate − 1, symmetric in the logarithm of the ratio: D. Katz et al., Biometrics 34 (1978) 469-474.
 * Null when an arm has no success.
 */
export function liftInterval(treatment: Proportion, control: Proportion, level: number): Interval | null {
  const log = logRatio(treatment, control);
  if (log === null) return null;
  const half = twoSidedZ(level) * log.standardError;
  return { low: Math.expm1(log.value - half), high: Math.expm1(log.value + half), level };
}

/** Logarithm of the ratio of two rates with its standard error (delta method); null when an arm has no success. */
export function logRatio(treatment: Proportion, control: Proportion): { readonly value: number; readonly standardError: number } | null {
  if (treatment.successes === 0 || control.successes === 0) return null;
  const relativeVariance = ({ successes, trials }: Proportion): number => 1 / successes - 1 / trials;
  return {
    value: Math.log(treatment.successes / treatment.trials) - Math.log(control.successes / control.trials),
    standardError: Math.sqrt(relativeVariance(treatment) + relativeVariance(control)),
  };
}

/** Two-proportion z test with the pooled rate, two-sided, no continuity correction (its square is Pearson's chi-square). p is 1 where no variance is. */
export function twoProportionTest(treatment: Proportion, control: Proportion): { readonly z: number; readonly p: number } {
  const pooled = (treatment.successes + control.successes) / (treatment.trials + control.trials);
  const deviation = Math.sqrt(pooled * (1 - pooled) * (1 / treatment.trials + 1 / control.trials));
  if (deviation === 0) return { z: 0, p: 1 };
  const z = (treatment.successes / treatment.trials - control.successes / control.trials) / deviation;
  return { z, p: twoSidedP(z) };
}

/** Visitors of two arms, and what share of them the treatment was to have. */
export type PlannedTest = { readonly control: number; readonly treatment: number };

/**
 * Power of the two-sided two-proportion test by the normal approximation, unequal samples too: J. L. Fleiss, "Statistical Methods for Rates and Proportions",
 * 3rd ed. (2003), ch. 4. Counts only the side of the effect, as R's power.prop.test does.
 */
export function powerOf(rates: { readonly control: number; readonly treatment: number }, trials: PlannedTest, significance = 0.05): number {
  const { control: p0, treatment: p1 } = rates;
  const { control: n0, treatment: n1 } = trials;
  if (n0 <= 0 || n1 <= 0) return 0;
  const pooled = (n0 * p0 + n1 * p1) / (n0 + n1);
  const underNone = Math.sqrt(pooled * (1 - pooled) * (1 / n0 + 1 / n1));
  const underEffect = Math.sqrt((p0 * (1 - p0)) / n0 + (p1 * (1 - p1)) / n1);
  if (underEffect === 0) return p0 === p1 ? significance / 2 : 1;
  return normalCdf((Math.abs(p1 - p0) - normalQuantile(1 - significance / 2) * underNone) / underEffect);
}

/** How many visitors over both arms give that power, with the treatment at `share` of them; Infinity when the rates are equal. */
export function visitorsNeeded(
  rates: { readonly control: number; readonly treatment: number },
  share: number,
  power = 0.8,
  significance = 0.05,
): number {
  const { control: p0, treatment: p1 } = rates;
  if (p0 === p1) return Number.POSITIVE_INFINITY;
  const pooled = (1 - share) * p0 + share * p1;
  const underNone = Math.sqrt(pooled * (1 - pooled) * (1 / (1 - share) + 1 / share));
  const underEffect = Math.sqrt((p0 * (1 - p0)) / (1 - share) + (p1 * (1 - p1)) / share);
  return ((normalQuantile(1 - significance / 2) * underNone + normalQuantile(power) * underEffect) / (p1 - p0)) ** 2;
}

/** The smallest relative rise over a control rate that samples of this size find with that power; null when even the doubled rate (or 1) is not found. */
export function minimumDetectableLift(controlRate: number, trials: PlannedTest, power = 0.8, significance = 0.05): number | null {
  if (controlRate <= 0 || controlRate >= 1) return null;
  let low = 0;
  let high = Math.min(1, 1 / controlRate - 1);
  const found = (lift: number): boolean =>
    powerOf({ control: controlRate, treatment: controlRate * (1 + lift) }, trials, significance) >= power;
  if (!found(high)) return null;
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (found(middle)) high = middle;
    else low = middle;
  }
  return high;
}

/** Chi-square test, one degree of freedom, of whether visitors were split as planned; `share` is the treatment's. */
export function splitTest({ control, treatment }: PlannedTest, share: number): { readonly chiSquare: number; readonly p: number } {
  const total = control + treatment;
  const deviation = treatment - total * share;
  const chiSquare = deviation ** 2 / (total * share * (1 - share));
  return { chiSquare, p: 2 * normalUpperTail(Math.sqrt(chiSquare)) };
}
