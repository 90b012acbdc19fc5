import { formatCount, formatPercent, formatUsd } from '../../../shared/domain/money.ts';
import { type Column, table } from '../../../shared/domain/table.ts';
import type { RANKING_METRICS, RANKING_PARTITIONS } from '../tools/ranking_arguments.ts';

export type RankingMetric = (typeof RANKING_METRICS)[number];
export type RankingPartition = (typeof RANKING_PARTITIONS)[number];

/** How far ahead purchases are expected, in weeks. */
export const WEEKS_AHEAD = 52;

/** A customer's place. `value`: US dollars, orders, days since the last order, or a probability, by metric. */
export type RankedCustomer = {
  readonly rank: number;
  /** How many share the rank, this one included. */
  readonly tied: number;
  readonly partition: string;
  readonly customerId: number;
  readonly name: string;
  readonly value: number;
  readonly orders: number;
  readonly revenue: number;
  readonly lastOrder: string;
};

const valueColumn: Readonly<Record<RankingMetric, Column<RankedCustomer>>> = {
  revenue: { header: 'Revenue', cell: ({ revenue }) => formatUsd(revenue.toFixed(2)) },
  orders: { header: 'Orders', cell: ({ orders }) => formatCount(orders) },
  recency: { header: 'Days since order', cell: ({ value }) => formatCount(value) },
  churn_risk: { header: 'Churn risk', cell: ({ value }) => formatPercent((value * 100).toFixed(6), 2) },
  expected_value: { header: `Expected, ${WEEKS_AHEAD} weeks`, cell: ({ value }) => formatUsd(value.toFixed(2)) },
};

/** What the numbers mean, as the answer's basis says it. */
export const METRIC_METHOD: Readonly<Record<RankingMetric, string>> = {
  revenue: 'revenue of paid orders to date, most first',
  orders: 'paid orders to date, most first',
  recency: 'days since the last paid order, fewest first',
  churn_risk:
    'probability that the customer has stopped buying (BG/NBD, Fader, Hardie & Lee 2005), highest first; customers with two orders or more',
  expected_value: `orders expected in ${WEEKS_AHEAD} weeks (BG/NBD) times the expected basket (Gamma-Gamma, Fader & Hardie 2013), highest first; not discounted`,
};

export const MODEL_ASSUMES =
  'each customer buys at a steady rate while active and may stop after any order; no seasons, no campaigns; what an order is worth does not depend on how often one buys. One order says nothing of having stopped';

export type RankingData = {
  readonly status: 'data' | 'no_data' | 'cannot_say';
  readonly scope: string;
  readonly metric: RankingMetric;
  readonly partition: RankingPartition;
  readonly customers: readonly RankedCustomer[];
  readonly basis: {
    readonly asOf: string;
    readonly ranked: number;
    readonly method: string;
    readonly ties: string;
    readonly model: string | null;
    readonly calibration: string | null;
    readonly assumes: string | null;
  };
};

/** An answer's figures as text. */
export function rankingText({ status, scope, metric, partition, customers, basis }: RankingData): string {
  const { asOf, ranked, method, ties, model, calibration, assumes } = basis;
  const notes = [
    `Basis: ${method}; ${formatCount(ranked)} customers as of ${asOf}. Ties: ${ties}.`,
    ...(model === null ? [] : [`Model: ${model}.`]),
    ...(calibration === null ? [] : [`Calibration: ${calibration}.`]),
    ...(assumes === null ? [] : [`Assumes: ${assumes}.`]),
  ];
  if (status === 'cannot_say') return [`Cannot say for ${scope}.`, ...notes].join('\n');
  if (customers.length === 0) return `No data, which is not zero: no customer of ${scope} to rank.`;
  const shown = valueColumn[metric];
  return [
    `Customers of ${scope} by ${metric}${partition === 'none' ? '' : ` within ${partition}`}.`,
    table<RankedCustomer>(
      [
        ...(partition === 'none' ? [] : [{ header: partition, cell: (row: RankedCustomer) => row.partition }]),
        { header: '#', cell: ({ rank, tied }) => `${rank}${tied > 1 ? ` (${formatCount(tied)} tied)` : ''}` },
        { header: 'Customer', cell: ({ customerId, name }) => `${name} (${customerId})` },
        shown,
        ...(metric === 'orders' ? [] : [valueColumn.orders]),
        ...(metric === 'revenue' ? [] : [valueColumn.revenue]),
        { header: 'Last order', cell: ({ lastOrder }) => lastOrder },
      ],
      customers,
    ),
    ...notes,
  ].join('\n');
}
