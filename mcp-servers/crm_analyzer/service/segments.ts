import { SMALLEST_GROUP } from '../../../shared/access/smallest_group.ts';
import { type DecimalSource, formatCount, formatPercent, formatUsd, ratio, sum, toAnswerNumber } from '../../../shared/domain/money.ts';
import { table } from '../../../shared/domain/table.ts';
import type { SEGMENT_METHODS } from '../tools/segment_arguments.ts';
import type { CutPoints } from './rfm.ts';
import { RFM_SEGMENTS } from './rfm.ts';
import { isSmall, withheld } from './small_groups.ts';

export type SegmentMethod = (typeof SEGMENT_METHODS)[number];

/** The sums of a segment; money as decimal text, US dollars. */
export type SegmentTotals = {
  readonly segment: string;
  readonly customers: number;
  readonly buyers: number;
  readonly orders: number;
  readonly revenue: string;
  /** From each buyer's last paid order to the period's end. */
  readonly medianDays: number | null;
  readonly people: number;
  readonly women: number;
  readonly men: number;
  /** The ages that hold the middle 80 % of its people. */
  readonly ageFrom: number | null;
  readonly ageTo: number | null;
  readonly topRegion: string | null;
  readonly topRegionCustomers: number;
  readonly movedIn: number;
  readonly movedOut: number;
};

export type SegmentRow = {
  readonly segment: string;
  readonly customers: number | null;
  readonly share: number | null;
  readonly revenue: number | null;
  readonly revenueShare: number | null;
  readonly orders: number | null;
  readonly averageBasket: number | null;
  readonly medianDaysSinceOrder: number | null;
  readonly peopleShare: number | null;
  readonly topRegion: string | null;
  readonly topRegionShare: number | null;
  readonly movedIn: number | null;
  readonly movedOut: number | null;
};

/** A population as generateCampaignMessages takes it. */
export type SegmentPopulation = {
  readonly text: string;
  readonly ageMin?: number;
  readonly ageMax?: number;
  readonly sex?: 'female' | 'male';
  readonly place?: string;
};

const percent = (part: DecimalSource, whole: DecimalSource): number | null => {
  const share = ratio(part, whole);
  return share === null ? null : toAnswerNumber(share.times(100), 1);
};

/**
 * Segments as an answer shows them, most revenue first. Unless it may be shown, what counts fewer than {@link SMALLEST_GROUP} customers is null, and
 * so is what would tell it by subtraction from the whole.
 */
export function segmentRows(totals: readonly SegmentTotals[], mayIdentify: boolean): readonly SegmentRow[] {
  const customers = sum(totals.map((row) => row.customers));
  const revenue = sum(totals.map((row) => row.revenue));
  const isHidden = (count: number): boolean => !mayIdentify && isSmall(count);
  const none = totals.map(() => false);
  const hidden = mayIdentify ? none : withheld(totals.map((row) => row.customers));
  // What a handful of buyers spent would be a breakdown of a small group.
  const fewBuyers = mayIdentify
    ? none
    : withheld(
        totals.map((row) => row.buyers),
        hidden,
      );
  const shown = (count: number): number | null => (isHidden(count) ? null : count);
  return totals
    .map((row, index) => ({ row, isNotTold: hidden[index] === true, isFewBuyers: fewBuyers[index] === true }))
    .toSorted(
      ({ row: one }, { row: other }) => sum([other.revenue]).comparedTo(sum([one.revenue])) || (one.segment < other.segment ? -1 : 1),
    )
    .map(({ row, isNotTold, isFewBuyers }): SegmentRow => {
      if (isNotTold) {
        return {
          segment: row.segment,
          customers: null,
          share: null,
          revenue: null,
          revenueShare: null,
          orders: null,
          averageBasket: null,
          medianDaysSinceOrder: null,
          peopleShare: null,
          topRegion: null,
          topRegionShare: null,
          movedIn: null,
          movedOut: null,
        };
      }
      const isFewPeople = isHidden(row.people) || isHidden(row.customers - row.people);
      const isRegionShown = row.topRegion !== null && !isHidden(row.topRegionCustomers);
      return {
        segment: row.segment,
        customers: row.customers,
        share: percent(row.customers, customers),
        revenue: isFewBuyers ? null : toAnswerNumber(row.revenue),
        revenueShare: isFewBuyers ? null : percent(row.revenue, revenue),
        orders: isFewBuyers ? null : row.orders,
        averageBasket: isFewBuyers ? null : toAnswerNumber(ratio(row.revenue, row.orders)),
        medianDaysSinceOrder: isFewBuyers ? null : row.medianDays,
        peopleShare: isFewPeople ? null : percent(row.people, row.customers),
        topRegion: isRegionShown ? row.topRegion : null,
        topRegionShare: isRegionShown ? percent(row.topRegionCustomers, row.customers) : null,
        movedIn: shown(row.movedIn),
        movedOut: shown(row.movedOut),
      };
    });
}

