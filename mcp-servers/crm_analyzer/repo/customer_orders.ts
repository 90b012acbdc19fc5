import { countOf, optionalTextOf, type Row, textOf } from '../../../shared/db/row.ts';
import type { SqlDatabase, Statement } from '../../../shared/db/sql_database.ts';
import type { DayRange } from '../../../shared/domain/calendar_day.ts';
import type { Deadline } from '../../../shared/domain/deadline.ts';
import { RFM_NAMES } from '../service/rfm.ts';
import type { RfmCuts, SegmentMethod, SegmentTotals } from '../service/segments.ts';

export type CustomerScope = { readonly clientId: string | undefined; readonly timeZone: string };
export type SegmentPeriods = { readonly now: DayRange; readonly before: DayRange };

export type CustomerOrders = {
  /** Quintiles of the buyers of a period; undefined when nobody bought. */
  readonly cutPoints: (scope: CustomerScope, period: DayRange, deadline: Deadline) => Promise<RfmCuts | undefined>;
  /** Buyers of the period by RFM segment. */
  readonly byRfm: (scope: CustomerScope, periods: SegmentPeriods, cuts: RfmCuts, deadline: Deadline) => Promise<readonly SegmentTotals[]>;
  /** All customers by an attribute. */
  readonly byAttribute: (
    scope: CustomerScope,
    periods: SegmentPeriods,
    method: Exclude<SegmentMethod, 'rfm'>,
    deadline: Deadline,
  ) => Promise<readonly SegmentTotals[]>;
};

const midnight = (day: string): string => `(${day}::date::timestamp AT TIME ZONE $2)`;

// A customer belongs to one client, so the order of the index is an order of groups, and nothing is hashed or sorted.
const CUT_POINTS: Statement = {
  name: 'crm_rfm_cut_points',
  text: `
  WITH buyers AS MATERIALIZED (
    SELECT $4::date - (max(o.ordered_at) AT TIME ZONE $2)::date AS days, count(*)::integer AS orders, (sum(o.total_usd) * 100)::bigint AS cents
      FROM crm.orders o
     WHERE o.status = 'paid' AND ($1::text IS NULL OR o.client_id = $1)
       AND o.ordered_at >= ${midnight('$3')} AND o.ordered_at < ${midnight('($4::date + 1)')}
     GROUP BY o.client_id, o.customer_id
  )
  SELECT count(*)::integer AS buyers,
         array_to_string(percentile_disc(ARRAY[0.2, 0.4, 0.6, 0.8]) WITHIN GROUP (ORDER BY days), ' ') AS days,
         array_to_string(percentile_disc(ARRAY[0.2, 0.4, 0.6, 0.8]) WITHIN GROUP (ORDER BY orders), ' ') AS orders,
         array_to_string(percentile_disc(ARRAY[0.2, 0.4, 0.6, 0.8]) WITHIN GROUP (ORDER BY cents), ' ') AS cents
    FROM buyers`,
};

/** What each buyer did in either period: $3 to $4, and before it $5 to $6. */
const BUYERS = `buyers AS MATERIALIZED (
    SELECT o.customer_id,
           count(*) FILTER (WHERE o.ordered_at >= ${midnight('$3')})::integer AS orders,
           coalesce(sum(o.total_usd) FILTER (WHERE o.ordered_at >= ${midnight('$3')}), 0) AS revenue,
           $4::date - (max(o.ordered_at) FILTER (WHERE o.ordered_at >= ${midnight('$3')}) AT TIME ZONE $2)::date AS days,
           count(*) FILTER (WHERE o.ordered_at < ${midnight('($6::date + 1)')})::integer AS orders_before,
           coalesce(sum(o.total_usd) FILTER (WHERE o.ordered_at < ${midnight('($6::date + 1)')}), 0) AS revenue_before,
           $6::date - (max(o.ordered_at) FILTER (WHERE o.ordered_at < ${midnight('($6::date + 1)')}) AT TIME ZONE $2)::date AS days_before
      FROM crm.orders o
     WHERE o.status = 'paid' AND ($1::text IS NULL OR o.client_id = $1)
       AND o.ordered_at >= ${midnight('$5')} AND o.ordered_at < ${midnight('($4::date + 1)')}
       AND (o.ordered_at >= ${midnight('$3')} OR o.ordered_at < ${midnight('($6::date + 1)')})
     GROUP BY o.client_id, o.customer_id
  )`;

