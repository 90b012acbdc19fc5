import {
  addDays,
  addMonths,
  type Day,
  type DayRange,
  earlier,
  endOfMonth,
  endOfQuarter,
  endOfWeek,
  endOfYear,
  lengthOf,
} from '../../../shared/domain/calendar_day.ts';
import type { Campaign } from '../../../shared/domain/campaign.ts';
import type { Totals } from '../../../shared/domain/metrics.ts';
import { formatCount, formatUsd, toAnswerNumber } from '../../../shared/domain/money.ts';
import { table } from '../../../shared/domain/table.ts';
import { lifetimeOf } from './attribution.ts';

/** What a point of a trend stands for. */
export type TrendUnit = 'day' | 'week' | 'month' | 'quarter' | 'year';

export type TrendSteps = { readonly unit: TrendUnit; readonly steps: readonly DayRange[] };

/** A point of a trend; null is "no data". */
export type TrendPoint = {
  /** First day, 'YYYY-MM-DD'. */
  readonly starts: Day;
  readonly spend: number | null;
  readonly clicks: number | null;
  readonly orders: number | null;
  readonly revenue: number | null;
};

const MOST_DAYS = 31;
const MOST_WEEK_DAYS = 26 * 7;
const MOST_MONTHS = 31;
const MOST_QUARTERS = 31;

/**
 * Cuts a range into at most 31 steps: days up to 31 days, weeks from Monday up to 26 weeks, else months, quarters or years.
 * The first and the last step are as long as the range leaves them.
 */
export function trendSteps(range: DayRange): TrendSteps {
  const unit = unitFor(range);
  const steps: DayRange[] = [];
  for (let from = range.from; from <= range.to; ) {
    const to = earlier(endOf(from, unit), range.to);
    steps.push({ from, to });
    from = addDays(to, 1);
  }
  return { unit, steps };
}

/** The steps of the part of a period in which a campaign can bring anything; undefined when there is none. */
export function campaignTrendSteps(campaign: Pick<Campaign, 'startDate' | 'endDate'>, period: DayRange): TrendSteps | undefined {
  const life = lifetimeOf(campaign);
  const from = earlier(life.from, period.from) === life.from ? period.from : life.from;
  const to = earlier(period.to, life.to);
  return from > to ? undefined : trendSteps({ from, to });
}

function unitFor(range: DayRange): TrendUnit {
  if (lengthOf(range) <= MOST_DAYS) return 'day';
  if (lengthOf(range) <= MOST_WEEK_DAYS) return 'week';
  if (addMonths(range.from, MOST_MONTHS - 1) > range.to) return 'month';
  return addMonths(range.from, 3 * (MOST_QUARTERS - 1)) > range.to ? 'quarter' : 'year';
}

function endOf(day: Day, unit: TrendUnit): Day {
  switch (unit) {
    case 'day':
      return day;
    case 'week':
      return endOfWeek(day);
    case 'month':
      return endOfMonth(day);
    case 'quarter':
      return endOfQuarter(day);
    case 'year':
      return endOfYear(day);
  }
}

/** The totals of each step as points; steps before the first and after the last of which anything is known are left out. */
export function trendPoints(
  steps: readonly DayRange[],
  totals: readonly (Totals & { readonly daysKnown: number })[],
): readonly TrendPoint[] {
  const isKnown = (step: Totals & { readonly daysKnown: number }): boolean => step.daysKnown > 0;
  const first = totals.findIndex(isKnown);
  return first === -1
    ? []
    : steps.slice(first, totals.findLastIndex(isKnown) + 1).map(({ from }, index) => trendPoint(from, totals[first + index]));
}

function trendPoint(starts: Day, step: (Totals & { readonly daysKnown: number }) | undefined): TrendPoint {
  if (step === undefined || step.daysKnown === 0) return { starts, spend: null, clicks: null, orders: null, revenue: null };
  return { starts, spend: toAnswerNumber(step.spend), clicks: step.clicks, orders: step.orders, revenue: toAnswerNumber(step.revenue) };
}

const STARTS: Readonly<Record<TrendUnit, string>> = {
  day: 'Day',
  week: 'Week from',
  month: 'Month from',
  quarter: 'Quarter from',
  year: 'Year from',
};

export function trendTable(unit: TrendUnit, points: readonly TrendPoint[]): string {
  return table<TrendPoint>(
    [
      { header: STARTS[unit], cell: ({ starts }) => starts },
      { header: 'Spend', cell: ({ spend }) => formatUsd(spend) },
      { header: 'Clicks', cell: ({ clicks }) => formatCount(clicks) },
      { header: 'Orders', cell: ({ orders }) => formatCount(orders) },
      { header: 'Revenue', cell: ({ revenue }) => formatUsd(revenue) },
    ],
    points,
  );
}