/** From this share on a sex or a region stands for a segment. */
const MOSTLY = 0.6;
const YOUNGEST = 13;
const OLDEST = 100;

/**
 * The people of a segment as a population to write messages for: the ages of the middle 80 %, a sex or a region when at least 60 % share it.
 * Undefined for fewer than {@link SMALLEST_GROUP} people.
 */
export function segmentPopulation(row: SegmentTotals): SegmentPopulation | undefined {
  if (row.people < SMALLEST_GROUP) return undefined;
  const ages = row.ageFrom === null || row.ageTo === null ? undefined : ([row.ageFrom, row.ageTo].map(within) as [number, number]);
  const sex = row.women >= MOSTLY * row.people ? 'female' : row.men >= MOSTLY * row.people ? 'male' : undefined;
  const place =
    row.topRegion !== null && row.topRegionCustomers >= Math.max(SMALLEST_GROUP, MOSTLY * row.customers) ? row.topRegion : undefined;
  if (ages === undefined && sex === undefined && place === undefined) return undefined;
  const who = sex === 'female' ? 'mujeres' : sex === 'male' ? 'hombres' : 'personas';
  return {
    text: [who, ...(ages === undefined ? [] : [`de ${ages[0]} a ${ages[1]} años`]), ...(place === undefined ? [] : [`en ${place}`])].join(
      ' ',
    ),
    ...(ages === undefined ? {} : { ageMin: ages[0], ageMax: ages[1] }),
    ...(sex === undefined ? {} : { sex }),
    ...(place === undefined ? {} : { place }),
  };
}

const within = (age: number): number => Math.min(OLDEST, Math.max(YOUNGEST, age));

/** How the customers of an answer were divided. */
export type RfmCuts = { readonly recencyDays: CutPoints; readonly orders: CutPoints; readonly revenue: CutPoints };

const money = (value: number | null): string => (value === null ? '' : formatUsd(value.toFixed(2)));

/** An answer's figures as text. */
export function segmentText(data: {
  readonly scope: string;
  readonly segments: readonly SegmentRow[];
  readonly basis: { readonly customers: number; readonly method: string; readonly cutPoints: string; readonly movement: string };
}): string {
  const { segments, basis } = data;
  if (segments.length === 0) return `No data, which is not zero: no customer of ${data.scope} bought in this period.`;
  const few = `<${SMALLEST_GROUP}`;
  const notTold = 'not told';
  return [
    `${formatCount(basis.customers)} customers of ${data.scope} in ${segments.length} segments.`,
    table<SegmentRow>(
      [
        { header: 'Segment', cell: ({ segment }) => segment },
        { header: 'Customers', cell: ({ customers }) => (customers === null ? notTold : formatCount(customers)) },
        { header: '%', cell: ({ share }) => (share === null ? '' : formatPercent(share, 1)) },
        { header: 'Revenue', cell: ({ revenue }) => money(revenue) },
        { header: '% of revenue', cell: ({ revenueShare }) => (revenueShare === null ? '' : formatPercent(revenueShare, 1)) },
        { header: 'Orders', cell: ({ orders }) => (orders === null ? '' : formatCount(orders)) },
        { header: 'Basket', cell: ({ averageBasket }) => money(averageBasket) },
        { header: 'Days since order, median', cell: ({ medianDaysSinceOrder: days }) => (days === null ? '' : formatCount(days)) },
        { header: 'People', cell: ({ peopleShare }) => (peopleShare === null ? '' : formatPercent(peopleShare, 1)) },
        {
          header: 'Top region',
          cell: ({ topRegion, topRegionShare }) => (topRegion === null ? '' : `${topRegion} ${formatPercent(topRegionShare, 1)}`),
        },
        { header: 'In', cell: ({ customers, movedIn }) => (movedIn === null ? (customers === null ? '' : few) : formatCount(movedIn)) },
        { header: 'Out', cell: ({ customers, movedOut }) => (movedOut === null ? (customers === null ? '' : few) : formatCount(movedOut)) },
      ],
      segments,
    ),
    `Basis: ${basis.method}.${basis.cutPoints === '' ? '' : ` ${basis.cutPoints}.`} In and out: ${basis.movement}.`,
  ].join('\n');
}

/** The cut points as a sentence. */
export function cutPointText({ recencyDays, orders, revenue }: RfmCuts): string {
  const rules = RFM_SEGMENTS.map(({ name, rule }) => `${name}: ${rule}`).join('; ');
  return [
    `Quintiles of the scope's buyers, equal values together. R 5 to 1: days since the last order up to ${recencyDays.join(', ')}, more`,
    `F 1 to 5: orders up to ${orders.join(', ')}, more`,
    `M 1 to 5: revenue up to ${revenue.map((value) => formatUsd(value.toFixed(2))).join(', ')}, more. First rule that fits: ${rules}`,
  ].join('. ');
}
