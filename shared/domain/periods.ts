import type { Day, DayRange } from './calendar_day.ts';
import {
  addDays,
  addMonths,
  endOfHalf,
  endOfMonth,
  endOfQuarter,
  endOfWeek,
  endOfYear,
  isDay,
  isoWeek,
  lengthOf,
  monthOf,
  startOfHalf,
  startOfMonth,
  startOfQuarter,
  startOfWeek,
  startOfYear,
  yearOf,
} from './calendar_day.ts';
import type { Clock } from './clock.ts';
import type { PeriodReading, PeriodUnit } from './period_words.ts';
import { ACCEPTED_PERIODS, MONTHS_IN, plainWords, readPeriodWords, shift, withoutFillers } from './period_words.ts';
import { ToolError } from './tool_error.ts';
import { trigramSimilarity } from './trigram_similarity.ts';

export type { PeriodUnit } from './period_words.ts';

/** A period as a caller writes it: words, or two dates, or nothing. */
export type AskedPeriod = {
  readonly period?: string | null | undefined;
  readonly startDate?: string | null | undefined;
  readonly endDate?: string | null | undefined;
};

/** A range to compare with, and how it came about. */
export type ComparedPeriod = DayRange & { readonly readAs: string };

/** A period as it was read: inclusive days in the business time zone. */
export type ResolvedPeriod = DayRange & {
  readonly timeZone: string;
  /** The business day on which it was read. */
  readonly today: Day;
  /** 'last month → October 2026': what was written, and what it was taken for. */
  readonly readAs: string;
  /** What it is a whole of, or the beginning of: decides what the period before is. */
  readonly unit: PeriodUnit;
  /** When the caller asked for a comparison. */
  readonly compareTo?: ComparedPeriod;
};

export type PeriodOptions = {
  /** What is meant when nothing is asked: words, or days such as the campaign's own. */
  readonly default: string | DayRange;
  /** What "whole campaign" means; the default, when that is given as days. */
  readonly campaign?: DayRange | undefined;
};

const EARLIEST_YEAR = 2000;
const LATEST_YEAR = 2100;
const LONGEST_DAYS = 3653; // ten years, leap days included
const LONGEST_TEXT = 200;
const EXAMPLES = '"last month", "Q3 2025", "2025-12", "last 30 days", "el mes pasado", "2025-11-01..2025-11-20"';

const invalid = (message: string, remedy: string): ToolError => new ToolError('invalid_input', message, { remedy });

/**
 * Turns what was asked into days. Words win no guess: what is not understood, half-given, reversed, before 2000, after 2100, longer than ten
 * years or wholly in the future is a ToolError invalid_input with the right forms. A period that reaches into the future is cut at today, and says so.
 * The words may end in a comparison ("this month vs previous", "el mes pasado comparado con el año pasado"), or be only one.
 */
export function resolvePeriod(asked: AskedPeriod, clock: Pick<Clock, 'today' | 'timeZone'>, options: PeriodOptions): ResolvedPeriod {
  const today = clock.today();
  const given = { period: present(asked.period), startDate: present(asked.startDate), endDate: present(asked.endDate) };
  const campaign = options.campaign ?? (typeof options.default === 'string' ? undefined : options.default);

  if (given.period !== undefined && (given.startDate !== undefined || given.endDate !== undefined)) {
    throw invalid(
      'Both period and startDate/endDate were given.',
      'Give either period (for example "last month") or both startDate and endDate.',
    );
  }
  const resolve = (reading: PeriodReading, words: string): ResolvedPeriod => within(reading, words, today, clock.timeZone);

  if (given.startDate !== undefined || given.endDate !== undefined) {
    return resolve(readDates(given.startDate, given.endDate, today), 'startDate and endDate');
  }

  const { words, comparison } = splitComparison(given.period ?? '');
  const period =
    words === ''
      ? byDefault(options.default, today, resolve)
      : resolve(readWords(words, today, campaign), shortened(comparison === undefined ? (given.period ?? '') : words));
  return comparison === undefined ? period : { ...period, compareTo: compared(period, comparison, today, campaign) };
}

const present = (text: string | null | undefined): string | undefined =>
  text === null || text === undefined || text.trim() === '' ? undefined : text.trim();
const shortened = (text: string): string => (text.length > 60 ? `${text.slice(0, 59)}…` : text);

