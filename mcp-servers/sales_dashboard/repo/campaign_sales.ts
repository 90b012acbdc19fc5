import { countOf, flagOf, type Row, textOf } from '../../../shared/db/row.ts';
import type { SqlDatabase, Statement } from '../../../shared/db/sql_database.ts';
import type { DayRange } from '../../../shared/domain/calendar_day.ts';
import type { Deadline } from '../../../shared/domain/deadline.ts';

/** Orders of one campaign that are alike: same period, channel, currency, status, and first of their buyer or not. */
export type OrderGroup = {
  /** Which of the asked ranges, from 0. */
  readonly range: number;
  readonly channelId: string;
  readonly channel: string;
  /** ISO 4217. */
  readonly currency: string;
  readonly status: string;
  readonly isFirst: boolean;
  readonly orders: number;
  /** In that currency. */
  readonly amount: string;
  /** The same in US dollars, each order at the rate of its day. */
  readonly amountUsd: string;
};

/** Sales of a campaign in some ranges. */
export type CampaignOrders = {
  readonly groups: readonly OrderGroup[];
  /** Different customers with a paid order, for each range. */
  readonly buyers: readonly number[];
};

export type CampaignSales = {
  readonly orders: (campaignId: string, ranges: readonly DayRange[], timeZone: string, deadline: Deadline) => Promise<CampaignOrders>;
};

// Read once, grouped once: distinct buyers beside grouping sets sorted every order three times, 44 ms for 18 (6,600 orders).
const CAMPAIGN_ORDERS: Statement = {
  name: 'campaign_orders',
  text: `
  WITH sale AS MATERIALIZED (
    SELECT r.ordinal - 1 AS range, o.channel_id, o.currency, o.status, o.first_order, o.customer_id, o.total, o.total_usd
      FROM unnest($2::date[], $3::date[]) WITH ORDINALITY AS r (first, last, ordinal)
      JOIN crm.orders o
        ON o.campaign_id = $1
       AND o.ordered_at >= r.first::timestamp AT TIME ZONE $4 AND o.ordered_at < (r.last + 1)::timestamp AT TIME ZONE $4
  ), alike AS (
    SELECT range, channel_id, currency, status, first_order, count(*) AS orders, sum(total) AS amount, sum(total_usd) AS amount_usd, NULL::bigint AS buyers
      FROM sale GROUP BY range, channel_id, currency, status, first_order
    UNION ALL
    SELECT range, '', '', '', false, 0, 0, 0, count(DISTINCT customer_id) FROM sale WHERE status = 'paid' GROUP BY range
  )
  SELECT a.range, a.channel_id, coalesce(h.name, a.channel_id) AS channel, a.currency, a.status, a.first_order,
         a.orders, a.amount, a.amount_usd, coalesce(a.buyers, 0) AS buyers, a.buyers IS NOT NULL AS counts_buyers
    FROM alike a
    LEFT JOIN ads.channels h USING (channel_id)
   ORDER BY a.range, a.channel_id, a.currency, a.status, a.first_order`,
};

export function openCampaignSales(hub: SqlDatabase): CampaignSales {
  return {
    async orders(campaignId, ranges, timeZone, deadline) {
      const rows = await hub.rows(
        CAMPAIGN_ORDERS,
        [campaignId, ranges.map(({ from }) => from), ranges.map(({ to }) => to), timeZone],
        (row) => ({ group: toGroup(row), buyers: countOf(row, 'buyers'), countsBuyers: flagOf(row, 'counts_buyers') }),
        deadline,
      );
      return {
        groups: rows.filter(({ countsBuyers }) => !countsBuyers).map(({ group }) => group),
        buyers: ranges.map((_, range) => rows.find(({ countsBuyers, group }) => countsBuyers && group.range === range)?.buyers ?? 0),
      };
    },
  };
}

function toGroup(row: Row): OrderGroup {
  return {
    range: countOf(row, 'range'),
    channelId: textOf(row, 'channel_id'),
    channel: textOf(row, 'channel'),
    currency: textOf(row, 'currency'),
    status: textOf(row, 'status'),
    isFirst: flagOf(row, 'first_order'),
    orders: countOf(row, 'orders'),
    amount: textOf(row, 'amount'),
    amountUsd: textOf(row, 'amount_usd'),
  };
}
