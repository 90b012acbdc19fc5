import type { Day, DayRange } from './calendar_day.ts';
import {
  addDays,
  addMonths,
  dayOf,
  daysInMonth,
  earlier,
  endOfHalf,
  endOfMonth,
  endOfQuarter,
  endOfWeek,
  endOfYear,
  isDay,
  isoWeek,
  isoWeeksInYear,
  mondayOfIsoWeek,
  startOfHalf,
  startOfMonth,
  startOfQuarter,
  startOfWeek,
  startOfYear,
  weekdayOf,
  yearOf,
} from './calendar_day.ts';
import { withoutAccents } from './fold.ts';
import { ToolError } from './tool_error.ts';

/**
 * What a range of days is a whole (or the beginning) of, or several of. 'span' is any other range. It decides what
 * "the period before" and "the same a year ago" are.
 */
export type PeriodUnit = 'day' | 'week' | 'month' | 'quarter' | 'half' | 'year' | 'span';

/** Words as they were read: days, not yet compared with today, and what they are a whole of. */
export type PeriodReading = DayRange & {
  readonly unit: PeriodUnit;
  /** What the reader decided that the words left open. */
  readonly note?: string;
};

/** The forms a period may be written in, for messages and descriptions. Each is understood as it stands. */
export const ACCEPTED_PERIODS = [
  'today',
  'yesterday',
  'this week',
  'last month',
  'this quarter',
  'last year',
  'last 30 days',
  'month to date',
  'December 2025',
  '2025-12',
  'Q3 2025',
  'H1 2025',
  '2025-W48',
  '2025',
  'since 2025-11-01',
  '2025-11-01..2025-11-20',
  'hoy',
  'ayer',
  'esta semana',
  'el mes pasado',
  'últimos 30 días',
  'diciembre de 2025',
  'tercer trimestre de 2025',
  'del 1 al 15 de noviembre de 2025',
  'en lo que va del año',
] as const;

type CalendarUnit = Exclude<PeriodUnit, 'span'>;

/** Today, and the day by which a period without a year must have begun: "December" is the latest December that has. */
type Context = { readonly today: Day; readonly latest: Day };
type Reader = (words: string, context: Context) => PeriodReading | undefined;

const START: Readonly<Record<CalendarUnit, (day: Day) => Day>> = {
  day: (day) => day,
  week: startOfWeek,
  month: startOfMonth,
  quarter: startOfQuarter,
  half: startOfHalf,
  year: startOfYear,
};
const END: Readonly<Record<CalendarUnit, (day: Day) => Day>> = {
  day: (day) => day,
  week: endOfWeek,
  month: endOfMonth,
  quarter: endOfQuarter,
  half: endOfHalf,
  year: endOfYear,
};
export const MONTHS_IN = { month: 1, quarter: 3, half: 6, year: 12 } as const;

/** The day so many units later, negative for earlier. */
export function shift(day: Day, unit: CalendarUnit, count: number): Day {
  switch (unit) {
    case 'day':
      return addDays(day, count);
    case 'week':
      return addDays(day, 7 * count);
    case 'month':
    case 'quarter':
    case 'half':
    case 'year':
      return addMonths(day, MONTHS_IN[unit] * count);
  }
}

/** The whole unit a day is in. */
const wholeUnit = (unit: CalendarUnit, day: Day): PeriodReading => ({ from: START[unit](day), to: END[unit](day), unit });

const UNITS: Readonly<Record<string, CalendarUnit>> = {
  d: 'day',
  day: 'day',
  days: 'day',
  dia: 'day',
  dias: 'day',
  w: 'week',
  week: 'week',
  weeks: 'week',
  semana: 'week',
  semanas: 'week',
  month: 'month',
  months: 'month',
  mes: 'month',
  meses: 'month',
  quarter: 'quarter',
  quarters: 'quarter',
  trimestre: 'quarter',
  trimestres: 'quarter',
  semester: 'half',
  semesters: 'half',
  semestre: 'half',
  semestres: 'half',
  half: 'half',
  year: 'year',
  years: 'year',
  ano: 'year',
  anos: 'year',
};
// One letter stands for a unit only right after a number: '7d'.
const UNIT = Object.keys(UNITS)
  .filter((word) => word.length > 1)
  .sort((one, other) => other.length - one.length)
  .join('|');

