-- The changes of crm.orders since a version of change tracking, or all of it when there is none or it can no longer be served. Three result sets:
-- (mode, current_version, min_valid_version, incarnation, as_of), the keys of what is gone, the rows. One snapshot: all three are of the same moment.
CREATE PROCEDURE etl.read_changes_orders @last_version bigint = NULL
AS
BEGIN
  SET NOCOUNT ON;
  SET XACT_ABORT ON;
  SET TRANSACTION ISOLATION LEVEL SNAPSHOT;
  BEGIN TRANSACTION;
    DECLARE @current_version bigint = CHANGE_TRACKING_CURRENT_VERSION(),
            @min_valid_version bigint = CHANGE_TRACKING_MIN_VALID_VERSION(OBJECT_ID(N'crm.orders')),
            @as_of datetime2(7) = SYSUTCDATETIME();
    -- A version above the current one is another database's, or of before a restore.
    DECLARE @mode varchar(10) = CASE WHEN @last_version BETWEEN @min_valid_version AND @current_version THEN 'delta' ELSE 'snapshot' END;
    SELECT @mode AS mode, @current_version AS current_version, @min_valid_version AS min_valid_version, etl.incarnation() AS incarnation,
           CONVERT(varchar(27), @as_of, 121) AS as_of;
    IF @mode = 'delta'
    BEGIN
      SELECT gone.order_id
        FROM CHANGETABLE(CHANGES crm.orders, @last_version) AS gone
       WHERE gone.SYS_CHANGE_OPERATION = 'D';
      SELECT v.order_id, v.customer_id, v.client_id, v.campaign_id, v.channel_id, v.touch_id, v.lead_id, v.city_id, v.status, v.first_order,
             v.currency, CONVERT(varchar(40), v.total) AS total, CONVERT(varchar(40), v.exchange_rate) AS exchange_rate,
             CONVERT(varchar(40), v.total_usd) AS total_usd, CONVERT(varchar(27), v.ordered_at, 121) AS ordered_at
        FROM CHANGETABLE(CHANGES crm.orders, @last_version) AS changed
        JOIN etl.orders AS v ON v.order_id = changed.order_id
       WHERE changed.SYS_CHANGE_OPERATION <> 'D';
    END
    ELSE
    BEGIN
      SELECT v.order_id FROM etl.orders AS v WHERE 1 = 0;
      SELECT v.order_id, v.customer_id, v.client_id, v.campaign_id, v.channel_id, v.touch_id, v.lead_id, v.city_id, v.status, v.first_order,
             v.currency, CONVERT(varchar(40), v.total) AS total, CONVERT(varchar(40), v.exchange_rate) AS exchange_rate,
             CONVERT(varchar(40), v.total_usd) AS total_usd, CONVERT(varchar(27), v.ordered_at, 121) AS ordered_at
        FROM etl.orders AS v;
    END;
  COMMIT TRANSACTION;
END;
