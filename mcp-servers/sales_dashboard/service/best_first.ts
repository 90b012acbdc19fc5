import { exactMetric, METRICS, type MetricId, nearestMetric, type Totals } from '../../../shared/domain/metrics.ts';

/** Which end of a ranking comes first. 'best' is the highest, or the lowest of what costs less when it is better. */
export type RankingOrder = 'best' | 'worst' | 'highest' | 'lowest';

/** Whether the highest value comes first. */
export function startsHighest(metric: MetricId, order: RankingOrder): boolean {
  const highIsGood = METRICS[metric].betterWhen !== 'lower';
  switch (order) {
    case 'best':
      return highIsGood;
    case 'worst':
      return !highIsGood;
    case 'highest':
      return true;
    case 'lowest':
      return false;
  }
}

/** An item in its place. Equal values share a rank, and the next has as many ranks less: 1, 1, 3. */
export type Placed<Item> = {
  readonly item: Item;
  readonly rank: number;
  /** The double nearest to its value; null without one. */
  readonly near: number | null;
};

/** Orders items by a metric, equal ones by their key; those without a value come last whatever the order. */
export function inOrder<Item>(
  items: readonly Item[],
  metric: MetricId,
  highestFirst: boolean,
  totalsOf: (item: Item) => Totals,
  keyOf: (item: Item) => string,
): readonly Placed<Item>[] {
  type Weighed = { readonly item: Item; readonly near: number | null; readonly key: string };
  /** Ascending; needs the exact values only where their doubles are equal. */
  const byValue = (one: Weighed, other: Weighed): number => {
    if (one.near === null || other.near === null) return 0;
    if (one.near !== other.near) return one.near - other.near;
    if (one.near === 0) return 0;
    const [value, otherValue] = [exactMetric(metric, totalsOf(one.item)), exactMetric(metric, totalsOf(other.item))];
    return value === null || otherValue === null ? 0 : value.comparedTo(otherValue);
  };
  const weighed = items
    .map((item): Weighed => ({ item, near: nearestMetric(metric, totalsOf(item)), key: keyOf(item) }))
    .sort(
      (one, other) =>
        Number(one.near === null) - Number(other.near === null) ||
        (highestFirst ? byValue(other, one) : byValue(one, other)) ||
        compareKeys(one.key, other.key),
    );
  let rank = 0;
  return weighed.map((current, index) => {
    const before = weighed[index - 1];
    if (before === undefined || (before.near === null) !== (current.near === null) || byValue(before, current) !== 0) rank = index + 1;
    return { item: current.item, rank, near: current.near };
  });
}

/** By code units: the same on every machine, whatever its language. */
const compareKeys = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);

export function bestFirst<Item>(
  items: readonly Item[],
  metric: MetricId,
  totalsOf: (item: Item) => Totals,
  keyOf: (item: Item) => string,
): readonly Item[] {
  return inOrder(items, metric, startsHighest(metric, 'best'), totalsOf, keyOf).map(({ item }) => item);
}
