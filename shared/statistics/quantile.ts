/** Quantile of ascending values, linear between them (definition 7 of Hyndman and Fan 1996, as in R and NumPy). NaN of nothing. */
export function quantileOf(sorted: ArrayLike<number>, share: number): number {
  const last = sorted.length - 1;
  if (last < 0) return Number.NaN;
  const position = Math.min(1, Math.max(0, share)) * last;
  const below = Math.floor(position);
  const low = sorted[below] as number;
  return low + (position - below) * ((sorted[Math.min(last, below + 1)] as number) - low);
}

/**
 * The same of values in any order, which are put into another one: only as far as the quantile needs it, where sorting all of them would take several
 * times as long (C. A. R. Hoare, "Algorithm 65: Find", 1961).
 */
export function quantileAmong(values: Float64Array, share: number): number {
  const last = values.length - 1;
  if (last < 0) return Number.NaN;
  const position = Math.min(1, Math.max(0, share)) * last;
  const below = Math.floor(position);
  putInPlace(values, below);
  const low = values[below] as number;
  if (below === last) return low;
  let high = values[below + 1] as number;
  for (let i = below + 2; i <= last; i++) high = Math.min(high, values[i] as number);
  return low + (position - below) * (high - low);
}

/** Moves values so that at `place` is what sorting would put there, and none behind it is smaller. */
function putInPlace(values: Float64Array, place: number): void {
  let [from, to] = [0, values.length - 1];
  while (from < to) {
    const pivot = values[(from + to) >>> 1] as number;
    let [low, high] = [from, to];
    while (low <= high) {
      while ((values[low] as number) < pivot) low++;
      while ((values[high] as number) > pivot) high--;
      if (low > high) break;
      const moved = values[low] as number;
      values[low++] = values[high] as number;
      values[high--] = moved;
    }
    if (place <= high) to = high;
    else if (place >= low) from = low;
    else return;
  }
}
