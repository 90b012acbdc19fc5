import type { ShownPerson } from '../../../shared/access/personal_data.ts';
import { SMALLEST_GROUP } from '../../../shared/access/smallest_group.ts';
import { type Decimal, decimal, formatCount, formatUsd, sum, toAnswerNumber } from '../../../shared/domain/money.ts';
import { table } from '../../../shared/domain/table.ts';
import type { BandTotals, NearbyCustomer } from '../repo/nearby_customers.ts';
import { GEODESIC_ERROR, geodesicDistance, type Point } from './geodesic.ts';
import { CHORD_ERROR } from './nearby_circle.ts';

/** Without crm:pii customers stand in the middle of cells of a thousandth of a degree: what a caller measures from many points is the cell, not the house. */
export const MASKED_PARTS_OF_DEGREE = 1_000;
/** Positions are kept to a millionth of a degree at most: this leaves them as they are. */
export const ALL_PARTS_OF_DEGREE = 1e9;
const MOST_BANDS = 5;
/** No band is narrower than what distances are rounded to. */
const NARROWEST_BAND_KM = 0.1;

/** How many equal rings a circle is counted in. */
export const bandsOf = (radiusKm: number): number => Math.max(1, Math.min(MOST_BANDS, Math.floor(radiusKm / NARROWEST_BAND_KM + 1e-9)));

export type NearbyFacts = {
  readonly bands: readonly BandTotals[];
  readonly nearest: readonly NearbyCustomer[];
  readonly people: ReadonlyMap<number, ShownPerson>;
};

export type NearbyQuestionFacts = {
  readonly scope: string;
  /** Null: the caller gave coordinates. */
  readonly place: string | null;
  readonly centre: Point;
  readonly radiusKm: number;
  readonly mayIdentify: boolean;
};

export type NearbyBand = { readonly fromKm: number; readonly toKm: number; readonly customers: number; readonly revenue: number };

export type NearbyRow = {
  readonly customerId: number;
  readonly name: string;
  readonly city: string;
  readonly clientId: string;
  readonly clientName: string;
  readonly segment: string;
  readonly potential: string;
  /** Null: told by its band only. */
  readonly distanceKm: number | null;
  readonly band: string;
  readonly revenue: number;
  readonly latitude: number | null;
  readonly longitude: number | null;
};

export type NearbyAnswer = {
  readonly status: 'data' | 'no_data';
  readonly scope: string;
  readonly place: string | null;
  readonly latitude: number;
  readonly longitude: number;
  /** Null: some, but fewer than SMALLEST_GROUP. */
  readonly customers: number | null;
  readonly revenue: number | null;
  readonly bands: readonly NearbyBand[];
  readonly nearest: readonly NearbyRow[];
  readonly basis: { readonly radiusKm: number; readonly masked: boolean; readonly method: string; readonly assumes: readonly string[] };
};

type Ring = { readonly from: number; readonly to: number; readonly customers: number; readonly revenue: Decimal };

/** The answer about a circle, with what the caller may see. Distances are geodesics on WGS84; ties stand by customer id. */
export function nearbyAnswer(facts: NearbyFacts, { scope, place, centre, radiusKm, mayIdentify }: NearbyQuestionFacts): NearbyAnswer {
  const total = facts.bands.reduce((count, { customers }) => count + customers, 0);
  const isHidden = !mayIdentify && total > 0 && total < SMALLEST_GROUP;
  const count = bandsOf(radiusKm);
  const edge = (band: number): number => Number(((radiusKm * band) / count).toFixed(3));
  const rings: readonly Ring[] = Array.from({ length: count }, (_, at) => ({
    from: at,
    to: at + 1,
    customers: facts.bands.find(({ band }) => band === at + 1)?.customers ?? 0,
    revenue: decimal(facts.bands.find(({ band }) => band === at + 1)?.revenue ?? 0),
  }));
  const shown = isHidden || total === 0 ? [] : mayIdentify ? rings : withoutSmallGroups(rings);
  const nearest = isHidden
    ? []
    : facts.nearest.map((customer) => {
        const metres = geodesicDistance(centre, customer);
        const at = Math.min(count - 1, Math.floor((metres * count) / (radiusKm * 1_000)));
        const ring = shown.findIndex(({ from, to }) => at >= from && at < to);
        const { from = 0, to = count } = shown[ring] ?? {};
        const isTold = mayIdentify || (rings[at]?.customers ?? 0) >= SMALLEST_GROUP;
        return {
          ring,
          metres: isTold ? metres : Number.POSITIVE_INFINITY,
          row: {
            customerId: customer.customerId,
            name: facts.people.get(customer.customerId)?.name ?? '',
            city: customer.city,
            clientId: customer.clientId,
            clientName: customer.clientName,
            segment: customer.segment,
            potential: customer.potential,
            distanceKm: isTold ? Number((metres / 1_000).toFixed(mayIdentify ? 3 : 1)) : null,
            band: `${edge(from)}-${edge(to)} km`,
            revenue: toAnswerNumber(customer.revenue),
            latitude: mayIdentify ? customer.latitude : null,
            longitude: mayIdentify ? customer.longitude : null,
          },
        };
      });
  // Whose distance is not told comes after the others of the band, by id: the order would tell it.
  nearest.sort(
    (one, other) =>
      one.ring - other.ring || (one.metres < other.metres ? -1 : one.metres > other.metres ? 1 : one.row.customerId - other.row.customerId),
  );
  return {
    status: total === 0 ? 'no_data' : 'data',
    scope,
    place,
    latitude: centre.latitude,
    longitude: centre.longitude,
    customers: isHidden ? null : total,
    revenue: isHidden ? null : toAnswerNumber(sum(rings.map(({ revenue }) => revenue))),
    bands: shown.map(({ from, to, customers, revenue }) => ({
      fromKm: edge(from),
      toKm: edge(to),
      customers,
      revenue: toAnswerNumber(revenue),
    })),
    nearest: nearest.map(({ row }) => row),
    basis: {
      radiusKm,
      masked: !mayIdentify,
      method: `geodesic on WGS84 (Vincenty, to ${GEODESIC_ERROR}); who is within and in which band by the chord through the Earth, to ${CHORD_ERROR}`,
      assumes: [
        'Revenue: paid orders of all time, US dollars.',
        ...(mayIdentify
          ? []
          : [
              `Without crm:pii a customer stands at the nearest 0.001° (about 100 m); bands of fewer than ${SMALLEST_GROUP} are joined to the next, and who is in one is told by band only.`,
            ]),
      ],
    },
  };
}

