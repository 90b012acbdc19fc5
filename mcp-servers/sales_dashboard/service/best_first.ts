import { METRICS, type MetricId } from '../../../shared/domain/metrics.ts';
import type { Decimal } from '../../../shared/domain/money.ts';

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

/** Orders items by a metric, equal ones by their key; those without a value come last whatever the order. */
export function inOrder<Item>(
  items: readonly Item[],
  highestFirst: boolean,
  measure: (item: Item) => Decimal | null,
  keyOf: (item: Item) => string,
): readonly Item[] {
  const weighed = items.map((item) => {
    const value = measure(item);
    return { item, value, near: value?.toNumber() ?? 0, key: keyOf(item) };
  });
  weighed.sort((one, other) => {
    if (one.value === null || other.value === null) {
      return Number(one.value === null) - Number(other.value === null) || compareKeys(one.key, other.key);
    }
    // Rounding to a double never turns an order round, so the exact values need a look only where their doubles are equal.
    const ascending = one.near - other.near || one.value.comparedTo(other.value);
    return (highestFirst ? -ascending : ascending) || compareKeys(one.key, other.key);
  });
  return weighed.map(({ item }) => item);
}

/** By code units: the same on every machine, whatever its language. */
const compareKeys = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);

export function bestFirst<Item>(
  items: readonly Item[],
  metric: MetricId,
  measure: (item: Item) => Decimal | null,
  keyOf: (item: Item) => string,
): readonly Item[] {
  return inOrder(items, startsHighest(metric, 'best'), measure, keyOf);
}
