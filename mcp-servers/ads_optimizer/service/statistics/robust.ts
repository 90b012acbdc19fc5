import { quantileOf } from '../../../../shared/statistics/quantile.ts';

/** Up to so many values are sorted one by one: for a dozen, which weekdays have, to make and sort a typed array takes several times as long. */
const FEW = 24;

/** The median; NaN of nothing. */
export function median(values: ArrayLike<number>): number {
  return quantileOf(values.length > FEW ? new Float64Array(values).sort() : sortedFew(values), 0.5);
}

function sortedFew(values: ArrayLike<number>): readonly number[] {
  const sorted: number[] = [];
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    let at = i;
    for (; at > 0 && (sorted[at - 1] as number) > value; at--) sorted[at] = sorted[at - 1] as number;
    sorted[at] = value;
  }
  return sorted;
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