function byDefault(
  chosen: string | DayRange,
  today: Day,
  resolve: (reading: PeriodReading, words: string) => ResolvedPeriod,
): ResolvedPeriod {
  if (typeof chosen === 'string') return resolve(readWords(chosen, today, undefined), `${chosen} (default)`);
  return resolve({ ...chosen, unit: 'span' }, 'whole campaign (default)');
}

// After the small words ("toda la", "the whole") are taken off.
const WHOLE_CAMPAIGN =
  /^(?:(?:all )?(?:the )?(?:campaign|campana)(?: completa| entera| so far| to date| a la fecha)?|all time|all|lifetime|maximum|always|siempre|desde siempre|historico|tiempo|duracion de la campana|since (?:the )?(?:beginning|start|launch)|from the (?:beginning|start|launch)|desde (?:el|su) (?:inicio|principio|comienzo|lanzamiento)|lo que va (?:de|de la) campana)$/;

function readWords(words: string, today: Day, campaign: DayRange | undefined): PeriodReading {
  if (words.length > LONGEST_TEXT)
    throw invalid(`The period is written in ${words.length} characters.`, `Write it short. Examples: ${EXAMPLES}.`);
  const plain = plainWords(words);
  if (WHOLE_CAMPAIGN.test(withoutFillers(plain))) {
    if (campaign !== undefined) return { ...campaign, unit: 'span' };
    throw invalid(
      `"${shortened(words)}" is as long as a campaign runs, and this question is not about one campaign.`,
      `Give a period of at most ten years. Examples: ${EXAMPLES}.`,
    );
  }
  const reading = readPeriodWords(words, today);
  if (reading !== undefined) return reading;
  const nearest = nearestWording(withoutFillers(plain));
  throw invalid(
    `"${shortened(words)}" is not a period I understand.${nearest === undefined ? '' : ` Did you mean "${nearest}"?`}`,
    `Accepted, in English or Spanish: ${ACCEPTED_PERIODS.map((form) => `"${form}"`).join(', ')}; any with "vs previous" or "vs last year". Days are the finest grain.`,
  );
}

// What people most often mean by something mistyped; wording only, so that a suggestion never brings a wrong year.
const COMMON_WORDINGS = [
  'today',
  'yesterday',
  'this week',
  'last week',
  'this month',
  'last month',
  'this quarter',
  'last quarter',
  'this year',
  'last year',
  'last 7 days',
  'last 30 days',
  'last 90 days',
  'year to date',
  'month to date',
  'hoy',
  'ayer',
  'esta semana',
  'la semana pasada',
  'este mes',
  'el mes pasado',
  'este trimestre',
  'el trimestre pasado',
  'este año',
  'el año pasado',
  'últimos 7 días',
  'últimos 30 días',
  'en lo que va del año',
  'toda la campaña',
  'whole campaign',
];
const NEAR_WORDING = 0.35;

function nearestWording(words: string): string | undefined {
  const [best] = COMMON_WORDINGS.map((wording) => ({ wording, similarity: trigramSimilarity(wording, words) })).sort(
    (one, other) => other.similarity - one.similarity,
  );
  return best !== undefined && best.similarity >= NEAR_WORDING ? best.wording : undefined;
}

function readDates(startDate: string | undefined, endDate: string | undefined, today: Day): PeriodReading {
  if (startDate === undefined || endDate === undefined) {
    const [has, lacks] = startDate === undefined ? ['endDate', 'startDate'] : ['startDate', 'endDate'];
    const since = startDate === undefined ? '' : `, or period "since ${shortened(startDate)}"`;
    throw invalid(`${has} was given without ${lacks}.`, `Give both, inclusive, as YYYY-MM-DD${since}.`);
  }
  const [from, to] = [readDate('startDate', startDate, today), readDate('endDate', endDate, today)];
  if (from > to) {
    throw invalid(`startDate ${from} is after endDate ${to}.`, `Exchange them: startDate "${to}", endDate "${from}".`);
  }
  return { from, to, unit: 'span' };
}

/** One day: YYYY-MM-DD, or any wording of a single day. */
function readDate(argument: string, text: string, today: Day): Day {
  if (isDay(text)) return text;
  const reading = text.length > LONGEST_TEXT ? undefined : readPeriodWords(text, today);
  if (reading !== undefined && reading.from === reading.to) return reading.from;
  const whole = reading === undefined ? '' : ` "${shortened(text)}" is a range: give it as period instead.`;
  throw invalid(
    `${argument} "${shortened(text)}" is not a date.`,
    `Write dates as YYYY-MM-DD, for example "${addDays(today, -30)}".${whole}`,
  );
}

