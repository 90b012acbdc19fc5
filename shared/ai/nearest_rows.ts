/** A row and its score, the greater the nearer. */
export type ScoredRow = { readonly row: number; readonly score: number };

/**
 * Keeps the `limit` greatest scores of all that are offered: a binary heap whose root is the least one kept, so that almost every row
 * costs one comparison. Of equal scores the one offered first stays.
 */
export function nearestRows(limit: number): {
  readonly offer: (row: number, score: number) => void;
  readonly ranked: () => readonly ScoredRow[];
} {
  const heap: ScoredRow[] = [];
  const scoreAt = (place: number): number => heap[place]?.score ?? Number.POSITIVE_INFINITY;
  const swap = (one: number, other: number) => {
    const first = heap[one];
    const second = heap[other];
    if (first === undefined || second === undefined) return;
    heap[one] = second;
    heap[other] = first;
  };
  const sinkRoot = () => {
    for (let place = 0; ; ) {
      const left = 2 * place + 1;
      const least = scoreAt(left + 1) < scoreAt(left) ? left + 1 : left;
      if (scoreAt(least) >= scoreAt(place)) return;
      swap(least, place);
      place = least;
    }
  };
  return {
    offer: (row, score) => {
      if (heap.length < limit) {
        heap.push({ row, score });
        for (let place = heap.length - 1; place > 0 && scoreAt((place - 1) >> 1) > scoreAt(place); place = (place - 1) >> 1) {
          swap(place, (place - 1) >> 1);
        }
      } else if (limit > 0 && score > scoreAt(0)) {
        heap[0] = { row, score };
        sinkRoot();
      }
    },
    ranked: () => [...heap].sort((one, other) => other.score - one.score || one.row - other.row),
  };
}
