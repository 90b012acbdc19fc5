import { type DayRange, yearOf } from '../../../shared/domain/calendar_day.ts';
import { decimal } from '../../../shared/domain/money.ts';
import { viewOf, wholeAt } from '../../../shared/hub/packed_bytes.ts';
import { type Buyers, type PackedTraits, type Traits, traitsAt, UNKNOWN } from './buyers.ts';
import { type CityRegion, regionName } from './city_regions.ts';
import type { DayStarts } from './day_starts.ts';
import { percentileOf, percentileOfCounts } from './percentile.ts';
import { type PeriodSums, periodSums } from './period_sums.ts';
import { type CutPoints, quintile, quintileFromLeast, RFM_NAMES } from './rfm.ts';
import type { RfmCuts, SegmentMethod, SegmentTotals } from './segments.ts';

export type SegmentPeriods = { readonly now: DayRange; readonly before: DayRange };

/** A scope's customers who have bought, and where they live. */
export type SegmentSources = {
  readonly periods: SegmentPeriods;
  /** Those of both periods. */
  readonly days: DayStarts;
  readonly buyers: Buyers;
  readonly cities: ReadonlyMap<number, CityRegion>;
};

/** Segments of a period's buyers, and the quintiles they were scored by; undefined when nobody bought. */
export type RfmTotals = { readonly cuts: RfmCuts; readonly totals: readonly SegmentTotals[] } | undefined;

/** Buyers of the period by RFM segment. The period before is scored by the quintiles of this one. */
export function rfmTotals({ periods, days, buyers, cities }: SegmentSources): RfmTotals {
  const [now, before] = [periodSums(buyers, periods.now, days), periodSums(buyers, periods.before, days)];
  const cuts = quintilesOf(now);
  if (cuts === undefined) return undefined;
  const nameOf = (sums: PeriodSums, row: number): string | undefined => {
    if (sums.orders[row] === 0) return undefined;
    const recency = quintileFromLeast(sums.days[row] as number, cuts.days);
    const frequency = quintile(sums.orders[row] as number, cuts.orders);
    return RFM_NAMES[25 * (recency - 1) + 5 * (frequency - 1) + quintile(sums.cents[row] as number, cuts.cents) - 1];
  };
  const segments = new Map<string, SegmentSums>();
  const movedOut = new Map<string, number>();
  const year = yearOf(periods.now.to);
  for (let row = 0; row < buyers.ids.length; row++) {
    const name = nameOf(now, row);
    const nameBefore = nameOf(before, row);
    if (nameBefore !== undefined && nameBefore !== name) count(movedOut, nameBefore, 1);
    if (name === undefined) continue;
    const segment = sumsOf(segments, name);
    addCustomers(segment, traitsAt(buyers, row), buyers.cityIds[row] as number, buyers.birthYears[row] as number, year, 1);
    addOrders(segment, now, row);
    if (nameBefore !== name) segment.movedIn++;
  }
  for (const [name, segment] of segments) segment.movedOut = movedOut.get(name) ?? 0;
  return {
    cuts: { recencyDays: cuts.days, orders: cuts.orders, revenue: cuts.cents.map((cents) => cents / 100) },
    totals: totalsOf(segments, cities),
  };
}

/** The quintiles of those who bought; undefined when nobody did. */
function quintilesOf({ orders, cents, days }: PeriodSums): Record<'days' | 'orders' | 'cents', CutPoints> | undefined {
  const bought = orders.reduce((buyers, ordered) => buyers + (ordered > 0 ? 1 : 0), 0);
  if (bought === 0) return undefined;
  const cutsOf = (column: Int32Array | Float64Array): CutPoints => {
    const values = new Float64Array(bought);
    let end = 0;
    for (let row = 0; row < column.length; row++) if ((orders[row] as number) > 0) values[end++] = column[row] as number;
    values.sort();
    return [0.2, 0.4, 0.6, 0.8].map((part) => percentileOf(values, part));
  };
  return { days: cutsOf(days), orders: cutsOf(orders), cents: cutsOf(cents) };
}

/**
 * All customers by an attribute. `population`: those of the scope by what they are, int4 city, int4 year of birth, int8 how many. Who has bought and is
 * not known is in no segment.
 */