const NUMBER_WORDS: Readonly<Record<string, number>> = {
  one: 1,
  a: 1,
  an: 1,
  un: 1,
  una: 1,
  two: 2,
  dos: 2,
  three: 3,
  tres: 3,
  four: 4,
  cuatro: 4,
  five: 5,
  cinco: 5,
  six: 6,
  seis: 6,
  seven: 7,
  siete: 7,
  eight: 8,
  ocho: 8,
  nine: 9,
  nueve: 9,
  ten: 10,
  diez: 10,
  eleven: 11,
  once: 11,
  twelve: 12,
  doce: 12,
  fourteen: 14,
  catorce: 14,
  fifteen: 15,
  quince: 15,
  twenty: 20,
  veinte: 20,
  thirty: 30,
  treinta: 30,
  sixty: 60,
  sesenta: 60,
  ninety: 90,
  noventa: 90,
};
const COUNT = `\\d{1,9}|${Object.keys(NUMBER_WORDS).join('|')}`;
const countOf = (text: string): number => NUMBER_WORDS[text] ?? Number(text);

const MONTHS: Readonly<Record<string, number>> = {
  january: 1,
  jan: 1,
  enero: 1,
  ene: 1,
  february: 2,
  feb: 2,
  febrero: 2,
  march: 3,
  mar: 3,
  marzo: 3,
  april: 4,
  apr: 4,
  abril: 4,
  abr: 4,
  may: 5,
  mayo: 5,
  june: 6,
  jun: 6,
  junio: 6,
  july: 7,
  jul: 7,
  julio: 7,
  august: 8,
  aug: 8,
  agosto: 8,
  ago: 8,
  september: 9,
  sept: 9,
  sep: 9,
  septiembre: 9,
  setiembre: 9,
  set: 9,
  october: 10,
  oct: 10,
  octubre: 10,
  november: 11,
  nov: 11,
  noviembre: 11,
  december: 12,
  dec: 12,
  diciembre: 12,
  dic: 12,
};
const MONTH = `(?:${Object.keys(MONTHS)
  .sort((one, other) => other.length - one.length)
  .join('|')})`;

const WEEKDAYS: Readonly<Record<string, number>> = {
  monday: 1,
  lunes: 1,
  tuesday: 2,
  martes: 2,
  wednesday: 3,
  miercoles: 3,
  thursday: 4,
  jueves: 4,
  friday: 5,
  viernes: 5,
  saturday: 6,
  sabado: 6,
  sunday: 7,
  domingo: 7,
};
const WEEKDAY = Object.keys(WEEKDAYS).join('|');

const ORDINALS: Readonly<Record<string, number>> = {
  first: 1,
  '1st': 1,
  primer: 1,
  primero: 1,
  primera: 1,
  '1er': 1,
  '1ro': 1,
  '1era': 1,
  '1o': 1,
  i: 1,
  second: 2,
  '2nd': 2,
  segundo: 2,
  segunda: 2,
  '2do': 2,
  '2da': 2,
  '2o': 2,
  ii: 2,
  third: 3,
  '3rd': 3,
  tercer: 3,
  tercero: 3,
  '3er': 3,
  '3ro': 3,
  '3o': 3,
  iii: 3,
  fourth: 4,
  '4th': 4,
  cuarto: 4,
  '4to': 4,
  '4o': 4,
  iv: 4,
};
const ORDINAL = Object.keys(ORDINALS)
  .sort((one, other) => other.length - one.length)
  .join('|');

// What follows a month or a quarter: ' 2025', ' de 2025', ', 2025', ' of last year', ' del ano pasado'. Captured: the year's words.
const YEAR_WORDS = '\\d{4}|this year|last year|este ano|(?:ano|year) (?:pasado|anterior|actual)|el ano pasado';
const OF_YEAR = `(?:[ ,]*(?:\\s|-|\\/)(?:of |in |de |del )?(?:the |el )?(${YEAR_WORDS}))?`;

