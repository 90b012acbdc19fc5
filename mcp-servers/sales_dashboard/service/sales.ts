import type { MetricUnit } from '../../../shared/domain/metrics.ts';
import { type Decimal, decimal, formatCount, formatPercent, formatUsd, ratio, sum, toAnswerNumber } from '../../../shared/domain/money.ts';
import { table } from '../../../shared/domain/table.ts';
import type { CampaignOrders, OrderGroup } from '../repo/campaign_sales.ts';
import type { RangeTotals } from '../repo/range_totals.ts';
import { ATTRIBUTION_DAYS, ATTRIBUTION_TEXT } from './attribution.ts';
import { type Measure, type MeasureRow, measureTable, metricMeasures, sharePercent, toMeasureRow } from './measures.ts';
import { type TrendPoint, type TrendSteps, type TrendUnit, trendPoints, trendTable } from './trend.ts';

export type ChannelSales = {
  readonly channel: string;
  readonly orders: number;
  readonly revenue: number;
  readonly revenueSharePercent: number | null;
};

/** Paid orders in one currency: what buyers paid, and the same in US dollars at each day's rate. */
export type CurrencySales = {
  readonly currency: string;
  readonly orders: number;
  readonly revenue: number;
  readonly revenueUsd: number;
};

export type Sales = {
  readonly measures: readonly Measure[];
  readonly isCompared: boolean;
  readonly data: {
    readonly status: 'data' | 'no_data';
    readonly metrics: readonly MeasureRow[];
    readonly channels: readonly ChannelSales[];
    readonly currencies: readonly CurrencySales[];
    readonly trend: { readonly by: TrendUnit; readonly points: readonly TrendPoint[] } | null;
    readonly attribution: { readonly model: 'last touch'; readonly windowDays: number };
  };
};

const ATTRIBUTION = { model: 'last touch', windowDays: ATTRIBUTION_DAYS } as const;

export const NO_SALES: Sales = {
  measures: [],
  isCompared: false,
  data: { status: 'no_data', metrics: [], channels: [], currencies: [], trend: null, attribution: ATTRIBUTION },
};

/** What is known of one range: its orders by likeness, its buyers, and the totals that advertising adds. */
type RangeSales = { readonly groups: readonly OrderGroup[]; readonly buyers: number; readonly totals: RangeTotals };

/**
 * Describes a campaign's sales. `totals` are of the period, then of the period compared with where there is one, then of the trend's
 * steps; `orders` of the first one or two of these.
 */
export function describeSales(
  orders: CampaignOrders,
  totals: readonly RangeTotals[],
  hasCompared: boolean,
  trend: TrendSteps | undefined,
): Sales {
  const left = [...totals];
  const current = rangeSales(orders, 0, left.shift());
  const before = hasCompared ? rangeSales(orders, 1, left.shift()) : undefined;
  if (current === undefined || current.totals.daysKnown === 0) return NO_SALES;
  const previous = before !== undefined && before.totals.daysKnown > 0 ? before : undefined;
  const measures = salesMeasures(current, previous);
  const paid = current.groups.filter(({ status }) => status === 'paid');
  return {
    measures,
    isCompared: previous !== undefined,
    data: {
      status: 'data',
      metrics: measures.map(toMeasureRow),
      channels: byChannel(paid),
      currencies: byCurrency(paid),
      trend: trend === undefined ? null : { by: trend.unit, points: trendPoints(trend.steps, left) },
      attribution: ATTRIBUTION,
    },
  };
}

function rangeSales({ groups, buyers }: CampaignOrders, range: number, totals: RangeTotals | undefined): RangeSales | undefined {
  if (totals === undefined) return undefined;
  return { groups: groups.filter((group) => group.range === range), buyers: buyers[range] ?? 0, totals };
}

const ordersOf = (groups: readonly OrderGroup[]): number => groups.reduce((orders, group) => orders + group.orders, 0);
const dollarsOf = (groups: readonly OrderGroup[]): Decimal => sum(groups.map(({ amountUsd }) => amountUsd));

