import { optionalTextOf, type Row, textOf } from '../../../shared/db/row.ts';
import type { SqlDatabase, Statement } from '../../../shared/db/sql_database.ts';
import type { DayRange } from '../../../shared/domain/calendar_day.ts';
import type { Deadline } from '../../../shared/domain/deadline.ts';
import { numbersOf } from './number_lists.ts';

/** A campaign's days on one channel (and in one place, where places are told apart), as lists: one element a day with figures. */
export type ChannelDays = {
  readonly campaignId: string;
  readonly channelId: string;
  readonly place: string;
  readonly places: number;
  /** Days after the window's first, of spend and conversions. */
  readonly days: readonly number[];
  readonly spend: readonly number[];
  readonly conversions: readonly number[];
  /** Days of revenue and orders; none where places are told apart. */
  readonly saleDays: readonly number[];
  readonly revenue: readonly number[];
  readonly orders: readonly number[];
};

/** Which campaigns are asked about; what is left out does not narrow. Ids, not names. */
export type ResponseScope = {
  readonly campaignId?: string | undefined;
  readonly clientId?: string | undefined;
  readonly countryCode?: string | undefined;
};

/** A campaign that money can be moved in. */
export type ScopedCampaign = {
  readonly campaignId: string;
  readonly name: string;
  readonly status: string;
  readonly startDate: string;
  readonly endDate: string;
};

export type ChannelResponse = {
  /** The last day with advertising figures up to `day`, null when there is none; and the version of the hub's data. */
  readonly lastDay: (
    campaignId: string | undefined,
    day: string,
    deadline: Deadline,
  ) => Promise<{ readonly day: string | null; readonly version: string }>;
  /** Campaigns of the scope with spend in the days; of several only those that are active. */
  readonly campaigns: (scope: ResponseScope, recent: DayRange, deadline: Deadline) => Promise<readonly ScopedCampaign[]>;
  /**
   * Spend, conversions, orders and revenue by day of every campaign that advertised in the window. The last answer is kept for as long as the
   * data's version is the same; then it is the same object.
   */
  readonly company: (window: DayRange, version: string, deadline: Deadline) => Promise<readonly ChannelDays[]>;
  /** One campaign's spend and conversions by city. */
  readonly byPlace: (campaignId: string, window: DayRange, deadline: Deadline) => Promise<readonly ChannelDays[]>;
  /** All channels, their names by id. */
  readonly channelNames: (deadline: Deadline) => Promise<ReadonlyMap<string, string>>;
};

const LAST_DAY: Statement = {
  name: 'response_last_day',
  text: `SELECT (SELECT max(day) FROM sales.ad_day WHERE day <= $2 AND ($1::text IS NULL OR campaign_id = $1)) AS day,
                coalesce((SELECT version FROM etl.data_version), 0)::text AS version`,
};

const CAMPAIGNS: Statement = {
  name: 'response_campaigns',
  text: `
  SELECT c.campaign_id, c.name, c.status, c.start_date, c.end_date
    FROM ads.campaigns c
   WHERE ($1::text IS NULL OR c.campaign_id = $1)
     AND ($2::text IS NULL OR c.client_id = $2)
     AND ($3::text IS NULL OR $3 = ANY (c.countries))
     AND ($1::text IS NOT NULL OR c.status = 'active')
     AND EXISTS (SELECT FROM sales.ad_day d WHERE d.campaign_id = c.campaign_id AND d.day BETWEEN $4 AND $5 AND d.spend > 0)
   ORDER BY c.campaign_id`,
};

/** Campaigns with figures in the months of the window: two thousand totals tell them, and all others are not looked at. */
const IN_MONTHS = (totals: string) => `
  SELECT DISTINCT campaign_id FROM ${totals} WHERE span = 'month' AND channel_id = '*' AND starts_on BETWEEN sales.start_of_month($1::date) AND $2`;

/**
 * A row a campaign and channel with its days as lists: a thousand rows arrive where single days would be a hundred thousand. Behind LATERAL a
 * campaign's days come in the order of the primary key; sorting all of them together took four times as long. Places are counted on the last
 * of those days, by which a campaign runs where it runs.
 */
const COMPANY_SPEND: Statement = {
  name: 'response_company_spend',
  text: `
  SELECT c.campaign_id, s.channel_id, '' AS place, s.days, s.spend, s.conversions,
         (SELECT count(*) FROM ads.daily_metrics m WHERE m.campaign_id = c.campaign_id AND m.channel_id = s.channel_id AND m.day = s.last_day)::text AS places
    FROM (${IN_MONTHS('sales.ad_totals')}) c
   CROSS JOIN LATERAL (
      SELECT channel_id, max(day) FILTER (WHERE spend > 0) AS last_day, array_agg(day - $1::date)::text AS days, array_agg(spend)::text AS spend,
             array_agg(conversions)::text AS conversions
        FROM (SELECT d.channel_id, d.day, d.spend, d.conversions
                FROM sales.ad_day d
               WHERE d.campaign_id = c.campaign_id AND d.day BETWEEN $1 AND $2
               ORDER BY d.channel_id, d.day) ordered
       GROUP BY channel_id
      HAVING sum(spend) > 0
   ) s
   ORDER BY c.campaign_id, s.channel_id`,
};

