import { twoSidedP } from '../../../shared/statistics/normal.ts';
import { median, scaledMad } from './statistics/robust.ts';

/**
 * A level observed day by day. 'counts': `value` are events out of `exposure` (clicks of impressions), as noisy as an overdispersed
 * Poisson. 'amounts': `value` is positive with noise in proportion, `exposure` is what was to be expected (a plan, or 1).
 */
export type Level = {
  readonly noise: 'counts' | 'amounts';
  readonly value: readonly number[];
  readonly exposure: readonly number[];
  /** Days since something began that wears off (a campaign's first day). */
  readonly age: readonly number[];
  /** 0 to 6. */
  readonly weekday: readonly number[];
  /** Whether a straight trend is normal. It takes from a step much of what tells of it, which a level of few events cannot spare. */
  readonly drifts: boolean;
  /** Where a break may begin. */
  readonly mayBreak: (position: number) => boolean;
};

/** A lasting step in a level. */
export type Step = {
  /** First position of the new level. */
  readonly position: number;
  /** Log of new over old level, and its standard error. */
  readonly effect: number;
  readonly standardError: number;
  readonly z: number;
  /** Two-sided, for the best of all candidate days (Bonferroni). */
  readonly p: number;
  /** Log of the level in the {@link PLAIN_DAYS} days from the break over that in those before, weekdays aside: what the eye sees. */
  readonly plain: number;
};

const MOST_STEPS = 3;
/** A level needs so many days on both sides. */
const SHORTEST = 4;
const FEWEST_DAYS = 14;
/** Below so many events on a side the normal approximation of a log rate is none. */
const FEWEST_EVENTS = 8;
const PLAIN_DAYS = 14;
/** A step this likely by chance is not worth a fit of its own. */
const PLAINLY_NONE = 0.05;
const WEAR_OFF_DAYS = 30;

/**
 * Steps in a level, most telling first: the largest CUSUM of the residuals over all candidate days (E. S. Page 1954; with estimated nuisance
 * parameters the sup test of D. W. K. Andrews, Econometrica 61 (1993) 821-856), then again with that step in the model until none stands
 * out. What a campaign does by itself is in the model and so is no step: weekdays, a straight trend, and the wearing off of novelty
 * e^(−age/30). The first element is always the best candidate, so that a caller who looks at many series can control for all of them.
 */
export function findSteps(level: Level, standsOut: (p: number) => boolean): readonly Step[] {
  const days = level.value.length;
  if (days < FEWEST_DAYS || (level.noise === 'counts' && total(level.value) < 2 * FEWEST_EVENTS)) return [];
  const columns = baseColumns(level);
  const first = fitLevel(level, columns, undefined);
  if (first === undefined) return [];
  const adjusted = withoutWeekdays(level, first);
  let start: readonly number[] = first.coefficients;
  const steps: Step[] = [];
  const taken: number[] = [];
  while (steps.length < MOST_STEPS) {
    const known = [...columns, ...taken.map((from) => stepColumn(days, from))];
    const fit = fitLevel(adjusted, known, start);
    const scan = fit === undefined ? undefined : bestStep(adjusted, fit, taken);
    if (fit === undefined || scan === undefined) break;
    const byScore = stepOf(adjusted, scan, scan.effect, Math.sqrt(dispersionOf(adjusted, fit) / scan.information), taken);
    if (byScore.p > PLAINLY_NONE) {
      steps.push(byScore);
      break;
    }
    const joint = fitLevel(adjusted, [...known, stepColumn(days, scan.position)], [...fit.coefficients, scan.effect]);
    if (joint === undefined) break;
    const at = known.length;
    const variance = (joint.inverse[at * (at + 1) + at] as number) * dispersionOf(adjusted, joint);
    const step = stepOf(adjusted, scan, joint.coefficients[at] as number, Math.sqrt(variance), taken);
    if (!Number.isFinite(step.z)) break;
    steps.push(step);
    if (!standsOut(step.p)) break;
    taken.push(scan.position);
    start = joint.coefficients;
  }
  return steps;
}

type Scan = { readonly position: number; readonly candidates: number; readonly effect: number; readonly information: number };

function stepOf(level: Level, { position, candidates }: Scan, effect: number, standardError: number, taken: readonly number[]): Step {
  const z = effect / standardError;
  const [from, to] = neighbours(position, taken, level.value.length);
  return {
    position,
    effect,
    standardError,
    z,
    p: Math.min(1, candidates * twoSidedP(z)),
    plain: Math.log(
      rateOf(level, position, Math.min(to, position + PLAIN_DAYS)) / rateOf(level, Math.max(from, position - PLAIN_DAYS), position),
    ),
  };
}