const LAST = 'last|past|previous|prior|ultimo|ultima|pasado|pasada|anterior|previo|previa';
const LASTS = 'last|past|previous|prior|latest|ultimos|ultimas|pasados|pasadas|anteriores';
const THIS = 'this|current|este|esta|actual|presente';
const NEXT = 'next|coming|proximo|proxima|siguiente';
const TO_DATE_UNIT = 'week|month|quarter|semester|year|semana|mes|trimestre|semestre|ano';

const invalid = (message: string, remedy: string): ToolError => new ToolError('invalid_input', message, { remedy });

/** A day from parts that somebody wrote. Throws ToolError invalid_input for 30 February. */
function existingDay(year: number, month: number, day: number): Day {
  const written = dayOf(year, month, day);
  if (!isDay(written)) {
    const lastDay = month >= 1 && month <= 12 ? ` The last day of that month is ${dayOf(year, month, daysInMonth(year, month))}.` : '';
    throw invalid(`There is no day ${written}.`, `Write an existing date as YYYY-MM-DD.${lastDay}`);
  }
  return written;
}

/** The year that words name; undefined when there are none. */
function yearNamed(words: string | undefined, { today }: Context): number | undefined {
  if (words === undefined) return undefined;
  if (/^\d+$/.test(words)) return Number(words);
  return /last|pasado|anterior/.test(words) ? yearOf(today) - 1 : yearOf(today);
}

/** The latest range of its kind that has begun, when no year was written. */
function inYear(year: number | undefined, { latest }: Context, range: (year: number) => PeriodReading): PeriodReading {
  if (year !== undefined) return range(year);
  const thisYears = range(yearOf(latest));
  return thisYears.from <= latest ? thisYears : range(yearOf(latest) - 1);
}

const patterned = (
  pattern: string,
  read: (groups: readonly (string | undefined)[], context: Context) => PeriodReading | undefined,
): Reader => {
  const whole = new RegExp(`^(?:${pattern})$`);
  return (words, context) => {
    const match = whole.exec(words);
    return match === null ? undefined : read(match.slice(1), context);
  };
};

const oneDay = (day: Day): PeriodReading => ({ from: day, to: day, unit: 'day' });

const NAMED_DAYS: readonly Reader[] = [
  patterned('today|hoy|so far today|dia de hoy', (_, { today }) => oneDay(today)),
  patterned('yesterday|ayer|dia de ayer', (_, { today }) => oneDay(addDays(today, -1))),
  patterned('day before yesterday|anteayer|antier|antes de ayer', (_, { today }) => oneDay(addDays(today, -2))),
  patterned('tomorrow|manana', (_, { today }) => oneDay(addDays(today, 1))),
  patterned(`(?:(?:${LAST}) )?(${WEEKDAY})(?: (?:${LAST}))?`, ([weekday = ''], { today }) => {
    const wanted = WEEKDAYS[weekday] ?? 1;
    const back = (weekdayOf(today) - wanted + 7) % 7 || 7;
    return { ...oneDay(addDays(today, -back)), note: 'the latest before today' };
  }),
  patterned(`(?:(${THIS}|${LAST}) )?(?:weekend|fin de semana)(?: (${THIS}|${LAST}))?`, ([before, after], { today }) => {
    const isThis = new RegExp(`^(?:${THIS})$`).test(before ?? after ?? 'last');
    const monday = addDays(startOfWeek(today), isThis ? 0 : -7);
    return { from: addDays(monday, 5), to: addDays(monday, 6), unit: 'span', note: 'Saturday and Sunday' };
  }),
];

const toDate = (unit: CalendarUnit, { today }: Context): PeriodReading => ({ from: START[unit](today), to: today, unit });