const COMPANY_SALES: Statement = {
  name: 'response_company_sales',
  text: `
  SELECT c.campaign_id, s.channel_id, s.days, s.revenue, s.orders
    FROM (${IN_MONTHS('sales.order_totals')}) c
   CROSS JOIN LATERAL (
      SELECT channel_id, array_agg(day - $1::date)::text AS days, array_agg(revenue)::text AS revenue, array_agg(orders)::text AS orders
        FROM (SELECT d.channel_id, d.day, d.revenue, d.orders
                FROM sales.order_day d
               WHERE d.campaign_id = c.campaign_id AND d.day BETWEEN $1 AND $2
               ORDER BY d.channel_id, d.day) ordered
       GROUP BY channel_id
   ) s`,
};

const BY_PLACE: Statement = {
  name: 'response_by_place',
  text: `
  SELECT campaign_id, channel_id, city_id::text AS place, '1' AS places, array_agg(day - $2::date)::text AS days,
         array_agg(spend)::text AS spend, array_agg(conversions)::text AS conversions
    FROM ads.daily_metrics WHERE campaign_id = $1 AND day BETWEEN $2 AND $3
   GROUP BY campaign_id, channel_id, city_id ORDER BY channel_id, city_id`,
};

const CHANNEL_NAMES: Statement = { name: 'response_channels', text: 'SELECT channel_id, name FROM ads.channels ORDER BY channel_id' };

/** What channels brought, as the response curves are fitted to it. */
export function openChannelResponse(hub: SqlDatabase): ChannelResponse {
  let kept: { readonly key: string; readonly rows: readonly ChannelDays[] } | undefined;
  return {
    lastDay: async (campaignId, day, deadline) => {
      const read = (row: Row) => ({ day: optionalTextOf(row, 'day'), version: textOf(row, 'version') });
      return (await hub.rows(LAST_DAY, [campaignId ?? null, day], read, deadline))[0] ?? { day: null, version: '' };
    },
    campaigns: ({ campaignId, clientId, countryCode }, { from, to }, deadline) =>
      hub.rows(CAMPAIGNS, [campaignId ?? null, clientId ?? null, countryCode ?? null, from, to], toCampaign, deadline),
    company: async ({ from, to }, version, deadline) => {
      const key = `${version} ${from} ${to}`;
      if (kept?.key === key) return kept.rows;
      const [spends, sales] = await Promise.all([
        hub.rows(COMPANY_SPEND, [from, to], toChannelDays, deadline),
        hub.rows(COMPANY_SALES, [from, to], toChannelSales, deadline),
      ]);
      const sold = new Map(sales);
      const rows = spends.map((spent) => ({ ...spent, ...sold.get(nameOf(spent)) }));
      kept = { key, rows };
      return rows;
    },
    byPlace: (campaignId, { from, to }, deadline) => hub.rows(BY_PLACE, [campaignId, from, to], toChannelDays, deadline),
    channelNames: async (deadline) =>
      new Map(await hub.rows(CHANNEL_NAMES, [], (row) => [textOf(row, 'channel_id'), textOf(row, 'name')] as const, deadline)),
  };
}

function toCampaign(row: Row): ScopedCampaign {
  return {
    campaignId: textOf(row, 'campaign_id'),
    name: textOf(row, 'name'),
    status: textOf(row, 'status'),
    startDate: textOf(row, 'start_date'),
    endDate: textOf(row, 'end_date'),
  };
}

function toChannelDays(row: Row): ChannelDays {
  return {
    campaignId: textOf(row, 'campaign_id'),
    channelId: textOf(row, 'channel_id'),
    place: textOf(row, 'place'),
    places: Math.max(1, Number(textOf(row, 'places'))),
    days: numbersOf(row, 'days'),
    spend: numbersOf(row, 'spend'),
    conversions: numbersOf(row, 'conversions'),
    saleDays: [],
    revenue: [],
    orders: [],
  };
}

type ChannelSales = Pick<ChannelDays, 'saleDays' | 'revenue' | 'orders'>;

function toChannelSales(row: Row): readonly [name: string, sales: ChannelSales] {
  return [
    nameOf({ campaignId: textOf(row, 'campaign_id'), channelId: textOf(row, 'channel_id') }),
    { saleDays: numbersOf(row, 'days'), revenue: numbersOf(row, 'revenue'), orders: numbersOf(row, 'orders') },
  ];
}

const nameOf = ({ campaignId, channelId }: Pick<ChannelDays, 'campaignId' | 'channelId'>): string => `${channelId} ${campaignId}`;
