import { type DayRange, daysBetween, earlier, lengthOf } from '../../../shared/domain/calendar_day.ts';
import type { AnsweredCampaign } from '../../../shared/domain/campaign.ts';
import type { MetricId } from '../../../shared/domain/metrics.ts';
import { decimal, formatCount, formatPercent, formatUsd, ratio, toAnswerNumber } from '../../../shared/domain/money.ts';
import type { RangeTotals } from '../repo/range_totals.ts';
import type { CampaignPeriod } from './campaign_period.ts';
import { formulaLine, type Measure, type MeasureRow, measureTable, metricMeasures, toMeasureRow } from './measures.ts';
import { campaignTrendSteps, type TrendPoint, type TrendUnit, trendPoints, trendTable } from './trend.ts';

/** What a marketer reads first, in that order. */
const PERFORMANCE_METRICS: readonly MetricId[] = [
  'spend',
  'impressions',
  'clicks',
  'engagements',
  'conversions',
  'leads',
  'orders',
  'revenue',
  'refunds',
  'ctr',
  'cpc',
  'cpm',
  'cpl',
  'cpa',
  'roas',
  'aov',
];

/** The ranges a question about performance needs totals of, so that one query answers it. */
export type PerformanceRanges = {
  /** Up to today, whatever was asked: what the budget is held against. */
  readonly toDate: DayRange;
  readonly period: DayRange | undefined;
  readonly compared: DayRange | undefined;
  readonly trend: { readonly unit: TrendUnit; readonly steps: readonly DayRange[] } | undefined;
  /** All of them, in the order toDate, period, compared, steps of the trend. */
  readonly all: readonly DayRange[];
};

export type Performance = {
  readonly status: 'data' | 'no_data';
  readonly lastAdDay: string | null;
  readonly measures: readonly Measure[];
  readonly isCompared: boolean;
  readonly data: {
    readonly status: 'data' | 'no_data';
    readonly metrics: readonly MeasureRow[];
    readonly budget: BudgetUse;
    readonly trend: { readonly by: TrendUnit; readonly points: readonly TrendPoint[] } | null;
  };
};

/** How far a campaign's money and days are used, to date. */
type BudgetUse = {
  readonly total: number | null;
  readonly spentToDate: number | null;
  readonly usedPercent: number | null;
  readonly daysPlanned: number;
  readonly daysRun: number;
  readonly daysLeft: number;
};

export function performanceRanges(campaign: AnsweredCampaign, { period, compared }: CampaignPeriod, today: string): PerformanceRanges {
  const toDate = { from: '2000-01-01', to: today };
  const trend = period === undefined ? undefined : campaignTrendSteps(campaign, period);
  return {
    toDate,
    period,
    compared,
    trend,
    all: [toDate, ...(period === undefined ? [] : [period]), ...(compared === undefined ? [] : [compared]), ...(trend?.steps ?? [])],
  };
}

/** Figures, budget and trend from the totals of `ranges.all`. `budget` is in US dollars, null when it is not known. */
export function measurePerformance(
  campaign: AnsweredCampaign,
  ranges: PerformanceRanges,
  totals: readonly RangeTotals[],
  budget: string | null,
  today: string,
): Performance {
  const left = [...totals];
  const toDate = left.shift();
  const current = ranges.period === undefined ? undefined : left.shift();
  const before = ranges.compared === undefined ? undefined : left.shift();
  const isKnown = current !== undefined && current.daysKnown > 0;
  const previous = before !== undefined && before.daysKnown > 0 ? before : undefined;
  const measures = isKnown ? metricMeasures(PERFORMANCE_METRICS, current, previous) : [];
  const status = isKnown ? 'data' : 'no_data';
  return {
    status,
    lastAdDay: current?.lastAdDay ?? null,
    measures,
    isCompared: previous !== undefined,
    data: {
      status,
      metrics: measures.map(toMeasureRow),
      budget: budgetUse(campaign, budget, toDate?.spend ?? null, today),
      trend: isKnown && ranges.trend !== undefined ? { by: ranges.trend.unit, points: trendPoints(ranges.trend.steps, left) } : null,
    },
  };
}

function budgetUse({ startDate, endDate }: AnsweredCampaign, budget: string | null, spent: string | null, today: string): BudgetUse {
  const daysPlanned = lengthOf({ from: startDate, to: endDate });
  const daysRun = Math.max(0, daysBetween(startDate, earlier(today, endDate)) + 1);
  return {
    total: toAnswerNumber(budget),
    spentToDate: toAnswerNumber(spent),
    usedPercent: budget === null || spent === null ? null : toAnswerNumber(ratio(decimal(spent).times(100), budget), 1),
    daysPlanned,
    daysRun,
    daysLeft: daysPlanned - daysRun,
  };
}

export function performanceText({ measures, isCompared, data }: Performance): string {
  const { budget, trend } = data;
  const figures = data.status === 'data' ? [measureTable(measures, isCompared)] : ['No data for this period.'];
  return [
    ...figures,
    `Budget: ${formatUsd(budget.total)}, spent to date ${formatUsd(budget.spentToDate)} (${formatPercent(budget.usedPercent, 1)}); ` +
      `${formatCount(budget.daysRun)} of ${formatCount(budget.daysPlanned)} days run, ${formatCount(budget.daysLeft)} left`,
    ...(trend === null ? [] : [trendTable(trend.by, trend.points)]),
    ...(data.status === 'data' ? [formulaLine(PERFORMANCE_METRICS)] : []),
  ].join('\n');
}
