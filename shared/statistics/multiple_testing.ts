/**
 * q values of Benjamini and Hochberg: calling significant what has q ≤ 0.1 keeps the expected share of false ones among those called below
 * 10 %. Y. Benjamini and Y. Hochberg, "Controlling the false discovery rate", Journal of the Royal Statistical Society B 57 (1995) 289-300;
 * as R's p.adjust(method = "BH"). In the order of the p values given.
 */
export function qValues(p: readonly number[]): readonly number[] {
  const ascending = p.map((value, index) => ({ value, index })).sort((one, other) => one.value - other.value);
  const q = new Array<number>(p.length).fill(1);
  let lowest = 1;
  for (let rank = ascending.length; rank > 0; rank--) {
    const entry = ascending[rank - 1];
    if (entry === undefined) continue;
    lowest = Math.min(lowest, (entry.value * p.length) / rank);
    q[entry.index] = lowest;
  }
  return q;
}
