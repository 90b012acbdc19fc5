-- A customer's way to each order: the orders come from PromptCRM over the linked server, the touches of the 30 days before each are PromptAds'. The last one is
-- what the order is attributed to; an order without touches has one line without them.
CREATE PROCEDURE ads.read_customer_journey @customer_id bigint
AS
BEGIN
  SET NOCOUNT ON;
  DECLARE @orders TABLE (order_id bigint NOT NULL PRIMARY KEY, ordered_at datetime2(7) NOT NULL, status varchar(12) NOT NULL, total_usd decimal(12,2) NOT NULL);
  INSERT INTO @orders (order_id, ordered_at, status, total_usd)
  SELECT o.order_id, o.ordered_at, o.status, o.total_usd FROM ads.crm_orders AS o WHERE o.customer_id = @customer_id;

  SELECT o.order_id, o.ordered_at, o.status, CONVERT(varchar(20), o.total_usd) AS total_usd, t.touch_id, t.campaign_id, t.channel_id, t.kind, t.touched_at,
         CONVERT(bit, CASE WHEN t.touch_id IS NOT NULL AND LEAD(t.touch_id) OVER (PARTITION BY o.order_id ORDER BY t.touched_at, t.touch_id) IS NULL
                           THEN 1 ELSE 0 END) AS is_last
    FROM @orders AS o
    LEFT JOIN ads.touches AS t
      ON t.customer_id = @customer_id AND t.touched_at <= o.ordered_at AND t.touched_at > DATEADD(day, -30, o.ordered_at)
   ORDER BY o.ordered_at, o.order_id, t.touched_at, t.touch_id;
END;
