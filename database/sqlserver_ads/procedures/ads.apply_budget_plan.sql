-- All of a plan or nothing. First result set: one row (outcome, applied_at, changed_by), the last two null unless it was applied. Second, by key:
--   applied, already_applied  (campaign_id, channel_id, month, old_planned, new_planned, change_id)   the same plan id again changes nothing and
--                             gives what the first time gave; change_id: the value's line in ads.change_log, null where nothing changed
--   conflict                  (campaign_id, channel_id, month, expected, found)   a value is not the expected one
--   refused                   (rule, campaign_id, month, channel_id, ok, found, fewest, most)   rules that the plan breaks
--   no_such_campaign          (campaign_id)
-- Plans of one campaign come one after the other: what the rules read cannot change before it is written. Error 50001: what was given is no plan;
-- 50002: the same plan is being carried out elsewhere and did not end in 15 s.
CREATE PROCEDURE ads.apply_budget_plan
  @plan_id nvarchar(200), @changed_by nvarchar(200), @reason nvarchar(2000), @applied_at datetime2(7), @currency varchar(10), @today date,
  @changes ads.budget_change READONLY
AS
BEGIN
  SET NOCOUNT ON;
  SET XACT_ABORT ON;
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
  IF @plan_id IS NULL OR @changed_by IS NULL OR @applied_at IS NULL OR @currency IS NULL OR @today IS NULL
     OR NOT EXISTS (SELECT 1 FROM @changes)
     OR EXISTS (SELECT 1 FROM @changes AS u
                 WHERE DAY(u.month) <> 1 OR u.planned < 0 OR u.planned >= 1000000000000 OR u.planned <> ROUND(u.planned, 2))
    THROW 50001, N'a plan has an id, an author, a time, and rows of different keys with amounts in cents', 1;

  BEGIN TRY
    BEGIN TRANSACTION;

    -- The same plan at the same moment: the second waits here for the first's outcome.
    DECLARE @lock nvarchar(255) = N'ads.budget_plan ' + CONVERT(nvarchar(64), HASHBYTES('SHA2_256', @plan_id), 2), @locked int;
    EXEC @locked = sys.sp_getapplock @Resource = @lock, @LockMode = N'Exclusive', @LockOwner = N'Transaction', @LockTimeout = 15000;
    IF @locked < 0 THROW 50002, N'the plan is being carried out elsewhere', 1;

    DECLARE @outcome varchar(20);
    IF EXISTS (SELECT 1 FROM ads.applied_budget_plans AS p WHERE p.plan_id = @plan_id) SET @outcome = 'already_applied';

    IF @outcome IS NULL
    BEGIN
      -- Always in the order of their keys, campaigns first, so that two plans cannot wait for each other.
      DECLARE @held TABLE (campaign_id varchar(60) COLLATE Latin1_General_100_BIN2 NOT NULL PRIMARY KEY);
      INSERT INTO @held (campaign_id)
      SELECT c.campaign_id
        FROM (SELECT DISTINCT u.campaign_id FROM @changes AS u) AS asked
       INNER LOOP JOIN ads.campaigns AS c WITH (UPDLOCK, ROWLOCK) ON c.campaign_id = asked.campaign_id
       ORDER BY asked.campaign_id
      OPTION (FORCE ORDER, MAXDOP 1);
      -- Every plan of these campaigns, not only what is asked about: the rules look at all of it.
      DECLARE @current TABLE (
        campaign_id varchar(60) COLLATE Latin1_General_100_BIN2 NOT NULL, channel_id varchar(40) COLLATE Latin1_General_100_BIN2 NOT NULL,
        month date NOT NULL, planned decimal(14,2) NOT NULL, PRIMARY KEY (campaign_id, channel_id, month)
      );
      INSERT INTO @current (campaign_id, channel_id, month, planned)
      SELECT b.campaign_id, b.channel_id, b.month, b.planned
        FROM @held AS h
       INNER LOOP JOIN ads.campaign_budgets AS b WITH (UPDLOCK, HOLDLOCK) ON b.campaign_id = h.campaign_id
       ORDER BY b.campaign_id, b.channel_id, b.month
      OPTION (FORCE ORDER, MAXDOP 1);
      -- What every value is to become, and whether it is what the plan was made of.
      DECLARE @asked TABLE (
        campaign_id varchar(60) COLLATE Latin1_General_100_BIN2 NOT NULL, channel_id varchar(40) COLLATE Latin1_General_100_BIN2 NOT NULL,
        month date NOT NULL, expected decimal(19,4) NULL, found decimal(14,2) NULL, planned decimal(14,2) NOT NULL, is_expected bit NOT NULL,
        PRIMARY KEY (campaign_id, channel_id, month)
      );
      INSERT INTO @asked (campaign_id, channel_id, month, expected, found, planned, is_expected)
      SELECT u.campaign_id, u.channel_id, u.month, u.expected, b.planned, u.planned,
             CASE WHEN EXISTS (SELECT u.expected INTERSECT SELECT b.planned) THEN 1 ELSE 0 END
        FROM @changes AS u
        LEFT JOIN @current AS b ON b.campaign_id = u.campaign_id AND b.channel_id = u.channel_id AND b.month = u.month;

      IF EXISTS (SELECT 1 FROM @asked AS u WHERE NOT EXISTS (SELECT 1 FROM @held AS h WHERE h.campaign_id = u.campaign_id)) SET @outcome = 'no_such_campaign';
      ELSE IF EXISTS (SELECT 1 FROM @asked AS u WHERE u.is_expected = 0) SET @outcome = 'conflict';
      ELSE IF EXISTS (SELECT 1 FROM ads.budget_plan_findings(@changes, @currency, @today) AS f WHERE f.ok = 0) SET @outcome = 'refused';
      ELSE
      BEGIN
        SET @outcome = 'applied';
        UPDATE b
           SET planned = u.planned
          FROM ads.campaign_budgets AS b
          JOIN @asked AS u ON u.campaign_id = b.campaign_id AND u.channel_id = b.channel_id AND u.month = b.month
         WHERE b.planned <> u.planned;
        INSERT INTO ads.campaign_budgets (campaign_id, channel_id, month, planned)
        SELECT u.campaign_id, u.channel_id, u.month, u.planned FROM @asked AS u WHERE u.found IS NULL
         ORDER BY u.campaign_id, u.channel_id, u.month;

        INSERT INTO ads.applied_budget_plans (plan_id, changed_by, reason, applied_at) VALUES (@plan_id, @changed_by, @reason, @applied_at);
        -- Ids go on after those that a fill, or anybody else, gave: the range above the last one is this plan's until it ends.
        DECLARE @last_id bigint = ISNULL((SELECT MAX(g.change_id) FROM ads.change_log AS g WITH (UPDLOCK, HOLDLOCK)), 0);
        INSERT INTO ads.applied_budget_rows (plan_id, campaign_id, channel_id, month, old_planned, new_planned, change_id)
        SELECT @plan_id, u.campaign_id, u.channel_id, u.month, u.found, u.planned,
               CASE WHEN n.is_new = 1 THEN @last_id + SUM(n.is_new) OVER (ORDER BY u.campaign_id, u.channel_id, u.month ROWS UNBOUNDED PRECEDING) END
          FROM @asked AS u
         CROSS APPLY (SELECT CASE WHEN u.found = u.planned THEN 0 ELSE 1 END AS is_new) AS n;
        INSERT INTO ads.change_log (change_id, campaign_id, entity, entity_id, field, old_value, new_value, changed_by, changed_at)
        SELECT r.change_id, r.campaign_id, 'budget', r.campaign_id, CONCAT('planned:', r.channel_id, ':', CONVERT(char(7), r.month, 23)),
               CONVERT(nvarchar(20), r.old_planned), CONVERT(nvarchar(20), r.new_planned), @changed_by, @applied_at
          FROM ads.applied_budget_rows AS r
         WHERE r.plan_id = @plan_id AND r.change_id IS NOT NULL;
      END;
    END;

    IF @outcome IN ('applied', 'already_applied')
    BEGIN
      SELECT @outcome AS outcome, p.applied_at, p.changed_by FROM ads.applied_budget_plans AS p WHERE p.plan_id = @plan_id;
      SELECT r.campaign_id, r.channel_id, CONVERT(char(10), r.month, 23) AS month, CONVERT(varchar(20), r.old_planned) AS old_planned,
             CONVERT(varchar(20), r.new_planned) AS new_planned, r.change_id
        FROM ads.applied_budget_rows AS r WHERE r.plan_id = @plan_id ORDER BY r.campaign_id, r.channel_id, r.month;
    END
    ELSE
      SELECT @outcome AS outcome, CONVERT(datetime2(7), NULL) AS applied_at, CONVERT(nvarchar(200), NULL) AS changed_by;
    IF @outcome = 'conflict'
      SELECT u.campaign_id, u.channel_id, CONVERT(char(10), u.month, 23) AS month, CONVERT(varchar(20), CONVERT(decimal(18,2), ROUND(u.expected, 2))) AS expected,
             CONVERT(varchar(20), u.found) AS found
        FROM @asked AS u WHERE u.is_expected = 0 ORDER BY u.campaign_id, u.channel_id, u.month;
    IF @outcome = 'refused'
      SELECT f.[rule], f.campaign_id, CONVERT(char(10), f.month, 23) AS month, f.channel_id, f.ok, f.found, f.fewest, f.most
        FROM ads.budget_plan_findings(@changes, @currency, @today) AS f WHERE f.ok = 0 ORDER BY f.campaign_id, f.[rule], f.month, f.channel_id;
    IF @outcome = 'no_such_campaign'
      SELECT DISTINCT u.campaign_id FROM @asked AS u WHERE NOT EXISTS (SELECT 1 FROM @held AS h WHERE h.campaign_id = u.campaign_id) ORDER BY u.campaign_id;
    COMMIT TRANSACTION;
  END TRY
  BEGIN CATCH
    IF XACT_STATE() <> 0 ROLLBACK TRANSACTION;
    THROW;
  END CATCH;
END;