/** Figures that are made of order groups; those of the metric table come from it. */
const OWN_MEASURES: readonly {
  readonly id: string;
  readonly label: string;
  readonly unit: MetricUnit;
  readonly of: (sales: RangeSales) => Decimal | null;
}[] = [
  { id: 'orders', label: 'Orders', unit: 'count', of: ({ groups }) => decimal(ordersOf(paid(groups))) },
  { id: 'revenue', label: 'Revenue', unit: 'USD', of: ({ groups }) => dollarsOf(paid(groups)) },
  { id: 'aov', label: 'AOV, average order value', unit: 'USD', of: ({ groups }) => ratio(dollarsOf(paid(groups)), ordersOf(paid(groups))) },
  { id: 'buyers', label: 'Buyers', unit: 'count', of: ({ buyers }) => decimal(buyers) },
  { id: 'newCustomerOrders', label: 'First orders of new customers', unit: 'count', of: ({ groups }) => decimal(ordersOf(first(groups))) },
  { id: 'newCustomerRevenue', label: 'Revenue of first orders', unit: 'USD', of: ({ groups }) => dollarsOf(first(groups)) },
  { id: 'repeatOrders', label: 'Repeat orders', unit: 'count', of: ({ groups }) => decimal(ordersOf(repeat(groups))) },
  { id: 'repeatRevenue', label: 'Revenue of repeat orders', unit: 'USD', of: ({ groups }) => dollarsOf(repeat(groups)) },
  { id: 'refundedOrders', label: 'Refunded orders', unit: 'count', of: ({ groups }) => decimal(ordersOf(withStatus(groups, 'refunded'))) },
  { id: 'refunds', label: 'Refunds', unit: 'USD', of: ({ groups }) => dollarsOf(withStatus(groups, 'refunded')) },
  {
    id: 'cancelledOrders',
    label: 'Cancelled orders',
    unit: 'count',
    of: ({ groups }) => decimal(ordersOf(withStatus(groups, 'cancelled'))),
  },
];

const withStatus = (groups: readonly OrderGroup[], status: string): readonly OrderGroup[] =>
  groups.filter((group) => group.status === status);
const paid = (groups: readonly OrderGroup[]): readonly OrderGroup[] => withStatus(groups, 'paid');
const first = (groups: readonly OrderGroup[]): readonly OrderGroup[] => paid(groups).filter(({ isFirst }) => isFirst);
const repeat = (groups: readonly OrderGroup[]): readonly OrderGroup[] => paid(groups).filter(({ isFirst }) => !isFirst);

function salesMeasures(current: RangeSales, previous: RangeSales | undefined): readonly Measure[] {
  return [
    ...OWN_MEASURES.map(({ id, label, unit, of }) => ({
      id,
      label,
      unit,
      digits: unit === 'count' ? 0 : 2,
      current: of(current),
      previous: previous === undefined ? null : of(previous),
    })),
    ...metricMeasures(['spend', 'roas'], current.totals, previous?.totals),
  ];
}

function byChannel(groups: readonly OrderGroup[]): readonly ChannelSales[] {
  const total = dollarsOf(groups);
  return groupedBy(groups, ({ channel }) => channel).map(([channel, alike]) => ({
    channel,
    orders: ordersOf(alike),
    revenue: toAnswerNumber(dollarsOf(alike)),
    revenueSharePercent: sharePercent(dollarsOf(alike), total),
  }));
}

function byCurrency(groups: readonly OrderGroup[]): readonly CurrencySales[] {
  return groupedBy(groups, ({ currency }) => currency).map(([currency, alike]) => ({
    currency,
    orders: ordersOf(alike),
    revenue: toAnswerNumber(sum(alike.map(({ amount }) => amount))),
    revenueUsd: toAnswerNumber(dollarsOf(alike)),
  }));
}

/** Groups by a key, the most revenue first, then by key. */
function groupedBy(
  groups: readonly OrderGroup[],
  keyOf: (group: OrderGroup) => string,
): readonly (readonly [string, readonly OrderGroup[]])[] {
  return [...Map.groupBy(groups, keyOf)].sort(
    ([oneKey, one], [otherKey, other]) => dollarsOf(other).comparedTo(dollarsOf(one)) || oneKey.localeCompare(otherKey, 'en'),
  );
}

export function salesText({ measures, isCompared, data }: Sales): string {
  if (data.status === 'no_data') return `No data for this period. ${ATTRIBUTION_TEXT}`;
  return [
    measureTable(measures, isCompared),
    table<ChannelSales>(
      [
        { header: 'Channel', cell: ({ channel }) => channel },
        { header: 'Orders', cell: ({ orders }) => formatCount(orders) },
        { header: 'Revenue', cell: ({ revenue }) => formatUsd(revenue) },
        { header: 'Share', cell: ({ revenueSharePercent }) => formatPercent(revenueSharePercent, 1) },
      ],
      data.channels,
    ),
    table<CurrencySales>(
      [
        { header: 'Currency', cell: ({ currency }) => currency },
        { header: 'Orders', cell: ({ orders }) => formatCount(orders) },
        { header: 'Revenue in it', cell: ({ revenue }) => formatUsd(revenue).replace('$', '') },
        { header: 'in USD', cell: ({ revenueUsd }) => formatUsd(revenueUsd) },
      ],
      data.currencies,
    ),
    ...(data.trend === null ? [] : [trendTable(data.trend.by, data.trend.points)]),
    ATTRIBUTION_TEXT,
  ].join('\n');
}