export function attributeTotals(
  { periods, days, buyers, cities }: SegmentSources,
  population: readonly PackedTraits[],
  method: Exclude<SegmentMethod, 'rfm'>,
): readonly SegmentTotals[] {
  const nameOf = attributeNames(method, cities);
  const segments = new Map<string, SegmentSums>();
  const year = yearOf(periods.now.to);
  for (const { traits, packed } of population) {
    const view = viewOf(packed);
    for (let at = 0; at < packed.byteLength; at += 16) {
      const cityId = view.getInt32(at);
      addCustomers(sumsOf(segments, nameOf(traits, cityId)), traits, cityId, view.getInt32(at + 4), year, wholeAt(view, at + 8));
    }
  }
  const [now, before] = [periodSums(buyers, periods.now, days), periodSums(buyers, periods.before, days)];
  for (let row = 0; row < buyers.ids.length; row++) {
    const [isNow, isBefore] = [now.orders[row] !== 0, before.orders[row] !== 0];
    const traits = traitsAt(buyers, row);
    if ((!isNow && !isBefore) || traits.customerType === null) continue;
    const segment = segments.get(nameOf(traits, buyers.cityIds[row] as number));
    if (segment === undefined) continue;
    if (isNow) addOrders(segment, now, row);
    if (isNow && !isBefore) segment.movedIn++;
    if (isBefore && !isNow) segment.movedOut++;
  }
  return totalsOf(segments, cities);
}

function attributeNames(
  method: Exclude<SegmentMethod, 'rfm'>,
  cities: ReadonlyMap<number, CityRegion>,
): (traits: Traits, cityId: number) => string {
  if (method === 'region') {
    const names = new Map([...cities].map(([cityId, city]) => [cityId, regionName(city)]));
    return (_traits, cityId) => names.get(cityId) ?? regionName(undefined);
  }
  if (method === 'industry') return ({ industry }) => industry ?? 'none';
  const trait = method === 'type' ? 'customerType' : method;
  return (traits) => traits[trait] ?? '';
}

/** Sums of one segment. */
type SegmentSums = {
  customers: number;
  buyers: number;
  orders: number;
  cents: number;
  people: number;
  women: number;
  men: number;
  movedIn: number;
  movedOut: number;
  /** How many there are of each value: days since their last order, ages of people, cities. */
  readonly days: Map<number, number>;
  readonly ages: Map<number, number>;
  readonly cities: Map<number, number>;
};

function sumsOf(segments: Map<string, SegmentSums>, name: string): SegmentSums {
  const known = segments.get(name);
  if (known !== undefined) return known;
  const none = { customers: 0, buyers: 0, orders: 0, cents: 0, people: 0, women: 0, men: 0, movedIn: 0, movedOut: 0 };
  const sums = { ...none, days: new Map<number, number>(), ages: new Map<number, number>(), cities: new Map<number, number>() };
  segments.set(name, sums);
  return sums;
}

function count<Key>(counts: Map<Key, number>, key: Key, more: number): void {
  counts.set(key, (counts.get(key) ?? 0) + more);
}

function addCustomers(sums: SegmentSums, traits: Traits, cityId: number, birthYear: number, year: number, customers: number): void {
  sums.customers += customers;
  count(sums.cities, cityId, customers);
  if (traits.customerType !== 'person') return;
  sums.people += customers;
  if (traits.sex === 'female') sums.women += customers;
  if (traits.sex === 'male') sums.men += customers;
  if (birthYear !== UNKNOWN) count(sums.ages, year - birthYear, customers);
}

function addOrders(sums: SegmentSums, { orders, cents, days }: PeriodSums, row: number): void {
  sums.buyers++;
  sums.orders += orders[row] as number;
  sums.cents += cents[row] as number;
  count(sums.days, days[row] as number, 1);
}

function totalsOf(segments: ReadonlyMap<string, SegmentSums>, cities: ReadonlyMap<number, CityRegion>): readonly SegmentTotals[] {
  const byName = [...segments].sort(([one], [other]) => (one < other ? -1 : 1));
  return byName.map(([segment, sums]) => {
    const top = topRegion(sums.cities, cities);
    return {
      segment,
      customers: sums.customers,
      buyers: sums.buyers,
      orders: sums.orders,
      revenue: decimal(sums.cents).div(100).toFixed(2),
      medianDays: percentileOfCounts(sums.days, 0.5),
      people: sums.people,
      women: sums.women,
      men: sums.men,
      // The middle 80 %.
      ageFrom: percentileOfCounts(sums.ages, 0.1),
      ageTo: percentileOfCounts(sums.ages, 0.9),
      topRegion: top.region,
      topRegionCustomers: top.customers,
      movedIn: sums.movedIn,
      movedOut: sums.movedOut,
    };
  });
}

/** The region that most live in, the first by name of several; null when that is those whose region is not known. */
function topRegion(
  living: ReadonlyMap<number, number>,
  cities: ReadonlyMap<number, CityRegion>,
): { readonly region: string | null; readonly customers: number } {
  const regions = new Map<string | null, number>();
  for (const [cityId, customers] of living) count(regions, cities.get(cityId)?.region ?? null, customers);
  let [region, most]: [string | null, number] = [null, 0];
  for (const [name, customers] of regions) {
    if (customers > most || (customers === most && name !== null && (region === null || name < region))) [region, most] = [name, customers];
  }
  return { region, customers: most };
}
