import { countOf, type Row, textOf } from '../../../shared/db/row.ts';
import type { SqlDatabase, Statement } from '../../../shared/db/sql_database.ts';
import type { DayRange } from '../../../shared/domain/calendar_day.ts';
import type { Deadline } from '../../../shared/domain/deadline.ts';
import type { Totals } from '../../../shared/domain/metrics.ts';
import { toTotals } from './range_totals.ts';

/** A channel of a campaign: what was planned, what was published, what came of it. */
export type ChannelTotals = {
  readonly channelId: string;
  readonly channel: string;
  readonly kind: string;
  /** Part of the campaign's budget, 0 to 1. */
  readonly plannedShare: string;
  /** Different people since the campaign began, as the platform reports it. */
  readonly reach: number;
  /** Ads ever published. */
  readonly publications: number;
  readonly publishedInPeriod: number;
  readonly totals: Totals;
  /** Days of the period of which anything is known. */
  readonly daysKnown: number;
};

export type CampaignChannels = {
  /** Every channel that the campaign is planned for or has anything on, advertised in the period or not. */
  readonly channels: (campaignId: string, period: DayRange, timeZone: string, deadline: Deadline) => Promise<readonly ChannelTotals[]>;
};

const CAMPAIGN_CHANNELS: Statement = {
  name: 'campaign_channels',
  text: `
  WITH planned AS (
    SELECT channel_id, budget_share, reach FROM ads.campaign_channels WHERE campaign_id = $1
  ), published AS (
    SELECT channel_id, count(*) AS publications,
           count(*) FILTER (WHERE published_at >= $2::date::timestamp AT TIME ZONE $4 AND published_at < ($3::date + 1)::timestamp AT TIME ZONE $4) AS published_in_period
      FROM ads.ads WHERE campaign_id = $1 GROUP BY channel_id
  ), advertised AS (
    SELECT channel_id, sum(spend) AS spend, sum(impressions) AS impressions, sum(clicks) AS clicks, sum(engagements) AS engagements,
           sum(conversions) AS conversions, count(*) AS days
      FROM sales.ad_day WHERE campaign_id = $1 AND day BETWEEN $2 AND $3 GROUP BY channel_id
  ), sold AS (
    SELECT channel_id, sum(orders) AS orders, sum(revenue) AS revenue, sum(refunds) AS refunds, sum(first_orders) AS first_orders, count(*) AS days
      FROM sales.order_day WHERE campaign_id = $1 AND day BETWEEN $2 AND $3 GROUP BY channel_id
  ), led AS (
    SELECT channel_id, sum(leads) AS leads, count(*) AS days
      FROM sales.lead_day WHERE campaign_id = $1 AND day BETWEEN $2 AND $3 GROUP BY channel_id
  )
  SELECT channel_id, coalesce(h.name, channel_id) AS channel, coalesce(h.kind, 'unknown') AS kind,
         coalesce(planned.budget_share, 0) AS planned_share, coalesce(planned.reach, 0) AS reach,
         coalesce(published.publications, 0) AS publications, coalesce(published.published_in_period, 0) AS published_in_period,
         coalesce(a.spend, 0) AS spend, coalesce(a.impressions, 0) AS impressions, coalesce(a.clicks, 0) AS clicks,
         coalesce(a.engagements, 0) AS engagements, coalesce(a.conversions, 0) AS conversions, coalesce(l.leads, 0) AS leads,
         coalesce(s.orders, 0) AS orders, coalesce(s.revenue, 0) AS revenue, coalesce(s.refunds, 0) AS refunds, coalesce(s.first_orders, 0) AS first_orders,
         greatest(a.days, s.days, l.days, 0) AS days_known
    FROM planned
    FULL JOIN published USING (channel_id)
    FULL JOIN advertised a USING (channel_id)
    FULL JOIN sold s USING (channel_id)
    FULL JOIN led l USING (channel_id)
    LEFT JOIN ads.channels h USING (channel_id)
   ORDER BY channel_id`,
};

export function openCampaignChannels(hub: SqlDatabase): CampaignChannels {
  return {
    channels: (campaignId, period, timeZone, deadline) =>
      hub.rows(CAMPAIGN_CHANNELS, [campaignId, period.from, period.to, timeZone], toChannelTotals, deadline),
  };
}

function toChannelTotals(row: Row): ChannelTotals {
  return {
    channelId: textOf(row, 'channel_id'),
    channel: textOf(row, 'channel'),
    kind: textOf(row, 'kind'),
    plannedShare: textOf(row, 'planned_share'),
    reach: countOf(row, 'reach'),
    publications: countOf(row, 'publications'),
    publishedInPeriod: countOf(row, 'published_in_period'),
    totals: toTotals(row),
    daysKnown: countOf(row, 'days_known'),
  };
}
