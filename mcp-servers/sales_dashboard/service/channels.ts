import { addTotals, computeMetric, type Totals } from '../../../shared/domain/metrics.ts';
import { type Decimal, decimal, formatCount, formatPercent, formatRatio, formatUsd, toAnswerNumber } from '../../../shared/domain/money.ts';
import { type Column, table } from '../../../shared/domain/table.ts';
import type { ChannelTotals } from '../repo/campaign_channels.ts';
import { ATTRIBUTION_TEXT } from './attribution.ts';
import { inOrder } from './best_first.ts';
import { formulaLine, sharePercent } from './measures.ts';

type Figures = {
  readonly spend: number;
  readonly impressions: number;
  readonly clicks: number;
  readonly ctr: number | null;
  readonly cpc: number | null;
  readonly conversions: number;
  readonly orders: number;
  readonly revenue: number;
  readonly roas: number | null;
};

/** Null figures: nothing is known of the channel in the period. */
type FiguresOrNone = { readonly [figure in keyof Figures]: number | null };

export type ChannelRow = FiguresOrNone & {
  readonly channel: string;
  readonly kind: string;
  /** Ads published, ever and in the period. */
  readonly publications: number;
  readonly publishedInPeriod: number;
  /** Different people since the campaign began; not additive over channels. */
  readonly reach: number;
  readonly plannedSharePercent: number | null;
  readonly spendSharePercent: number | null;
  readonly revenueSharePercent: number | null;
};

export type Channels = {
  readonly status: 'data' | 'no_data';
  readonly channels: readonly ChannelRow[];
  readonly total: (Figures & { readonly publications: number; readonly publishedInPeriod: number }) | null;
};

/** Orders channels by revenue, then spend, then name; shares are of the total over all channels, null when that is zero. */
export function rankChannels(channels: readonly ChannelTotals[]): Channels {
  const all = addTotals(channels.map(({ totals }) => totals));
  const isKnown = channels.some(({ daysKnown }) => daysKnown > 0);
  const bySpend = inOrder(
    channels,
    'spend',
    true,
    ({ totals }) => totals,
    ({ channel }) => channel,
  ).map(({ item }) => item);
  // A stable sort keeps the order by spend among equal revenues.
  const ranked = bySpend.sort((one, other) => decimal(other.totals.revenue).comparedTo(one.totals.revenue));
  return {
    status: isKnown ? 'data' : 'no_data',
    channels: ranked.map((channel) => channelRow(channel, decimal(all.spend), decimal(all.revenue))),
    total: isKnown
      ? {
          publications: channels.reduce((count, { publications }) => count + publications, 0),
          publishedInPeriod: channels.reduce((count, { publishedInPeriod }) => count + publishedInPeriod, 0),
          ...figuresOf(all),
        }
      : null,
  };
}

const NO_FIGURES: FiguresOrNone = {
  spend: null,
  impressions: null,
  clicks: null,
  ctr: null,
  cpc: null,
  conversions: null,
  orders: null,
  revenue: null,
  roas: null,
};

function channelRow(channel: ChannelTotals, allSpend: Decimal, allRevenue: Decimal): ChannelRow {
  const { totals, daysKnown } = channel;
  return {
    channel: channel.channel,
    kind: channel.kind,
    publications: channel.publications,
    publishedInPeriod: channel.publishedInPeriod,
    reach: channel.reach,
    plannedSharePercent: toAnswerNumber(decimal(channel.plannedShare).times(100), 1),
    spendSharePercent: sharePercent(decimal(totals.spend), allSpend),
    ...(daysKnown === 0 ? NO_FIGURES : figuresOf(totals)),
    revenueSharePercent: sharePercent(decimal(totals.revenue), allRevenue),
  };
}

function figuresOf(totals: Totals): Figures {
  return {
    spend: toAnswerNumber(totals.spend),
    impressions: totals.impressions,
    clicks: totals.clicks,
    ctr: computeMetric('ctr', totals),
    cpc: computeMetric('cpc', totals),
    conversions: totals.conversions,
    orders: totals.orders,
    revenue: toAnswerNumber(totals.revenue),
    roas: computeMetric('roas', totals),
  };
}

/** A channel, or the total of all, as a line of the table. */
type Line = Omit<ChannelRow, 'reach'> & { readonly reach: number | null; readonly isTotal: boolean };

const PLAN_COLUMNS: readonly Column<Line>[] = [
  { header: 'Channel', cell: ({ channel, kind }) => (kind === '' ? channel : `${channel} (${kind})`) },
  { header: 'Publications', cell: ({ publications }) => formatCount(publications) },
  { header: 'of them in period', cell: ({ publishedInPeriod }) => formatCount(publishedInPeriod) },
  { header: 'Reach to date', cell: (line) => unlessTotal(line, formatCount(line.reach)) },
  { header: 'Planned share', cell: (line) => unlessTotal(line, formatPercent(line.plannedSharePercent, 1)) },
];

const RESULT_COLUMNS: readonly Column<Line>[] = [
  { header: 'Share of spend', cell: (line) => unlessTotal(line, formatPercent(line.spendSharePercent, 1)) },
  { header: 'Spend', cell: ({ spend }) => formatUsd(spend) },
  { header: 'Impressions', cell: ({ impressions }) => formatCount(impressions) },
  { header: 'Clicks', cell: ({ clicks }) => formatCount(clicks) },
  { header: 'CTR', cell: ({ ctr }) => formatPercent(ctr) },
  { header: 'CPC', cell: ({ cpc }) => formatUsd(cpc, 4) },
  { header: 'Conversions', cell: ({ conversions }) => formatCount(conversions) },
  { header: 'Orders', cell: ({ orders }) => formatCount(orders) },
  { header: 'Revenue', cell: ({ revenue }) => formatUsd(revenue) },
  { header: 'Share of revenue', cell: (line) => unlessTotal(line, formatPercent(line.revenueSharePercent, 1)) },
  { header: 'ROAS', cell: ({ roas }) => formatRatio(roas) },
];

/** Reach does not add up, and shares of the total are of no use in its own line. */
function unlessTotal({ isTotal }: Line, text: string): string {
  return isTotal ? '' : text;
}

const REACH_TEXT = 'Reach counts different people since the campaign began; it does not add up over channels.';

export function channelsText({ channels, total }: Channels): string {
  const lines = channels.map((channel) => ({ ...channel, isTotal: false }));
  if (total === null) return ['No data for this period; what is planned and published:', table(PLAN_COLUMNS, lines), REACH_TEXT].join('\n');
  const sums: Line = {
    ...total,
    channel: 'Total',
    kind: '',
    reach: null,
    plannedSharePercent: null,
    spendSharePercent: null,
    revenueSharePercent: null,
    isTotal: true,
  };
  return [
    table([...PLAN_COLUMNS, ...RESULT_COLUMNS], [...lines, sums]),
    `${REACH_TEXT} Conversions are as the platform counts them.`,
    `${formulaLine(['ctr', 'cpc', 'roas'])} ${ATTRIBUTION_TEXT}`,
  ].join('\n');
}