const TO_DATE: readonly Reader[] = [
  patterned('(w|m|q|y)td', ([letter], context) =>
    toDate(letter === 'w' ? 'week' : letter === 'm' ? 'month' : letter === 'q' ? 'quarter' : 'year', context),
  ),
  patterned(
    `(?:this |este |esta )?(${TO_DATE_UNIT}) (?:to date|so far|a la fecha|hasta la fecha|hasta hoy|hasta ahora|en curso)`,
    ([unit = ''], context) => toDate(UNITS[unit] ?? 'year', context),
  ),
  patterned(`lo que (?:va|vamos|llevamos) (?:del?|de el|de este|de esta|de la)(?: presente)? (${TO_DATE_UNIT})`, ([unit = ''], context) =>
    toDate(UNITS[unit] ?? 'year', context),
  ),
];

const back = (unit: CalendarUnit, count: number, { today }: Context): PeriodReading =>
  wholeUnit(unit, shift(START[unit](today), unit, -count));

const RELATIVE: readonly Reader[] = [
  patterned(`(?:${THIS}) (?:mismo )?(${UNIT})|(${UNIT}) (?:actual|presente|en curso)`, ([one, other], context) =>
    back(UNITS[one ?? other ?? ''] ?? 'day', 0, context),
  ),
  patterned(`(?:${LAST}) (${UNIT})(?: (?:pasado|pasada|anterior))?|(${UNIT}) (?:${LAST})`, ([one, other], context) =>
    back(UNITS[one ?? other ?? ''] ?? 'day', 1, context),
  ),
  patterned(`(${UNIT}) before last|(${UNIT}) antepasad[oa]`, ([one, other], context) =>
    back(UNITS[one ?? other ?? ''] ?? 'day', 2, context),
  ),
  patterned(`(?:${NEXT}) (${UNIT})|(${UNIT}) (?:proxim[oa]|siguiente|que viene|entrante)`, ([one, other], context) =>
    back(UNITS[one ?? other ?? ''] ?? 'day', -1, context),
  ),
  patterned(`(${COUNT}) (${UNIT}) (?:ago|back|atras)|hace (${COUNT}) (${UNIT})`, ([count, unit, cuenta, unidad], context) =>
    back(UNITS[unit ?? unidad ?? ''] ?? 'day', bounded(countOf(count ?? cuenta ?? ''), UNITS[unit ?? unidad ?? ''] ?? 'day'), context),
  ),
];

const UNITS_IN_TEN_YEARS: Readonly<Record<CalendarUnit, number>> = { day: 3653, week: 522, month: 120, quarter: 40, half: 20, year: 10 };

/** A count that stays within ten years. Throws ToolError invalid_input for none or too many. */
function bounded(count: number, unit: CalendarUnit): number {
  if (count >= 1 && count <= UNITS_IN_TEN_YEARS[unit]) return count;
  throw invalid(
    count < 1 ? `A period of 0 ${unit}s holds nothing.` : `${count} ${unit}s are more than ten years, the longest period.`,
    'Examples: "last 30 days", "last 12 months", "últimos 7 días".',
  );
}

/** N whole units before the current one: "last 7 days" ends yesterday, "last 3 months" with the last complete month. */
function lastUnits(countText: string, unitText: string, context: Context): PeriodReading {
  const unit = UNITS[unitText] ?? 'day';
  const count = bounded(countOf(countText), unit);
  const to = addDays(START[unit](context.today), -1);
  const names = count === 1 ? unit : `${unit}s`;
  return {
    from: START[unit](shift(START[unit](context.today), unit, -count)),
    to,
    unit,
    note: unit === 'day' ? `${count} full ${names} ending yesterday` : `${count} whole calendar ${names}, the last that are over`,
  };
}

