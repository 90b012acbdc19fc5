import { countOf, type Row, textOf } from '../../../shared/db/row.ts';
import type { SqlDatabase, Statement } from '../../../shared/db/sql_database.ts';
import type { DayRange } from '../../../shared/domain/calendar_day.ts';
import type { Deadline } from '../../../shared/domain/deadline.ts';
import { numbersOf } from './number_lists.ts';

/** Which campaigns are asked about; what is left out does not narrow. Ids, not names. */
export type AdFilters = {
  readonly campaignId?: string | undefined;
  readonly clientId?: string | undefined;
  readonly channelId?: string | undefined;
  readonly objective?: string | undefined;
  readonly status?: string | undefined;
};

/** What a campaign did on a channel, day by day: the columns side by side, in order of the days that have figures. */
export type AdSeries = {
  readonly campaignId: string;
  readonly campaign: string;
  readonly clientName: string;
  readonly channelId: string;
  readonly channel: string;
  /** First and last day of the campaign. */
  readonly startDate: string;
  readonly endDate: string;
  /** Days after the first day read. */
  readonly days: readonly number[];
  /** US cents. */
  readonly spend: readonly number[];
  readonly impressions: readonly number[];
  readonly clicks: readonly number[];
  readonly conversions: readonly number[];
  /** Planned cents by month ('YYYY-MM'). */
  readonly planned: ReadonlyMap<string, number>;
};

export type AdDays = {
  /** All channels, in the order of their names. */
  readonly channels: (deadline: Deadline) => Promise<readonly { readonly id: string; readonly name: string }[]>;
  readonly series: (filters: AdFilters, days: DayRange, deadline: Deadline) => Promise<readonly AdSeries[]>;
};

const CHANNELS: Statement = { name: 'ad_channels', text: 'SELECT channel_id AS id, name FROM ads.channels ORDER BY name' };

/**
 * A row a series: a hundred thousand rows of a day each took four times as long to read. Behind LATERAL each campaign's days come in the order
 * of the primary key: sorting all of them together took two thirds of the time.
 */
const SERIES: Statement = {
  name: 'ad_series',
  text: `
  WITH asked AS MATERIALIZED (
    SELECT c.campaign_id, c.name, coalesce(cl.company, c.client_id) AS client_name, c.start_date, c.end_date
      FROM ads.campaigns c
      LEFT JOIN business.clients cl USING (client_id)
     WHERE ($3::text IS NULL OR c.campaign_id = $3)
       AND ($4::text IS NULL OR c.client_id = $4)
       AND ($6::text IS NULL OR c.objective = $6)
       AND ($7::text IS NULL OR c.status = $7)
       AND c.start_date <= $2 AND c.end_date >= $1
  )
  SELECT a.campaign_id, a.name AS campaign, a.client_name, s.channel_id, coalesce(h.name, s.channel_id) AS channel, a.start_date, a.end_date,
         s.days, s.spend, s.impressions, s.clicks, s.conversions,
         coalesce((SELECT string_agg(to_char(b.month, 'YYYY-MM') || '=' || (b.planned * 100)::bigint, ',')
                     FROM ads.campaign_budgets b
                    WHERE b.campaign_id = a.campaign_id AND b.channel_id = s.channel_id), '') AS planned
    FROM asked a
   CROSS JOIN LATERAL (
      SELECT channel_id, array_agg(day - $1::date)::text AS days, array_agg(spend)::text AS spend, array_agg(impressions)::text AS impressions,
             array_agg(clicks)::text AS clicks, array_agg(conversions)::text AS conversions
        FROM (SELECT d.channel_id, d.day, d.spend, d.impressions, d.clicks, d.conversions
                FROM sales.ad_day d
               WHERE d.campaign_id = a.campaign_id AND d.day BETWEEN $1 AND $2 AND ($5::text IS NULL OR d.channel_id = $5)
               ORDER BY d.channel_id, d.day) ordered
       GROUP BY channel_id
   ) s
    LEFT JOIN ads.channels h ON h.channel_id = s.channel_id
   ORDER BY a.campaign_id, s.channel_id`,
};

/** The hub's roll-up of advertising by day. */
export function openAdDays(hub: SqlDatabase): AdDays {
  return {
    channels: (deadline) => hub.rows(CHANNELS, [], (row) => ({ id: textOf(row, 'id'), name: textOf(row, 'name') }), deadline),
    series: ({ campaignId, clientId, channelId, objective, status }, { from, to }, deadline) =>
      hub.rows(
        SERIES,
        [from, to, campaignId ?? null, clientId ?? null, channelId ?? null, objective ?? null, status ?? null],
        toSeries,
        deadline,
      ),
  };
}

function toSeries(row: Row): AdSeries {
  return {
    campaignId: textOf(row, 'campaign_id'),
    campaign: textOf(row, 'campaign'),
    clientName: textOf(row, 'client_name'),
    channelId: textOf(row, 'channel_id'),
    channel: textOf(row, 'channel'),
    startDate: textOf(row, 'start_date'),
    endDate: textOf(row, 'end_date'),
    days: numbersOf(row, 'days'),
    spend: numbersOf(row, 'spend').map((dollars) => Math.round(dollars * 100)),
    impressions: numbersOf(row, 'impressions'),
    clicks: numbersOf(row, 'clicks'),
    conversions: numbersOf(row, 'conversions'),
    planned: new Map(
      textOf(row, 'planned')
        .split(',')
        .filter((entry) => entry !== '')
        .map((entry) => [entry.slice(0, 7), countOf({ cents: entry.slice(8) }, 'cents')]),
    ),
  };
}
