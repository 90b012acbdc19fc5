import type { Statement } from '../db/sql_database.ts';

/** $1 campaign, $2 the month's first day. */
export const BUDGET_STATE: Statement = {
  name: 'ads_budget_state',
  text: `
  SELECT c.campaign_id AS "campaignId", c.name, c.status, c.budget, c.currency,
         (SELECT coalesce(sum(b.planned), 0.00) FROM ads.campaign_budgets b WHERE b.campaign_id = c.campaign_id) AS "plannedInAll",
         (SELECT coalesce(jsonb_agg(jsonb_build_object('channelId', k.channel_id, 'name', n.name, 'planned', b.planned::text) ORDER BY k.channel_id), '[]')
            FROM ads.campaign_channels k
            JOIN ads.channels n ON n.channel_id = k.channel_id
            LEFT JOIN ads.campaign_budgets b ON b.campaign_id = k.campaign_id AND b.channel_id = k.channel_id AND b.month = $2::date
           WHERE k.campaign_id = c.campaign_id) AS channels
    FROM ads.campaigns c
   WHERE c.campaign_id = $1`,
};

/** The rows as one value: a column of them an array. */
const changes = (first: number): string => `ARRAY(
    SELECT ROW(r.campaign_id, r.channel_id, r.month, r.expected, r.planned)::ads.budget_change
      FROM unnest($${first}::text[], $${first + 1}::text[], $${first + 2}::date[], $${first + 3}::numeric[], $${first + 4}::numeric[])
        AS r (campaign_id, channel_id, month, expected, planned))`;

/** $1 currency, $2 today, $3 to $7 the rows. */
export const CHECK_BUDGETS: Statement = {
  name: 'ads_check_budgets',
  text: `
  SELECT f.rule, f.campaign_id AS "campaignId", f.month, f.channel_id AS "channelId", f.ok, f.found, f.fewest, f.most
    FROM ads.check_budget_plan(${changes(3)}, $1, $2::date) f
   ORDER BY f.campaign_id, f.rule, f.month, f.channel_id`,
};

/** $1 plan, $2 who, $3 why, $4 when, $5 currency, $6 today, $7 to $11 the rows. */
export const APPLY_BUDGETS: Statement = {
  name: 'ads_apply_budgets',
  text: `SELECT ads.apply_budget_plan($1, $2, $3, $4::timestamptz, $5, $6::date, ${changes(7)}) AS outcome`,
};