/** The days around a position up to the steps that are known. */
function neighbours(position: number, taken: readonly number[], days: number): readonly [number, number] {
  return [Math.max(0, ...taken.filter((other) => other < position)), Math.min(days, ...taken.filter((other) => other > position))];
}

/** From one position to before the other. */
function rateOf({ value, exposure }: Level, from: number, to: number): number {
  return total(value.slice(from, to)) / total(exposure.slice(from, to));
}

type Fit = {
  readonly columns: readonly Float64Array[];
  readonly coefficients: readonly number[];
  /** (XᵀWX)⁻¹, row by row. */
  readonly inverse: Float64Array;
  /** By day. These two hold until the next fit, and may be longer than there are days. */
  readonly weights: Float64Array;
  /** On the log scale: the part of the level that the model does not explain. */
  readonly residuals: Float64Array;
};

/** What fits write into, one after the other: arrays of their own were a third of the work, for everybody's quarter has twenty thousand fits. */
let room = roomFor(256);

function roomFor(days: number) {
  return { weights: new Float64Array(days), response: new Float64Array(days), residuals: new Float64Array(days) };
}

/** Amounts do not wear off: a plan says what they should be. */
function baseColumns({ noise, value, age, drifts }: Level): readonly Float64Array[] {
  const days = value.length;
  const line = new Float64Array(days);
  const wear = new Float64Array(days);
  for (let i = 0; i < days; i++) {
    line[i] = i / days - 0.5;
    wear[i] = Math.exp(-Math.max(0, age[i] as number) / WEAR_OFF_DAYS);
  }
  const mean = new Float64Array(days).fill(1);
  return [mean, ...(drifts ? [line] : []), ...(noise === 'amounts' ? [] : [wear])];
}

const stepColumn = (days: number, from: number): Float64Array => new Float64Array(days).fill(1, from);

/** Moves what weekdays do into the exposure: the median of each weekday's deviation, drawn towards none where there are few. */
function withoutWeekdays(level: Level, { residuals }: Fit): Level {
  const local = withoutWeeks(residuals.subarray(0, level.value.length));
  const own: number[][] = [[], [], [], [], [], [], []];
  for (let i = 0; i < local.length; i++) own[level.weekday[i] as number]?.push(local[i] as number);
  const factors = own.map((deviations) =>
    deviations.length < 3 ? 1 : Math.exp((median(deviations) * deviations.length) / (deviations.length + 2)),
  );
  return { ...level, exposure: level.exposure.map((exposure, i) => exposure * (factors[level.weekday[i] as number] ?? 1)) };
}

/** Deviations from the mean of the week around each day, so that a step does not look like a weekday. */
function withoutWeeks(residuals: Float64Array): Float64Array {
  const sums = new Float64Array(residuals.length + 1);
  for (let i = 0; i < residuals.length; i++) sums[i + 1] = (sums[i] as number) + (residuals[i] as number);
  const local = new Float64Array(residuals.length);
  for (let i = 0; i < residuals.length; i++) {
    const from = Math.max(0, i - 3);
    const to = Math.min(residuals.length, i + 4);
    local[i] = (residuals[i] as number) - ((sums[to] as number) - (sums[from] as number)) / (to - from);
  }
  return local;
}

/**
 * Log-linear fit by iteratively reweighted least squares (Nelder and Wedderburn 1972): Poisson weights for counts, equal ones for amounts.
 * `start` are coefficients near the answer, where there are some: three rounds are then enough, four from the mean.
 */
