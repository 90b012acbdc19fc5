-- What crm_analyzer needs of PromptCRM on PostgreSQL to move leads through their stages: the history of stages, the record of plans, one function
-- that does all of a plan or nothing, and the rights to it. After constraints.sql; may be run again at any time, and must be after every fill.

-- A group role that its login is a member of: reads stages, and calls the function. It writes no table by itself, and sees no personal data.
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'promptsales_crm') THEN
    CREATE ROLE promptsales_crm NOLOGIN;
  END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
  NULL;  -- roles belong to the whole server: another database was a moment faster
END $$;

-- Who applied which plan and when, and every stage before and after. Repeating a plan finds it here.
CREATE TABLE IF NOT EXISTS crm.applied_lead_plans (
  plan_id     text PRIMARY KEY,
  changed_by  text NOT NULL,
  applied_at  timestamptz NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  rows        jsonb NOT NULL        -- [{"leadId", "customerId", "old", "new", "at", "historyId"}]; historyId: its line in lead_stage_history
);

-- Every step a lead made, and the times that the step put out of its row: a lead that is taken up again begins anew.
CREATE TABLE IF NOT EXISTS crm.lead_stage_history (
  history_id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  lead_id      bigint NOT NULL,
  old_stage    text NOT NULL,
  new_stage    text NOT NULL,
  moved_at     timestamptz NOT NULL,                              -- when the step was made
  note         text,
  plan_id      text NOT NULL REFERENCES crm.applied_lead_plans,
  changed_by   text NOT NULL,
  changed_at   timestamptz NOT NULL,                              -- when it was written down
  times_before jsonb NOT NULL                                     -- {"contacted_at", "qualified_at", "proposal_at", "closed_at"}
);
CREATE INDEX IF NOT EXISTS lead_stage_history_lead ON crm.lead_stage_history (lead_id, history_id);

-- One step of a plan; an array of them is what SQL Server takes as a table-valued parameter.
DO $$ BEGIN
  IF to_regtype('crm.lead_change') IS NULL THEN
    CREATE TYPE crm.lead_change AS (
      lead_id  bigint,
      expected text,          -- the stage the plan was made of
      stage    text,
      at       timestamptz,   -- when the step was made
      note     text
    );
  END IF;
END $$;

-- Where a lead of that stage may go. Sold is sold; what was lost can be taken up again.
CREATE OR REPLACE FUNCTION crm.next_lead_stages(stage text) RETURNS text[]
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE stage
           WHEN 'new' THEN '{contacted,lost}'::text[]
           WHEN 'contacted' THEN '{qualified,lost}'
           WHEN 'qualified' THEN '{proposal,lost}'
           WHEN 'proposal' THEN '{won,lost}'
           WHEN 'lost' THEN '{contacted}'
           ELSE '{}'
         END
$$;

-- What each rule says of the steps that change something, kept or broken; leads that there are none of are not told.
--   transition      the stage is one of `allowed`, where the lead may go from where it is
--   time_order      at is not before time_limit, the lead's last step
--   not_future      at is not after time_limit, the moment `now`
--   reopening_note  what was lost is taken up again with a note
CREATE OR REPLACE FUNCTION crm.check_lead_plan(changes crm.lead_change[], now timestamptz)
RETURNS TABLE (rule text, lead_id bigint, ok boolean, old_stage text, new_stage text, at timestamptz, allowed text[], time_limit timestamptz)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  WITH steps AS (
    SELECT l.lead_id, l.stage AS old_stage, u.stage AS new_stage, u.at, u.note, crm.next_lead_stages(l.stage) AS allowed,
           greatest(l.created_at, l.contacted_at, l.qualified_at, l.proposal_at, l.closed_at) AS last_step
      FROM unnest(changes) AS u JOIN crm.leads l ON l.lead_id = u.lead_id
     WHERE l.stage <> u.stage
  )
  SELECT 'transition', s.lead_id, s.new_stage = ANY (s.allowed), s.old_stage, s.new_stage, s.at, s.allowed, NULL::timestamptz FROM steps s
  UNION ALL
  SELECT 'time_order', s.lead_id, s.at >= s.last_step, s.old_stage, s.new_stage, s.at, NULL, s.last_step FROM steps s
  UNION ALL
  SELECT 'not_future', s.lead_id, s.at <= now, s.old_stage, s.new_stage, s.at, NULL, now FROM steps s
  UNION ALL
  SELECT 'reopening_note', s.lead_id, btrim(coalesce(s.note, '')) <> '', s.old_stage, s.new_stage, s.at, NULL, NULL FROM steps s
   WHERE s.old_stage = 'lost' AND s.new_stage = 'contacted'
$$;

