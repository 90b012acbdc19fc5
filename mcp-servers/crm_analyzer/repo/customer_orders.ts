import { countOf, optionalTextOf, type Row, textOf } from '../../../shared/db/row.ts';
import type { SqlDatabase, Statement } from '../../../shared/db/sql_database.ts';
import type { DayRange } from '../../../shared/domain/calendar_day.ts';
import type { Deadline } from '../../../shared/domain/deadline.ts';
import { RFM_NAMES, RFM_SEGMENTS } from '../service/rfm.ts';
import type { RfmCuts, SegmentMethod, SegmentTotals } from '../service/segments.ts';

export type CustomerScope = { readonly clientId: string | undefined; readonly timeZone: string };
export type SegmentPeriods = { readonly now: DayRange; readonly before: DayRange };

/** Segments of a period's buyers, and the quintiles they were scored by; undefined when nobody bought. */
export type RfmTotals = { readonly cuts: RfmCuts; readonly totals: readonly SegmentTotals[] } | undefined;

export type CustomerOrders = {
  /** Buyers of the period by RFM segment. */
  readonly byRfm: (scope: CustomerScope, periods: SegmentPeriods, deadline: Deadline) => Promise<RfmTotals>;
  /** All customers by an attribute. */
  readonly byAttribute: (
    scope: CustomerScope,
    periods: SegmentPeriods,
    method: Exclude<SegmentMethod, 'rfm'>,
    deadline: Deadline,
  ) => Promise<readonly SegmentTotals[]>;
};

/** Whether a statement is about one client: only then is there a $6, so that the plan knows what it can be narrowed by. */
type Of = 'client' | 'everybody';

const ofClient = (of: Of, row: string): string => (of === 'client' ? ` AND ${row}.client_id = $6` : '');

const midnight = (day: string): string => `(${day}::date::timestamp AT TIME ZONE $1)`;

/** How many midnights there are from a time to the period's end: among sorted midnights that is three times as fast as the time's own day. */
const midnightsOf = (name: string, from: string, to: string): string => `
  ${name} AS MATERIALIZED (
    SELECT array_agg(${midnight('d')} ORDER BY d) AS at FROM generate_series(${from}::date + 1, ${to}::date, interval '1 day') d
  )`;
const days = (last: string, name: string, from: string, to: string): string =>
  `CASE WHEN ${last} IS NOT NULL THEN ${to}::date - ${from}::date - coalesce(width_bucket(${last}, (SELECT at FROM ${name})), 0) END`;

/**
 * What each buyer did in either period: $2 to $3, and before it $4 to $5. A customer belongs to one client, so the order of the index is an
 * order of groups, and nothing is hashed or sorted.
 */
const buyers = (of: Of): string => `
  ${midnightsOf('midnights', '$2', '$3')}, ${midnightsOf('midnights_before', '$4', '$5')},
  buyers AS MATERIALIZED (
    SELECT customer_id, orders, revenue, ${days('last', 'midnights', '$2', '$3')} AS days,
           orders_before, revenue_before, ${days('last_before', 'midnights_before', '$4', '$5')} AS days_before
      FROM (
        SELECT o.customer_id,
               count(*) FILTER (WHERE o.ordered_at >= ${midnight('$2')})::integer AS orders,
               coalesce(sum(o.total_usd) FILTER (WHERE o.ordered_at >= ${midnight('$2')}), 0) AS revenue,
               max(o.ordered_at) FILTER (WHERE o.ordered_at >= ${midnight('$2')}) AS last,
               count(*) FILTER (WHERE o.ordered_at < ${midnight('($5::date + 1)')})::integer AS orders_before,
               coalesce(sum(o.total_usd) FILTER (WHERE o.ordered_at < ${midnight('($5::date + 1)')}), 0) AS revenue_before,
               max(o.ordered_at) FILTER (WHERE o.ordered_at < ${midnight('($5::date + 1)')}) AS last_before
          FROM crm.orders o
         WHERE o.status = 'paid'${ofClient(of, 'o')}
           AND o.ordered_at >= ${midnight('$4')} AND o.ordered_at < ${midnight('($3::date + 1)')}
           AND (o.ordered_at >= ${midnight('$2')} OR o.ordered_at < ${midnight('($5::date + 1)')})
         GROUP BY o.client_id, o.customer_id) b
  )`;

/** The ages that hold the middle 80 %, from `aged` (segment, age, n): as percentile_disc, of many alike. */
const AGES = `
  ages AS (
    SELECT segment, min(age) FILTER (WHERE up_to >= ceil(0.1::float8 * everyone)) AS age_from,
           min(age) FILTER (WHERE up_to >= ceil(0.9::float8 * everyone)) AS age_to
      FROM (SELECT segment, age, sum(n) OVER (PARTITION BY segment ORDER BY age) AS up_to, sum(n) OVER (PARTITION BY segment) AS everyone
              FROM aged) a
     GROUP BY 1
  )`;

