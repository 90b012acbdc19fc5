import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { DayRange } from '../../shared/domain/calendar_day.ts';
import { addDays, addMonths, isDay, lengthOf, startOfMonth, startOfQuarter, startOfYear } from '../../shared/domain/calendar_day.ts';
import { CampaignRef, PeriodArguments } from '../../shared/domain/period_arguments.ts';
import { ACCEPTED_PERIODS } from '../../shared/domain/period_words.ts';
import type { AskedPeriod, PeriodOptions } from '../../shared/domain/periods.ts';
import { answeredPeriods, previousPeriod, resolvePeriod, sameLastYear } from '../../shared/domain/periods.ts';
import { ToolError } from '../../shared/domain/tool_error.ts';

const TODAY = '2026-11-21'; // a Saturday, in ISO week 47
const on = (today: string) => ({ today: () => today, timeZone: 'America/Costa_Rica' });
const BY_DEFAULT: PeriodOptions = { default: 'last month' };

const resolve = (asked: string | AskedPeriod, today = TODAY, options = BY_DEFAULT) =>
  resolvePeriod(typeof asked === 'string' ? { period: asked } : asked, on(today), options);
const days = (asked: string | AskedPeriod, today = TODAY, options = BY_DEFAULT) => {
  const { from, to } = resolve(asked, today, options);
  return `${from}..${to}`;
};
const errorOf = (ask: () => unknown): ToolError => {
  try {
    ask();
  } catch (error) {
    if (error instanceof ToolError) return error;
    throw error;
  }
  throw new Error('no error was thrown');
};

const anyToday = fc.integer({ min: 0, max: 10_000 }).map((count) => addDays('2012-01-01', count));

