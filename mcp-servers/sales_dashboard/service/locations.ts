import { addTotals, computeMetric, formatFigure, METRICS, type MetricId, type Totals } from '../../../shared/domain/metrics.ts';
import { decimal, formatCount, formatPercent, formatRatio, formatUsd, toAnswerNumber } from '../../../shared/domain/money.ts';
import { type Column, table } from '../../../shared/domain/table.ts';
import type { CityTotals } from '../repo/campaign_locations.ts';
import { ATTRIBUTION_TEXT } from './attribution.ts';
import { bestFirst } from './best_first.ts';
import { formulaLine, sharePercent } from './measures.ts';

export type Granularity = 'country' | 'region' | 'city';

type PlaceFigures = {
  readonly spend: number;
  readonly impressions: number;
  readonly clicks: number;
  readonly leads: number;
  readonly orders: number;
  readonly revenue: number;
  readonly roas: number | null;
};

export type LocationRow = PlaceFigures & {
  readonly rank: number;
  readonly place: string;
  /** What tells places of one name apart: region and country of a city, country of a region. */
  readonly within: string;
  readonly revenueSharePercent: number | null;
  /** The metric ranked by, where it is not among the other figures. */
  readonly value?: number | null;
};

export type SeveralPlaces = PlaceFigures & { readonly places: number };

export type Locations = {
  readonly status: 'data' | 'no_data';
  readonly granularity: Granularity;
  readonly sortBy: MetricId;
  readonly locations: readonly LocationRow[];
  /** The places that are not listed, summed; null when all are. */
  readonly others: SeveralPlaces | null;
  readonly total: SeveralPlaces | null;
};

const LISTED: ReadonlySet<MetricId> = new Set<MetricId>(['spend', 'impressions', 'clicks', 'leads', 'orders', 'revenue', 'roas']);

/** Sums cities to places, ranks them by a metric, lists the first and sums the rest, so that list and rest make up the total. */
export function rankLocations(cities: readonly CityTotals[], granularity: Granularity, sortBy: MetricId, limit: number): Locations {
  const places = placesOf(cities, granularity);
  const ranked = bestFirst(
    places,
    sortBy,
    ({ totals }) => totals,
    ({ place, within }) => `${place}, ${within}`,
  );
  const all = addTotals(places.map(({ totals }) => totals));
  const rest = ranked.slice(limit);
  return {
    status: places.length === 0 ? 'no_data' : 'data',
    granularity,
    sortBy,
    locations: ranked.slice(0, limit).map(({ place, within, totals }, index) => ({
      rank: index + 1,
      place,
      within,
      ...figuresOf(totals),
      revenueSharePercent: sharePercent(decimal(totals.revenue), decimal(all.revenue)),
      ...(LISTED.has(sortBy) ? {} : { value: computeMetric(sortBy, totals) }),
    })),
    others: rest.length === 0 ? null : { places: rest.length, ...figuresOf(addTotals(rest.map(({ totals }) => totals))) },
    total: places.length === 0 ? null : { places: places.length, ...figuresOf(all) },
  };
}

type Place = { readonly place: string; readonly within: string; readonly totals: Totals };

function placesOf(cities: readonly CityTotals[], granularity: Granularity): readonly Place[] {
  const named = cities.map((city) => ({ ...nameAt(city, granularity), totals: city.totals }));
  return [...Map.groupBy(named, ({ place, within }) => JSON.stringify([place, within])).values()].flatMap((alike) => {
    const [first] = alike;
    return first === undefined ? [] : [{ ...first, totals: addTotals(alike.map(({ totals }) => totals)) }];
  });
}

function nameAt({ city, region, country }: CityTotals, granularity: Granularity): Omit<Place, 'totals'> {
  switch (granularity) {
    case 'city':
      return { place: city, within: `${region}, ${country}` };
    case 'region':
      return { place: region, within: country };
    case 'country':
      return { place: country, within: '' };
  }
}

function figuresOf(totals: Totals): PlaceFigures {
  return {
    spend: toAnswerNumber(totals.spend),
    impressions: totals.impressions,
    clicks: totals.clicks,
    leads: totals.leads,
    orders: totals.orders,
    revenue: toAnswerNumber(totals.revenue),
    roas: computeMetric('roas', totals),
  };
}

const PLURALS: Readonly<Record<Granularity, string>> = { city: 'cities', region: 'regions', country: 'countries' };
const counted = (places: number, granularity: Granularity): string =>
  places === 1 ? `1 ${granularity}` : `${formatCount(places)} ${PLURALS[granularity]}`;

export function locationsText({ status, granularity, sortBy, locations, others, total }: Locations): string {
  if (status === 'no_data' || total === null) return 'No data for this period.';
  const { name, unit, digits } = METRICS[sortBy];
  const figures: readonly Column<PlaceFigures>[] = [
    { header: 'Spend', cell: ({ spend }) => formatUsd(spend) },
    { header: 'Impressions', cell: ({ impressions }) => formatCount(impressions) },
    { header: 'Clicks', cell: ({ clicks }) => formatCount(clicks) },
    { header: 'Leads', cell: ({ leads }) => formatCount(leads) },
    { header: 'Orders', cell: ({ orders }) => formatCount(orders) },
    { header: 'Revenue', cell: ({ revenue }) => formatUsd(revenue) },
    { header: 'ROAS', cell: ({ roas }) => formatRatio(roas) },
  ];
  const sums: readonly Column<SeveralPlaces & { readonly label: string }>[] = [
    { header: 'Sum', cell: ({ label, places }) => `${label} (${counted(places, granularity)})` },
    ...figures,
  ];
  return [
    `By ${name.en}, the best first:`,
    table<LocationRow>(
      [
        { header: '#', cell: ({ rank }) => String(rank) },
        { header: 'Place', cell: ({ place, within }) => (within === '' ? place : `${place}, ${within}`) },
        ...figures,
        { header: 'Share of revenue', cell: ({ revenueSharePercent }) => formatPercent(revenueSharePercent, 1) },
        ...(LISTED.has(sortBy) ? [] : [{ header: name.en, cell: ({ value }: LocationRow) => formatFigure(value ?? null, unit, digits) }]),
      ],
      locations,
    ),
    table(sums, [...(others === null ? [] : [{ label: 'All others', ...others }]), { label: 'Total', ...total }]),
    `${formulaLine(LISTED.has(sortBy) ? ['roas'] : ['roas', sortBy])} ${ATTRIBUTION_TEXT}`,
  ].join('\n');
}