/** The region that most live in, from `living` (segment, city_id, n). */
const REGIONS = `
  regions AS (
    SELECT DISTINCT ON (segment) segment, region, customers
      FROM (SELECT l.segment, y.region, sum(l.n)::integer AS customers FROM living l LEFT JOIN crm.cities y USING (city_id) GROUP BY 1, 2) r
     ORDER BY segment, customers DESC, region
  )`;

const TOLD = `a.age_from, a.age_to, r.region AS top_region, coalesce(r.customers, 0) AS top_region_customers`;

/** A value's quintile: one more than the cut points below it. Whole numbers, so "below" is "up to one less". */
const score = (value: string, cuts: string): string => `(1 + width_bucket(${value} - 1, ${cuts}))`;
const numberOf = (days: string, orders: string, revenue: string): string => {
  const [recency, frequency, money] = [
    score(days, 'days_cuts'),
    score(orders, 'orders_cuts'),
    score(`(${revenue} * 100)::bigint`, 'cents_cuts'),
  ];
  return `CASE WHEN ${orders} > 0 THEN ($NAMES::smallint[])[25 * (5 - ${recency}) + 5 * (${frequency} - 1) + ${money}] END`;
};

const QUINTILES = 'percentile_disc(ARRAY[0.2, 0.4, 0.6, 0.8]) WITHIN GROUP (ORDER BY';
const YEAR = 'extract(year FROM $3::date)::integer';

const byRfm = (of: Of): Statement => ({
  name: `crm_by_rfm_of_${of}`,
  text: `
  WITH ${buyers(of)}, cuts AS MATERIALIZED (
    SELECT ${QUINTILES} days) AS days_cuts, ${QUINTILES} orders) AS orders_cuts, ${QUINTILES} (revenue * 100)::bigint) AS cents_cuts
      FROM buyers WHERE orders > 0
  ), named AS MATERIALIZED (
    SELECT s.active, s.active_before, s.orders, s.revenue, s.days, t.customer_type = 'person' AS is_person, t.sex, ${YEAR} - t.birth_year AS age, t.city_id
      FROM (SELECT b.*, ${numberOf('b.days', 'b.orders', 'b.revenue')} AS active,
                   ${numberOf('b.days_before', 'b.orders_before', 'b.revenue_before')} AS active_before
              FROM buyers b CROSS JOIN cuts) s
      LEFT JOIN sales.customer_orders t ON t.customer_id = s.customer_id${ofClient(of, 't')}
  ), totals AS (
    SELECT active AS segment, count(*)::integer AS customers, sum(orders)::integer AS orders, sum(revenue)::numeric(16,2) AS revenue,
           percentile_disc(0.5) WITHIN GROUP (ORDER BY days) AS median_days, (count(*) FILTER (WHERE is_person))::integer AS people,
           (count(*) FILTER (WHERE is_person AND sex = 'female'))::integer AS women,
           (count(*) FILTER (WHERE is_person AND sex = 'male'))::integer AS men,
           (count(*) FILTER (WHERE active IS DISTINCT FROM active_before))::integer AS moved_in
      FROM named WHERE active IS NOT NULL GROUP BY 1
  ), moved_out AS (
    SELECT active_before AS segment, count(*)::integer AS customers FROM named
     WHERE active_before IS NOT NULL AND active_before IS DISTINCT FROM active GROUP BY 1
  ), aged AS (
    SELECT active AS segment, age, count(*) AS n FROM named WHERE active IS NOT NULL AND is_person AND age IS NOT NULL GROUP BY 1, 2
  ), ${AGES}, living AS (
    SELECT active AS segment, city_id, count(*) AS n FROM named WHERE active IS NOT NULL GROUP BY 1, 2
  ), ${REGIONS}
  SELECT t.segment, t.customers, t.customers AS buyers, t.orders, t.revenue, t.median_days, t.people, t.women, t.men, ${TOLD},
         t.moved_in, coalesce(m.customers, 0) AS moved_out,
         array_to_string(c.days_cuts, ' ') AS days_cuts, array_to_string(c.orders_cuts, ' ') AS orders_cuts, array_to_string(c.cents_cuts, ' ') AS cents_cuts
    FROM totals t CROSS JOIN cuts c LEFT JOIN ages a USING (segment) LEFT JOIN regions r USING (segment) LEFT JOIN moved_out m USING (segment)`.replaceAll(
    '$NAMES',
    of === 'client' ? '$7' : '$6',
  ),
});

const ATTRIBUTES: Readonly<Record<Exclude<SegmentMethod, 'rfm'>, string>> = {
  type: 'c.customer_type',
  industry: `coalesce(c.industry, 'none')`,
  potential: 'c.potential',
  region: `coalesce(y.place, 'unknown')`,
  segment: 'c.segment',
};