describe('period words (T5)', () => {
  it.each([
    // today 2026-11-21
    ['today', '2026-11-21..2026-11-21'],
    ['ayer', '2026-11-20..2026-11-20'],
    ['anteayer', '2026-11-19..2026-11-19'],
    ['this week', '2026-11-16..2026-11-21'],
    ['LA SEMANA PASADA', '2026-11-09..2026-11-15'],
    ['este mes', '2026-11-01..2026-11-21'],
    ['¿El mes pasado?', '2026-10-01..2026-10-31'],
    ['mes anterior', '2026-10-01..2026-10-31'],
    ['durante el último trimestre', '2026-07-01..2026-09-30'],
    ['this year', '2026-01-01..2026-11-21'],
    ['el ano pasado', '2025-01-01..2025-12-31'],
    ['el mes antepasado', '2026-09-01..2026-09-30'],
    ['hace dos semanas', '2026-11-02..2026-11-08'],
    ['3 months ago', '2026-08-01..2026-08-31'],
    ['last weekend', '2026-11-14..2026-11-15'],
    ['el lunes', '2026-11-16..2026-11-16'],
    // rolling: whole units before the current one
    ['últimos 7 días', '2026-11-14..2026-11-20'],
    ['7d', '2026-11-14..2026-11-20'],
    ['30 días', '2026-10-22..2026-11-20'],
    ['in the last 30 days', '2026-10-22..2026-11-20'],
    ['past 2 weeks', '2026-11-02..2026-11-15'],
    ['los últimos tres meses', '2026-08-01..2026-10-31'],
    ['last 4 quarters', '2025-10-01..2026-09-30'],
    // named months: the latest that has begun
    ['december', '2025-12-01..2025-12-31'],
    ['noviembre', '2026-11-01..2026-11-21'],
    ['last november', '2025-11-01..2025-11-30'],
    ['December 2025', '2025-12-01..2025-12-31'],
    ['diciembre de 2025', '2025-12-01..2025-12-31'],
    ['dic 2025', '2025-12-01..2025-12-31'],
    ["dec '25", '2025-12-01..2025-12-31'],
    ['setiembre del 2025', '2025-09-01..2025-09-30'],
    ['diciembre del año pasado', '2025-12-01..2025-12-31'],
    ['primera quincena de octubre', '2026-10-01..2026-10-15'],
    ['2025-12', '2025-12-01..2025-12-31'],
    ['12/2025', '2025-12-01..2025-12-31'],
    ['2025', '2025-01-01..2025-12-31'],
    // parts of years
    ['Q3', '2026-07-01..2026-09-30'],
    ['Q4', '2026-10-01..2026-11-21'],
    ['T3 2025', '2025-07-01..2025-09-30'],
    ['2025-Q3', '2025-07-01..2025-09-30'],
    ['tercer trimestre', '2026-07-01..2026-09-30'],
    ['III trimestre de 2025', '2025-07-01..2025-09-30'],
    ['último trimestre de 2025', '2025-10-01..2025-12-31'],
    ['H1 2025', '2025-01-01..2025-06-30'],
    ['segundo semestre de 2025', '2025-07-01..2025-12-31'],
    ['2025-W48', '2025-11-24..2025-11-30'],
    ['week 48', '2025-11-24..2025-11-30'],
    ['semana 1 de 2026', '2025-12-29..2026-01-04'],
    ['semana del 20 de noviembre de 2025', '2025-11-17..2025-11-23'],
    // to date
    ['YTD', '2026-01-01..2026-11-21'],
    ['month to date', '2026-11-01..2026-11-21'],
    ['en lo que va del año', '2026-01-01..2026-11-21'],
    ['qtd', '2026-10-01..2026-11-21'],
    // ranges
    ['since 2025-11-01', '2025-11-01..2026-11-21'],
    ['desde el 1 de enero', '2026-01-01..2026-11-21'],
    ['between 2025-11-01 and 2025-11-20', '2025-11-01..2025-11-20'],
    ['entre enero y marzo', '2026-01-01..2026-03-31'],
    ['entre noviembre y enero', '2025-11-01..2026-01-31'],
    ['from october to december 2025', '2025-10-01..2025-12-31'],
    ['from december to january 2026', '2025-12-01..2026-01-31'],
    ['de noviembre de 2024 a enero', '2024-11-01..2025-01-31'],
    ['2025-11-01..2025-11-20', '2025-11-01..2025-11-20'],
    ['2025-11-01 – 2025-11-20', '2025-11-01..2025-11-20'],
    ['del 1 al 15 de noviembre', '2026-11-01..2026-11-15'],
    ['del 1 al 15 de noviembre de 2025', '2025-11-01..2025-11-15'],
    ['November 1-15, 2025', '2025-11-01..2025-11-15'],
    // single days
    ['20 de noviembre de 2025', '2025-11-20..2025-11-20'],
    ['el jueves 20 de noviembre de 2025', '2025-11-20..2025-11-20'],
    ['November 20th, 2025', '2025-11-20..2025-11-20'],
    ['20/11/2025', '2025-11-20..2025-11-20'],
    ['29 de febrero', '2024-02-29..2024-02-29'],
  ])('reads %s', (words, expected) => {
    expect(days(words)).toBe(expected);
  });

  it('reads the period it was asked for on the first and last day of a year', () => {
    expect(days('last month', '2026-01-01')).toBe('2025-12-01..2025-12-31');
    expect(days('last quarter', '2026-01-01')).toBe('2025-10-01..2025-12-31');
    expect(days('last week', '2026-01-01')).toBe('2025-12-22..2025-12-28');
    expect(days('ytd', '2026-01-01')).toBe('2026-01-01..2026-01-01');
    expect(days('last 1 days', '2026-01-01')).toBe('2025-12-31..2025-12-31');
    expect(days('this month', '2025-12-31')).toBe('2025-12-01..2025-12-31');
    expect(days('week 53', '2026-01-05')).toBe('2020-12-28..2021-01-03');
  });

  it('understands every form its own messages offer', () => {
    for (const form of ACCEPTED_PERIODS) expect(() => resolve(form), form).not.toThrow();
  });

  const SAME_IN_BOTH: readonly (readonly [string, string])[] = [
    ['today', 'hoy'],
    ['yesterday', 'ayer'],
    ['this week', 'esta semana'],
    ['last week', 'la semana pasada'],
    ['this month', 'este mes'],
    ['last month', 'el mes pasado'],
    ['previous month', 'mes anterior'],
    ['this quarter', 'este trimestre'],
    ['last quarter', 'el trimestre pasado'],
    ['this year', 'este año'],
    ['last year', 'el año pasado'],
    ['last 7 days', 'últimos 7 días'],
    ['last 3 months', 'los últimos tres meses'],
    ['december', 'diciembre'],
    ['may', 'mayo'],
    ['Q3', 'T3'],
    ['third quarter', 'tercer trimestre'],
    ['H2', 'segundo semestre'],
    ['week 7', 'semana 7'],
    ['year to date', 'en lo que va del año'],
    ['month to date', 'en lo que va del mes'],
    ['since march', 'desde marzo'],
    ['between march and may', 'entre marzo y mayo'],
    ['1 to 15 november', 'del 1 al 15 de noviembre'],
    ['november 3', '3 de noviembre'],
    ['last friday', 'el viernes pasado'],
    ['2 weeks ago', 'hace 2 semanas'],
    ['this month vs previous', 'este mes contra el período anterior'],
    ['last month vs last year', 'el mes pasado comparado con el año pasado'],
  ];

  it('reads Spanish and English alike, whatever day it is', () => {
    fc.assert(
      fc.property(anyToday, fc.constantFrom(...SAME_IN_BOTH), (today, [english, spanish]) => {
        const read = (words: string) => {
          const { from, to, unit, compareTo } = resolve(words, today);
          return { from, to, unit, compareFrom: compareTo?.from, compareTo: compareTo?.to };
        };
        expect(read(spanish)).toEqual(read(english));
      }),
      { numRuns: 400 },
    );
  });

  it('never ends before it begins, never reaches past today, and holds existing days', () => {
    fc.assert(
      fc.property(anyToday, fc.constantFrom(...SAME_IN_BOTH.flat()), (today, words) => {
        const { from, to } = resolve(words, today);
        expect([isDay(from), isDay(to), from <= to, to <= today]).toEqual([true, true, true, true]);
      }),
      { numRuns: 400 },
    );
  });

  it('counts the days it was asked for', () => {
    fc.assert(
      fc.property(anyToday, fc.integer({ min: 1, max: 3000 }), (today, count) => {
        const period = resolve(`last ${count} days`, today);
        expect(lengthOf(period)).toBe(count);
        expect(period.to).toBe(addDays(today, -1));
      }),
    );
  });

  it('gives the same days on a machine in any time zone', async () => {
    const script = `
      import { resolvePeriod } from ${JSON.stringify(new URL('../../shared/domain/periods.ts', import.meta.url).href)};
      const clock = { today: () => '2026-01-01', timeZone: 'America/Costa_Rica' };
      const words = ['today', 'this week', 'last month', 'last 30 days', 'Q3 2025', '2025-W01', 'since 2025-03-08', 'ytd vs last year'];
      process.stdout.write(JSON.stringify(words.map((period) => resolvePeriod({ period }, clock, { default: 'today' }))));`;
    const runIn = async (zone: string): Promise<string> => {
      const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], {
        cwd: fileURLToPath(new URL('../..', import.meta.url)),
        env: { ...process.env, TZ: zone },
        timeout: 20_000,
      });
      return stdout;
    };
    const east = await runIn('Pacific/Kiritimati');
    expect(east).toContain('"from":"2025-12-29"');
    expect(await runIn('America/Los_Angeles')).toBe(east);
  });
});

