-- Prepares what the ETL reads; the server's Agent runs it every 11 minutes (scripts/server/agent_job.sql). Counts what changed in each table since the last
-- preparation, so that the ETL, and whoever watches it, sees in etl.pending what waits and how long change tracking still keeps it.
CREATE PROCEDURE etl.prepare
AS
BEGIN
  SET NOCOUNT ON;
  SET XACT_ABORT ON;
  SET TRANSACTION ISOLATION LEVEL SNAPSHOT;
  BEGIN TRY
    BEGIN TRANSACTION;
    DECLARE @current_version bigint = CHANGE_TRACKING_CURRENT_VERSION(), @last_version bigint = (SELECT MAX(p.current_version) FROM etl.preparations AS p);
    DECLARE @found TABLE (
      table_name varchar(60) COLLATE Latin1_General_100_BIN2 NOT NULL PRIMARY KEY, min_valid_version bigint NOT NULL, changed_rows bigint NOT NULL
    );
    INSERT INTO @found (table_name, min_valid_version, changed_rows)
    SELECT 'crm.cities' AS table_name, CHANGE_TRACKING_MIN_VALID_VERSION(OBJECT_ID(N'crm.cities')) AS min_valid_version,
           (SELECT COUNT_BIG(*) FROM CHANGETABLE(CHANGES crm.cities, @last_version) AS c) AS changed_rows
    UNION ALL
    SELECT 'crm.customers' AS table_name, CHANGE_TRACKING_MIN_VALID_VERSION(OBJECT_ID(N'crm.customers')) AS min_valid_version,
           (SELECT COUNT_BIG(*) FROM CHANGETABLE(CHANGES crm.customers, @last_version) AS c) AS changed_rows
    UNION ALL
    SELECT 'crm.leads' AS table_name, CHANGE_TRACKING_MIN_VALID_VERSION(OBJECT_ID(N'crm.leads')) AS min_valid_version,
           (SELECT COUNT_BIG(*) FROM CHANGETABLE(CHANGES crm.leads, @last_version) AS c) AS changed_rows
    UNION ALL
    SELECT 'crm.orders' AS table_name, CHANGE_TRACKING_MIN_VALID_VERSION(OBJECT_ID(N'crm.orders')) AS min_valid_version,
           (SELECT COUNT_BIG(*) FROM CHANGETABLE(CHANGES crm.orders, @last_version) AS c) AS changed_rows
    UNION ALL
    SELECT 'crm.interactions' AS table_name, CHANGE_TRACKING_MIN_VALID_VERSION(OBJECT_ID(N'crm.interactions')) AS min_valid_version,
           (SELECT COUNT_BIG(*) FROM CHANGETABLE(CHANGES crm.interactions, @last_version) AS c) AS changed_rows;
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
