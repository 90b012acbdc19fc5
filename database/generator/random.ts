/** A deterministic source of random numbers. Same seed, same name: same numbers on every machine. */
export type Random = {
  /** 32 random bits, 0 to 2^32 − 1. */
  readonly uint32: () => number;
  /** Uniform in [0, 1). */
  readonly unit: () => number;
  /** Uniform whole number in [0, below). */
  readonly below: (below: number) => number;
  /** Uniform whole number, both ends included. */
  readonly between: (lowest: number, highest: number) => number;
  /** Whether an event of this probability happens. */
  readonly chance: (probability: number) => boolean;
  /** Standard normal. */
  readonly normal: () => number;
  /** Log-normal with this median and this standard deviation of its logarithm. */
  readonly logNormal: (median: number, sigma: number) => number;
  /** Exponential with this mean. */
  readonly exponential: (mean: number) => number;
  /** Gamma with this shape and mean. */
  readonly gamma: (shape: number, mean: number) => number;
  /** Poisson with this mean. */
  readonly poisson: (mean: number) => number;
  readonly pick: <T>(items: readonly T[]) => T;
};

/**
 * The stream of random numbers called `name` under a seed. Each table has streams of its own, so that a new column in one changes
 * nothing in another. Generator: sfc32 (PractRand's small fast counter, Chris Doty-Humphrey), period at least 2^32.
 */
export function randomStream(seed: number, name: string): Random {
  let [a, b, c] = seedWords(seed, name);
  let counter = 1;
  const uint32 = (): number => {
    const result = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + result;
    c |= 0;
    return result >>> 0;
  };
  for (let i = 0; i < 15; i++) uint32();

  const unit = (): number => uint32() * 2.328_306_436_538_696_3e-10;
  const below = (limit: number): number => Math.floor(unit() * limit);
  const normal = (): number => NORMAL_QUANTILES[uint32() >>> 16] as number;
  const gamma = (shape: number, mean: number): number => {
    // Marsaglia and Tsang, A Simple Method for Generating Gamma Variables (2000); shapes below 1 by their boost.
    if (shape < 1) return (gamma(shape + 1, shape + 1) * (unit() + 1e-12) ** (1 / shape) * mean) / shape;
    const d = shape - 1 / 3;
    const scale = 1 / Math.sqrt(9 * d);
    for (;;) {
      const x = normal();
      const v = (1 + scale * x) ** 3;
      if (v > 0 && Math.log(unit() + 1e-300) < 0.5 * x * x + d - d * v + d * Math.log(v)) return (d * v * mean) / shape;
    }
  };
  const poisson = (mean: number): number => {
    if (mean <= 0) return 0;
    // Large means: rounded normal, whose error is below a percent of the spread.
    if (mean > 30) return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal()));
    // Inversion by counting up: one uniform number whatever the mean.
    let count = 0;
    let probability = Math.exp(-mean);
    let rest = unit();
    while (rest > probability && count < 200) {
      rest -= probability;
      count++;
      probability *= mean / count;
    }
    return count;
  };
  return {
    uint32,
    unit,
    below,
    between: (lowest, highest) => lowest + below(highest - lowest + 1),
    chance: (probability) => unit() < probability,
    normal,
    logNormal: (median, sigma) => median * Math.exp(sigma * normal()),
    exponential: (mean) => -mean * Math.log(1 - unit()),
    gamma,
    poisson,
    pick: <T>(items: readonly T[]) => items[below(items.length)] as T,
  };
}

/** A function that draws indexes of `weights` in proportion to them: Walker's alias method, one uniform number a draw. */
export function weightedPicker(weights: ArrayLike<number>): (random: Random) => number {
  const size = weights.length;
  let total = 0;
  for (let i = 0; i < size; i++) total += weights[i] as number;
  if (!(total > 0)) throw new RangeError('weightedPicker needs a positive weight');
  const keep = new Float64Array(size).fill(1);
  const alias = new Uint32Array(size);
  const share = Float64Array.from(weights, (weight) => (weight * size) / total);
  const small: number[] = [];
  const large: number[] = [];
  for (let i = 0; i < size; i++) ((share[i] as number) < 1 ? small : large).push(i);
  while (small.length > 0 && large.length > 0) {
    const poor = small.pop() as number;
    const rich = large.at(-1) as number;
    keep[poor] = share[poor] as number;
    alias[poor] = rich;
    share[rich] = (share[rich] as number) - 1 + (share[poor] as number);
    if ((share[rich] as number) < 1) small.push(large.pop() as number);
  }
  return (random) => {
    const position = random.unit() * size;
    const index = Math.floor(position);
    return position - index < (keep[index] as number) ? index : (alias[index] as number);
  };
}

/** Three seed words of a named stream: cyrb128-style mixing of the name under the seed. */
function seedWords(seed: number, name: string): [number, number, number] {
  let h1 = 1_779_033_703 ^ seed;
  let h2 = 3_144_134_277 ^ Math.floor(seed / 4_294_967_296);
  let h3 = 1_013_904_242;
  for (let i = 0; i < name.length; i++) {
    const code = name.charCodeAt(i);
    h1 = h2 ^ Math.imul(h1 ^ code, 597_399_067);
    h2 = h3 ^ Math.imul(h2 ^ code, 2_869_860_233);
    h3 = h1 ^ Math.imul(h3 ^ code, 951_274_213);
  }
  return [Math.imul(h3 ^ (h1 >>> 18), 597_399_067), Math.imul(h1 ^ (h2 >>> 22), 2_869_860_233), Math.imul(h2 ^ (h3 >>> 17), 951_274_213)];
}

/** The normal distribution cut into 65,536 equally likely slices: a draw is one look-up instead of a logarithm and a root. */
const NORMAL_QUANTILES = Float64Array.from({ length: 65_536 }, (_, slice) => normalQuantile((slice + 0.5) / 65_536));

/** Inverse of the standard normal distribution function. Peter J. Acklam's rational approximation, relative error below 1.2e-9. */
function normalQuantile(p: number): number {
  if (p > 0.5) return -normalQuantile(1 - p);
  if (p < 0.02425) {
    const q = Math.sqrt(-2 * Math.log(p));
    return (
      (((((-7.784894002430293e-3 * q - 0.3223964580411365) * q - 2.400758277161838) * q - 2.549732539343734) * q + 4.374664141464968) * q +
        2.938163982698783) /
      ((((7.784695709041462e-3 * q + 0.3224671290700398) * q + 2.445134137142996) * q + 3.754408661907416) * q + 1)
    );
  }
  const q = p - 0.5;
  const r = q * q;
  return (
    ((((((-39.69683028665376 * r + 220.9460984245205) * r - 275.9285104469687) * r + 138.357751867269) * r - 30.66479806614716) * r +
      2.506628277459239) *
      q) /
    (((((-54.47609879822406 * r + 161.5858368580409) * r - 155.6989798598866) * r + 66.80131188771972) * r - 13.28068155288572) * r + 1)
  );
}
