-- The changes of crm.customers since a version of change tracking, or all of it when there is none or it can no longer be served. Three result sets:
-- (mode, current_version, min_valid_version, incarnation, as_of), the keys of what is gone, the rows. One snapshot: all three are of the same moment.
CREATE PROCEDURE etl.read_changes_customers @last_version bigint = NULL
AS
BEGIN
  SET NOCOUNT ON;
  SET XACT_ABORT ON;
  SET TRANSACTION ISOLATION LEVEL SNAPSHOT;
  BEGIN TRANSACTION;
    DECLARE @current_version bigint = CHANGE_TRACKING_CURRENT_VERSION(),
            @min_valid_version bigint = CHANGE_TRACKING_MIN_VALID_VERSION(OBJECT_ID(N'crm.customers')),
            @as_of datetime2(7) = SYSUTCDATETIME();
    -- A version above the current one is another database's, or of before a restore.
    DECLARE @mode varchar(10) = CASE WHEN @last_version BETWEEN @min_valid_version AND @current_version THEN 'delta' ELSE 'snapshot' END;
    SELECT @mode AS mode, @current_version AS current_version, @min_valid_version AS min_valid_version, etl.incarnation() AS incarnation,
           CONVERT(varchar(27), @as_of, 121) AS as_of;
    IF @mode = 'delta'
    BEGIN
      SELECT gone.customer_id
        FROM CHANGETABLE(CHANGES crm.customers, @last_version) AS gone
       WHERE gone.SYS_CHANGE_OPERATION = 'D';
      SELECT v.customer_id, v.client_id, v.customer_type, v.sex, v.industry, v.segment, v.potential, v.city_id, v.latitude, v.longitude,
             CONVERT(varchar(27), v.created_at, 121) AS created_at, CONVERT(varchar(27), v.updated_at, 121) AS updated_at, v.birth_year
        FROM CHANGETABLE(CHANGES crm.customers, @last_version) AS changed
        JOIN etl.customers AS v ON v.customer_id = changed.customer_id
       WHERE changed.SYS_CHANGE_OPERATION <> 'D';
    END
    ELSE
    BEGIN
      SELECT v.customer_id FROM etl.customers AS v WHERE 1 = 0;
      SELECT v.customer_id, v.client_id, v.customer_type, v.sex, v.industry, v.segment, v.potential, v.city_id, v.latitude, v.longitude,
             CONVERT(varchar(27), v.created_at, 121) AS created_at, CONVERT(varchar(27), v.updated_at, 121) AS updated_at, v.birth_year
        FROM etl.customers AS v;
    END;
  COMMIT TRANSACTION;
END;
