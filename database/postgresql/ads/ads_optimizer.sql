-- What ads_optimizer needs of PromptAds on PostgreSQL to carry out budget plans: compliance rules, the record of plans, one function that does
-- all of a plan or nothing, and the rights to it. After constraints.sql; may be run again at any time, and must be after every fill.

-- A group role that its login is a member of: reads plans and rules, and calls the function. It writes no table by itself.
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'promptsales_ads') THEN
    CREATE ROLE promptsales_ads NOLOGIN;
  END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
  NULL;  -- roles belong to the whole server: another database was a moment faster
END $$;

-- Compliance rules. A null limit says nothing. A row counts for campaigns of its client and for campaigns that run in its country, null for all.
-- For each limit the nearest rows that say anything decide: client and country, then client, then country, then all; among several of
-- them (a campaign runs in several countries) the strictest. Made and filled once: what its owner changes or deletes stays so.
DO $$ BEGIN
  IF to_regclass('ads.budget_rules') IS NULL THEN
    CREATE TABLE ads.budget_rules (
      rule_id             text PRIMARY KEY,
      country             text,                                                -- ISO 3166 alpha-2
      client_id           text,
      most_per_month      numeric(14,2) CHECK (most_per_month >= 0),           -- of one channel
      most_change_percent numeric(7,2)  CHECK (most_change_percent > 0),       -- up or down, of one channel's month in one plan
      fewest_share        numeric(5,4)  CHECK (fewest_share BETWEEN 0 AND 1),  -- of the month's plan, of a channel that is not at 0
      most_share          numeric(5,4)  CHECK (most_share BETWEEN 0 AND 1),    -- of the month's plan, where there are several channels
      may_exceed_budget   boolean,                                             -- the months together may exceed the campaign's budget
      CHECK (fewest_share <= most_share)
    );
    INSERT INTO ads.budget_rules VALUES ('everywhere', NULL, NULL, 250000, 50, NULL, 0.9, false);
  END IF;
END $$;

-- Who applied which plan, when and why, and every value before and after. Repeating a plan finds it here.
CREATE TABLE IF NOT EXISTS ads.applied_budget_plans (
  plan_id     text PRIMARY KEY,
  changed_by  text NOT NULL,
  reason      text,
  applied_at  timestamptz NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  rows        jsonb NOT NULL        -- [{"campaignId", "channelId", "month", "old", "new", "changeId"}]; changeId: its line in change_log
);

CREATE SEQUENCE IF NOT EXISTS ads.change_log_ids;

-- One value of a plan; an array of them is what SQL Server takes as a table-valued parameter.
DO $$ BEGIN
  IF to_regtype('ads.budget_change') IS NULL THEN
    CREATE TYPE ads.budget_change AS (
      campaign_id text,
      channel_id  text,
      month       date,       -- its first day
      expected    numeric,    -- what the plan was made of; null: nothing was planned
      planned     numeric
    );
  END IF;
END $$;

