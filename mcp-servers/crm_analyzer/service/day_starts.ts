import type { Day } from '../../../shared/domain/calendar_day.ts';
import { viewOf, wholeAt } from '../../../shared/hub/packed_bytes.ts';

/** When the days from `first` on begin in the business time zone, in microseconds since the year 2000; the last is the one that ends them. */
export type DayStarts = { readonly first: Day; readonly at: Float64Array };

const MICROSECONDS_A_DAY = 86_400_000_000;

/** Reads timestamps one behind the other. */
export function readDayStarts(first: Day, bytes: Uint8Array): DayStarts {
  const view = viewOf(bytes);
  return { first, at: Float64Array.from({ length: bytes.byteLength / 8 }, (_, index) => wholeAt(view, index * 8)) };
}

/** How many days after the first one a time is. Times before all of them or after are on the first or the last one. */
export function dayOfTime({ at }: DayStarts, time: number): number {
  const last = at.length - 1;
  // Days of 23 or 25 hours are seldom: the guess is right or beside it.
  let day = Math.max(0, Math.min(last, Math.floor((time - (at[0] as number)) / MICROSECONDS_A_DAY)));
  while (day > 0 && (at[day] as number) > time) day--;
  while (day < last && (at[day + 1] as number) <= time) day++;
  return day;
}