const ROLLING: readonly Reader[] = [
  patterned(
    `(?:${LASTS}|(?:${LAST})) (${COUNT}) (?:full |complete |whole |calendar )?(${UNIT})(?: completos| completas)?`,
    ([count = '', unit = ''], context) => lastUnits(count, unit, context),
  ),
  patterned(`(\\d{1,9}) (?:${LASTS}) (${UNIT})`, ([count = '', unit = ''], context) => lastUnits(count, unit, context)),
  patterned(`(${COUNT}) (${UNIT})(?: (?:${LASTS}))?`, ([count = '', unit = ''], context) => lastUnits(count, unit, context)),
  patterned('(?:last |past )?(\\d{1,9}) ?(d|w)', ([count = '', unit = ''], context) => lastUnits(count, unit, context)),
];

const quarterOf =
  (quarter: number) =>
  (year: number): PeriodReading =>
    wholeUnit('quarter', dayOf(year, 3 * quarter - 2, 1));
const halfOf =
  (half: number) =>
  (year: number): PeriodReading =>
    wholeUnit('half', dayOf(year, 6 * half - 5, 1));

const PARTS_OF_YEAR: readonly Reader[] = [
  patterned(`(?:[qt] ?([1-4])|([1-4])[qt]|(?:quarter|trimestre) ([1-4]))${OF_YEAR}`, ([one, two, three, year], context) =>
    inYear(yearNamed(year, context), context, quarterOf(Number(one ?? two ?? three))),
  ),
  patterned('(\\d{4})[ -]?(?:[qt]([1-4])|([hs])([12]))', ([year, quarter, , half]) =>
    (quarter === undefined ? halfOf(Number(half)) : quarterOf(Number(quarter)))(Number(year)),
  ),
  patterned(`(${ORDINAL}) (?:quarter|trimestre)${OF_YEAR}`, ([ordinal = '', year], context) =>
    inYear(yearNamed(year, context), context, quarterOf(ORDINALS[ordinal] ?? 1)),
  ),
  patterned(`(?:[hs] ?([12])|([12])[hs])${OF_YEAR}`, ([one, two, year], context) =>
    inYear(yearNamed(year, context), context, halfOf(Number(one ?? two))),
  ),
  patterned(`(${ORDINAL}) (?:half(?: of the year)?|semester|semestre)${OF_YEAR}`, ([ordinal = '', year], context) => {
    const half = ORDINALS[ordinal] ?? 1;
    return half > 2 ? undefined : inYear(yearNamed(year, context), context, halfOf(half));
  }),
  patterned('(?:last|ultimo) (quarter|trimestre|month|mes|semester|semestre|half) (?:of|de|del) (\\d{4})', ([unit = '', year]) =>
    wholeUnit(UNITS[unit] ?? 'month', dayOf(Number(year), 12, 31)),
  ),
  patterned('(?:year |ano )?(\\d{4})', ([year]) => wholeUnit('year', dayOf(Number(year), 1, 1))),
];

function weekNumbered(weekText: string, year: number | undefined, context: Context): PeriodReading {
  const week = Number(weekText);
  const inIsoYear = (isoYear: number): PeriodReading => {
    if (week < 1 || week > isoWeeksInYear(isoYear)) {
      throw invalid(
        `${isoYear} has no week ${week}.`,
        `ISO weeks of ${isoYear} go from 1 to ${isoWeeksInYear(isoYear)}. Example: "${isoYear}-W48".`,
      );
    }
    return wholeUnit('week', mondayOfIsoWeek(isoYear, week));
  };
  if (year !== undefined) return inIsoYear(year);
  // The latest that has begun; week 53 is looked for in the latest years that have one.
  const current = isoWeek(context.latest);
  let isoYear = week <= current.week ? current.year : current.year - 1;
  for (let tries = 0; week === 53 && isoWeeksInYear(isoYear) < 53 && tries < 7; tries++) isoYear--;
  return inIsoYear(isoYear);
}

const WEEKS: readonly Reader[] = [
  patterned('(\\d{4})[ -]?w ?-?(\\d{1,2})', ([year, week = ''], context) => weekNumbered(week, Number(year), context)),
  patterned(`(?:week|semana|w)(?: number| numero)? ?(\\d{1,2})${OF_YEAR}`, ([week = '', year], context) =>
    weekNumbered(week, yearNamed(year, context), context),
  ),
  (words, context) => {
    const match = /^(?:week|semana) (?:of|del|de) (?:the |el )?(.+)$/.exec(words);
    const day = match?.[1] === undefined ? undefined : readFirst(DATES, match[1], context);
    return day === undefined ? undefined : wholeUnit('week', day.from);
  },
];

