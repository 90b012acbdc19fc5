/**
 * The standard normal distribution to the last digits of a double, in both tails.
 * Sources: W. J. Cody, "Algorithm 715: SPECFUN", ACM TOMS 19 (1993) 22-32, for the distribution; M. J. Wichura, "Algorithm AS 241: The percentage
 * points of the normal distribution", Applied Statistics 37 (1988) 477-484, routine PPND16, for its inverse.
 */

const SQRT_2PI = Math.sqrt(2 * Math.PI);
const ONE_OVER_SQRT_2PI = 1 / SQRT_2PI;

/** Density at `z`. */
export function normalDensity(z: number): number {
  return Math.exp(-0.5 * z * z) / SQRT_2PI;
}

/** P(Z ≤ z); relative error below 1e-14 in the lower tail too, where 1 - P(Z > z) would have no digit left. NaN for NaN. */
export function normalCdf(z: number): number {
  return lowerOf(z, false);
}

/** P(Z > z), accurate where it is small, down to the smallest doubles (z near 38). */
export function normalUpperTail(z: number): number {
  return lowerOf(z, true);
}

/** P(|Z| ≥ |z|): the two-sided p value of a z statistic. */
export function twoSidedP(z: number): number {
  return 2 * normalUpperTail(Math.abs(z));
}

/** Complementary error function, erfc(x) = 2 P(Z > x √2). */
export function erfc(x: number): number {
  return 2 * normalUpperTail(x * Math.SQRT2);
}

// Cody's rational approximations: near zero, to √32, and beyond.
const CENTRE_NUMERATOR = [2.2352520354606837, 161.02823106855587, 1067.6894854603709, 18154.98125334356, 0.06568233791820745] as const;
const CENTRE_DENOMINATOR = [47.202581904688245, 976.0985517377767, 10260.932208618979, 45507.78933502673] as const;
const MIDDLE_NUMERATOR = [
  0.39894151208813466, 8.883149794388377, 93.50665613217785, 597.2702763948002, 2494.5375852903726, 6848.190450536283, 11602.65143764735,
  9842.714838383978, 1.0765576773720192e-8,
] as const;
const MIDDLE_DENOMINATOR = [
  22.266688044328117, 235.387901782625, 1519.3775994075547, 6485.558298266761, 18615.571640885097, 34900.95272114598, 38912.00328609327,
  19685.429676859992,
] as const;
const FAR_NUMERATOR = [
  0.215898534057957, 0.12740116116024736, 0.022235277870649807, 0.0014216191932278934, 0.000029112874951168793, 0.023073441764940174,
] as const;
const FAR_DENOMINATOR = [
  1.284260096144911, 0.4682382124808651, 0.06598813786892856, 0.0037823963320275824, 0.00007297515550839662,
] as const;
const MIDDLE_ENDS = Math.sqrt(32);

function lowerOf(z: number, upper: boolean): number {
  if (Number.isNaN(z)) return Number.NaN;
  const y = Math.abs(z);
  if (y <= 0.67448975) {
    const square = y > 1.11e-16 ? z * z : 0;
    let numerator = CENTRE_NUMERATOR[4] * square;
    let denominator = square;
    for (let i = 0; i < 3; i++) {
      numerator = (numerator + (CENTRE_NUMERATOR[i] as number)) * square;
      denominator = (denominator + (CENTRE_DENOMINATOR[i] as number)) * square;
    }
    const middle = (z * (numerator + CENTRE_NUMERATOR[3])) / (denominator + CENTRE_DENOMINATOR[3]);
    return upper ? 0.5 - middle : 0.5 + middle;
  }
  const tail = y <= MIDDLE_ENDS ? middleTail(y) : farTail(y);
  return z > 0 === upper ? tail : 1 - tail;
}

function middleTail(y: number): number {
  let numerator = MIDDLE_NUMERATOR[8] * y;
  let denominator = y;
  for (let i = 0; i < 7; i++) {
    numerator = (numerator + (MIDDLE_NUMERATOR[i] as number)) * y;
    denominator = (denominator + (MIDDLE_DENOMINATOR[i] as number)) * y;
  }
  return bell(y) * ((numerator + MIDDLE_NUMERATOR[7]) / (denominator + MIDDLE_DENOMINATOR[7]));
}

function farTail(y: number): number {
  if (y > 40) return 0;
  const inverse = 1 / (y * y);
  let numerator = FAR_NUMERATOR[5] * inverse;
  let denominator = inverse;
  for (let i = 0; i < 4; i++) {
    numerator = (numerator + (FAR_NUMERATOR[i] as number)) * inverse;
    denominator = (denominator + (FAR_DENOMINATOR[i] as number)) * inverse;
  }
  const correction = (inverse * (numerator + FAR_NUMERATOR[4])) / (denominator + FAR_DENOMINATOR[4]);
  return bell(y) * ((ONE_OVER_SQRT_2PI - correction) / y);
}

/** exp(-y²/2) in two factors, so that the rounding of y² does not cost digits in the tail. */
function bell(y: number): number {
  const rounded = Math.trunc(y * 16) / 16;
  const rest = (y - rounded) * (y + rounded);
  return Math.exp(-rounded * rounded * 0.5) * Math.exp(-rest * 0.5);
}

// Wichura's polynomials of PPND16, constant term first.
const A = [
  3.3871328727963665, 133.14166789178438, 1971.5909503065513, 13731.69376550946, 45921.95393154987, 67265.7709270087, 33430.57558358813,
  2509.0809287301227,
] as const;
const B = [
  1, 42.31333070160091, 687.1870074920579, 5394.196021424751, 21213.794301586597, 39307.89580009271, 28729.085735721943, 5226.495278852854,
] as const;
const C = [
  1.4234371107496835, 4.630337846156546, 5.769497221460691, 3.6478483247632045, 1.2704582524523684, 0.2417807251774506,
  0.022723844989269184, 0.0007745450142783414,
] as const;
const D = [
  1, 2.053191626637759, 1.6763848301838038, 0.6897673349851, 0.14810397642748008, 0.015198666563616457, 0.0005475938084995345,
  1.0507500716444169e-9,
] as const;
const E = [
  6.657904643501103, 5.463784911164114, 1.7848265399172913, 0.29656057182850487, 0.026532189526576124, 0.0012426609473880784,
  0.000027115555687434876, 2.0103343992922881e-7,
] as const;
const F = [
  1, 0.599832206555888, 0.1369298809227358, 0.014875361290850615, 0.0007868691311456133, 0.000018463183175100548, 1.421511758316446e-7,
  2.0442631033899397e-15,
] as const;

/** The z with P(Z ≤ z) = p; relative error about 1e-16 (AS 241). -Infinity for 0, Infinity for 1. Throws RangeError outside [0, 1]. */
export function normalQuantile(p: number): number {
  if (!(p >= 0 && p <= 1)) throw new RangeError(`A probability lies between 0 and 1, not ${p}`);
  const q = p - 0.5;
  if (Math.abs(q) <= 0.425) {
    const r = 0.180625 - q * q;
    return (q * polynomial(A, r)) / polynomial(B, r);
  }
  const tail = q < 0 ? p : 1 - p;
  if (tail === 0) return q < 0 ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  const r = Math.sqrt(-Math.log(tail));
  const z = r <= 5 ? polynomial(C, r - 1.6) / polynomial(D, r - 1.6) : polynomial(E, r - 5) / polynomial(F, r - 5);
  return q < 0 ? -z : z;
}

function polynomial(coefficients: readonly number[], x: number): number {
  return coefficients.reduceRight((sum, coefficient) => sum * x + coefficient, 0);
}