-- What each rule says of a plan, kept or broken. What lies outside a limit already may move towards it, only not further away.
-- found, fewest, most: the figure that is judged and its limits, as text: dollars, percent of change, shares (0 to 1), a month's first day, a status, a currency.
CREATE OR REPLACE FUNCTION ads.check_budget_plan(changes ads.budget_change[], currency text, today date)
RETURNS TABLE (rule text, campaign_id text, month date, channel_id text, ok boolean, found text, fewest text, most text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  WITH asked AS (SELECT a.campaign_id, a.channel_id, a.month, a.planned FROM unnest(changes) AS a),
  campaigns AS (
    SELECT c.campaign_id, c.client_id, c.status, c.start_date, c.end_date, c.budget, c.currency, c.countries
      FROM ads.campaigns c WHERE c.campaign_id IN (SELECT a.campaign_id FROM asked a)
  ),
  -- Every channel of the months asked about, as it is and as it would be.
  planned AS (
    SELECT m.campaign_id, m.month, k.channel_id, b.planned AS was, coalesce(a.planned, b.planned, 0) AS planned, a.planned IS NOT NULL AS is_asked
      FROM (SELECT DISTINCT a.campaign_id, a.month FROM asked a) m
      JOIN ads.campaign_channels k ON k.campaign_id = m.campaign_id
      LEFT JOIN ads.campaign_budgets b ON b.campaign_id = m.campaign_id AND b.channel_id = k.channel_id AND b.month = m.month
      LEFT JOIN asked a ON a.campaign_id = m.campaign_id AND a.channel_id = k.channel_id AND a.month = m.month
  ),
  months AS (
    SELECT p.campaign_id, p.month, sum(p.was) AS was, sum(p.planned) AS planned, count(*) AS channels FROM planned p GROUP BY 1, 2
  ),
  shares AS (
    SELECT p.campaign_id, p.month, p.channel_id, p.planned / nullif(m.planned, 0) AS share, coalesce(p.was, 0) / nullif(m.was, 0) AS share_was
      FROM planned p JOIN months m ON m.campaign_id = p.campaign_id AND m.month = p.month
     WHERE m.channels > 1
  ),
  totals AS (
    SELECT c.campaign_id, c.budget, t.was, t.was + d.more AS planned
      FROM campaigns c
     CROSS JOIN LATERAL (SELECT coalesce(sum(b.planned), 0) AS was FROM ads.campaign_budgets b WHERE b.campaign_id = c.campaign_id) t
     CROSS JOIN LATERAL (SELECT coalesce(sum(p.planned - coalesce(p.was, 0)), 0) AS more FROM planned p WHERE p.campaign_id = c.campaign_id) d
  ),
  matching AS (
    SELECT c.campaign_id AS of_campaign, r.*, 2 * (r.client_id IS NOT NULL)::integer + (r.country IS NOT NULL)::integer AS nearness
      FROM campaigns c
      JOIN ads.budget_rules r ON (r.client_id IS NULL OR r.client_id = c.client_id) AND (r.country IS NULL OR r.country = ANY (c.countries))
  ),
  limits AS (
    SELECT c.campaign_id,
           (SELECT r.most_per_month FROM matching r WHERE r.of_campaign = c.campaign_id AND r.most_per_month IS NOT NULL
             ORDER BY r.nearness DESC, r.most_per_month LIMIT 1) AS most_per_month,
           (SELECT r.most_change_percent FROM matching r WHERE r.of_campaign = c.campaign_id AND r.most_change_percent IS NOT NULL
             ORDER BY r.nearness DESC, r.most_change_percent LIMIT 1) AS most_change_percent,
           (SELECT r.fewest_share FROM matching r WHERE r.of_campaign = c.campaign_id AND r.fewest_share IS NOT NULL
             ORDER BY r.nearness DESC, r.fewest_share DESC LIMIT 1) AS fewest_share,
           (SELECT r.most_share FROM matching r WHERE r.of_campaign = c.campaign_id AND r.most_share IS NOT NULL
             ORDER BY r.nearness DESC, r.most_share LIMIT 1) AS most_share,
           (SELECT r.may_exceed_budget FROM matching r WHERE r.of_campaign = c.campaign_id AND r.may_exceed_budget IS NOT NULL
             ORDER BY r.nearness DESC, r.may_exceed_budget LIMIT 1) AS may_exceed_budget
      FROM campaigns c
  )
  SELECT 'status', c.campaign_id, NULL::date, NULL, c.status NOT IN ('draft', 'completed'), c.status, NULL, NULL FROM campaigns c
  UNION ALL
  SELECT 'currency', c.campaign_id, NULL, NULL, c.currency = check_budget_plan.currency, check_budget_plan.currency, c.currency, c.currency FROM campaigns c
  UNION ALL
  SELECT 'month_over', m.campaign_id, m.month, NULL, m.month >= date_trunc('month', today::timestamp)::date, to_char(m.month, 'YYYY-MM-DD'),
         to_char(date_trunc('month', today::timestamp), 'YYYY-MM-DD'), NULL
    FROM months m
  UNION ALL
  SELECT 'running_dates', m.campaign_id, m.month, NULL, m.month <= c.end_date AND m.month + interval '1 month' > c.start_date,
         to_char(m.month, 'YYYY-MM-DD'), to_char(date_trunc('month', c.start_date::timestamp), 'YYYY-MM-DD'),
         to_char(date_trunc('month', c.end_date::timestamp), 'YYYY-MM-DD')
    FROM months m JOIN campaigns c ON c.campaign_id = m.campaign_id
  UNION ALL
  SELECT 'channel', a.campaign_id, a.month, a.channel_id,
         EXISTS (SELECT FROM ads.campaign_channels k WHERE k.campaign_id = a.campaign_id AND k.channel_id = a.channel_id), a.channel_id, NULL, NULL
    FROM asked a
  UNION ALL
  SELECT 'most_per_month', p.campaign_id, p.month, p.channel_id, p.planned <= greatest(l.most_per_month, p.was), round(p.planned, 2)::text, NULL,
         l.most_per_month::text
    FROM planned p JOIN limits l ON l.campaign_id = p.campaign_id
   WHERE p.is_asked AND l.most_per_month IS NOT NULL
  UNION ALL
  SELECT 'most_change', p.campaign_id, p.month, p.channel_id, abs(p.planned - p.was) * 100 <= l.most_change_percent * p.was,
         round((p.planned - p.was) * 100 / p.was, 2)::text, (-l.most_change_percent)::text, l.most_change_percent::text
    FROM planned p JOIN limits l ON l.campaign_id = p.campaign_id
   WHERE p.is_asked AND p.was > 0 AND l.most_change_percent IS NOT NULL
  UNION ALL
  SELECT 'share', s.campaign_id, s.month, s.channel_id,
         (l.most_share IS NULL OR s.share <= greatest(l.most_share, s.share_was))
           AND (l.fewest_share IS NULL OR s.share = 0 OR s.share >= least(l.fewest_share, nullif(s.share_was, 0))),
         round(s.share, 4)::text, l.fewest_share::text, l.most_share::text
    FROM shares s JOIN limits l ON l.campaign_id = s.campaign_id
   WHERE s.share IS NOT NULL AND (l.most_share IS NOT NULL OR l.fewest_share IS NOT NULL)
  UNION ALL
  SELECT 'campaign_budget', t.campaign_id, NULL, NULL, coalesce(l.may_exceed_budget, false) OR t.planned <= greatest(t.budget, t.was),
         round(t.planned, 2)::text, NULL, CASE WHEN l.may_exceed_budget THEN NULL ELSE t.budget::text END
    FROM totals t JOIN limits l ON l.campaign_id = t.campaign_id
$$;

-- All of a plan or nothing. Returns {"outcome": …}:
--   applied, already_applied  {appliedAt, changedBy, rows}   the same plan id again changes nothing and gives what the first time gave
--   conflict                  {conflicts}   a value is not the expected one
--   refused                   {broken}      rules that the plan breaks
--   no_such_campaign          {campaignIds}
-- Runs with its owner's rights. Plans of one campaign come one after the other: what the rules read cannot change before it is written.
CREATE OR REPLACE FUNCTION ads.apply_budget_plan(
  asked_plan text, asked_by text, asked_reason text, asked_at timestamptz, currency text, today date, changes ads.budget_change[]
) RETURNS jsonb LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  outcome jsonb;
BEGIN
  IF asked_plan IS NULL OR asked_by IS NULL OR asked_at IS NULL OR coalesce(cardinality(changes), 0) = 0
     OR EXISTS (SELECT FROM unnest(changes) u
                 WHERE u.campaign_id IS NULL OR u.channel_id IS NULL OR u.month IS NULL OR extract(day FROM u.month) <> 1
                    OR u.planned IS NULL OR u.planned < 0 OR u.planned >= 1e12 OR u.planned <> round(u.planned, 2))
     OR EXISTS (SELECT FROM unnest(changes) u GROUP BY u.campaign_id, u.channel_id, u.month HAVING count(*) > 1) THEN
    RAISE invalid_parameter_value USING MESSAGE = 'a plan has an id, an author, a time, and rows of different keys with amounts in cents';
  END IF;

  -- The same plan at the same moment: the second waits here for the first's outcome.
  PERFORM pg_advisory_xact_lock(hashtextextended(asked_plan, 4712028));
  SELECT jsonb_build_object('outcome', 'already_applied', 'appliedAt', p.applied_at, 'changedBy', p.changed_by, 'rows', p.rows)
    INTO outcome FROM ads.applied_budget_plans p WHERE p.plan_id = asked_plan;
  IF outcome IS NOT NULL THEN RETURN outcome; END IF;

  -- Always in the order of their keys, so that two plans cannot wait for each other.
  PERFORM FROM ads.campaigns c WHERE c.campaign_id IN (SELECT u.campaign_id FROM unnest(changes) u) ORDER BY c.campaign_id FOR NO KEY UPDATE;
  PERFORM FROM ads.campaign_budgets b WHERE b.campaign_id IN (SELECT u.campaign_id FROM unnest(changes) u)
    ORDER BY b.campaign_id, b.channel_id, b.month FOR NO KEY UPDATE;

  SELECT jsonb_build_object('outcome', 'no_such_campaign', 'campaignIds', jsonb_agg(DISTINCT u.campaign_id)) INTO outcome
    FROM unnest(changes) u WHERE NOT EXISTS (SELECT FROM ads.campaigns c WHERE c.campaign_id = u.campaign_id) HAVING count(*) > 0;
  IF outcome IS NOT NULL THEN RETURN outcome; END IF;

  SELECT jsonb_build_object('outcome', 'conflict', 'conflicts', jsonb_agg(jsonb_build_object(
           'campaignId', u.campaign_id, 'channelId', u.channel_id, 'month', u.month,
           'expected', round(u.expected, 2)::text, 'found', b.planned::text) ORDER BY u.campaign_id, u.channel_id, u.month)) INTO outcome
    FROM unnest(changes) u
    LEFT JOIN ads.campaign_budgets b ON b.campaign_id = u.campaign_id AND b.channel_id = u.channel_id AND b.month = u.month
   WHERE u.expected IS DISTINCT FROM b.planned HAVING count(*) > 0;
  IF outcome IS NOT NULL THEN RETURN outcome; END IF;

  SELECT jsonb_build_object('outcome', 'refused', 'broken', jsonb_agg(jsonb_build_object(
           'rule', f.rule, 'campaignId', f.campaign_id, 'month', f.month, 'channelId', f.channel_id, 'ok', f.ok,
           'found', f.found, 'fewest', f.fewest, 'most', f.most) ORDER BY f.campaign_id, f.rule, f.month, f.channel_id)) INTO outcome
    FROM ads.check_budget_plan(changes, currency, today) f WHERE f.ok IS NOT TRUE HAVING count(*) > 0;
  IF outcome IS NOT NULL THEN RETURN outcome; END IF;

  UPDATE ads.campaign_budgets b SET planned = u.planned
    FROM unnest(changes) u
   WHERE b.campaign_id = u.campaign_id AND b.channel_id = u.channel_id AND b.month = u.month AND b.planned <> u.planned;
  -- Fails when somebody planned the same channel since the values were compared; nothing is kept then.
  INSERT INTO ads.campaign_budgets (campaign_id, channel_id, month, planned)
  SELECT u.campaign_id, u.channel_id, u.month, u.planned FROM unnest(changes) u WHERE u.expected IS NULL
   ORDER BY u.campaign_id, u.channel_id, u.month;

  -- Ids go on after those that a fill, or anybody else, gave. Never backwards: what another plan has taken meanwhile is not above the sequence.
  PERFORM setval('ads.change_log_ids', max(g.change_id)) FROM ads.change_log g
  HAVING max(g.change_id) >= (SELECT s.last_value + s.is_called::integer FROM ads.change_log_ids s);
  WITH logged AS (
    INSERT INTO ads.change_log (change_id, campaign_id, entity, entity_id, field, old_value, new_value, changed_by, changed_at)
    SELECT nextval('ads.change_log_ids'), u.campaign_id, 'budget', u.campaign_id, format('planned:%s:%s', u.channel_id, to_char(u.month, 'YYYY-MM')),
           round(u.expected, 2)::text, round(u.planned, 2)::text, asked_by, asked_at
      FROM (SELECT * FROM unnest(changes) AS o WHERE o.expected IS DISTINCT FROM o.planned ORDER BY o.campaign_id, o.channel_id, o.month) u
    RETURNING change_id, campaign_id, field
  ), recorded AS (
    INSERT INTO ads.applied_budget_plans AS p (plan_id, changed_by, reason, applied_at, rows)
    SELECT asked_plan, asked_by, asked_reason, asked_at, jsonb_agg(jsonb_build_object(
             'campaignId', u.campaign_id, 'channelId', u.channel_id, 'month', u.month,
             'old', round(u.expected, 2)::text, 'new', round(u.planned, 2)::text, 'changeId', l.change_id)
             ORDER BY u.campaign_id, u.channel_id, u.month)
      FROM unnest(changes) u
      LEFT JOIN logged l ON l.campaign_id = u.campaign_id AND l.field = format('planned:%s:%s', u.channel_id, to_char(u.month, 'YYYY-MM'))
    RETURNING p.changed_by, p.applied_at, p.rows
  )
  SELECT jsonb_build_object('outcome', 'applied', 'appliedAt', r.applied_at, 'changedBy', r.changed_by, 'rows', r.rows) INTO outcome FROM recorded r;
  RETURN outcome;
END $$;

REVOKE ALL ON FUNCTION ads.check_budget_plan, ads.apply_budget_plan FROM PUBLIC;
GRANT USAGE ON SCHEMA ads TO promptsales_ads;
GRANT EXECUTE ON FUNCTION ads.check_budget_plan, ads.apply_budget_plan TO promptsales_ads;
GRANT SELECT (campaign_id, client_id, name, status, start_date, end_date, budget, currency, countries) ON ads.campaigns TO promptsales_ads;
GRANT SELECT (channel_id, name) ON ads.channels TO promptsales_ads;
GRANT SELECT (campaign_id, channel_id) ON ads.campaign_channels TO promptsales_ads;
GRANT SELECT (campaign_id, channel_id, month, planned) ON ads.campaign_budgets TO promptsales_ads;
GRANT SELECT ON ads.budget_rules TO promptsales_ads;
