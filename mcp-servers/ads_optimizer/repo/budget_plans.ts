import { countOf, optionalTextOf, type Row, textOf, textsOf } from '../../../shared/db/row.ts';
import type { SqlDatabase, Statement } from '../../../shared/db/sql_database.ts';
import type { Day, DayRange } from '../../../shared/domain/calendar_day.ts';
import type { Campaign } from '../../../shared/domain/campaign.ts';
import type { Deadline } from '../../../shared/domain/deadline.ts';
import { toCampaign } from '../../../shared/hub/campaigns.ts';

/** What was planned for a month, as decimal text; `month` is its first day. */
export type PlannedMonth = { readonly month: Day; readonly planned: string };

/** Plan and spend of a channel, or of a whole campaign. Money is decimal text. */
export type PlanAndSpend = {
  readonly plan: readonly PlannedMonth[];
  /** Spend in the days asked for; null when nothing is known of them. */
  readonly delivered: string | null;
  readonly daysKnown: number;
  /** Days of the recent past with spend, in order; days without are left out. */
  readonly recent: readonly { readonly day: Day; readonly spend: string }[];
};

export type ChannelSpend = PlanAndSpend & { readonly channelId: string; readonly channel: string };
export type CampaignSpend = PlanAndSpend & { readonly campaign: Campaign };

/** Which campaigns are looked at; what is left out does not narrow. */
export type PacingFilters = {
  readonly clientId?: string | undefined;
  readonly objective?: string | undefined;
  readonly status?: string | undefined;
};

/** Days up to the last complete one: those of the question, and those of the recent past, which the forecast learns from. */
export type SpendDays = { readonly delivered: DayRange; readonly recent: DayRange };

export type BudgetPlans = {
  /** The last day of which any campaign's spend is loaded; undefined before the first load. */
  readonly lastLoadedDay: (deadline: Deadline) => Promise<Day | undefined>;
  readonly ofCampaign: (campaignId: string, days: SpendDays, deadline: Deadline) => Promise<readonly ChannelSpend[]>;
  /** All that fit and run in the period, drafts left out. */
  readonly ofCampaigns: (
    period: DayRange,
    days: SpendDays,
    filters: PacingFilters,
    deadline: Deadline,
  ) => Promise<readonly CampaignSpend[]>;
};

const LAST_LOADED_DAY: Statement = { name: 'pacing_last_loaded_day', text: 'SELECT max(day) AS day FROM sales.ad_day' };

const OF_CAMPAIGN: Statement = {
  name: 'pacing_of_campaign',
  text: `
  WITH planned AS (
    SELECT b.channel_id, array_agg(b.month::text ORDER BY b.month) AS months, array_agg(b.planned::text ORDER BY b.month) AS amounts
      FROM ads.campaign_budgets b
     WHERE b.campaign_id = $1
     GROUP BY b.channel_id
  ), spent AS (
    SELECT d.channel_id,
           sum(d.spend) FILTER (WHERE d.day BETWEEN $2::date AND $3::date) AS delivered,
           count(*) FILTER (WHERE d.day BETWEEN $2::date AND $3::date) AS days_known,
           coalesce(array_agg(d.day::text ORDER BY d.day) FILTER (WHERE d.day BETWEEN $4::date AND $5::date), '{}') AS days,
           coalesce(array_agg(d.spend::text ORDER BY d.day) FILTER (WHERE d.day BETWEEN $4::date AND $5::date), '{}') AS spends
      FROM sales.ad_day d
     WHERE d.campaign_id = $1 AND d.day BETWEEN least($2::date, $4::date) AND greatest($3::date, $5::date)
     GROUP BY d.channel_id
  )
  SELECT channel_id, coalesce(c.name, channel_id) AS channel, coalesce(p.months, '{}') AS months, coalesce(p.amounts, '{}') AS amounts,
         s.delivered, coalesce(s.days_known, 0) AS days_known, coalesce(s.days, '{}') AS days, coalesce(s.spends, '{}') AS spends
    FROM planned p
    FULL JOIN spent s USING (channel_id)
    LEFT JOIN ads.channels c USING (channel_id)
   ORDER BY channel_id`,
};

