import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addDays,
  addMonths,
  dayOf,
  daysBetween,
  endOfHalf,
  endOfMonth,
  endOfQuarter,
  endOfYear,
  isDay,
  isoWeek,
  isoWeeksInYear,
  lengthOf,
  mondayOfIsoWeek,
  startOfHalf,
  startOfQuarter,
  startOfWeek,
  weekdayOf,
} from '../../shared/domain/calendar_day.ts';

const anyDay = fc.integer({ min: 0, max: 36_890 }).map((count) => addDays('2000-01-01', count));

describe('days of the calendar', () => {
  it('knows which days exist, leap years included', () => {
    expect(['2024-02-29', '2000-02-29', '2025-12-31'].map(isDay)).toEqual([true, true, true]);
    expect(['2025-02-29', '2100-02-29', '2025-04-31', '2025-13-01', '2025-00-10', '2025-1-1', '2025-11-20T00:00', ''].map(isDay)).toEqual(
      Array.from({ length: 8 }, () => false),
    );
  });

  it('adds days back to where they came from', () => {
    fc.assert(
      fc.property(anyDay, fc.integer({ min: -5000, max: 5000 }), (day, count) => {
        expect(daysBetween(day, addDays(day, count))).toBe(count);
        expect(isDay(addDays(day, count))).toBe(true);
      }),
    );
  });

  it('keeps the day of the month where it exists and takes the last where it does not', () => {
    expect(addMonths('2025-01-31', 1)).toBe('2025-02-28');
    expect(addMonths('2024-02-29', -12)).toBe('2023-02-28');
    expect(addMonths('2025-01-15', -1)).toBe('2024-12-15');
    expect(addMonths('2025-11-30', 14)).toBe('2027-01-30');
  });

  it('numbers weeks as ISO 8601 does, at the turns of years too', () => {
    expect(isoWeek('2027-01-01')).toEqual({ year: 2026, week: 53 });
    expect(isoWeek('2024-12-30')).toEqual({ year: 2025, week: 1 });
    expect(isoWeek('2026-11-21')).toEqual({ year: 2026, week: 47 });
    expect([isoWeeksInYear(2026), isoWeeksInYear(2025)]).toEqual([53, 52]);
    fc.assert(
      fc.property(anyDay, (day) => {
        const { year, week } = isoWeek(day);
        expect(mondayOfIsoWeek(year, week)).toBe(startOfWeek(day));
        expect(weekdayOf(startOfWeek(day))).toBe(1);
      }),
    );
  });

  it('ends quarters, halves and years where the next begin', () => {
    fc.assert(
      fc.property(anyDay, (day) => {
        expect(startOfQuarter(addDays(endOfQuarter(day), 1))).toBe(addDays(endOfQuarter(day), 1));
        expect(startOfHalf(addDays(endOfHalf(day), 1))).toBe(addDays(endOfHalf(day), 1));
        expect(addDays(endOfYear(day), 1).slice(4)).toBe('-01-01');
        expect(addDays(endOfMonth(day), 1).slice(8)).toBe('01');
      }),
    );
  });

  it('makes a whole year of its twelve months', () => {
    for (const year of [2023, 2024]) {
      const months = Array.from({ length: 12 }, (_, month) => dayOf(year, month + 1, 1));
      const days = months.reduce((total, first) => total + lengthOf({ from: first, to: endOfMonth(first) }), 0);
      expect(days).toBe(year === 2024 ? 366 : 365);
    }
  });
});
