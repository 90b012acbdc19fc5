/** Where among so many values in order the percentile is: the first at which so large a part of them has been seen. From 0. */
const placeOf = (part: number, values: number): number => Math.max(1, Math.ceil(part * values)) - 1;

/** The discrete percentile of values in ascending order: always one of them. */
export const percentileOf = (sorted: Float64Array, part: number): number => sorted[placeOf(part, sorted.length)] as number;

/** The same of values that are alike, each with how many there are; null of none. */
export function percentileOfCounts(counts: ReadonlyMap<number, number>, part: number): number | null {
  const values = [...counts.keys()].sort((one, other) => one - other);
  const place = placeOf(
    part,
    [...counts.values()].reduce((sum, count) => sum + count, 0),
  );
  let seen = 0;
  for (const value of values) {
    seen += counts.get(value) ?? 0;
    if (seen > place) return value;
  }
  return null;
}
