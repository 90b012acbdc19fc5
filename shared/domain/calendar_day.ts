/** A day of the calendar, 'YYYY-MM-DD'. Never an instant: no hour and no time zone, so no machine's time zone can shift it. */
export type Day = string;

/** An inclusive range of days. */
export type DayRange = { readonly from: Day; readonly to: Day };

const SHAPE = /^(\d{4})-(\d{2})-(\d{2})$/;

/**
 * Days since 1970-01-01 in the Gregorian calendar (H. Hinnant, "chrono-compatible low-level date algorithms"): years begin in March, so that a
 * leap day is a year's last. Through Date it took ten times as long, half of what pacing three hundred campaigns does.
 */
function numberOf(day: Day): number {
  const digits = (from: number, to: number): number => {
    let value = 0;
    for (let i = from; i < to; i++) value = value * 10 + day.charCodeAt(i) - 48;
    return value;
  };
  const month = digits(5, 7);
  const year = digits(0, 4) - (month <= 2 ? 1 : 0);
  const era = Math.floor(year / 400);
  const yearOfEra = year - era * 400;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + digits(8, 10) - 1;
  return era * DAYS_AN_ERA + yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear - DAYS_BEFORE_1970;
}

/** The inverse of {@link numberOf}. */
function dayNumbered(dayNumber: number): Day {
  const days = dayNumber + DAYS_BEFORE_1970;
  const era = Math.floor(days / DAYS_AN_ERA);
  const ofEra = days - era * DAYS_AN_ERA;
  const yearOfEra = Math.floor((ofEra - Math.floor(ofEra / 1460) + Math.floor(ofEra / 36_524) - Math.floor(ofEra / 146_096)) / 365);
  const dayOfYear = ofEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const fromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9;
  return dayOf(era * 400 + yearOfEra + (month <= 2 ? 1 : 0), month, dayOfYear - Math.floor((153 * fromMarch + 2) / 5) + 1);
}

/** 400 years, after which the calendar repeats itself; and from the 1st of March of the year 0 to 1970. */
const DAYS_AN_ERA = 146_097;
const DAYS_BEFORE_1970 = 719_468;

const twoDigits = (value: number): string => (value < 10 ? `0${value}` : String(value));

/** Whether the text is 'YYYY-MM-DD' and names a day that exists. */
export function isDay(text: string): boolean {
  const match = SHAPE.exec(text);
  if (match === null) return false;
  const [, year, month, day] = match.map(Number) as [number, number, number, number];
  return month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth(year, month);
}

/** 'YYYY-MM-DD' from its parts; month 1 to 12. Check with isDay() when the parts come from outside. */
export const dayOf = (year: number, month: number, day: number): Day =>
  `${String(year).padStart(4, '0')}-${twoDigits(month)}-${twoDigits(day)}`;
export const yearOf = (day: Day): number => Number(day.slice(0, 4));
/** 1 to 12. */
export const monthOf = (day: Day): number => Number(day.slice(5, 7));
/** 1 to 31. */
const dayOfMonth = (day: Day): number => Number(day.slice(8, 10));
/** ISO 8601: 1 is Monday, 7 is Sunday. 1970-01-01 was a Thursday. */
export const weekdayOf = (day: Day): number => ((((numberOf(day) + 3) % 7) + 7) % 7) + 1;

export function daysInMonth(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

export const addDays = (day: Day, count: number): Day => dayNumbered(numberOf(day) + count);

/** Days from one to the other: 0 for the same day, negative when the second is earlier. */
export const daysBetween = (from: Day, to: Day): number => numberOf(to) - numberOf(from);

/** How many days an inclusive range holds. */
export const lengthOf = (range: DayRange): number => daysBetween(range.from, range.to) + 1;

/** The same day so many months on; the month's last day where that day does not exist (31 January + 1 month → 28 or 29 February). */
export function addMonths(day: Day, count: number): Day {
  const months = yearOf(day) * 12 + monthOf(day) - 1 + count;
  const year = Math.floor(months / 12);
  const month = months - year * 12 + 1;
  return dayOf(year, month, Math.min(dayOfMonth(day), daysInMonth(year, month)));
}

export const startOfWeek = (day: Day): Day => addDays(day, 1 - weekdayOf(day));
export const endOfWeek = (day: Day): Day => addDays(day, 7 - weekdayOf(day));
export const startOfMonth = (day: Day): Day => `${day.slice(0, 8)}01`;
export const endOfMonth = (day: Day): Day => dayOf(yearOf(day), monthOf(day), daysInMonth(yearOf(day), monthOf(day)));
export const startOfQuarter = (day: Day): Day => dayOf(yearOf(day), 3 * Math.floor((monthOf(day) - 1) / 3) + 1, 1);
export const endOfQuarter = (day: Day): Day => endOfMonth(addMonths(startOfQuarter(day), 2));
export const startOfHalf = (day: Day): Day => dayOf(yearOf(day), monthOf(day) <= 6 ? 1 : 7, 1);
export const endOfHalf = (day: Day): Day => endOfMonth(addMonths(startOfHalf(day), 5));
export const startOfYear = (day: Day): Day => dayOf(yearOf(day), 1, 1);
export const endOfYear = (day: Day): Day => dayOf(yearOf(day), 12, 31);

/** The ISO 8601 week a day is in. Its year is that of the week's Thursday: 2027-01-01 is in 2026-W53. */
export function isoWeek(day: Day): { readonly year: number; readonly week: number } {
  const thursday = addDays(startOfWeek(day), 3);
  const year = yearOf(thursday);
  return { year, week: 1 + Math.floor(daysBetween(dayOf(year, 1, 1), thursday) / 7) };
}

/** 52 or 53. 28 December is always in the last ISO week of its year. */
export const isoWeeksInYear = (year: number): number => isoWeek(dayOf(year, 12, 28)).week;

/** The Monday of an ISO week. 4 January is always in week 1. */
export const mondayOfIsoWeek = (year: number, week: number): Day => addDays(startOfWeek(dayOf(year, 1, 4)), 7 * (week - 1));

export const earlier = (one: Day, other: Day): Day => (one <= other ? one : other);
