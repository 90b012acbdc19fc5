import type { RankingPosition } from './customer_ranking_cursor.ts';

export type PageQuestion = {
  readonly order: 'most' | 'fewest';
  /** The last rank that is told in each partition. */
  readonly lowestRank: number;
  /** Partitions with fewer customers are left out. */
  readonly smallestGroup: number;
  readonly limit: number;
  readonly after: RankingPosition | undefined;
};

/** Where a customer is, `row` being theirs among those ranked. */
export type Place = { readonly row: number; readonly partition: string; readonly rank: number; readonly tied: number };

export type PlacesOfPage = {
  readonly places: readonly Place[];
  /** Customers who could be ranked, and how many of them are in partitions that are told; and how many of those have a rank that is told. */
  readonly ranked: number;
  readonly inPartitions: number;
  readonly told: number;
  /** Partitions left out for being small. */
  readonly smallGroups: number;
};

/**
 * Ranks within partitions, equal values sharing a rank and the next being left out, and of those the page after a position, in the order of
 * partitions, ranks and ids. Whose value is NaN is not ranked, and in no partition (null) counted only.
 */
export function rankedPage(
  ids: Float64Array,
  values: Float64Array,
  partitionOf: (row: number) => string | null,
  { order, lowestRank, smallestGroup, limit, after }: PageQuestion,
): PlacesOfPage {
  const sign = order === 'most' ? 1 : -1;
  const scoreOf = (row: number): number => sign * (values[row] as number);
  const groups = groupsOf(values, partitionOf);
  const sizes = [...groups.values()].map((rows) => rows.length);
  const places: Place[] = [];
  let [told, inPartitions] = [0, 0];
  for (const [partition, rows] of namedGroups(groups)) {
    if (rows.length < smallestGroup) continue;
    inPartitions += rows.length;
    // Only who is told is put in order by more than a number: that is slow.
    const scores = new Float64Array(rows.map(scoreOf)).sort();
    let first = Math.max(0, scores.length - lowestRank);
    const lowest = scores[first] as number;
    while (first > 0 && scores[first - 1] === lowest) first--;
    told += scores.length - first;
    if (places.length === limit || (after !== undefined && partition < after.partition)) continue;
    const best = rows
      .filter((row) => scoreOf(row) >= lowest)
      .sort((one, other) => scoreOf(other) - scoreOf(one) || idOf(one) - idOf(other));
    for (let from = 0, end = 0; from < best.length && places.length < limit; from = end) {
      while (end < best.length && scoreOf(best[end] as number) === scoreOf(best[from] as number)) end++;
      for (const row of best.slice(from, end)) {
        const place = { row, partition, rank: from + 1, tied: end - from };
        if (places.length < limit && isAfter(place)) places.push(place);
      }
    }
  }
  return {
    places,
    ranked: sizes.reduce((sum, size) => sum + size, 0),
    inPartitions,
    told,
    smallGroups: sizes.filter((size) => size < smallestGroup).length,
  };

  function idOf(row: number): number {
    return ids[row] as number;
  }
  function isAfter({ row, partition, rank }: Place): boolean {
    if (after === undefined || partition > after.partition) return true;
    return partition === after.partition && (rank > after.rank || (rank === after.rank && idOf(row) > after.customerId));
  }
}

type Groups = ReadonlyMap<string | null, readonly number[]>;

function groupsOf(values: Float64Array, partitionOf: (row: number) => string | null): Groups {
  const groups = new Map<string | null, number[]>();
  for (let row = 0; row < values.length; row++) {
    if (Number.isNaN(values[row])) continue;
    const partition = partitionOf(row);
    const known = groups.get(partition);
    if (known === undefined) groups.set(partition, [row]);
    else known.push(row);
  }
  return groups;
}

function namedGroups(groups: Groups): readonly (readonly [string, readonly number[]])[] {
  const named = [...groups].flatMap(([partition, rows]) => (partition === null ? [] : [[partition, rows] as const]));
  return named.sort(([one], [other]) => (one < other ? -1 : 1));
}