const byAttribute = (method: Exclude<SegmentMethod, 'rfm'>, of: Of): Statement => ({
  name: `crm_by_${method}_of_${of}`,
  text: `
  WITH ${buyers(of)}, places AS MATERIALIZED (
    SELECT city_id, region || ', ' || country AS place FROM crm.cities
  ), everyone AS MATERIALIZED (
    SELECT ${ATTRIBUTES[method]} AS segment, c.customer_type = 'person' AS is_person, c.sex, ${YEAR} - c.birth_year AS age, c.city_id, c.n
      FROM ${
        of === 'client'
          ? '(SELECT customer_type, industry, segment, potential, city_id, sex, birth_year, 1 AS n FROM crm.customers WHERE client_id = $6)'
          : '(SELECT customer_type, industry, segment, potential, city_id, sex, birth_year, customers AS n FROM sales.customer_counts)'
      } c
      LEFT JOIN places y USING (city_id)
  ), sizes AS (
    SELECT segment, sum(n)::integer AS customers, coalesce(sum(n) FILTER (WHERE is_person), 0)::integer AS people,
           coalesce(sum(n) FILTER (WHERE is_person AND sex = 'female'), 0)::integer AS women,
           coalesce(sum(n) FILTER (WHERE is_person AND sex = 'male'), 0)::integer AS men
      FROM everyone GROUP BY 1
  ), aged AS (
    SELECT segment, age, sum(n) AS n FROM everyone WHERE is_person AND age IS NOT NULL GROUP BY 1, 2
  ), ${AGES}, living AS (
    SELECT segment, city_id, sum(n) AS n FROM everyone GROUP BY 1, 2
  ), ${REGIONS}, bought AS (
    SELECT ${ATTRIBUTES[method]} AS segment, (count(*) FILTER (WHERE b.orders > 0))::integer AS buyers, sum(b.orders)::integer AS orders,
           sum(b.revenue)::numeric(16,2) AS revenue, percentile_disc(0.5) WITHIN GROUP (ORDER BY b.days) AS median_days,
           (count(*) FILTER (WHERE b.orders > 0 AND b.orders_before = 0))::integer AS moved_in,
           (count(*) FILTER (WHERE b.orders = 0 AND b.orders_before > 0))::integer AS moved_out
      FROM buyers b
      JOIN sales.customer_orders c ON c.customer_id = b.customer_id${ofClient(of, 'c')}
      LEFT JOIN places y USING (city_id)
     WHERE c.customer_type IS NOT NULL
     GROUP BY 1
  )
  SELECT s.segment, s.customers, coalesce(b.buyers, 0) AS buyers, coalesce(b.orders, 0) AS orders, coalesce(b.revenue, 0)::numeric(16,2) AS revenue,
         b.median_days, s.people, s.women, s.men, ${TOLD}, coalesce(b.moved_in, 0) AS moved_in, coalesce(b.moved_out, 0) AS moved_out
    FROM sizes s LEFT JOIN bought b USING (segment) LEFT JOIN ages a USING (segment) LEFT JOIN regions r USING (segment)`,
});

/** Segments by number in the hub: a number a buyer is cheaper than a name. */
const RFM_NUMBERS = RFM_NAMES.map((name) => RFM_SEGMENTS.findIndex((segment) => segment.name === name));

/** Customers and what they bought, added up by segment in the hub. */
export function openCustomerOrders(hub: SqlDatabase): CustomerOrders {
  const ofScope = ({ clientId }: CustomerScope): Of => (clientId === undefined ? 'everybody' : 'client');
  const values = ({ clientId, timeZone }: CustomerScope, { now, before }: SegmentPeriods) => [
    timeZone,
    now.from,
    now.to,
    before.from,
    before.to,
    ...(clientId === undefined ? [] : [clientId]),
  ];
  return {
    byRfm: async (scope, periods, deadline) => {
      const rows = await hub.rows(byRfm(ofScope(scope)), [...values(scope, periods), RFM_NUMBERS], (row) => row, deadline);
      const [first] = rows;
      if (first === undefined) return undefined;
      const totals = rows.map((row) => toTotals({ ...row, segment: RFM_SEGMENTS[countOf(row, 'segment')]?.name }));
      return { cuts: toCuts(first), totals };
    },
    byAttribute: (scope, periods, method, deadline) =>
      hub.rows(byAttribute(method, ofScope(scope)), values(scope, periods), toTotals, deadline),
  };
}

function toCuts(row: Row): RfmCuts {
  const numbers = (column: string): readonly number[] => textOf(row, column).split(' ').map(Number);
  return {
    recencyDays: numbers('days_cuts'),
    orders: numbers('orders_cuts'),
    revenue: numbers('cents_cuts').map((cents) => cents / 100),
  };
}

function toTotals(row: Row): SegmentTotals {
  const optionalCount = (column: string): number | null => (row[column] === null ? null : countOf(row, column));
  return {
    segment: textOf(row, 'segment'),
    customers: countOf(row, 'customers'),
    buyers: countOf(row, 'buyers'),
    orders: countOf(row, 'orders'),
    revenue: textOf(row, 'revenue'),
    medianDays: optionalCount('median_days'),
    people: countOf(row, 'people'),
    women: countOf(row, 'women'),
    men: countOf(row, 'men'),
    ageFrom: optionalCount('age_from'),
    ageTo: optionalCount('age_to'),
    topRegion: optionalTextOf(row, 'top_region'),
    topRegionCustomers: countOf(row, 'top_region_customers'),
    movedIn: countOf(row, 'moved_in'),
    movedOut: countOf(row, 'moved_out'),
  };
}
