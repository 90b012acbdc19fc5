import { normalQuantile } from '../../../shared/statistics/normal.ts';
import type { Interval } from '../../../shared/statistics/proportions.ts';

/** A past day: what would be usual for it (plan of the day, weekday included), and what was spent. */
export type PacedDay = { readonly usual: number; readonly spend: number };

/** Spend expected over the days to come. */
export type SpendForecast = {
  readonly expected: number;
  readonly interval: Interval;
  /** Spend a unit of `usual`, now. */
  readonly level: number;
  /** Days it was learned from. */
  readonly days: number;
};

/** How fast the level may wander, as the variance of its daily step over that of a day's noise, and how likely each was beforehand. */
const DRIFTS = [0, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1] as const;
const DRIFT_PRIOR = [8, 1, 1, 1, 1, 1, 1, 1] as const;
/** A level needs a week of days before anything is forecast from it. */
const LEAST_FORECAST_DAYS = 7;
/** A lone day further from the median than this many scaled median deviations is pulled in: a booking, not a level. */
const OUTLIER = 4;

/**
 * Sum of spend over the coming days, with the interval that holds it in `level` of all cases: a local-level model of the ratio spend ÷ usual (A. C. Harvey,
 * "Forecasting, Structural Time Series Models and the Kalman Filter", 1989, ch. 4; J. Durbin & S. J. Koopman, "Time Series Analysis by State Space Methods", 2nd ed., ch. 2),
 * averaged over how fast the level may wander by the likelihood of each; Student's t for the estimated noise. Undefined with fewer than LEAST_FORECAST_DAYS usable days.
 */
export function forecastSpend(past: readonly PacedDay[], coming: readonly number[], level = 0.9): SpendForecast | undefined {
  const ratios = withoutLoneOutliers(past.filter(({ usual }) => usual > 0).map(({ usual, spend }) => spend / usual));
  if (ratios.length < LEAST_FORECAST_DAYS) return undefined;
  const fits = DRIFTS.map((drift, index) => ({ ...filterLevel(ratios, drift), drift, prior: DRIFT_PRIOR[index] as number }));
  const best = Math.max(...fits.map(({ logLikelihood }) => logLikelihood));
  const weights = fits.map(({ logLikelihood, prior }) => prior * Math.exp(logLikelihood - best));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const averaged = (value: (fit: (typeof fits)[number]) => number): number =>
    fits.reduce((sum, fit, index) => sum + ((weights[index] as number) / total) * value(fit), 0);

  const whole = coming.reduce((sum, usual) => sum + usual, 0);
  const now = averaged((fit) => fit.level);
  const variance =
    averaged((fit) => fit.noise * sumVariance(coming, whole, fit.levelVariance, fit.drift)) +
    whole ** 2 * averaged((fit) => (fit.level - now) ** 2);
  const half = studentQuantile(0.5 + level / 2, ratios.length - 1) * Math.sqrt(variance);
  const expected = Math.max(0, now * whole);
  return {
    expected,
    interval: { low: Math.max(0, now * whole - half), high: Math.max(0, now * whole + half), level },
    level: now,
    days: ratios.length,
  };
}

/** The Kalman filter with a diffuse start. Variances of the level are in units of the noise variance, which is concentrated out. */
function filterLevel(ratios: readonly number[], drift: number) {
  const [first = 0, ...rest] = ratios;
  let level = first;
  let levelVariance = 1 + drift;
  let squares = 0;
  let logs = 0;
  for (const ratio of rest) {
    const surprise = ratio - level;
    const spread = levelVariance + 1;
    squares += surprise ** 2 / spread;
    logs += Math.log(spread);
    level += (levelVariance / spread) * surprise;
    levelVariance = levelVariance / spread + drift;
  }
  const noise = Math.max(squares / rest.length, 1e-12);
  return { level, levelVariance, noise, logLikelihood: -0.5 * (rest.length * Math.log(noise) + logs) };
}

/** Variance of Σ usual × ratio over the coming days, in units of the noise: level as it is known now, its later steps, and each day's noise. */
function sumVariance(coming: readonly number[], whole: number, levelVariance: number, drift: number): number {
  let variance = whole ** 2 * levelVariance;
  let left = whole;
  for (const usual of coming) {
    if (left !== whole) variance += drift * left ** 2;
    variance += usual ** 2;
    left -= usual;
  }
  return variance;
}

function withoutLoneOutliers(ratios: readonly number[]): readonly number[] {
  const middle = median(ratios);
  const deviation = 1.4826 * median(ratios.map((ratio) => Math.abs(ratio - middle)));
  if (deviation === 0) return ratios;
  const side = ratios.map((ratio) => (Math.abs(ratio - middle) > OUTLIER * deviation ? Math.sign(ratio - middle) : 0));
  return ratios.map((ratio, index) => {
    const lone = side[index] !== 0 && side[index - 1] !== side[index] && side[index + 1] !== side[index];
    return lone ? middle + (side[index] as number) * OUTLIER * deviation : ratio;
  });
}

/** The middle value, 0 of nothing. */
export function median(values: readonly number[]): number {
  if (values.length === 0) return 0;
  const sorted = values.toSorted((one, other) => one - other);
  const half = Math.floor(sorted.length / 2);
  const upper = sorted[half] as number;
  return sorted.length % 2 === 1 ? upper : ((sorted[half - 1] as number) + upper) / 2;
}

/** Quantile of Student's t by its expansion around the normal: M. Abramowitz & I. Stegun, "Handbook of Mathematical Functions" (1964), 26.7.5; three digits from 6 degrees on. */
export function studentQuantile(p: number, degrees: number): number {
  const z = normalQuantile(p);
  const [z3, z5, z7] = [z ** 3, z ** 5, z ** 7];
  return (
    z +
    (z3 + z) / (4 * degrees) +
    (5 * z5 + 16 * z3 + 3 * z) / (96 * degrees ** 2) +
    (3 * z7 + 19 * z5 + 17 * z3 - 15 * z) / (384 * degrees ** 3)
  );
}
