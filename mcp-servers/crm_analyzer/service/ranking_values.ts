import type { Buyers } from './buyers.ts';
import { type RankingMetric, WEEKS_AHEAD } from './customer_ranking.ts';
import { type DayStarts, dayOfTime } from './day_starts.ts';
import { expectedBasket, expectedIfActive, probabilityActive } from './purchase_model.ts';
import type { FittedPurchases, PurchaseHistory } from './purchase_model_fit.ts';

export type Fitted = Extract<FittedPurchases, { readonly kind: 'fitted' }>;

/** What a buyer did to date. Days count to today: negative after it. */
export type ToDate = {
  readonly orders: number;
  readonly cents: number;
  readonly daysSinceFirst: number;
  readonly daysSinceLast: number;
};

/** `days` are those of all orders, and today is the one so many after the first. */
export function toDate({ ordersFrom, times, cents }: Buyers, row: number, days: DayStarts, today: number): ToDate {
  const [from, end] = [ordersFrom[row] as number, ordersFrom[row + 1] as number];
  let spent = 0;
  for (let order = from; order < end; order++) spent += cents[order] as number;
  return {
    orders: end - from,
    cents: spent,
    daysSinceFirst: today - dayOfTime(days, times[from] as number),
    daysSinceLast: today - dayOfTime(days, times[end - 1] as number),
  };
}

/**
 * What buyers are ranked by, by their rows; NaN for those who are not. `days` and `today` as in {@link toDate}. What the models estimate is rounded as
 * it is shown: what is shown alike is ranked alike.
 */
export function rankingValues(
  metric: RankingMetric,
  buyers: Buyers,
  days: DayStarts,
  today: number,
  model: Fitted | undefined,
): Float64Array {
  const value = valuesBy(metric, model);
  const values = new Float64Array(buyers.ids.length);
  for (let row = 0; row < values.length; row++) {
    const done = toDate(buyers, row, days, today);
    values[row] = done.daysSinceFirst < 0 ? Number.NaN : value(done);
  }
  return values;
}

function valuesBy(metric: RankingMetric, model: Fitted | undefined): (done: ToDate) => number {
  if (metric === 'revenue') return ({ cents }) => cents / 100;
  if (metric === 'orders') return ({ orders }) => orders;
  if (metric === 'recency') return ({ daysSinceLast }) => daysSinceLast;
  if (model === undefined) throw new Error(`${metric} needs a model`);
  const { purchases, baskets } = model;
  const active = ({ orders, daysSinceFirst, daysSinceLast }: ToDate): number =>
    probabilityActive(purchases, orders - 1, (daysSinceFirst - daysSinceLast) / DAYS_A_WEEK, daysSinceFirst / DAYS_A_WEEK);
  if (metric === 'churn_risk') return (done) => (done.orders === 1 ? Number.NaN : Math.round((1 - active(done)) * 1e6) / 1e6);
  const expected = new Map<number, number>();
  return (done) => {
    const { orders, daysSinceFirst, cents } = done;
    // Many bought as often and began on the same day: a series for each of them once.
    const key = orders * MOST_DAYS + daysSinceFirst;
    let ifActive = expected.get(key);
    if (ifActive === undefined) {
      ifActive = expectedIfActive(purchases, orders - 1, daysSinceFirst / DAYS_A_WEEK, WEEKS_AHEAD);
      expected.set(key, ifActive);
    }
    return Math.round(ifActive * active(done) * expectedBasket(baskets, orders, cents / 100 / orders) * 100) / 100;
  };
}

const DAYS_A_WEEK = 7;
const MOST_DAYS = 1_000_000;

/** The models are fitted to so many customers at most: more would not change their parameters by what they are rounded to, but cost as much time. */
const SAMPLED = 4_000;

/**
 * Histories of buyers, their days counted as `today` is: every so-many-th by a hash of the id, the same ones in every process. Who first bought after
 * today is not known yet.
 */
export function sampledHistories(buyers: Buyers, days: DayStarts, today: number): readonly PurchaseHistory[] {
  const every = Math.ceil(buyers.ids.length / SAMPLED);
  const rows = [...buyers.ids.keys()].filter((row) => hashOf(buyers.ids[row] as number) % every === 0);
  return rows
    .sort((one, other) => (buyers.ids[one] as number) - (buyers.ids[other] as number))
    .map((row) => ({
      days: Array.from(buyers.times.subarray(buyers.ordersFrom[row], buyers.ordersFrom[row + 1]), (time) => dayOfTime(days, time)),
      cents: toDate(buyers, row, days, today).cents,
    }))
    .filter((history) => (history.days[0] ?? 0) <= today);
}

const PRIME = 1_000_003;

/** Knuth's multiplicative hash, modulo a prime. */
const hashOf = (id: number): number => ((id % PRIME) * (2_654_435_761 % PRIME)) % PRIME;
