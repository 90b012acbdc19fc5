import { addDays, type DayRange, daysBetween } from '../../../shared/domain/calendar_day.ts';
import type { Buyers } from './buyers.ts';
import { type DayStarts, dayOfTime } from './day_starts.ts';

/** What buyers bought in a period, by their rows; nothing where they bought nothing. */
export type PeriodSums = {
  readonly orders: Int32Array;
  readonly cents: Float64Array;
  /** From the last order to the period's end. */
  readonly days: Int32Array;
};

/** Adds up the orders of a period, whose days are among `days`, by customer. */
export function periodSums({ ids, ordersFrom, times, cents }: Buyers, { from, to }: DayRange, days: DayStarts): PeriodSums {
  const lastDay = daysBetween(days.first, to);
  const since = days.at[daysBetween(days.first, from)] as number;
  const until = days.at[daysBetween(days.first, addDays(to, 1))] as number;
  const sums = { orders: new Int32Array(ids.length), cents: new Float64Array(ids.length), days: new Int32Array(ids.length) };
  for (let row = 0; row < ids.length; row++) {
    let [count, spent, last] = [0, 0, 0];
    for (let order = ordersFrom[row] as number; order < (ordersFrom[row + 1] as number); order++) {
      const time = times[order] as number;
      if (time < since || time >= until) continue;
      count++;
      spent += cents[order] as number;
      last = time;
    }
    if (count === 0) continue;
    sums.orders[row] = count;
    sums.cents[row] = spent;
    sums.days[row] = lastDay - dayOfTime(days, last);
  }
  return sums;
}
