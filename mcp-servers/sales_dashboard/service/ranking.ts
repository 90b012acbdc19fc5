import {
  change,
  exactMetric,
  exactMetricOfAll,
  formatFigure,
  METRICS,
  type MetricId,
  type TotalName,
  type Totals,
  totalsBehind,
} from '../../../shared/domain/metrics.ts';
import { type Decimal, decimal, formatChange, formatCount, formatUsd, toAnswerNumber } from '../../../shared/domain/money.ts';
import { table } from '../../../shared/domain/table.ts';
import type { RankedTotals } from '../repo/campaign_ranking.ts';
import { inOrder, type Placed, type RankingOrder, startsHighest } from './best_first.ts';
import { formulaLine } from './measures.ts';
import type { RankingPosition } from './ranking_cursor.ts';

/** Below so much of its denominator a rate is chance: three clicks make a CTR of nothing, or of a third. */
const MINIMUM_VOLUME: Partial<Readonly<Record<keyof Totals, number>>> = {
  impressions: 1_000,
  clicks: 100,
  spend: 100,
  leads: 5,
  orders: 5,
};

export type RankedCampaign = {
  readonly rank: number;
  /** Its rank in the period before, among the campaigns that had one then. */
  readonly previousRank: number | null;
  readonly campaignId: string;
  readonly name: string;
  readonly clientName: string;
  readonly status: string;
  readonly value: number;
  readonly previous: number | null;
  readonly changePercent: number | null;
  readonly spend: number;
  readonly revenue: number;
};

export type Ranking = {
  readonly status: 'data' | 'no_data';
  readonly metric: MetricId;
  readonly unit: string;
  readonly order: RankingOrder;
  readonly campaigns: readonly RankedCampaign[];
  /** The metric of all ranked campaigns together: the rate of the sums, not a mean of rates. */
  readonly overall: {
    readonly campaigns: number;
    readonly value: number | null;
    readonly previous: number | null;
    readonly changePercent: number | null;
  } | null;
  /** What a rate needs of its denominator, and how many campaigns had less. */
  readonly minimum: { readonly of: string; readonly atLeast: number; readonly leftOut: number } | null;
  readonly filters: Readonly<Record<string, string>>;
};

export type RankingPage = {
  readonly ranking: Ranking;
  readonly total: number;
  /** Where the next page begins; undefined after the last. */
  readonly position: RankingPosition | undefined;
};

type RankingQuestion = {
  readonly metric: MetricId;
  readonly order: RankingOrder;
  readonly limit: number;
  readonly after: RankingPosition | undefined;
  readonly filters: Readonly<Record<string, string>>;
};

/** The totals that a ranking by a metric reads: those of its formula, and the spend and revenue that each row shows. */
export function totalsRanked(metric: MetricId): readonly TotalName[] {
  return [...new Set([...totalsBehind(metric), 'spend', 'revenue'] as const)].sort();
}

/** Ranks campaigns by a metric and gives one page. Equal values share a rank and are ordered by campaign id, so that pages never overlap. */
export function rankPage(rows: readonly RankedTotals[], { metric, order, limit, after, filters }: RankingQuestion): RankingPage {
  const highestFirst = startsHighest(metric, order);
  const current = rows.filter(({ isCurrent }) => isCurrent);
  const before = rows.filter(({ isCurrent }) => !isCurrent);
  const ranked = placed(current, metric, highestFirst);
  const previousRanks = new Map(placed(before, metric, highestFirst).map(({ item, rank }) => [item.campaignId, rank]));
  const previousTotals = new Map(before.map(({ campaignId, totals }) => [campaignId, totals]));
  const start = after === undefined ? 0 : startAfter(ranked, metric, after, highestFirst);
  const page = ranked.slice(start, start + limit);
  const last = page.at(-1);
  const { unit, digits } = METRICS[metric];
  return {
    total: ranked.length,
    position:
      last === undefined || start + page.length >= ranked.length
        ? undefined
        : { value: valueAt(last, metric).toFixed(), campaignId: last.item.campaignId },
    ranking: {
      status: current.length === 0 ? 'no_data' : 'data',
      metric,
      unit,
      order,
      campaigns: page.map((place) => {
        const { item: campaign, rank } = place;
        const value = valueAt(place, metric);
        const was = previousTotals.get(campaign.campaignId);
        const previous = was === undefined ? null : exactMetric(metric, was);
        return {
          rank,
          previousRank: previousRanks.get(campaign.campaignId) ?? null,
          campaignId: campaign.campaignId,
          name: campaign.name,
          clientName: campaign.clientName,
          status: campaign.status,
          value: toAnswerNumber(value, digits),
          previous: toAnswerNumber(previous, digits),
          changePercent: change(value, previous).percent,
          spend: toAnswerNumber(campaign.totals.spend),
          revenue: toAnswerNumber(campaign.totals.revenue),
        };
      }),
      overall: overallOf(ranked, before, metric),
      minimum: minimumOf(metric, current, ranked.length),
      filters,
    },
  };
}

