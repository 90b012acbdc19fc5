import { daysBetween } from './calendar_day.ts';

/** Where "now" and "today" come from, so that a test or a reference date can stand in for the machine's clock. */
export type Clock = {
  readonly now: () => Date;
  /** The business time zone (IANA name): the one in which days, weeks and months begin. */
  readonly timeZone: string;
  /** The business day, 'YYYY-MM-DD'. A reference date in the settings replaces it. */
  readonly today: () => string;
};

/** The machine's clock in a business time zone; `referenceDate` fixes today. */
export function systemClock(timeZone: string, referenceDate?: string): Clock {
  // 'sv' writes dates as ISO 8601 does.
  const isoDay = new Intl.DateTimeFormat('sv', { timeZone, dateStyle: 'short' });
  // Days begin on a minute in every time zone, and formatting one costs as much as the rest of an answer from memory.
  let minute = Number.NaN;
  let day = '';
  const today = (): string => {
    const now = Date.now();
    if (Math.floor(now / 60_000) !== minute) {
      minute = Math.floor(now / 60_000);
      day = isoDay.format(now);
    }
    return day;
  };
  return { now: () => new Date(), timeZone, today: referenceDate === undefined ? today : () => referenceDate };
}

/**
 * Now, on the day that counts as today: where a reference date replaces today, moved by whole days to it. What happens in the business is dated by
 * it, so that in data generated for a reference date it comes after everything there.
 */
export function businessNow({ now, today, timeZone }: Clock): Date {
  const moment = now();
  const day = new Intl.DateTimeFormat('sv', { timeZone, dateStyle: 'short' }).format(moment);
  return new Date(moment.getTime() + daysBetween(day, today()) * 86_400_000);
}