const monthOfYear =
  (month: number) =>
  (year: number): PeriodReading =>
    wholeUnit('month', dayOf(year, month, 1));

const MONTHS_NAMED: readonly Reader[] = [
  patterned('(\\d{4})[-/](\\d{1,2})|(\\d{1,2})/(\\d{4})', ([year, month, monthFirst, yearLast]) =>
    monthNumbered(Number(year ?? yearLast), Number(month ?? monthFirst)),
  ),
  patterned(`(?:month of |mes de )?(${MONTH})\\.?${OF_YEAR}`, ([month = '', year], context) =>
    inYear(yearNamed(year, context), context, monthOfYear(MONTHS[month] ?? 1)),
  ),
  patterned(`(\\d{4})[ -](${MONTH})`, ([year, month = '']) => monthOfYear(MONTHS[month] ?? 1)(Number(year))),
  patterned(`(?:this|este) (${MONTH})`, ([month = ''], { today }) => monthOfYear(MONTHS[month] ?? 1)(yearOf(today))),
  // "Last December" in December is a year ago: the latest that is over.
  patterned(`(?:last|past|previous) (${MONTH})|(${MONTH}) (?:pasado|anterior)`, ([one, other], { today }) => {
    const inThisYear = monthOfYear(MONTHS[one ?? other ?? ''] ?? 1)(yearOf(today));
    return inThisYear.to < today ? inThisYear : { ...wholeUnit('month', addMonths(inThisYear.from, -12)) };
  }),
  patterned(
    `(first|second|primera|segunda) (?:half|quincena) (?:of|de|del) (${MONTH})${OF_YEAR}`,
    ([which = '', month = '', year], context) =>
      inYear(yearNamed(year, context), context, (inYearGiven) => {
        const whole = monthOfYear(MONTHS[month] ?? 1)(inYearGiven);
        const middle = addDays(whole.from, 14);
        return /^(?:first|primera)$/.test(which)
          ? { from: whole.from, to: middle, unit: 'span' }
          : { from: addDays(middle, 1), to: whole.to, unit: 'span' };
      }),
  ),
];

function monthNumbered(year: number, month: number): PeriodReading {
  if (month < 1 || month > 12) throw invalid(`There is no month ${month}.`, `Write a month as YYYY-MM, for example "${year}-12".`);
  return monthOfYear(month)(year);
}

// 'monday ', 'jueves ', 'el ' before a date; 'th' and 'st' after its number.
const BEFORE_DATE = `(?:(?:${WEEKDAY})[ ,]+)?(?:the |el )?`;
const DAY_NUMBER = '(\\d{1,2})(?:st|nd|rd|th|o|ro)?';

const dayInYear = (dayText: string, monthText: string, yearText: string | undefined, context: Context): PeriodReading => {
  const month = MONTHS[monthText] ?? 1;
  // Without a year, 29 February is the latest that existed.
  const year = yearNamed(yearText, context);
  if (year === undefined && month === 2 && Number(dayText) === 29) {
    let leap = yearOf(context.latest);
    while (daysInMonth(leap, 2) < 29 || dayOf(leap, 2, 29) > context.latest) leap--;
    return oneDay(dayOf(leap, 2, 29));
  }
  return inYear(year, context, (inYearGiven) => oneDay(existingDay(inYearGiven, month, Number(dayText))));
};