// Each campaign's spend is a range scan of the primary key behind LATERAL; only its sums leave the database.
const OF_CAMPAIGNS: Statement = {
  name: 'pacing_of_campaigns',
  text: `
  SELECT c.campaign_id, c.name, c.client_id, coalesce(cl.company, c.client_id) AS client_name, c.status, c.start_date, c.end_date,
         coalesce(p.months, '{}') AS months, coalesce(p.amounts, '{}') AS amounts,
         s.delivered, coalesce(s.days_known, 0) AS days_known, coalesce(s.days, '{}') AS days, coalesce(s.spends, '{}') AS spends
    FROM ads.campaigns c
    LEFT JOIN business.clients cl USING (client_id)
    LEFT JOIN LATERAL (
      SELECT array_agg(m.month::text ORDER BY m.month) AS months, array_agg(m.planned::text ORDER BY m.month) AS amounts
        FROM (SELECT b.month, sum(b.planned) AS planned FROM ads.campaign_budgets b WHERE b.campaign_id = c.campaign_id GROUP BY b.month) m
    ) p ON true
    LEFT JOIN LATERAL (
      SELECT sum(t.spend) FILTER (WHERE t.day BETWEEN $1::date AND $2::date) AS delivered,
             count(*) FILTER (WHERE t.day BETWEEN $1::date AND $2::date) AS days_known,
             array_agg(t.day::text ORDER BY t.day) FILTER (WHERE t.day BETWEEN $3::date AND $4::date) AS days,
             array_agg(t.spend::text ORDER BY t.day) FILTER (WHERE t.day BETWEEN $3::date AND $4::date) AS spends
        FROM (SELECT d.day, sum(d.spend) AS spend
                FROM sales.ad_day d
               WHERE d.campaign_id = c.campaign_id AND d.day BETWEEN least($1::date, $3::date) AND greatest($2::date, $4::date)
               GROUP BY d.day) t
    ) s ON true
   WHERE c.start_date <= $6::date AND c.end_date >= $5::date AND c.status <> 'draft'
     AND ($7::text IS NULL OR c.client_id = $7)
     AND ($8::text IS NULL OR c.objective = $8)
     AND ($9::text IS NULL OR c.status = $9)
   ORDER BY c.campaign_id`,
};

/** Budget plans of the hub beside what was spent. */
export function openBudgetPlans(hub: SqlDatabase): BudgetPlans {
  const ranges = ({ delivered, recent }: SpendDays): readonly Day[] => [delivered.from, delivered.to, recent.from, recent.to];
  return {
    lastLoadedDay: async (deadline) => (await hub.rows(LAST_LOADED_DAY, [], (row) => optionalTextOf(row, 'day'), deadline))[0] ?? undefined,
    ofCampaign: (campaignId, days, deadline) => hub.rows(OF_CAMPAIGN, [campaignId, ...ranges(days)], toChannelSpend, deadline),
    ofCampaigns: (period, days, { clientId, objective, status }, deadline) =>
      hub.rows(
        OF_CAMPAIGNS,
        [...ranges(days), period.from, period.to, clientId ?? null, objective ?? null, status ?? null],
        toCampaignSpend,
        deadline,
      ),
  };
}

function toPlanAndSpend(row: Row): PlanAndSpend {
  const [amounts, spends] = [textsOf(row, 'amounts'), textsOf(row, 'spends')];
  return {
    plan: textsOf(row, 'months').map((month, index) => ({ month, planned: amounts[index] ?? '0' })),
    delivered: optionalTextOf(row, 'delivered'),
    daysKnown: countOf(row, 'days_known'),
    recent: textsOf(row, 'days').map((day, index) => ({ day, spend: spends[index] ?? '0' })),
  };
}

function toChannelSpend(row: Row): ChannelSpend {
  return { ...toPlanAndSpend(row), channelId: textOf(row, 'channel_id'), channel: textOf(row, 'channel') };
}

function toCampaignSpend(row: Row): CampaignSpend {
  return {
    ...toPlanAndSpend(row),
    campaign: toCampaign(row),
  };
}
