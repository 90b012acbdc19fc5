-- What every script relies on: rows are read as of a moment (no reader waits for a writer), and changes are kept for the ETL. May be run again.
-- Sessions that are in the way of READ_COMMITTED_SNAPSHOT have ten seconds to end.
ALTER DATABASE CURRENT SET ALLOW_SNAPSHOT_ISOLATION ON;
GO
IF EXISTS (SELECT 1 FROM sys.databases AS d WHERE d.database_id = DB_ID() AND d.is_read_committed_snapshot_on = 0)
  ALTER DATABASE CURRENT SET READ_COMMITTED_SNAPSHOT ON WITH ROLLBACK AFTER 10 SECONDS;
GO
IF NOT EXISTS (SELECT 1 FROM sys.change_tracking_databases AS t WHERE t.database_id = DB_ID())
  ALTER DATABASE CURRENT SET CHANGE_TRACKING = ON (CHANGE_RETENTION = 7 DAYS, AUTO_CLEANUP = ON);
GO