function fitLevel(level: Level, columns: readonly Float64Array[], start: readonly number[] | undefined): Fit | undefined {
  const days = level.value.length;
  const [events, exposed] = [total(level.value), total(level.exposure)];
  if (events <= 0 || exposed <= 0) return undefined;
  if (days > room.weights.length) room = roomFor(2 * days);
  const { weights, response, residuals } = room;
  let solved: Solved | undefined;
  if (level.noise === 'counts') {
    let coefficients = start ?? [Math.log(events / exposed), ...new Array<number>(columns.length - 1).fill(0)];
    for (let round = start === undefined ? 4 : 3; round > 0; round--) {
      linearize(level, columns, coefficients, weights, response);
      solved = leastSquares(columns, weights, response, days);
      if (solved === undefined) return undefined;
      ({ coefficients } = solved);
    }
  } else {
    for (let i = 0; i < days; i++) {
      const [value, exposure] = [level.value[i] as number, level.exposure[i] as number];
      const known = exposure > 0 && value > 0;
      weights[i] = known ? 1 : 0;
      response[i] = known ? Math.log(value / exposure) : 0;
    }
    solved = leastSquares(columns, weights, response, days);
  }
  if (solved === undefined) return undefined;
  const { coefficients } = solved;
  for (let i = 0; i < days; i++) residuals[i] = weights[i] === 0 ? 0 : (response[i] as number) - lineAt(columns, coefficients, i);
  return { columns, ...solved, weights, residuals };
}

/** Weights and response of a Poisson level, near those coefficients. */
function linearize(
  { value, exposure }: Level,
  columns: readonly Float64Array[],
  coefficients: readonly number[],
  weights: Float64Array,
  response: Float64Array,
): void {
  for (let i = 0; i < value.length; i++) {
    const exposed = exposure[i] as number;
    const expected = Math.max(-30, Math.min(30, lineAt(columns, coefficients, i)));
    const mean = exposed * Math.exp(expected);
    const known = exposed > 0;
    weights[i] = known ? mean : 0;
    response[i] = known ? expected + ((value[i] as number) - mean) / mean : 0;
  }
}

/** What the model says of a day, on the log scale. */
function lineAt(columns: readonly Float64Array[], coefficients: readonly number[], day: number): number {
  let line = 0;
  for (let at = 0; at < columns.length; at++) line += ((columns[at] as Float64Array)[day] as number) * (coefficients[at] as number);
  return line;
}

/** The candidate whose step takes most of the residuals away: a running sum from the last day back, each in a handful of operations. */
function bestStep(level: Level, { columns, inverse, weights, residuals }: Fit, taken: readonly number[]): Scan | undefined {
  const width = columns.length;
  const days = level.value.length;
  const against = new Float64Array(width);
  const events = level.noise === 'counts' ? runningSum(level.value) : undefined;
  let [sum, weight, candidates, most] = [0, 0, 0, 0];
  let best: Omit<Scan, 'candidates'> | undefined;
  let [from, to] = neighbours(days, taken, days);
  for (let i = days - 1; i >= SHORTEST; i--) {
    const w = weights[i] as number;
    sum += w * (residuals[i] as number);
    weight += w;
    for (let c = 0; c < width; c++) against[c] = (against[c] as number) + w * ((columns[c] as Float64Array)[i] as number);
    if (days - i < SHORTEST || !level.mayBreak(i)) continue;
    if (i <= from) [from, to] = neighbours(i, taken, days);
    if (i - from < SHORTEST || to - i < SHORTEST) continue;
    if (events !== undefined) {
      const at = events[i] as number;
      if (at - (events[from] as number) < FEWEST_EVENTS || (events[to] as number) - at < FEWEST_EVENTS) continue;
    }
    let explained = 0;
    for (let a = 0; a < width; a++) {
      for (let b = 0; b < width; b++) explained += (against[a] as number) * (inverse[a * width + b] as number) * (against[b] as number);
    }
    const free = weight - explained;
    candidates++;
    if (free <= 1e-6 * weight) continue;
    const statistic = (sum * sum) / free;
    if (statistic > most) {
      most = statistic;
      best = { position: i, effect: sum / free, information: free };
    }
  }
  return best === undefined ? undefined : { ...best, candidates };
}

function runningSum(values: readonly number[]): Float64Array {
  const sums = new Float64Array(values.length + 1);
  for (let i = 0; i < values.length; i++) sums[i + 1] = (sums[i] as number) + (values[i] as number);
  return sums;
}

/** How much noisier than the model: Pearson's χ² a degree of freedom for counts, never below 1; the robust variance for amounts. */
function dispersionOf({ noise, value }: Level, { weights, residuals, columns }: Fit): number {
  const known: number[] = [];
  let squares = 0;
  for (let i = 0; i < value.length; i++) {
    const weight = weights[i] as number;
    const residual = residuals[i] as number;
    if (weight > 0) known.push(residual);
    squares += residual * residual * weight;
  }
  const freedom = Math.max(1, known.length - columns.length);
  if (noise === 'counts') return Math.max(1, squares / freedom);
  const spread = scaledMad(known);
  return Math.max(spread * spread * (known.length / freedom), 1e-6);
}

