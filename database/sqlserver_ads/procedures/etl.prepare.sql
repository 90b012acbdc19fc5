-- Prepares what the ETL reads; the server's Agent runs it every 11 minutes (scripts/server/agent_job.sql). Counts what changed in each table since the last
-- preparation, so that the ETL, and whoever watches it, sees in etl.pending what waits and how long change tracking still keeps it;
-- keeps the months of daily metrics ahead of time.
CREATE PROCEDURE etl.prepare
AS
BEGIN
  SET NOCOUNT ON;
  SET XACT_ABORT ON;
  -- Before the snapshot begins, which knows no later partitions.
  EXEC ads.extend_metric_months;
  SET TRANSACTION ISOLATION LEVEL SNAPSHOT;
  BEGIN TRY
    BEGIN TRANSACTION;
    DECLARE @current_version bigint = CHANGE_TRACKING_CURRENT_VERSION(), @last_version bigint = (SELECT MAX(p.current_version) FROM etl.preparations AS p);
    DECLARE @found TABLE (
      table_name varchar(60) COLLATE Latin1_General_100_BIN2 NOT NULL PRIMARY KEY, min_valid_version bigint NOT NULL, changed_rows bigint NOT NULL
    );
    INSERT INTO @found (table_name, min_valid_version, changed_rows)
    SELECT 'ads.channels' AS table_name, CHANGE_TRACKING_MIN_VALID_VERSION(OBJECT_ID(N'ads.channels')) AS min_valid_version,
           (SELECT COUNT_BIG(*) FROM CHANGETABLE(CHANGES ads.channels, @last_version) AS c) AS changed_rows
    UNION ALL
    SELECT 'ads.campaigns' AS table_name, CHANGE_TRACKING_MIN_VALID_VERSION(OBJECT_ID(N'ads.campaigns')) AS min_valid_version,
           (SELECT COUNT_BIG(*) FROM CHANGETABLE(CHANGES ads.campaigns, @last_version) AS c) AS changed_rows
    UNION ALL
    SELECT 'ads.campaign_channels' AS table_name, CHANGE_TRACKING_MIN_VALID_VERSION(OBJECT_ID(N'ads.campaign_channels')) AS min_valid_version,
           (SELECT COUNT_BIG(*) FROM CHANGETABLE(CHANGES ads.campaign_channels, @last_version) AS c) AS changed_rows
    UNION ALL
    SELECT 'ads.campaign_budgets' AS table_name, CHANGE_TRACKING_MIN_VALID_VERSION(OBJECT_ID(N'ads.campaign_budgets')) AS min_valid_version,
           (SELECT COUNT_BIG(*) FROM CHANGETABLE(CHANGES ads.campaign_budgets, @last_version) AS c) AS changed_rows
    UNION ALL
    SELECT 'ads.ad_sets' AS table_name, CHANGE_TRACKING_MIN_VALID_VERSION(OBJECT_ID(N'ads.ad_sets')) AS min_valid_version,
           (SELECT COUNT_BIG(*) FROM CHANGETABLE(CHANGES ads.ad_sets, @last_version) AS c) AS changed_rows
    UNION ALL
    SELECT 'ads.ads' AS table_name, CHANGE_TRACKING_MIN_VALID_VERSION(OBJECT_ID(N'ads.ads')) AS min_valid_version,
           (SELECT COUNT_BIG(*) FROM CHANGETABLE(CHANGES ads.ads, @last_version) AS c) AS changed_rows
    UNION ALL
    SELECT 'ads.daily_metrics' AS table_name, CHANGE_TRACKING_MIN_VALID_VERSION(OBJECT_ID(N'ads.daily_metrics')) AS min_valid_version,
           (SELECT COUNT_BIG(*) FROM CHANGETABLE(CHANGES ads.daily_metrics, @last_version) AS c) AS changed_rows
    UNION ALL
    SELECT 'ads.touches' AS table_name, CHANGE_TRACKING_MIN_VALID_VERSION(OBJECT_ID(N'ads.touches')) AS min_valid_version,
           (SELECT COUNT_BIG(*) FROM CHANGETABLE(CHANGES ads.touches, @last_version) AS c) AS changed_rows
    UNION ALL
    SELECT 'ads.experiments' AS table_name, CHANGE_TRACKING_MIN_VALID_VERSION(OBJECT_ID(N'ads.experiments')) AS min_valid_version,
           (SELECT COUNT_BIG(*) FROM CHANGETABLE(CHANGES ads.experiments, @last_version) AS c) AS changed_rows
    UNION ALL
    SELECT 'ads.experiment_days' AS table_name, CHANGE_TRACKING_MIN_VALID_VERSION(OBJECT_ID(N'ads.experiment_days')) AS min_valid_version,
           (SELECT COUNT_BIG(*) FROM CHANGETABLE(CHANGES ads.experiment_days, @last_version) AS c) AS changed_rows
    UNION ALL
    SELECT 'ads.change_log' AS table_name, CHANGE_TRACKING_MIN_VALID_VERSION(OBJECT_ID(N'ads.change_log')) AS min_valid_version,
           (SELECT COUNT_BIG(*) FROM CHANGETABLE(CHANGES ads.change_log, @last_version) AS c) AS changed_rows;
    UPDATE p
       SET current_version = @current_version, min_valid_version = f.min_valid_version, changed_rows = f.changed_rows, prepared_at = SYSUTCDATETIME()
      FROM etl.preparations AS p
      JOIN @found AS f ON f.table_name = p.table_name;
    INSERT INTO etl.preparations (table_name, current_version, min_valid_version, changed_rows, prepared_at)
    SELECT f.table_name, @current_version, f.min_valid_version, f.changed_rows, SYSUTCDATETIME()
      FROM @found AS f
     WHERE NOT EXISTS (SELECT 1 FROM etl.preparations AS p WHERE p.table_name = f.table_name);
    COMMIT TRANSACTION;
  END TRY
  BEGIN CATCH
    IF XACT_STATE() <> 0 ROLLBACK TRANSACTION;
    THROW;
  END CATCH;
END;
