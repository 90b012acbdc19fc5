import {
  type DayRange,
  endOfHalf,
  endOfMonth,
  endOfQuarter,
  endOfWeek,
  endOfYear,
  isDay,
  startOfHalf,
  startOfMonth,
  startOfQuarter,
  startOfWeek,
  startOfYear,
} from '../../../shared/domain/calendar_day.ts';
import type { AskedPeriod, PeriodUnit, ResolvedPeriod } from '../../../shared/domain/periods.ts';

const WHOLES: Partial<Readonly<Record<PeriodUnit, readonly [(day: string) => string, (day: string) => string]>>> = {
  week: [startOfWeek, endOfWeek],
  month: [startOfMonth, endOfMonth],
  quarter: [startOfQuarter, endOfQuarter],
  half: [startOfHalf, endOfHalf],
  year: [startOfYear, endOfYear],
};

/**
 * The days a forecast goes to the end of: periods are read as cut at today, and pacing is about the days after it. A running week, month,
 * quarter, half or year goes to its end, a whole campaign to the campaign's, two dates to the second.
 */
export function uncutPeriod(asked: AskedPeriod, period: ResolvedPeriod, campaign: DayRange | undefined): DayRange {
  const { from, to, today, unit } = period;
  if (to < today) return { from, to };
  const endDate = asked.endDate?.trim() ?? '';
  if (isDay(endDate)) return { from, to: endDate };
  const [startOf, endOf] = WHOLES[unit] ?? [];
  if (startOf !== undefined && endOf !== undefined && from === startOf(to)) return { from, to: endOf(to) };
  return campaign !== undefined && from === campaign.from && unit === 'span' && campaign.to > to ? { from, to: campaign.to } : { from, to };
}
