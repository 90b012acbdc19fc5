-- The changes of ads.experiments since a version of change tracking, or all of it when there is none or it can no longer be served. Three result sets:
-- (mode, current_version, min_valid_version, incarnation, as_of), the keys of what is gone, the rows. One snapshot: all three are of the same moment.
CREATE PROCEDURE etl.read_changes_experiments @last_version bigint = NULL
AS
BEGIN
  SET NOCOUNT ON;
  SET XACT_ABORT ON;
  SET TRANSACTION ISOLATION LEVEL SNAPSHOT;
  BEGIN TRANSACTION;
    DECLARE @current_version bigint = CHANGE_TRACKING_CURRENT_VERSION(),
            @min_valid_version bigint = CHANGE_TRACKING_MIN_VALID_VERSION(OBJECT_ID(N'ads.experiments')),
            @as_of datetime2(7) = SYSUTCDATETIME();
    -- A version above the current one is another database's, or of before a restore.
    DECLARE @mode varchar(10) = CASE WHEN @last_version BETWEEN @min_valid_version AND @current_version THEN 'delta' ELSE 'snapshot' END;
    SELECT @mode AS mode, @current_version AS current_version, @min_valid_version AS min_valid_version, etl.incarnation() AS incarnation,
           CONVERT(varchar(27), @as_of, 121) AS as_of;
    IF @mode = 'delta'
    BEGIN
      SELECT gone.experiment_id
        FROM CHANGETABLE(CHANGES ads.experiments, @last_version) AS gone
       WHERE gone.SYS_CHANGE_OPERATION = 'D';
      SELECT v.experiment_id, v.campaign_id, v.name, v.hypothesis, v.metric, CONVERT(varchar(40), v.allocation) AS allocation,
             CONVERT(char(10), v.started_on, 23) AS started_on, CONVERT(char(10), v.ended_on, 23) AS ended_on
        FROM CHANGETABLE(CHANGES ads.experiments, @last_version) AS changed
        JOIN etl.experiments AS v ON v.experiment_id = changed.experiment_id
       WHERE changed.SYS_CHANGE_OPERATION <> 'D';
    END
    ELSE
    BEGIN
      SELECT v.experiment_id FROM etl.experiments AS v WHERE 1 = 0;
      SELECT v.experiment_id, v.campaign_id, v.name, v.hypothesis, v.metric, CONVERT(varchar(40), v.allocation) AS allocation,
             CONVERT(char(10), v.started_on, 23) AS started_on, CONVERT(char(10), v.ended_on, 23) AS ended_on
        FROM etl.experiments AS v;
    END;
  COMMIT TRANSACTION;
END;