type Solved = Pick<Fit, 'coefficients' | 'inverse'>;

function leastSquares(columns: readonly Float64Array[], weights: Float64Array, response: Float64Array, days: number): Solved | undefined {
  const width = columns.length;
  const { normal, right } = (width === 3 ? sumsOfThree : sumsOf)(columns, weights, response, days);
  for (let a = 0; a < width; a++) {
    for (let b = a + 1; b < width; b++) normal[a * width + b] = normal[b * width + a] as number;
    // A whisker of ridge: a column that never varies (novelty long worn off) must not end the fit.
    normal[a * width + a] = (normal[a * width + a] as number) * (1 + 1e-9) + 1e-9;
  }
  const inverse = inverseOf(normal, width);
  if (inverse === undefined) return undefined;
  const coefficients: number[] = [];
  for (let a = 0; a < width; a++) {
    let sum = 0;
    for (let b = 0; b < width; b++) sum += (inverse[a * width + b] as number) * (right[b] as number);
    coefficients.push(sum);
  }
  return coefficients.every(Number.isFinite) ? { coefficients, inverse } : undefined;
}

type Sums = { readonly normal: Float64Array; readonly right: Float64Array };

/** XᵀWX below its diagonal, and XᵀWy. A pair of columns at a time: the sums stay in registers, and each adds up its days in order. */
function sumsOf(columns: readonly Float64Array[], weights: Float64Array, response: Float64Array, days: number): Sums {
  const width = columns.length;
  const normal = new Float64Array(width * width);
  const right = new Float64Array(width);
  for (let a = 0; a < width; a++) {
    const one = columns[a] as Float64Array;
    let toRight = 0;
    for (let i = 0; i < days; i++) toRight += (weights[i] as number) * (one[i] as number) * (response[i] as number);
    right[a] = toRight;
    for (let b = 0; b <= a; b++) {
      const other = columns[b] as Float64Array;
      let sum = 0;
      for (let i = 0; i < days; i++) sum += (weights[i] as number) * (one[i] as number) * (other[i] as number);
      normal[a * width + b] = sum;
    }
  }
  return { normal, right };
}

/** The same sums of three columns, as most fits have them, in one pass instead of nine. */
function sumsOfThree(columns: readonly Float64Array[], weights: Float64Array, response: Float64Array, days: number): Sums {
  const [first, second, third] = columns as [Float64Array, Float64Array, Float64Array];
  let [aa, ba, bb, ca, cb, cc, ar, br, cr] = [0, 0, 0, 0, 0, 0, 0, 0, 0];
  for (let i = 0; i < days; i++) {
    const weight = weights[i] as number;
    const a = first[i] as number;
    const b = second[i] as number;
    const c = third[i] as number;
    const y = response[i] as number;
    const ofA = weight * a;
    const ofB = weight * b;
    const ofC = weight * c;
    aa += ofA * a;
    ba += ofB * a;
    bb += ofB * b;
    ca += ofC * a;
    cb += ofC * b;
    cc += ofC * c;
    ar += ofA * y;
    br += ofB * y;
    cr += ofC * y;
  }
  return { normal: Float64Array.of(aa, 0, 0, ba, bb, 0, ca, cb, cc), right: Float64Array.of(ar, br, cr) };
}

/** Gauss-Jordan of a positive definite matrix; undefined when it is not. */
function inverseOf(matrix: Float64Array, width: number): Float64Array | undefined {
  const left = matrix.slice();
  const right = new Float64Array(width * width);
  for (let i = 0; i < width; i++) right[i * width + i] = 1;
  for (let c = 0; c < width; c++) {
    const pivot = left[c * width + c] as number;
    if (!(pivot > 0)) return undefined;
    for (let i = 0; i < width; i++) {
      left[c * width + i] = (left[c * width + i] as number) / pivot;
      right[c * width + i] = (right[c * width + i] as number) / pivot;
    }
    for (let row = 0; row < width; row++) {
      const factor = left[row * width + c] as number;
      if (row === c || factor === 0) continue;
      for (let i = 0; i < width; i++) {
        left[row * width + i] = (left[row * width + i] as number) - factor * (left[c * width + i] as number);
        right[row * width + i] = (right[row * width + i] as number) - factor * (right[c * width + i] as number);
      }
    }
  }
  return right;
}

function total(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] as number;
  return sum;
}