const DATES: readonly Reader[] = [
  patterned('(\\d{4})-(\\d{1,2})-(\\d{1,2})|(\\d{4})/(\\d{1,2})/(\\d{1,2})', ([y1, m1, d1, y2, m2, d2]) =>
    oneDay(existingDay(Number(y1 ?? y2), Number(m1 ?? m2), Number(d1 ?? d2))),
  ),
  patterned('(\\d{1,2})[-/.](\\d{1,2})[-/.](\\d{4})', ([one, two, year]) =>
    oneDay(dayFromTwoNumbers(Number(one), Number(two), Number(year))),
  ),
  patterned(`${BEFORE_DATE}${DAY_NUMBER}[ -](?:of |de )?(${MONTH})\\.?${OF_YEAR}`, ([day = '', month = '', year], context) =>
    dayInYear(day, month, year, context),
  ),
  patterned(`${BEFORE_DATE}(${MONTH})\\.? (?:the )?${DAY_NUMBER}${OF_YEAR}`, ([month = '', day = '', year], context) =>
    dayInYear(day, month, year, context),
  ),
];

/** 20/11/2025 can only be 20 November; 03/04/2025 is two different days in San José and in Boston, so it is asked back. */
function dayFromTwoNumbers(one: number, two: number, year: number): Day {
  if (one > 12) return existingDay(year, two, one);
  if (two > 12) return existingDay(year, one, two);
  if (one === two) return existingDay(year, one, one);
  const [dayFirst, monthFirst] = [existingDay(year, two, one), existingDay(year, one, two)];
  throw invalid(
    `${one}/${two}/${year} can be ${dayFirst} or ${monthFirst}.`,
    `Write the date as YYYY-MM-DD: "${dayFirst}" or "${monthFirst}".`,
  );
}

const BETWEEN_DAYS = '(?:to|through|until|and|al|a|hasta(?: el)?|y|y el|-|–)';

/** A reading that goes from the beginning of one to the end of the other. */
const joined = (first: PeriodReading, second: PeriodReading): PeriodReading => ({ from: first.from, to: second.to, unit: 'span' });

/** Reads the two ends of a range; an end without a year takes it from the other. */
function readEnds(firstWords: string, secondWords: string, context: Context): PeriodReading | undefined {
  const second = readFirst(POINTS, secondWords, context);
  if (second === undefined) return undefined;
  const yearless = (words: string): boolean => !/\d{4}|this|last|ago|este|pasado|hace|today|hoy|yesterday|ayer/.test(words);
  if (!yearless(firstWords) && yearless(secondWords)) {
    const first = readFirst(POINTS, firstWords, context);
    if (first === undefined) return undefined;
    // The first such end that is not before the beginning.
    const sameYear = readFirst(POINTS, `${secondWords} ${yearOf(first.from)}`, context);
    if (sameYear === undefined) return joined(first, second);
    const nextYear = sameYear.to < first.from ? readFirst(POINTS, `${secondWords} ${yearOf(first.from) + 1}`, context) : undefined;
    return joined(first, nextYear ?? sameYear);
  }
  const first = readFirst(POINTS, firstWords, {
    ...context,
    latest: yearless(firstWords) ? earlier(second.to, context.today) : context.latest,
  });
  if (first === undefined) return undefined;
  // With the end in the future ("from November to January 2027") the beginning is the latest before that end.
  if (yearless(firstWords) && second.from > context.today) {
    const nearest = readFirst(POINTS, firstWords, { ...context, latest: second.from });
    return joined(nearest ?? first, second);
  }
  return joined(first, second);
}