/** Joins neighbouring rings until none holds some but too few customers. Empty ones stay: nobody is in them. */
function withoutSmallGroups(rings: readonly Ring[]): readonly Ring[] {
  const isSmall = ({ customers }: Ring): boolean => customers > 0 && customers < SMALLEST_GROUP;
  const joined: Ring[] = [];
  for (const ring of rings) {
    const last = joined.at(-1);
    if (last !== undefined && isSmall(last)) joined.splice(-1, 1, join(last, ring));
    else joined.push(ring);
  }
  // What is left over at the rim goes inwards.
  for (let last = joined.at(-1), inner = joined.at(-2); last !== undefined && inner !== undefined && isSmall(last); ) {
    joined.splice(-2, 2, join(inner, last));
    last = joined.at(-1);
    inner = joined.at(-2);
  }
  return joined;
}

function join(inner: Ring, outer: Ring): Ring {
  return { from: inner.from, to: outer.to, customers: inner.customers + outer.customers, revenue: inner.revenue.plus(outer.revenue) };
}

/** The same as text: a table of bands and one of customers. */
export function nearbyText({ status, scope, customers, revenue, bands, nearest, latitude, longitude, basis }: NearbyAnswer): string {
  const around = `within ${basis.radiusKm} km of ${latitude}, ${longitude}`;
  const isExact = !basis.masked;
  return [
    `${scope}: ${customers === null ? `<${SMALLEST_GROUP}` : formatCount(customers)} customers ${around}${revenue === null ? '' : `, revenue ${formatUsd(revenue)}`}`,
    ...(status === 'no_data' ? ['None lives there.'] : []),
    ...(bands.length === 0
      ? []
      : [
          table<NearbyBand>(
            [
              { header: 'Distance (km)', cell: ({ fromKm, toKm }) => `${fromKm}-${toKm}` },
              { header: 'Customers', cell: (band) => formatCount(band.customers) },
              { header: 'Revenue', cell: (band) => formatUsd(band.revenue) },
            ],
            bands,
          ),
        ]),
    ...(nearest.length === 0
      ? []
      : [
          table<NearbyRow>(
            [
              { header: 'Id', cell: ({ customerId }) => String(customerId) },
              { header: 'Customer', cell: ({ name }) => name },
              { header: 'Distance', cell: ({ distanceKm, band }) => (distanceKm === null ? band : `${distanceKm} km`) },
              { header: 'City', cell: ({ city }) => city },
              { header: 'Client', cell: ({ clientName, clientId }) => `${clientName} (${clientId})` },
              { header: 'Segment, potential', cell: ({ segment, potential }) => `${segment}, ${potential}` },
              { header: 'Revenue', cell: (row) => formatUsd(row.revenue) },
              ...(isExact ? [{ header: 'Position', cell: (row: NearbyRow) => `${row.latitude}, ${row.longitude}` }] : []),
            ],
            nearest,
          ),
        ]),
    `Method: ${basis.method}.`,
    ...basis.assumes.map((assumed) => `- ${assumed}`),
  ].join('\n');
}
