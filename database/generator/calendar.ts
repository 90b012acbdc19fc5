import { addMonths, isDay, startOfMonth } from '../../shared/domain/calendar_day.ts';

const MILLISECONDS_A_DAY = 86_400_000;
/** Midnight in the business time zone of the generated data (Costa Rica, UTC−6, no summer time) in milliseconds after midnight UTC. */
const BUSINESS_MIDNIGHT_MS = 6 * 3_600_000;
const HISTORY_MONTHS = 26;

/**
 * The days that generated data covers, counted from 0. Day `today` is the reference date, on which nothing has happened yet; facts run
 * from day 0, the first of a month, to `today − 1`.
 */
export type History = {
  readonly referenceDate: string;
  /** Days since 1970-01-01 of day 0. */
  readonly firstEpochDay: number;
  readonly today: number;
  /** By day number, some days beyond today included: 0 is Monday. */
  readonly weekday: Uint8Array;
  /** 1 to 12. */
  readonly month: Uint8Array;
  readonly year: Uint16Array;
  readonly dayOfMonth: Uint8Array;
};

/** Days covered beyond today, for campaigns that have not ended or not begun. */
const DAYS_AHEAD = 420;

/** The 26 months before the reference date ('YYYY-MM-DD'). RangeError when there is no such day. */
export function historyBefore(referenceDate: string): History {
  if (!isDay(referenceDate)) throw new RangeError(`'${referenceDate}' is not a day: the reference date is written YYYY-MM-DD`);
  const todayEpoch = epochDayOf(referenceDate);
  const firstEpochDay = epochDayOf(addMonths(startOfMonth(referenceDate), -HISTORY_MONTHS));
  const today = todayEpoch - firstEpochDay;
  const days = today + DAYS_AHEAD;
  const history = {
    referenceDate,
    firstEpochDay,
    today,
    weekday: new Uint8Array(days),
    month: new Uint8Array(days),
    year: new Uint16Array(days),
    dayOfMonth: new Uint8Array(days),
  };
  for (let day = 0; day < days; day++) {
    const date = new Date((firstEpochDay + day) * MILLISECONDS_A_DAY);
    history.weekday[day] = (date.getUTCDay() + 6) % 7;
    history.month[day] = date.getUTCMonth() + 1;
    history.year[day] = date.getUTCFullYear();
    history.dayOfMonth[day] = date.getUTCDate();
  }
  return history;
}

/** Days since 1970-01-01 of a day 'YYYY-MM-DD'. */
export const epochDayOf = (day: string): number => Date.parse(`${day}T00:00:00Z`) / MILLISECONDS_A_DAY;

/** 'YYYY-MM-DD' of a day of the history. */
export const isoDay = (history: History, day: number): string =>
  new Date((history.firstEpochDay + day) * MILLISECONDS_A_DAY).toISOString().slice(0, 10);

/** The day number of 'YYYY-MM-DD'; negative before the history. */
export const dayNumber = (history: History, day: string): number => epochDayOf(day) - history.firstEpochDay;

/** Milliseconds since 1970 at `second` seconds after the business day's midnight. Seconds of history (see {@link historySecond}) work with day 0. */
export const instant = (history: History, day: number, second: number): number =>
  (history.firstEpochDay + day) * MILLISECONDS_A_DAY + BUSINESS_MIDNIGHT_MS + second * 1000;

/** ISO 8601 text, in UTC, of a moment of the history. */
export const isoInstant = (history: History, day: number, second: number): string => new Date(instant(history, day, second)).toISOString();

/** Seconds from the history's beginning: what events are sorted by. */
export const historySecond = (day: number, second: number): number => day * 86_400 + second;