/** Checks a reading against today and the limits, and cuts off the future. */
function within(reading: PeriodReading, words: string, today: Day, timeZone: string): ResolvedPeriod {
  const { from, to, unit, note } = reading;
  for (const year of [yearOf(from), yearOf(to)]) {
    if (year < EARLIEST_YEAR || year > LATEST_YEAR) {
      throw invalid(
        `"${words}" is in the year ${year}.`,
        `Years go from ${EARLIEST_YEAR} to ${LATEST_YEAR}. Today is ${today}. Examples: ${EXAMPLES}.`,
      );
    }
  }
  if (from > to) throw invalid(`"${words}" ends (${to}) before it begins (${from}).`, `Give the earlier day first: "${to}..${from}".`);
  if (from > today) {
    throw invalid(
      `"${words}" (${from} to ${to}) is in the future; today is ${today}.`,
      `Ask for days up to ${today}. Examples: ${EXAMPLES}.`,
    );
  }
  if (lengthOf({ from, to }) > LONGEST_DAYS) {
    throw invalid(
      `"${words}" is ${lengthOf({ from, to })} days, more than ten years.`,
      'Ask for at most ten years, for example "2025" or "last 12 months".',
    );
  }
  const cut = to > today;
  const end = cut ? today : to;
  const details = [...(note === undefined ? [] : [note]), ...(cut ? [`cut at today; it ends on ${to}`] : [])];
  const readAs = `${words} → ${nameOf({ from, to })}${details.length === 0 ? '' : ` (${details.join('; ')})`}`;
  return { from, to: end, timeZone, today, readAs, unit };
}

const MONTH_NAMES = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];

/** What a calendar calls a range: '2025', 'H1 2025', 'Q3 2025', 'December 2025', 'week 2025-W48', or its days. */
export function nameOf({ from, to }: DayRange): string {
  const year = yearOf(from);
  if (from === to) return from;
  if (from === startOfYear(from) && to === endOfYear(from)) return String(year);
  if (from === startOfHalf(from) && to === endOfHalf(from)) return `H${monthOf(from) <= 6 ? 1 : 2} ${year}`;
  if (from === startOfQuarter(from) && to === endOfQuarter(from)) return `Q${Math.ceil(monthOf(from) / 3)} ${year}`;
  if (from === startOfMonth(from) && to === endOfMonth(from)) return `${MONTH_NAMES[monthOf(from) - 1]} ${year}`;
  if (from === startOfWeek(from) && to === endOfWeek(from)) {
    const week = isoWeek(from);
    return `week ${week.year}-W${String(week.week).padStart(2, '0')}, ${from} to ${to}`;
  }
  return `${from} to ${to}`;
}

const SEPARATORS =
  'vs|versus|compared (?:to|with|against)|compare (?:to|with)|comparad[oa] (?:con|a|al)|comparando con|en comparacion con|contra|frente a|frente al|respecto (?:a|al|de|del)';
const COMPARISON = new RegExp(`^(.*?)[ ,]*\\b(?:${SEPARATORS})\\.? (.+)$`);
const YEAR_OVER_YEAR = /^(.*?)[ ,]*\b(?:yoy|year over year|year on year|interanual)$/;
const PREVIOUS =
  /^(?:previous|prior|preceding|before|previo|anterior|antes|(?:the )?(?:previous|prior|preceding|last) (?:period|one)|(?:the )?period before|periodo (?:anterior|previo|pasado)|mismo periodo anterior)$/;
const LAST_YEAR =
  /^(?:last year|previous year|prior year|(?:a |one )?year ago|(?:the )?same (?:period|time|days|month|week|quarter)(?: of| in)?(?: the)? (?:last year|previous year|year before)|(?:the )?same (?:period|time) a year ago|ano (?:pasado|anterior)|hace un ano|mism[oa]s? (?:periodo|mes|semana|trimestre|fechas|dias|epoca) (?:del|de|el)(?: el)? ano (?:pasado|anterior)|mismo periodo hace un ano)$/;