-- All of a plan or nothing. Returns {"outcome": …}:
--   applied, already_applied  {appliedAt, changedBy, rows}   the same plan id again changes nothing and gives what the first time gave
--   conflict                  {conflicts}   a lead is not in the expected stage
--   refused                   {broken}      rules that the plan breaks
--   no_such_lead              {leadIds}
-- Runs with its owner's rights. `now` is the moment that no step may be after, asked_at when the plan is carried out.
CREATE OR REPLACE FUNCTION crm.apply_lead_plan(
  asked_plan text, asked_by text, asked_at timestamptz, now timestamptz, changes crm.lead_change[]
) RETURNS jsonb LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  outcome jsonb;
BEGIN
  IF asked_plan IS NULL OR asked_by IS NULL OR isfinite(asked_at) IS NOT TRUE OR isfinite(now) IS NOT TRUE OR coalesce(cardinality(changes), 0) = 0
     OR EXISTS (SELECT FROM unnest(changes) u WHERE u.lead_id IS NULL OR u.expected IS NULL OR u.stage IS NULL OR isfinite(u.at) IS NOT TRUE)
     OR EXISTS (SELECT FROM unnest(changes) u GROUP BY u.lead_id HAVING count(*) > 1) THEN
    RAISE invalid_parameter_value USING MESSAGE = 'a plan has an id, an author, times, and steps of different leads';
  END IF;

  -- The same plan at the same moment: the second waits here for the first's outcome.
  PERFORM pg_advisory_xact_lock(hashtextextended(asked_plan, 4712029));
  SELECT jsonb_build_object('outcome', 'already_applied', 'appliedAt', p.applied_at, 'changedBy', p.changed_by, 'rows', p.rows)
    INTO outcome FROM crm.applied_lead_plans p WHERE p.plan_id = asked_plan;
  IF outcome IS NOT NULL THEN RETURN outcome; END IF;

  -- Always in the order of their keys, so that two plans cannot wait for each other.
  PERFORM FROM crm.leads l WHERE l.lead_id IN (SELECT u.lead_id FROM unnest(changes) u) ORDER BY l.lead_id FOR NO KEY UPDATE;

  SELECT jsonb_build_object('outcome', 'no_such_lead', 'leadIds', jsonb_agg(u.lead_id ORDER BY u.lead_id)) INTO outcome
    FROM unnest(changes) u WHERE NOT EXISTS (SELECT FROM crm.leads l WHERE l.lead_id = u.lead_id) HAVING count(*) > 0;
  IF outcome IS NOT NULL THEN RETURN outcome; END IF;

  SELECT jsonb_build_object('outcome', 'conflict', 'conflicts', jsonb_agg(jsonb_build_object(
           'leadId', u.lead_id, 'expected', u.expected, 'found', l.stage) ORDER BY u.lead_id)) INTO outcome
    FROM unnest(changes) u JOIN crm.leads l ON l.lead_id = u.lead_id
   WHERE u.expected <> l.stage HAVING count(*) > 0;
  IF outcome IS NOT NULL THEN RETURN outcome; END IF;

  SELECT jsonb_build_object('outcome', 'refused', 'broken', jsonb_agg(jsonb_build_object(
           'rule', f.rule, 'leadId', f.lead_id, 'ok', f.ok, 'old', f.old_stage, 'new', f.new_stage, 'at', f.at,
           'allowed', f.allowed, 'timeLimit', f.time_limit) ORDER BY f.lead_id, f.rule)) INTO outcome
    FROM crm.check_lead_plan(changes, now) f WHERE f.ok IS NOT TRUE HAVING count(*) > 0;
  IF outcome IS NOT NULL THEN RETURN outcome; END IF;

  INSERT INTO crm.applied_lead_plans (plan_id, changed_by, applied_at, rows) VALUES (asked_plan, asked_by, asked_at, '[]');
  WITH steps AS (
    SELECT u.lead_id, u.expected, u.stage, u.at, u.note, l.customer_id,
           jsonb_build_object('contacted_at', l.contacted_at, 'qualified_at', l.qualified_at, 'proposal_at', l.proposal_at, 'closed_at', l.closed_at) AS times_before
      FROM unnest(changes) u JOIN crm.leads l ON l.lead_id = u.lead_id
  ), logged AS (
    INSERT INTO crm.lead_stage_history AS h (lead_id, old_stage, new_stage, moved_at, note, plan_id, changed_by, changed_at, times_before)
    SELECT s.lead_id, s.expected, s.stage, s.at, s.note, asked_plan, asked_by, asked_at, s.times_before
      FROM steps s WHERE s.expected <> s.stage ORDER BY s.lead_id
    RETURNING h.history_id, h.lead_id, h.moved_at
  )
  SELECT jsonb_build_object('outcome', 'applied', 'appliedAt', asked_at, 'changedBy', asked_by, 'rows', jsonb_agg(jsonb_build_object(
           'leadId', s.lead_id, 'customerId', s.customer_id, 'old', s.expected, 'new', s.stage, 'at', g.moved_at, 'historyId', g.history_id)
           ORDER BY s.lead_id)) INTO outcome
    FROM steps s LEFT JOIN logged g ON g.lead_id = s.lead_id;

  -- A stage that is not reached has no time: who is contacted again has nothing of what came after the first contact.
  UPDATE crm.leads l
     SET stage = u.stage,
         contacted_at = CASE u.stage WHEN 'contacted' THEN u.at ELSE l.contacted_at END,
         qualified_at = CASE u.stage WHEN 'contacted' THEN NULL WHEN 'qualified' THEN u.at ELSE l.qualified_at END,
         proposal_at = CASE u.stage WHEN 'contacted' THEN NULL WHEN 'proposal' THEN u.at ELSE l.proposal_at END,
         closed_at = CASE u.stage WHEN 'contacted' THEN NULL WHEN 'won' THEN u.at WHEN 'lost' THEN u.at ELSE l.closed_at END
    FROM unnest(changes) u
   WHERE l.lead_id = u.lead_id AND l.stage <> u.stage;
  UPDATE crm.applied_lead_plans p SET rows = outcome -> 'rows' WHERE p.plan_id = asked_plan;
  RETURN outcome;
END $$;

REVOKE ALL ON FUNCTION crm.next_lead_stages, crm.check_lead_plan, crm.apply_lead_plan FROM PUBLIC;
GRANT USAGE ON SCHEMA crm TO promptsales_crm;
GRANT EXECUTE ON FUNCTION crm.next_lead_stages, crm.check_lead_plan, crm.apply_lead_plan TO promptsales_crm;
GRANT SELECT (lead_id, customer_id, stage, created_at, contacted_at, qualified_at, proposal_at, closed_at) ON crm.leads TO promptsales_crm;
