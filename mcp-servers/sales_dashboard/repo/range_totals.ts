import { countOf, optionalTextOf, type Row, textOf } from '../../../shared/db/row.ts';
import type { SqlDatabase, Statement } from '../../../shared/db/sql_database.ts';
import type { DayRange } from '../../../shared/domain/calendar_day.ts';
import type { Deadline } from '../../../shared/domain/deadline.ts';
import type { Totals } from '../../../shared/domain/metrics.ts';

/** A campaign's totals in a range of days. */
export type RangeTotals = Totals & {
  /** Days of the range of which anything is known: 0 is "no data", which is not a total of zero. */
  readonly daysKnown: number;
  /** Last day of the range with advertising, 'YYYY-MM-DD'. */
  readonly lastAdDay: string | null;
};

export type RangeTotalsRepo = {
  /** Totals of one campaign in each of the ranges, in their order. */
  readonly ofCampaign: (campaignId: string, ranges: readonly DayRange[], deadline: Deadline) => Promise<readonly RangeTotals[]>;
};

// The campaign's days are added up over its channels once; every range then reads those few hundred rows.
const RANGE_TOTALS: Statement = {
  name: 'campaign_range_totals',
  text: `
  WITH ads AS (
    SELECT day, sum(spend) AS spend, sum(impressions) AS impressions, sum(clicks) AS clicks, sum(engagements) AS engagements, sum(conversions) AS conversions
      FROM sales.ad_day WHERE campaign_id = $1 GROUP BY day
  ), sold AS (
    SELECT day, sum(orders) AS orders, sum(revenue) AS revenue, sum(refunds) AS refunds, sum(first_orders) AS first_orders
      FROM sales.order_day WHERE campaign_id = $1 GROUP BY day
  ), led AS (
    SELECT day, sum(leads) AS leads FROM sales.lead_day WHERE campaign_id = $1 GROUP BY day
  ), days AS MATERIALIZED (
    SELECT day, ads.spend, ads.impressions, ads.clicks, ads.engagements, ads.conversions,
           sold.orders, sold.revenue, sold.refunds, sold.first_orders, led.leads, ads.day AS ad_day
      FROM ads FULL JOIN sold USING (day) FULL JOIN led USING (day)
  )
  SELECT count(d.day) AS days_known, max(d.ad_day) AS last_ad_day,
         coalesce(sum(d.spend), 0) AS spend, coalesce(sum(d.impressions), 0) AS impressions, coalesce(sum(d.clicks), 0) AS clicks,
         coalesce(sum(d.engagements), 0) AS engagements, coalesce(sum(d.conversions), 0) AS conversions, coalesce(sum(d.leads), 0) AS leads,
         coalesce(sum(d.orders), 0) AS orders, coalesce(sum(d.revenue), 0) AS revenue, coalesce(sum(d.refunds), 0) AS refunds,
         coalesce(sum(d.first_orders), 0) AS first_orders
    FROM unnest($2::date[], $3::date[]) WITH ORDINALITY AS r (first, last, ordinal)
    LEFT JOIN days d ON d.day BETWEEN r.first AND r.last
   GROUP BY r.ordinal
   ORDER BY r.ordinal`,
};

export function openRangeTotals(hub: SqlDatabase): RangeTotalsRepo {
  return {
    ofCampaign: (campaignId, ranges, deadline) =>
      hub.rows(RANGE_TOTALS, [campaignId, ranges.map(({ from }) => from), ranges.map(({ to }) => to)], toRangeTotals, deadline),
  };
}

function toRangeTotals(row: Row): RangeTotals {
  return { ...toTotals(row), daysKnown: countOf(row, 'days_known'), lastAdDay: optionalTextOf(row, 'last_ad_day') };
}

/** Reads the ten totals every formula is made of, from columns of their SQL names. */
export function toTotals(row: Row): Totals {
  return {
    spend: textOf(row, 'spend'),
    impressions: countOf(row, 'impressions'),
    clicks: countOf(row, 'clicks'),
    engagements: countOf(row, 'engagements'),
    conversions: countOf(row, 'conversions'),
    leads: countOf(row, 'leads'),
    orders: countOf(row, 'orders'),
    revenue: textOf(row, 'revenue'),
    refunds: textOf(row, 'refunds'),
    newCustomerOrders: countOf(row, 'first_orders'),
  };
}
