-- The changes of ads.daily_metrics since a version of change tracking, or all of it when there is none or it can no longer be served. Three result sets:
-- (mode, current_version, min_valid_version, incarnation, as_of), the keys of what is gone, the rows. One snapshot: all three are of the same moment.
CREATE PROCEDURE etl.read_changes_daily_metrics @last_version bigint = NULL
AS
BEGIN
  SET NOCOUNT ON;
  SET XACT_ABORT ON;
  SET TRANSACTION ISOLATION LEVEL SNAPSHOT;
  BEGIN TRANSACTION;
    DECLARE @current_version bigint = CHANGE_TRACKING_CURRENT_VERSION(),
            @min_valid_version bigint = CHANGE_TRACKING_MIN_VALID_VERSION(OBJECT_ID(N'ads.daily_metrics')),
            @as_of datetime2(7) = SYSUTCDATETIME();
    -- A version above the current one is another database's, or of before a restore.
    DECLARE @mode varchar(10) = CASE WHEN @last_version BETWEEN @min_valid_version AND @current_version THEN 'delta' ELSE 'snapshot' END;
    SELECT @mode AS mode, @current_version AS current_version, @min_valid_version AS min_valid_version, etl.incarnation() AS incarnation,
           CONVERT(varchar(27), @as_of, 121) AS as_of;
    IF @mode = 'delta'
    BEGIN
      SELECT gone.campaign_id, gone.channel_id, gone.city_id, CONVERT(char(10), gone.day, 23) AS day
        FROM CHANGETABLE(CHANGES ads.daily_metrics, @last_version) AS gone
       WHERE gone.SYS_CHANGE_OPERATION = 'D';
      SELECT v.campaign_id, v.channel_id, v.city_id, CONVERT(char(10), v.day, 23) AS day, CONVERT(varchar(40), v.spend) AS spend,
             v.impressions, v.clicks, v.engagements, v.conversions
        FROM CHANGETABLE(CHANGES ads.daily_metrics, @last_version) AS changed
        JOIN etl.daily_metrics AS v ON v.campaign_id = changed.campaign_id AND v.channel_id = changed.channel_id AND v.city_id = changed.city_id AND v.day = changed.day
       WHERE changed.SYS_CHANGE_OPERATION <> 'D';
    END
    ELSE
    BEGIN
      SELECT v.campaign_id, v.channel_id, v.city_id, CONVERT(char(10), v.day, 23) AS day FROM etl.daily_metrics AS v WHERE 1 = 0;
      SELECT v.campaign_id, v.channel_id, v.city_id, CONVERT(char(10), v.day, 23) AS day, CONVERT(varchar(40), v.spend) AS spend,
             v.impressions, v.clicks, v.engagements, v.conversions
        FROM etl.daily_metrics AS v;
    END;
  COMMIT TRANSACTION;
END;