/** The campaigns with a value and enough volume for it, in order, with their ranks. */
function placed(campaigns: readonly RankedTotals[], metric: MetricId, highestFirst: boolean): readonly Placed<RankedTotals>[] {
  return inOrder(
    campaigns.filter(({ totals }) => hasVolume(metric, totals)),
    metric,
    highestFirst,
    ({ totals }) => totals,
    ({ campaignId }) => campaignId,
  ).filter(({ near }) => near !== null);
}

/** The unrounded value of a campaign that has one. */
function valueAt({ item }: Placed<RankedTotals>, metric: MetricId): Decimal {
  return exactMetric(metric, item.totals) ?? decimal(0);
}

function hasVolume(metric: MetricId, totals: Totals): boolean {
  const { denominator } = METRICS[metric];
  if (denominator === undefined) return true;
  return Number(totals[denominator]) >= (MINIMUM_VOLUME[denominator] ?? 1);
}

function startAfter(ranked: readonly Placed<RankedTotals>[], metric: MetricId, after: RankingPosition, highestFirst: boolean): number {
  const position = decimal(after.value);
  const near = position.toNumber();
  const index = ranked.findIndex((place) => {
    // The doubles decide unless they are so near that either may have been rounded across.
    const rough = near - (place.near ?? 0);
    const ascending = Math.abs(rough) > Math.abs(near) * 1e-12 ? rough : position.comparedTo(valueAt(place, metric));
    const difference = highestFirst ? ascending : -ascending;
    return difference > 0 || (difference === 0 && place.item.campaignId > after.campaignId);
  });
  return index === -1 ? ranked.length : index;
}

function overallOf(ranked: readonly Placed<RankedTotals>[], before: readonly RankedTotals[], metric: MetricId): Ranking['overall'] {
  if (ranked.length === 0) return null;
  const ids = new Set(ranked.map(({ item }) => item.campaignId));
  const value = exactMetricOfAll(
    metric,
    ranked.map(({ item }) => item.totals),
  );
  const were = before.filter(({ campaignId }) => ids.has(campaignId));
  const previous =
    were.length === 0
      ? null
      : exactMetricOfAll(
          metric,
          were.map(({ totals }) => totals),
        );
  const { digits } = METRICS[metric];
  return {
    campaigns: ranked.length,
    value: toAnswerNumber(value, digits),
    previous: toAnswerNumber(previous, digits),
    changePercent: change(value, previous).percent,
  };
}

function minimumOf(metric: MetricId, current: readonly RankedTotals[], ranked: number): Ranking['minimum'] {
  const { denominator } = METRICS[metric];
  if (denominator === undefined) return null;
  return { of: denominator, atLeast: MINIMUM_VOLUME[denominator] ?? 1, leftOut: current.length - ranked };
}

export function rankingText({ status, metric, order, campaigns, overall, minimum, filters }: Ranking): string {
  const { name, unit, digits } = METRICS[metric];
  const figure = (value: number | null): string => formatFigure(value, unit, digits);
  const narrowed = Object.entries(filters).map(([filter, value]) => `${filter} ${value}`);
  return [
    `Campaigns by ${name.en}, ${order} first${narrowed.length === 0 ? '' : `; only ${narrowed.join(', ')}`}`,
    ...(status === 'no_data' ? ['No data: no campaign that fits has anything in this period.'] : []),
    ...(campaigns.length === 0
      ? []
      : [
          table<RankedCampaign>(
            [
              { header: '#', cell: ({ rank }) => formatCount(rank) },
              { header: '# before', cell: ({ previousRank }) => (previousRank === null ? '-' : formatCount(previousRank)) },
              { header: 'Campaign', cell: ({ name, campaignId }) => `${name} (${campaignId})` },
              { header: 'Client', cell: ({ clientName }) => clientName },
              { header: 'Status', cell: ({ status }) => status },
              { header: name.en, cell: ({ value }) => figure(value) },
              { header: 'Before', cell: ({ previous }) => figure(previous) },
              { header: 'Change', cell: ({ changePercent }) => formatChange(changePercent) },
              ...(metric === 'spend' ? [] : [{ header: 'Spend', cell: ({ spend }: RankedCampaign) => formatUsd(spend) }]),
              ...(metric === 'revenue' ? [] : [{ header: 'Revenue', cell: ({ revenue }: RankedCampaign) => formatUsd(revenue) }]),
            ],
            campaigns,
          ),
        ]),
    ...(overall === null
      ? []
      : [
          `All ${formatCount(overall.campaigns)} ranked together: ${figure(overall.value)}, before ${figure(overall.previous)} (${formatChange(overall.changePercent)})`,
        ]),
    ...(minimum === null
      ? []
      : [
          `Ranked are campaigns with at least ${formatCount(minimum.atLeast)} ${minimum.of === 'spend' ? 'dollars of spend' : minimum.of}; ${formatCount(minimum.leftOut)} had less and are left out.`,
          formulaLine([metric]),
        ]),
  ].join('\n');
}
