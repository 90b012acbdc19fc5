import { z } from 'zod';
import type { Statement } from '../db/sql_database.ts';
import { computeMetric, exactMetric, NO_TOTALS } from '../domain/metrics.ts';
import { sum, toAnswerNumber } from '../domain/money.ts';
import type { CampaignDay, CampaignFigures, ContentFigures, Leader } from './campaign_board.ts';

/**
 * How boards are read from the hub: the ETL runs these for hundreds of campaigns at once to fill Redis, the reader for one that Redis does not
 * have. `run` runs a statement and gives its rows as any PostgreSQL driver of Node does (bigint and numeric as text, timestamptz as Date).
 */
export type RunStatement = (statement: Statement, values: readonly unknown[]) => Promise<readonly unknown[]>;

// Months of the roll-ups instead of their days: a campaign's whole life is a few rows. A campaign of which nothing is known has nulls.
const FIGURES: Statement = {
  name: 'board_figures',
  text: `
  SELECT c.campaign_id, a.spend, a.impressions, a.clicks, o.orders, o.revenue, l.leads,
         (SELECT min(w.as_of) FROM etl.watermarks w WHERE w.table_name IN ('ads.daily_metrics', 'crm.orders', 'crm.leads')) AS as_of
    FROM ads.campaigns c
    LEFT JOIN (SELECT campaign_id, sum(spend) AS spend, sum(impressions) AS impressions, sum(clicks) AS clicks
                 FROM sales.ad_totals WHERE span = 'month' AND channel_id = '*' AND campaign_id = ANY ($1::text[]) GROUP BY 1) a USING (campaign_id)
    LEFT JOIN (SELECT campaign_id, sum(orders) AS orders, sum(revenue) AS revenue
                 FROM sales.order_totals WHERE span = 'month' AND channel_id = '*' AND campaign_id = ANY ($1::text[]) GROUP BY 1) o USING (campaign_id)
    LEFT JOIN (SELECT campaign_id, sum(leads) AS leads
                 FROM sales.lead_totals WHERE span = 'month' AND channel_id = '*' AND campaign_id = ANY ($1::text[]) GROUP BY 1) l USING (campaign_id)
   WHERE c.campaign_id = ANY ($1::text[])`,
};

const Count = z.coerce.number().int();
const FiguresRow = z.object({
  campaign_id: z.string(),
  spend: z.string().nullable(),
  impressions: Count.nullable(),
  clicks: Count.nullable(),
  orders: Count.nullable(),
  revenue: z.string().nullable(),
  leads: Count.nullable(),
  as_of: z.date().nullable(),
});

/**
 * Totals of each campaign's life. A campaign that the hub does not know is not in the map; one of which nothing is known has nulls. What is
 * known of one subject makes the others zero: a campaign with advertising and without orders has sold nothing.
 */
export async function readFigures(run: RunStatement, campaignIds: readonly string[]): Promise<ReadonlyMap<string, CampaignFigures>> {
  const rows = await run(FIGURES, [campaignIds]);
  return new Map(
    rows.map((row): [string, CampaignFigures] => {
      const { campaign_id, as_of, ...sums } = FiguresRow.parse(row);
      return [campaign_id, { ...figuresOf(sums), asOf: as_of?.toISOString() ?? null }];
    }),
  );
}

type Sums = Omit<z.output<typeof FiguresRow>, 'campaign_id' | 'as_of'>;

function figuresOf(sums: Sums): Omit<CampaignFigures, 'asOf'> {
  if (Object.values(sums).every((value) => value === null)) return { ...sums, roas: null, ctr: null };
  const [spend, revenue] = [sums.spend ?? '0', sums.revenue ?? '0'];
  const counts = { impressions: sums.impressions ?? 0, clicks: sums.clicks ?? 0, leads: sums.leads ?? 0, orders: sums.orders ?? 0 };
  const totals = { ...NO_TOTALS, ...counts, spend, revenue };
  return { ...counts, spend, revenue, roas: computeMetric('roas', totals), ctr: computeMetric('ctr', totals) };
}