describe('how a period was read', () => {
  it('says what the words were taken for, in which time zone and on which day', () => {
    expect(resolve('el mes pasado')).toEqual({
      from: '2026-10-01',
      to: '2026-10-31',
      timeZone: 'America/Costa_Rica',
      today: TODAY,
      readAs: 'el mes pasado → October 2026',
      unit: 'month',
    });
  });

  it('says that "last 30 days" ends yesterday and that "last 3 months" are whole ones', () => {
    expect(resolve('last 30 days').readAs).toContain('30 full days ending yesterday');
    expect(resolve('last 3 months').readAs).toContain('3 whole calendar months');
  });

  it('cuts what reaches into the future at today, and says so', () => {
    const period = resolve('Q4 2026');
    expect(period.to).toBe(TODAY);
    expect(period.readAs).toBe('Q4 2026 → Q4 2026 (cut at today; it ends on 2026-12-31)');
    expect(days({ startDate: '2026-11-01', endDate: '2027-02-01' })).toBe('2026-11-01..2026-11-21');
  });

  it('takes the default when nothing is asked, and blanks and nulls for nothing', () => {
    expect(days({})).toBe('2026-10-01..2026-10-31');
    expect(days({ period: ' ', startDate: null, endDate: '' })).toBe('2026-10-01..2026-10-31');
    expect(resolve({}).readAs).toBe('last month (default) → October 2026');
  });

  it('takes the campaign for the default and for "toda la campaña"', () => {
    const options = { default: { from: '2026-10-05', to: '2026-12-24' } };
    for (const asked of [{}, { period: 'toda la campaña' }, { period: 'whole campaign' }, { period: 'all time' }, { period: 'Siempre' }]) {
      expect(days(asked, TODAY, options)).toBe('2026-10-05..2026-11-21');
    }
    expect(days('siempre', TODAY, { default: 'last month', campaign: { from: '2025-10-05', to: '2025-12-24' } })).toBe(
      '2025-10-05..2025-12-24',
    );
  });

  it('gives an answer its period and what it is compared with, and nothing else', () => {
    expect(answeredPeriods(resolve('this month vs previous'))).toEqual({
      period: {
        from: '2026-11-01',
        to: '2026-11-21',
        timeZone: 'America/Costa_Rica',
        today: TODAY,
        readAs: 'this month → November 2026 (cut at today; it ends on 2026-11-30); previous period → 2026-10-01 to 2026-10-21',
      },
      previousPeriod: { from: '2026-10-01', to: '2026-10-21' },
    });
    expect(answeredPeriods(resolve('today'))).not.toHaveProperty('previousPeriod');
  });
});

