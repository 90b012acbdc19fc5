-- All of a plan or nothing. First result set: one row (outcome, applied_at, changed_by), the last two null unless it was applied. Second, by lead:
--   applied, already_applied  (lead_id, customer_id, old_stage, new_stage, at, history_id)   the same plan id again changes nothing and gives what
--                             the first time gave
--   conflict                  (lead_id, expected, found)   a lead is not in the expected stage
--   refused                   (rule, lead_id, ok, old_stage, new_stage, at, allowed, time_limit)   rules that the plan breaks
--   no_such_lead              (lead_id)
-- @now is the moment that no step may be after, @applied_at when the plan is carried out. Error 50001: what was given is no plan; 50002: the
-- same plan is being carried out elsewhere and did not end in 15 s.
CREATE PROCEDURE crm.apply_lead_stages
  @plan_id nvarchar(200), @changed_by nvarchar(200), @applied_at datetime2(7), @now datetime2(7), @changes crm.lead_change READONLY
AS
BEGIN
  SET NOCOUNT ON;
  SET XACT_ABORT ON;
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
  IF @plan_id IS NULL OR @changed_by IS NULL OR @applied_at IS NULL OR @now IS NULL OR NOT EXISTS (SELECT 1 FROM @changes)
    THROW 50001, N'a plan has an id, an author, times, and steps of different leads', 1;

  BEGIN TRY
    BEGIN TRANSACTION;

    -- The same plan at the same moment: the second waits here for the first's outcome.
    DECLARE @lock nvarchar(255) = N'crm.lead_plan ' + CONVERT(nvarchar(64), HASHBYTES('SHA2_256', @plan_id), 2), @locked int;
    EXEC @locked = sys.sp_getapplock @Resource = @lock, @LockMode = N'Exclusive', @LockOwner = N'Transaction', @LockTimeout = 15000;
    IF @locked < 0 THROW 50002, N'the plan is being carried out elsewhere', 1;

    DECLARE @outcome varchar(20);
    IF EXISTS (SELECT 1 FROM crm.applied_lead_plans AS p WHERE p.plan_id = @plan_id) SET @outcome = 'already_applied';

    IF @outcome IS NULL
    BEGIN
      -- Always in the order of their keys, which is the order of @changes, so that two plans cannot wait for each other.
      DECLARE @held TABLE (
        lead_id bigint NOT NULL PRIMARY KEY, customer_id bigint NOT NULL, stage varchar(20) COLLATE Latin1_General_100_BIN2 NOT NULL,
        contacted_at datetime2(7) NULL, qualified_at datetime2(7) NULL, proposal_at datetime2(7) NULL, closed_at datetime2(7) NULL
      );
      INSERT INTO @held (lead_id, customer_id, stage, contacted_at, qualified_at, proposal_at, closed_at)
      SELECT l.lead_id, l.customer_id, l.stage, l.contacted_at, l.qualified_at, l.proposal_at, l.closed_at
        FROM @changes AS u
       INNER LOOP JOIN crm.leads AS l WITH (UPDLOCK, ROWLOCK) ON l.lead_id = u.lead_id
       ORDER BY u.lead_id
      OPTION (FORCE ORDER, MAXDOP 1);

      IF EXISTS (SELECT 1 FROM @changes AS u WHERE NOT EXISTS (SELECT 1 FROM @held AS h WHERE h.lead_id = u.lead_id)) SET @outcome = 'no_such_lead';
      ELSE IF EXISTS (SELECT 1 FROM @changes AS u JOIN @held AS h ON h.lead_id = u.lead_id WHERE u.expected <> h.stage) SET @outcome = 'conflict';
      ELSE IF EXISTS (SELECT 1 FROM crm.check_lead_plan(@changes, @now) AS f WHERE f.ok = 0) SET @outcome = 'refused';
      ELSE
      BEGIN
        SET @outcome = 'applied';
        INSERT INTO crm.applied_lead_plans (plan_id, changed_by, applied_at) VALUES (@plan_id, @changed_by, @applied_at);
        INSERT INTO crm.lead_stage_history (lead_id, old_stage, new_stage, moved_at, note, plan_id, changed_by, changed_at, times_before)
        SELECT u.lead_id, u.expected, u.stage, u.at, u.note, @plan_id, @changed_by, @applied_at,
               (SELECT h.contacted_at, h.qualified_at, h.proposal_at, h.closed_at FOR JSON PATH, INCLUDE_NULL_VALUES, WITHOUT_ARRAY_WRAPPER)
          FROM @changes AS u
          JOIN @held AS h ON h.lead_id = u.lead_id
         WHERE u.expected <> u.stage
         ORDER BY u.lead_id;
        INSERT INTO crm.applied_lead_steps (plan_id, lead_id, customer_id, old_stage, new_stage, at, history_id)
        SELECT @plan_id, u.lead_id, h.customer_id, u.expected, u.stage, g.moved_at, g.history_id
          FROM @changes AS u
          JOIN @held AS h ON h.lead_id = u.lead_id
          LEFT JOIN crm.lead_stage_history AS g ON g.lead_id = u.lead_id AND g.plan_id = @plan_id;

        -- A stage that is not reached has no time: who is contacted again has nothing of what came after the first contact.
        UPDATE l
           SET stage = u.stage,
               contacted_at = CASE u.stage WHEN 'contacted' THEN u.at ELSE l.contacted_at END,
               qualified_at = CASE u.stage WHEN 'contacted' THEN NULL WHEN 'qualified' THEN u.at ELSE l.qualified_at END,
               proposal_at = CASE u.stage WHEN 'contacted' THEN NULL WHEN 'proposal' THEN u.at ELSE l.proposal_at END,
               closed_at = CASE u.stage WHEN 'contacted' THEN NULL WHEN 'won' THEN u.at WHEN 'lost' THEN u.at ELSE l.closed_at END
          FROM crm.leads AS l
          JOIN @changes AS u ON u.lead_id = l.lead_id
         WHERE l.stage <> u.stage;
      END;
    END;

    IF @outcome IN ('applied', 'already_applied')
    BEGIN
      SELECT @outcome AS outcome, p.applied_at, p.changed_by FROM crm.applied_lead_plans AS p WHERE p.plan_id = @plan_id;
      SELECT s.lead_id, s.customer_id, s.old_stage, s.new_stage, s.at, s.history_id
        FROM crm.applied_lead_steps AS s WHERE s.plan_id = @plan_id ORDER BY s.lead_id;
    END
    ELSE
      SELECT @outcome AS outcome, CONVERT(datetime2(7), NULL) AS applied_at, CONVERT(nvarchar(200), NULL) AS changed_by;
    IF @outcome = 'no_such_lead'
      SELECT u.lead_id FROM @changes AS u WHERE NOT EXISTS (SELECT 1 FROM @held AS h WHERE h.lead_id = u.lead_id) ORDER BY u.lead_id;
    IF @outcome = 'conflict'
      SELECT u.lead_id, u.expected, h.stage AS found
        FROM @changes AS u JOIN @held AS h ON h.lead_id = u.lead_id WHERE u.expected <> h.stage ORDER BY u.lead_id;
    IF @outcome = 'refused'
      SELECT f.[rule], f.lead_id, f.ok, f.old_stage, f.new_stage, f.at, f.allowed, f.time_limit
        FROM crm.check_lead_plan(@changes, @now) AS f WHERE f.ok = 0 ORDER BY f.lead_id, f.[rule];
    COMMIT TRANSACTION;
  END TRY
  BEGIN CATCH
    IF XACT_STATE() <> 0 ROLLBACK TRANSACTION;
    THROW;
  END CATCH;
END;
