import { optionalTextOf, type Row, textOf } from '../../../shared/db/row.ts';
import type { SqlDatabase, Statement } from '../../../shared/db/sql_database.ts';
import type { DayRange } from '../../../shared/domain/calendar_day.ts';
import type { Deadline } from '../../../shared/domain/deadline.ts';

/** A campaign's days on one channel (and in one place, where places are told apart), as lists: one element a day with spend or sales. */
export type ChannelDays = {
  readonly campaignId: string;
  readonly channelId: string;
  readonly place: string;
  readonly places: number;
  /** Days after the window's first, ascending. */
  readonly days: readonly number[];
  readonly spend: readonly number[];
  readonly conversions: readonly number[];
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
   * data's version is the same; then it is the same object, unless `fresh`.
   */
  readonly company: (window: DayRange, version: string, fresh: boolean, deadline: Deadline) => Promise<readonly ChannelDays[]>;
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

/**
 * A row a campaign and channel with its days as lists: a thousand rows arrive where single days would be tens of thousands. Places are counted
 * on the last of those days, by which a campaign runs where it runs.
 */
const COMPANY: Statement = {
  name: 'response_company',
  text: `
  WITH days AS (
    SELECT campaign_id, channel_id, day, spend, conversions, 0 AS revenue, 0 AS orders FROM sales.ad_day WHERE day BETWEEN $1 AND $2
     UNION ALL
    SELECT campaign_id, channel_id, day, 0, 0, revenue, orders FROM sales.order_day WHERE day BETWEEN $1 AND $2
  ), listed AS (
    SELECT campaign_id, channel_id, max(day) FILTER (WHERE spend > 0) AS last_day,
           string_agg((day - $1::date)::text, ',') AS days, string_agg(spend::text, ',') AS spend,
           string_agg(conversions::text, ',') AS conversions, string_agg(revenue::text, ',') AS revenue, string_agg(orders::text, ',') AS orders
      FROM days GROUP BY campaign_id, channel_id HAVING sum(spend) > 0
  )
  SELECT l.campaign_id, l.channel_id, '' AS place, l.days, l.spend, l.conversions, l.revenue, l.orders,
         (SELECT count(*) FROM ads.daily_metrics m WHERE m.campaign_id = l.campaign_id AND m.channel_id = l.channel_id AND m.day = l.last_day)::text AS places
    FROM listed l
   ORDER BY l.campaign_id, l.channel_id`,
};

const BY_PLACE: Statement = {
  name: 'response_by_place',
  text: `
  SELECT campaign_id, channel_id, city_id::text AS place, '1' AS places, string_agg((day - $2::date)::text, ',') AS days,
         string_agg(spend::text, ',') AS spend, string_agg(conversions::text, ',') AS conversions, '' AS revenue, '' AS orders
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
    company: async ({ from, to }, version, fresh, deadline) => {
      const key = `${version} ${from} ${to}`;
      if (!fresh && kept?.key === key) return kept.rows;
      const rows = await hub.rows(COMPANY, [from, to], toChannelDays, deadline);
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
  const list = (column: string): readonly number[] => {
    const text = textOf(row, column);
    return text === '' ? [] : text.split(',').map(Number);
  };
  return {
    campaignId: textOf(row, 'campaign_id'),
    channelId: textOf(row, 'channel_id'),
    place: textOf(row, 'place'),
    places: Math.max(1, Number(textOf(row, 'places'))),
    days: list('days'),
    spend: list('spend'),
    conversions: list('conversions'),
    revenue: list('revenue'),
    orders: list('orders'),
  };
}
