/**
 * What a channel brings a day for what is spent on it a day: a Hill curve (A. V. Hill 1910; in marketing mix models since Jin et al. 2017,
 * "Bayesian Methods for Media Mix Modeling with Carryover and Shape Effects", and so in Robyn's and Meridian's saturation)
 *
 *     result(s) = most · s^h / (half^h + s^h)        0 < h ≤ 1
 *
 * With h ≤ 1 it is concave everywhere: each dollar brings less than the one before.
 */
export type ResponseCurve = {
  /** What the day brings at most, in dollars of revenue or in conversions. */
  readonly most: number;
  /** Spend a day, in USD, at which half of it is reached. */
  readonly half: number;
  /** h. */
  readonly steepness: number;
};

/**
 * The curve through a known point: `result` at `spend` a day, where one percent more spend brings `elasticity` percent more. The elasticity
 * must lie between 0 and the steepness, both excluded; the Hill curve's is h · half^h / (half^h + s^h).
 */
export function curveThrough(
  point: { readonly spend: number; readonly result: number; readonly elasticity: number },
  steepness: number,
): ResponseCurve {
  const reached = 1 - point.elasticity / steepness;
  return { most: point.result / reached, half: point.spend * ((1 - reached) / reached) ** (1 / steepness), steepness };
}

/** Expected result of a day with this spend. */
export function resultAt({ most, half, steepness }: ResponseCurve, spend: number): number {
  if (spend <= 0) return 0;
  // Divided by s^h above and below, so that neither end overflows.
  return most / (1 + (half / spend) ** steepness);
}

/** What one more dollar a day would bring at this spend. */
export function marginalAt(curve: ResponseCurve, spend: number): number {
  if (spend <= 0) return curve.steepness < 1 ? Number.POSITIVE_INFINITY : curve.most / curve.half;
  const ratio = (curve.half / spend) ** curve.steepness;
  return (((curve.most * curve.steepness) / spend) * ratio) / (1 + ratio) ** 2;
}

/** The spend at which one more dollar brings `marginal`, by bisection within [low, high]; the nearer end when it lies outside. */
export function spendAtMarginal(curve: ResponseCurve, marginal: number, low: number, high: number): number {
  if (marginalAt(curve, low) <= marginal) return low;
  if (marginalAt(curve, high) >= marginal) return high;
  let [below, above] = [low, high];
  for (let i = 0; i < 60 && above - below > 1e-9 * above; i++) {
    const middle = (below + above) / 2;
    if (marginalAt(curve, middle) > marginal) below = middle;
    else above = middle;
  }
  return (below + above) / 2;
}
