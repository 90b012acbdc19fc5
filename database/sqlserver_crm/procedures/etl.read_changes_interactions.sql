-- The changes of crm.interactions since a version of change tracking, or all of it when there is none or it can no longer be served. Three result sets:
-- (mode, current_version, min_valid_version, incarnation, as_of), the keys of what is gone, the rows. One snapshot: all three are of the same moment.
CREATE PROCEDURE etl.read_changes_interactions @last_version bigint = NULL
AS
BEGIN
  SET NOCOUNT ON;
  SET XACT_ABORT ON;
  SET TRANSACTION ISOLATION LEVEL SNAPSHOT;
  BEGIN TRANSACTION;
    DECLARE @current_version bigint = CHANGE_TRACKING_CURRENT_VERSION(),
            @min_valid_version bigint = CHANGE_TRACKING_MIN_VALID_VERSION(OBJECT_ID(N'crm.interactions')),
            @as_of datetime2(7) = SYSUTCDATETIME();
    -- A version above the current one is another database's, or of before a restore.
    DECLARE @mode varchar(10) = CASE WHEN @last_version BETWEEN @min_valid_version AND @current_version THEN 'delta' ELSE 'snapshot' END;
    SELECT @mode AS mode, @current_version AS current_version, @min_valid_version AS min_valid_version, etl.incarnation() AS incarnation,
           CONVERT(varchar(27), @as_of, 121) AS as_of;
    IF @mode = 'delta'
    BEGIN
      SELECT gone.interaction_id
        FROM CHANGETABLE(CHANGES crm.interactions, @last_version) AS gone
       WHERE gone.SYS_CHANGE_OPERATION = 'D';
      SELECT v.interaction_id, v.customer_id, v.kind, v.outcome, CONVERT(varchar(27), v.occurred_at, 121) AS occurred_at
        FROM CHANGETABLE(CHANGES crm.interactions, @last_version) AS changed
        JOIN etl.interactions AS v ON v.interaction_id = changed.interaction_id
       WHERE changed.SYS_CHANGE_OPERATION <> 'D';
    END
    ELSE
    BEGIN
      SELECT v.interaction_id FROM etl.interactions AS v WHERE 1 = 0;
      SELECT v.interaction_id, v.customer_id, v.kind, v.outcome, CONVERT(varchar(27), v.occurred_at, 121) AS occurred_at
        FROM etl.interactions AS v;
    END;
  COMMIT TRANSACTION;
END;
