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
  return { now: () => new Date(), timeZone, today: () => referenceDate ?? isoDay.format(new Date()) };
}