/** From `named` (segment, segment_before, and a customer's traits and figures) to a row a segment. */
const TOTALS = `
  regions AS (
    SELECT DISTINCT ON (segment) segment, region, customers
      FROM (SELECT segment, region, count(*)::integer AS customers FROM named WHERE segment IS NOT NULL GROUP BY 1, 2) r
     ORDER BY segment, customers DESC, region
  ), moved_out AS (
    SELECT active_before AS segment, count(*)::integer AS customers FROM named
     WHERE active_before IS NOT NULL AND active_before IS DISTINCT FROM active GROUP BY 1
  ), totals AS (
    SELECT n.segment, count(*)::integer AS customers, (count(*) FILTER (WHERE n.orders > 0))::integer AS buyers,
           coalesce(sum(n.orders), 0)::integer AS orders, coalesce(sum(n.revenue), 0)::numeric(16,2) AS revenue,
           percentile_disc(0.5) WITHIN GROUP (ORDER BY n.days) AS median_days,
           (count(*) FILTER (WHERE n.is_person))::integer AS people,
           (count(*) FILTER (WHERE n.is_person AND n.sex = 'female'))::integer AS women,
           (count(*) FILTER (WHERE n.is_person AND n.sex = 'male'))::integer AS men,
           percentile_disc(ARRAY[0.1, 0.9]) WITHIN GROUP (ORDER BY n.age) AS ages,
           (count(*) FILTER (WHERE n.active IS NOT NULL AND n.active IS DISTINCT FROM n.active_before))::integer AS moved_in
      FROM named n WHERE n.segment IS NOT NULL GROUP BY n.segment
  )
  SELECT t.segment, t.customers, t.buyers, t.orders, t.revenue, t.median_days, t.people, t.women, t.men, t.ages[1] AS age_from, t.ages[2] AS age_to,
         r.region AS top_region, coalesce(r.customers, 0) AS top_region_customers, t.moved_in, coalesce(m.customers, 0) AS moved_out
    FROM totals t LEFT JOIN regions r USING (segment) LEFT JOIN moved_out m USING (segment)`;

const AGE = `CASE WHEN c.customer_type = 'person' THEN extract(year FROM $4::date)::integer - c.birth_year END`;

const score = (value: string, cuts: string): string =>
  `(1 + ${[1, 2, 3, 4].map((cut) => `(${value} > (${cuts})[${cut}])::integer`).join(' + ')})`;
const nameOf = (days: string, orders: string, revenue: string): string => {
  const [recency, frequency, money] = [score(days, '$7::integer[]'), score(orders, '$8::integer[]'), score(revenue, '$9::numeric[]')];
  return `CASE WHEN ${orders} > 0 THEN ($10::text[])[25 * (6 - ${recency} - 1) + 5 * (${frequency} - 1) + ${money}] END`;
};

const BY_RFM: Statement = {
  name: 'crm_by_rfm',
  text: `
  WITH ${BUYERS}, scored AS (
    SELECT b.*, ${nameOf('b.days', 'b.orders', 'b.revenue')} AS active,
           ${nameOf('b.days_before', 'b.orders_before', 'b.revenue_before')} AS active_before
      FROM buyers b
  ), named AS MATERIALIZED (
    SELECT s.active AS segment, s.active, s.active_before, s.orders, s.revenue, s.days, c.customer_type = 'person' AS is_person, c.sex, ${AGE} AS age,
           y.region
      FROM scored s
      LEFT JOIN crm.customers c ON c.customer_id = s.customer_id AND ($1::text IS NULL OR c.client_id = $1)
      LEFT JOIN crm.cities y USING (city_id)
  ), ${TOTALS}`,
};

const ATTRIBUTES: Readonly<Record<Exclude<SegmentMethod, 'rfm'>, string>> = {
  type: 'c.customer_type',
  industry: `coalesce(c.industry, 'none')`,
  potential: 'c.potential',
  region: `coalesce(y.region || ', ' || y.country, 'unknown')`,
  segment: 'c.segment',
};

const byAttribute = (method: Exclude<SegmentMethod, 'rfm'>): Statement => ({
  name: `crm_by_${method}`,
  text: `
  WITH ${BUYERS}, named AS MATERIALIZED (
    SELECT ${ATTRIBUTES[method]} AS segment, CASE WHEN b.orders > 0 THEN ${ATTRIBUTES[method]} END AS active,
           CASE WHEN b.orders_before > 0 THEN ${ATTRIBUTES[method]} END AS active_before, b.orders, b.revenue, b.days,
           c.customer_type = 'person' AS is_person, c.sex, ${AGE} AS age, y.region
      FROM crm.customers c
      LEFT JOIN buyers b USING (customer_id)
      LEFT JOIN crm.cities y USING (city_id)
     WHERE ($1::text IS NULL OR c.client_id = $1)
  ), ${TOTALS}`,
});

/** Customers and what they bought, added up by segment in the hub. */
export function openCustomerOrders(hub: SqlDatabase): CustomerOrders {
  const values = ({ clientId, timeZone }: CustomerScope, { now, before }: SegmentPeriods) => [
    clientId ?? null,
    timeZone,
    now.from,
    now.to,
    before.from,
    before.to,
  ];
  return {
    cutPoints: async ({ clientId, timeZone }, { from, to }, deadline) =>
      (await hub.rows(CUT_POINTS, [clientId ?? null, timeZone, from, to], toCuts, deadline))[0],
    byRfm: (scope, periods, cuts, deadline) =>
      hub.rows(BY_RFM, [...values(scope, periods), cuts.recencyDays, cuts.orders, cuts.revenue, RFM_NAMES], toTotals, deadline),
    byAttribute: (scope, periods, method, deadline) => hub.rows(byAttribute(method), values(scope, periods), toTotals, deadline),
  };
}

function toCuts(row: Row): RfmCuts | undefined {
  if (countOf(row, 'buyers') === 0) return undefined;
  const numbers = (column: string): readonly number[] => textOf(row, column).split(' ').map(Number);
  return { recencyDays: numbers('days'), orders: numbers('orders'), revenue: numbers('cents').map((cents) => cents / 100) };
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
