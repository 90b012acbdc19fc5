import { quantileOf } from './bootstrap.ts';

/** The median; NaN of nothing. */
export function median(values: ArrayLike<number>): number {
  return quantileOf(new Float64Array(values).sort(), 0.5);
}

/** A normal sample's standard deviation over its median absolute deviation: 1 / Φ⁻¹(3/4). */
const NORMAL_SCALE = 1.482602218505602;

/**
 * The median absolute deviation from the median, scaled to estimate a normal standard deviation; half of the values may be anything
 * (B. Iglewicz and D. C. Hoaglin, "How to detect and handle outliers", 1993).
 */
export function scaledMad(values: ArrayLike<number>): number {
  const centre = median(values);
  const deviations = new Float64Array(values);
  for (let i = 0; i < deviations.length; i++) deviations[i] = Math.abs((deviations[i] as number) - centre);
  return NORMAL_SCALE * median(deviations);
}