// Engagement is measured by campaign, channel and day, never by piece. From the day a piece was first published on a channel: whole months of
// the channel's totals, less the first month's days before it. Adding up the days themselves took 360 ms for 300 campaigns, this takes 50.
const LEADERS: Statement = {
  name: 'board_leaders',
  text: `
  WITH shown AS MATERIALIZED (
    SELECT campaign_id, channel_id, content_id, min((published_at AT TIME ZONE $2)::date) AS since
      FROM ads.ads WHERE campaign_id = ANY ($1::text[]) GROUP BY 1, 2, 3
  ), starts AS (
    SELECT DISTINCT campaign_id, channel_id, since FROM shown
  ), parts AS (
    SELECT s.campaign_id, s.channel_id, s.since, t.engagements, t.impressions
      FROM starts s
      JOIN sales.ad_totals t ON t.span = 'month' AND t.channel_id = s.channel_id AND t.campaign_id = s.campaign_id
                            AND t.starts_on >= sales.start_of_month(s.since)
    UNION ALL
    SELECT s.campaign_id, s.channel_id, s.since, -d.engagements, -d.impressions
      FROM starts s
      JOIN sales.ad_day d ON d.channel_id = s.channel_id AND d.campaign_id = s.campaign_id
                         AND d.day >= sales.start_of_month(s.since) AND d.day < s.since
  ), sums AS (
    SELECT campaign_id, channel_id, since, sum(engagements) AS engagements, sum(impressions) AS impressions FROM parts GROUP BY 1, 2, 3
  )
  SELECT shown.campaign_id, shown.content_id, sum(sums.engagements) AS engagements, sum(sums.impressions) AS impressions
    FROM shown JOIN sums USING (campaign_id, channel_id, since)
   GROUP BY 1, 2`,
};

const LeaderRow = z.object({ campaign_id: z.string(), content_id: z.string(), engagements: Count, impressions: Count });

/**
 * The pieces of content that each campaign has shown, best first.
 *
 * The engagement rate of a piece: engagements ÷ impressions × 100 of the campaign's channels on which the piece has an ad, from the day the
 * first of those ads was published on. Platforms report engagement by channel and day, not by ad; so pieces that ran on the same channels
 * since the same day share a rate, and a piece is told from another only by where and since when it ran. A piece without impressions has no rate.
 */
export async function readLeaders(
  run: RunStatement,
  campaignIds: readonly string[],
  timeZone: string,
): Promise<ReadonlyMap<string, readonly Leader[]>> {
  const leaders = new Map<string, Leader[]>();
  for (const row of await run(LEADERS, [campaignIds, timeZone])) {
    const { campaign_id, content_id, engagements, impressions } = LeaderRow.parse(row);
    const rate = engagementRate(engagements, impressions);
    if (rate === null) continue;
    const ofCampaign = leaders.get(campaign_id) ?? [];
    ofCampaign.push({ contentId: content_id, engagement: rate });
    leaders.set(campaign_id, ofCampaign);
  }
  for (const ofCampaign of leaders.values()) ofCampaign.sort(bestFirst);
  return leaders;
}

/** As Redis orders a sorted set from its end: equal scores by the later name. */
function bestFirst(one: Leader, other: Leader): number {
  if (one.engagement !== other.engagement) return other.engagement - one.engagement;
  return one.contentId < other.contentId ? 1 : -1;
}

/** Percent with four digits: enough to tell pieces apart, and the same text in Redis and here. Null without impressions. */
function engagementRate(engagements: number, impressions: number): number | null {
  return toAnswerNumber(exactMetric('engagementRate', { ...NO_TOTALS, engagements, impressions }), 4);
}

// A piece belongs to the campaigns its document names (campanas_asociadas); it is used by those whose document lists it (usedImages).
const CONTENT: Statement = {
  name: 'board_content',
  text: `
  SELECT c.campaign_id, count(i.content_id) AS pieces, count(*) FILTER (WHERE i.approved) AS approved, coalesce(sum(u.uses), 0) AS uses
    FROM ads.campaigns c
    LEFT JOIN (SELECT m.campaign_id, i.content_id, i.approved
                 FROM content.images i CROSS JOIN unnest(i.campaign_ids) AS m (campaign_id)
                WHERE i.campaign_ids && $1::text[]) i USING (campaign_id)
    LEFT JOIN (SELECT content_id, count(*) AS uses
                 FROM content.campaigns k CROSS JOIN unnest(k.used_images) AS used (content_id) GROUP BY 1) u USING (content_id)
   WHERE c.campaign_id = ANY ($1::text[])
   GROUP BY 1`,
};