const RANGES: readonly Reader[] = [
  patterned(
    `(?:between |entre |from |desde )?(?:the |el )?${DAY_NUMBER} ?${BETWEEN_DAYS} ?(?:the |el )?${DAY_NUMBER} (?:of |de )?(${MONTH})\\.?${OF_YEAR}`,
    ([first = '', last = '', month = '', year], context) => daysOfMonth(first, last, month, year, context),
  ),
  patterned(
    `(?:between |entre |from |desde )?(${MONTH})\\.? ${DAY_NUMBER} ?${BETWEEN_DAYS} ?${DAY_NUMBER}${OF_YEAR}`,
    ([month = '', first = '', last = '', year], context) => daysOfMonth(first, last, month, year, context),
  ),
  (words, context) => {
    const match =
      /^(?:since|from|desde|a partir de|a partir del)(?: (?:the|el|la))? (.+?)(?: (?:on|onwards|until now|to date|hasta hoy|hasta ahora|en adelante))?$/.exec(
        words,
      );
    const start = match?.[1] === undefined ? undefined : readFirst(POINTS, match[1], context);
    return start === undefined ? undefined : { from: start.from, to: start.from > context.today ? start.to : context.today, unit: 'span' };
  },
  ...[
    /^(?:between|entre) (.+?) (?:and|y) (.+)$/,
    /^(.+?) ?(?:\.\.\.?|…) ?(.+)$/,
    /^(?:from |desde |de )?(.+?) (?:to|through|thru|until|till|hasta|al|a) (.+)$/,
    /^(.+?) - (.+)$/,
    /^(\d{4}-\d{2}-\d{2})\/(\d{4}-\d{2}-\d{2})$/,
    /^([a-z]+)-([a-z]+(?: (?:de |del |of )?\d{4})?)$/,
  ].map(
    (pattern): Reader =>
      (words, context) => {
        const match = pattern.exec(words);
        if (match?.[1] === undefined || match[2] === undefined) return undefined;
        return readEnds(withoutFillers(match[1]), withoutFillers(match[2]), context);
      },
  ),
];

/** "1 to 15 November"; without a year the latest that has begun, even when it is not over. */
function daysOfMonth(first: string, last: string, month: string, year: string | undefined, context: Context): PeriodReading {
  const { from } = dayInYear(first, month, year, context);
  return { from, to: existingDay(yearOf(from), MONTHS[month] ?? 1, Number(last)), unit: 'span' };
}

/** What may stand at an end of a range. */
const POINTS: readonly Reader[] = [...DATES, ...NAMED_DAYS, ...MONTHS_NAMED, ...PARTS_OF_YEAR, ...WEEKS, ...RELATIVE];
const READERS: readonly Reader[] = [
  ...NAMED_DAYS,
  ...TO_DATE,
  ...RELATIVE,
  ...ROLLING,
  ...PARTS_OF_YEAR,
  ...WEEKS,
  ...MONTHS_NAMED,
  ...DATES,
  ...RANGES,
];

function readFirst(readers: readonly Reader[], words: string, context: Context): PeriodReading | undefined {
  for (const read of readers) {
    const reading = read(words, context);
    if (reading !== undefined) return reading;
  }
  return undefined;
}

/** Lower case, no accents, single spaces, no closing punctuation, plain dashes, '25 written out as 2025. */
export function plainWords(text: string): string {
  return withoutAccents(text)
    .replace(/[\u2010-\u2015\u2212]/g, '-')
    .replace(/[\u2018\u2019']([0-9]{2})$/, '20$1')
    .replace(/[\u2018\u2019'"¿¡]/g, '')
    .replace(/[.?!,;:]+$/g, '')
    .replace(/\s+/g, ' ')
    .trim();
}

/** Without the small words that may come first: "durante el", "in the". */
export function withoutFillers(words: string): string {
  let rest = words;
  for (;;) {
    const shorter = rest.replace(
      /^(?:in|on|during|for|over|within|of|the|en|durante|de|del|por|para|el|la|los|las|al|todo|toda|whole|entire|full) /,
      '',
    );
    if (shorter === rest) return rest;
    rest = shorter;
  }
}

/**
 * Reads a period written in English or Spanish; accents and case do not matter. Calendar units are whole ones, weeks begin on
 * Monday, "last N units" are the N whole ones before the current, and a month, quarter or day without a year is the latest that has begun. Undefined for
 * words it does not know. Throws ToolError invalid_input for what it understands but cannot be: 30 February, week 60, 03/04/2025.
 */
export function readPeriodWords(words: string, today: Day): PeriodReading | undefined {
  const plain = plainWords(words);
  const context: Context = { today, latest: today };
  // "desde", "from" and "between" begin a range; the other small words say nothing.
  return readFirst(READERS, plain, context) ?? readFirst(READERS, withoutFillers(plain), context);
}