/** Separates "this month vs previous" into the period and what it is compared with. */
function splitComparison(text: string): { readonly words: string; readonly comparison: string | undefined } {
  // Long text is refused by readWords; no pattern is run over it.
  if (text.length > LONGEST_TEXT) return { words: text, comparison: undefined };
  const plain = plainWords(text);
  const yearOverYear = YEAR_OVER_YEAR.exec(plain);
  if (yearOverYear !== null) return { words: yearOverYear[1] ?? '', comparison: 'last year' };
  const match = COMPARISON.exec(plain);
  if (match === null) return { words: text, comparison: undefined };
  return { words: match[1] ?? '', comparison: match[2] };
}

function compared(period: ResolvedPeriod, comparison: string, today: Day, campaign: DayRange | undefined): ComparedPeriod {
  const words = withoutFillers(comparison);
  if (PREVIOUS.test(words)) return previousPeriod(period);
  if (LAST_YEAR.test(words)) return sameLastYear(period);
  const { from, to, readAs } = within(readWords(words, today, campaign), shortened(words), today, period.timeZone);
  return { from, to, readAs };
}

/** The period as an answer carries it, without what only the reading needs: spread it into the answer. */
export function answeredPeriods({ from, to, timeZone, today, readAs, compareTo }: ResolvedPeriod): {
  readonly period: DayRange & { readonly timeZone: string; readonly today: Day; readonly readAs: string };
  readonly previousPeriod?: DayRange;
} {
  return {
    period: { from, to, timeZone, today, readAs: compareTo === undefined ? readAs : `${readAs}; ${compareTo.readAs}` },
    ...(compareTo === undefined ? {} : { previousPeriod: { from: compareTo.from, to: compareTo.to } }),
  };
}

type Comparable = DayRange & { readonly unit?: PeriodUnit | undefined };

/** How many whole months a range is; undefined when it is not, or is days or weeks that happen to be. */
function wholeMonths({ from, to, unit }: Comparable): number | undefined {
  if (unit === 'day' || unit === 'week' || from !== startOfMonth(from) || to !== endOfMonth(to)) return undefined;
  return (yearOf(to) - yearOf(from)) * 12 + monthOf(to) - monthOf(from) + 1;
}

/**
 * The period before, as the calendar has it: of whole months as many months; of a month, quarter, half or year to date the same days
 * of the one before (whole months when they are whole so far; the 31st becomes the last day); of a week to date the same weekdays; else as many days, ending the day before.
 */
export function previousPeriod(period: Comparable): ComparedPeriod {
  const before = previousRange(period);
  return { ...before, readAs: `previous period → ${nameOf(before)}` };
}

function previousRange(period: Comparable): DayRange {
  const { from, to, unit } = period;
  const months = wholeMonths(period);
  const adjacent = { from: addDays(from, -lengthOf(period)), to: addDays(from, -1) };
  switch (unit) {
    case undefined:
    case 'span':
      return months === undefined ? adjacent : { from: addMonths(from, -months), to: addDays(from, -1) };
    case 'day':
      return adjacent;
    case 'week':
      // Several weeks are whole ones; only a part of one week is "to date".
      return lengthOf(period) < 7 ? { from: addDays(from, -7), to: addDays(to, -7) } : adjacent;
    case 'month':
    case 'quarter':
    case 'half':
    case 'year': {
      if (months !== undefined && months % MONTHS_IN[unit] === 0) return { from: addMonths(from, -months), to: addDays(from, -1) };
      // To date. On a month's last day it is whole months, and so is what it is compared with.
      const sameDay = shift(to, unit, -1);
      return { from: shift(from, unit, -1), to: months === undefined ? sameDay : endOfMonth(sameDay) };
    }
  }
}

/**
 * The same period a year earlier: whole months stay whole (February of a leap year has 29 days), weeks keep their weekdays (52 weeks
 * earlier), other days keep their date (29 February becomes the 28th).
 */
export function sameLastYear(period: Comparable): ComparedPeriod {
  const range = lastYearRange(period);
  return { ...range, readAs: `same period last year → ${nameOf(range)}` };
}

function lastYearRange(period: Comparable): DayRange {
  const { from, to, unit } = period;
  if (unit === 'week') return { from: addDays(from, -364), to: addDays(to, -364) };
  const end = addMonths(to, -12);
  return { from: addMonths(from, -12), to: wholeMonths(period) === undefined ? end : endOfMonth(end) };
}