const ContentRow = z.object({ campaign_id: z.string(), pieces: Count, approved: Count, uses: Count });

/** A campaign's content in figures; `updatedAt` is `now`. The mean is over the rates of `leaders`, each piece counting once. */
export async function readContentFigures(
  run: RunStatement,
  campaignIds: readonly string[],
  leaders: ReadonlyMap<string, readonly Leader[]>,
  now: Date,
): Promise<ReadonlyMap<string, ContentFigures>> {
  const rows = await run(CONTENT, [campaignIds]);
  return new Map(
    rows.map((row) => {
      const { campaign_id, pieces, approved, uses } = ContentRow.parse(row);
      const rates = (leaders.get(campaign_id) ?? []).map(({ engagement }) => engagement);
      const meanEngagement = rates.length === 0 ? null : toAnswerNumber(sum(rates).div(rates.length), 2);
      return [campaign_id, { pieces, approved, pending: pieces - approved, meanEngagement, uses, updatedAt: now.toISOString() }];
    }),
  );
}

const DAYS: Statement = {
  name: 'board_days',
  text: `
  SELECT c.campaign_id, d.day::text AS day, coalesce(p.pieces, 0) AS pieces, a.engagements, a.impressions
    FROM ads.campaigns c CROSS JOIN unnest($2::date[]) AS d (day)
    LEFT JOIN (SELECT campaign_id, day, sum(engagements) AS engagements, sum(impressions) AS impressions
                 FROM sales.ad_day WHERE day = ANY ($2::date[]) AND campaign_id = ANY ($1::text[]) GROUP BY 1, 2) a USING (campaign_id, day)
    LEFT JOIN (SELECT m.campaign_id, (i.created_at AT TIME ZONE $3)::date AS day, count(*) AS pieces
                 FROM content.images i CROSS JOIN unnest(i.campaign_ids) AS m (campaign_id)
                WHERE i.campaign_ids && $1::text[] AND (i.created_at AT TIME ZONE $3)::date = ANY ($2::date[]) GROUP BY 1, 2) p USING (campaign_id, day)
   WHERE c.campaign_id = ANY ($1::text[])`,
};

const DayRow = z.object({
  campaign_id: z.string(),
  day: z.string(),
  pieces: Count,
  engagements: Count.nullable(),
  impressions: Count.nullable(),
});

/**
 * Days of campaigns, in the business time zone: the pieces of content made that day, and the engagement rate of all the campaign's channels
 * together. Messages, tokens and their cost are not the hub's to know.
 */
export async function readDays(
  run: RunStatement,
  campaignIds: readonly string[],
  days: readonly string[],
  timeZone: string,
): Promise<readonly (CampaignDay & { readonly campaignId: string })[]> {
  const rows = await run(DAYS, [campaignIds, days, timeZone]);
  return rows.map((row) => {
    const { campaign_id, day, pieces, engagements, impressions } = DayRow.parse(row);
    const engagement =
      engagements === null || impressions === null ? null : computeMetric('engagementRate', { ...NO_TOTALS, engagements, impressions });
    return {
      campaignId: campaign_id,
      day,
      piecesMade: pieces,
      messagesMade: null,
      tokens: null,
      cost: null,
      engagement,
    };
  });
}

const ACTIVE: Statement = {
  name: 'board_active_campaigns',
  text: `SELECT c.campaign_id FROM ads.campaigns c WHERE c.status = 'active' ORDER BY c.campaign_id`,
};

const ActiveRow = z.object({ campaign_id: z.string() });

export async function readActiveCampaigns(run: RunStatement): Promise<readonly string[]> {
  return (await run(ACTIVE, [])).map((row) => ActiveRow.parse(row).campaign_id);
}
