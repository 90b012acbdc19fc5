import { type Day, weekdayOf } from '../../../shared/domain/calendar_day.ts';
import { median } from './pacing_forecast.ts';

/** How much is spent on each weekday, Monday first; 1 on average. */
export type WeekdayPattern = readonly number[];

export const EVEN_WEEK: WeekdayPattern = [1, 1, 1, 1, 1, 1, 1];

/** So many weeks of an even week are mixed in: a pattern is not learned from one weekend. */
const PRIOR_WEEKS = 1.5;

/**
 * The weekday pattern of consecutive days' spend: the classical ratio to the centred moving average of a week (R. Hyndman & G. Athanasopoulos, "Forecasting: Principles and
 * Practice", 3rd ed., §3.4), the median for each weekday, drawn towards an even week while the weeks are few. Even below two weeks.
 */
export function weekdayPattern(days: readonly { readonly day: Day; readonly spend: number }[]): WeekdayPattern {
  const ratios: number[][] = EVEN_WEEK.map(() => []);
  for (let index = 3; index < days.length - 3; index++) {
    const week = days.slice(index - 3, index + 4).reduce((sum, { spend }) => sum + spend, 0) / 7;
    const { day, spend } = days[index] as (typeof days)[number];
    if (week > 0) ratios[weekdayOf(day) - 1]?.push(spend / week);
  }
  if (ratios.some((known) => known.length === 0)) return EVEN_WEEK;
  const drawn = ratios.map((known) => (known.length * median(known) + PRIOR_WEEKS) / (known.length + PRIOR_WEEKS));
  const mean = drawn.reduce((sum, factor) => sum + factor, 0) / 7;
  return drawn.map((factor) => factor / mean);
}

export const weekdayFactor = (pattern: WeekdayPattern, day: Day): number => pattern[weekdayOf(day) - 1] ?? 1;