describe('dates', () => {
  it('takes both ends, inclusive, and a single day in words', () => {
    expect(days({ startDate: '2025-11-01', endDate: '2025-11-20' })).toBe('2025-11-01..2025-11-20');
    expect(days({ startDate: '1 de noviembre de 2025', endDate: 'yesterday' })).toBe('2025-11-01..2026-11-20');
  });

  it.each<readonly [string, AskedPeriod, RegExp, RegExp]>([
    ['only a start', { startDate: '2025-11-01' }, /startDate was given without endDate/, /since 2025-11-01/],
    ['only an end', { endDate: '2025-11-01' }, /endDate was given without startDate/, /Give both/],
    ['a reversed range', { startDate: '2025-11-20', endDate: '2025-11-01' }, /is after/, /startDate "2025-11-01", endDate "2025-11-20"/],
    ['a reversed range in words', { period: '2025-11-20..2025-11-01' }, /before it begins/, /2025-11-01\.\.2025-11-20/],
    ['words and dates at once', { period: 'today', startDate: '2025-11-01', endDate: '2025-11-02' }, /Both/, /either/],
    ['a day that does not exist', { startDate: '2025-02-30', endDate: '2025-03-01' }, /no day 2025-02-30/, /2025-02-28/],
    ['30 de febrero', { period: '30 de febrero' }, /no day 2026-02-30/, /2026-02-28/],
    ['a month that does not exist', { period: '2025-13' }, /no month 13/, /2025-12/],
    ['a week that does not exist', { period: '2025-W53' }, /no week 53/, /1 to 52/],
    ['a date that can be two', { period: '03/04/2025' }, /2025-04-03 or 2025-03-04/, /YYYY-MM-DD/],
    ['a range as startDate', { startDate: 'last month', endDate: 'today' }, /not a date/, /give it as period/],
    ['an instant as a date', { startDate: '2025-11-01T00:00:00Z', endDate: '2025-11-02' }, /not a date/, /YYYY-MM-DD/],
    ['a year before 2000', { period: '1999' }, /year 1999/, /2000 to 2100/],
    ['a year after 2100', { startDate: '2025-01-01', endDate: '2101-01-01' }, /year 2101/, /2000 to 2100/],
    ['more than ten years', { period: '2012..2025' }, /more than ten years/, /at most ten years/],
    ['more days than ten years have', { period: 'last 99999999 days' }, /more than ten years/, /last 30 days/],
    ['no days at all', { period: 'last 0 days' }, /holds nothing/, /last 30 days/],
    ['the future', { period: 'next month' }, /in the future; today is 2026-11-21/, /up to 2026-11-21/],
    ['tomorrow', { period: 'mañana' }, /in the future/, /up to/],
    ['a campaign where there is none', { period: 'all time' }, /not about one campaign/, /at most ten years/],
    ['unknown words', { period: 'when the moon is full' }, /not a period I understand/, /"last month"/],
    ['mistyped words', { period: 'lst mont' }, /Did you mean "last month"/, /Accepted/],
    ['mistyped Spanish words', { period: 'la semna pasada' }, /Did you mean "la semana pasada"/, /Accepted/],
    ['an unknown comparison', { period: 'last month vs budget' }, /"budget" is not a period/, /Accepted/],
    ['a text without end', { period: 'last '.repeat(1000) }, /5000|4999 characters/, /short/],
  ])('refuses %s and says what would be right', (_, asked, message, remedy) => {
    const error = errorOf(() => resolve(asked));
    expect(error.errorClass).toBe('invalid_input');
    expect(error.message).toMatch(message);
    expect(error.remedy).toMatch(remedy);
  });

  it('answers any text with a period or a ToolError, at once', () => {
    const words = fc.constantFrom(
      ...'last past this next de del el la a al y and to vs - .. / week month year día mes año 2025 31 0 99 Q3 w60 since desde between noviembre may feb ago hace'.split(
        ' ',
      ),
    );
    const anyText = fc.oneof(
      fc.string({ maxLength: 200 }),
      fc.array(words, { maxLength: 12 }).map((some) => some.join(' ')),
    );
    fc.assert(
      fc.property(anyText, anyToday, (text, today) => {
        const started = performance.now();
        try {
          const { from, to } = resolve(text, today);
          expect(from <= to && to <= today).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(ToolError);
          expect((error as ToolError).remedy).toBeTruthy();
        }
        expect(performance.now() - started).toBeLessThan(500);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('comparisons', () => {
  const rangeBefore = (asked: string, today = TODAY) => {
    const { from, to } = previousPeriod(resolve(asked, today));
    return `${from}..${to}`;
  };
  const yearBefore = (asked: string, today = TODAY) => {
    const { from, to } = sameLastYear(resolve(asked, today));
    return `${from}..${to}`;
  };

  it('takes whole months before whole months', () => {
    expect(rangeBefore('october 2025')).toBe('2025-09-01..2025-09-30');
    expect(rangeBefore('2025-03')).toBe('2025-02-01..2025-02-28');
    expect(rangeBefore('Q1 2025')).toBe('2024-10-01..2024-12-31');
    expect(rangeBefore('H1 2025')).toBe('2024-07-01..2024-12-31');
    expect(rangeBefore('2025')).toBe('2024-01-01..2024-12-31');
    expect(rangeBefore('last 3 months')).toBe('2026-05-01..2026-07-31');
    expect(rangeBefore('2025-01-01..2025-03-31')).toBe('2024-10-01..2024-12-31');
  });

  it('takes the same days of the month, quarter or year before when the current one is not over', () => {
    expect(rangeBefore('this month')).toBe('2026-10-01..2026-10-21');
    expect(rangeBefore('mtd', '2026-03-30')).toBe('2026-02-01..2026-02-28');
    expect(rangeBefore('this quarter')).toBe('2026-07-01..2026-08-21');
    expect(rangeBefore('qtd', '2026-10-05')).toBe('2026-07-01..2026-07-05');
    expect(rangeBefore('ytd')).toBe('2025-01-01..2025-11-21');
    expect(rangeBefore('ytd', '2026-07-31')).toBe('2025-01-01..2025-07-31');
    expect(rangeBefore('qtd', '2026-04-30')).toBe('2026-01-01..2026-01-31');
    expect(rangeBefore('this week')).toBe('2026-11-09..2026-11-14');
  });

  it('takes as many days, ending the day before, of anything else', () => {
    expect(rangeBefore('last 7 days')).toBe('2026-11-07..2026-11-13');
    expect(rangeBefore('2025-11-11..2025-11-20')).toBe('2025-11-01..2025-11-10');
    expect(rangeBefore('last week')).toBe('2026-11-02..2026-11-08');
    expect(rangeBefore('yesterday')).toBe('2026-11-19..2026-11-19');
    // 30 days that happen to be April are still 30 days.
    expect(rangeBefore('last 30 days', '2026-05-01')).toBe('2026-03-02..2026-03-31');
  });

  it('always lies before, and touches the period when that is whole', () => {
    const asked = fc.constantFrom(
      'last month',
      'last week',
      'last quarter',
      'last year',
      'last 9 days',
      'last 5 months',
      'yesterday',
      'Q2',
      'december',
    );
    fc.assert(
      fc.property(anyToday, asked, (today, words) => {
        const period = resolve(words, today);
        const previous = previousPeriod(period);
        expect(previous.from <= previous.to && previous.to < period.from).toBe(true);
        const whole = period.to < today;
        if (whole) expect(addDays(previous.to, 1)).toBe(period.from);
      }),
    );
  });

  it('of a period to date begins where the unit before begins, and is no longer', () => {
    const starts: Readonly<Record<string, (day: string) => string>> = { mtd: startOfMonth, qtd: startOfQuarter, ytd: startOfYear };
    const monthsBack: Readonly<Record<string, number>> = { mtd: 1, qtd: 3, ytd: 12 };
    fc.assert(
      fc.property(anyToday, fc.constantFrom('mtd', 'qtd', 'ytd'), (today, words) => {
        const period: DayRange = resolve(words, today);
        const previous = previousPeriod(resolve(words, today));
        expect(previous.from).toBe(starts[words]!(addMonths(period.from, -monthsBack[words]!)));
        expect(previous.to < period.from).toBe(true);
      }),
    );
  });

  it('keeps months whole and weekdays in place a year ago', () => {
    expect(yearBefore('2025-02')).toBe('2024-02-01..2024-02-29');
    expect(yearBefore('2024-02')).toBe('2023-02-01..2023-02-28');
    expect(yearBefore('2024-02-29')).toBe('2023-02-28..2023-02-28');
    expect(yearBefore('this month')).toBe('2025-11-01..2025-11-21');
    expect(yearBefore('last week')).toBe('2025-11-10..2025-11-16');
    expect(yearBefore('last 7 days')).toBe('2025-11-14..2025-11-20');
  });

  it.each([
    ['vs previous', '2026-10-01..2026-10-31', '2026-09-01..2026-09-30'],
    ['this month vs previous', '2026-11-01..2026-11-21', '2026-10-01..2026-10-21'],
    ['este mes contra el período anterior', '2026-11-01..2026-11-21', '2026-10-01..2026-10-21'],
    ['el mes pasado comparado con el año pasado', '2026-10-01..2026-10-31', '2025-10-01..2025-10-31'],
    ['last month vs same month last year', '2026-10-01..2026-10-31', '2025-10-01..2025-10-31'],
    ['Q3 2026 YoY', '2026-07-01..2026-09-30', '2025-07-01..2025-09-30'],
    ['diciembre 2025 vs diciembre 2023', '2025-12-01..2025-12-31', '2023-12-01..2023-12-31'],
    ['hoy vs ayer', '2026-11-21..2026-11-21', '2026-11-20..2026-11-20'],
  ])('reads "%s"', (words, range, comparedWith) => {
    const { compareTo } = resolve(words);
    expect(days(words)).toBe(range);
    expect(`${compareTo?.from}..${compareTo?.to}`).toBe(comparedWith);
    expect(compareTo?.readAs).toContain('→');
  });
});

describe('the shared arguments', () => {
  const Arguments = z.strictObject({ campaignName: CampaignRef, ...PeriodArguments });

  it('are trimmed, bounded and optional, and describe themselves with examples', () => {
    expect(Arguments.parse({ campaignName: '  Verano ', period: ' last month ' })).toEqual({
      campaignName: 'Verano',
      period: 'last month',
    });
    expect(Arguments.safeParse({ campaignName: ' ' }).success).toBe(false);
    expect(Arguments.safeParse({ campaignName: 'x'.repeat(201) }).success).toBe(false);
    const { properties, required } = z.toJSONSchema(Arguments);
    expect(required).toEqual(['campaignName']);
    for (const [name, schema] of Object.entries(properties ?? {})) expect(JSON.stringify(schema), name).toMatch(/Examples?:/);
  });
});
