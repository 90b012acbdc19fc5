-- Business question: whose next order is overdue, measured by the customer's own rhythm?
-- Shows: CTE, PARTITION BY with LAG, an average of windows. Used by: the reports role, as a call list.
CREATE PROCEDURE reports.purchase_rhythm @client_id varchar(40), @today date, @count int = 50
AS
BEGIN
  SET NOCOUNT ON;
  WITH paid AS (
    SELECT o.customer_id, o.ordered_at, o.total_usd,
           DATEDIFF(day, LAG(o.ordered_at) OVER (PARTITION BY o.customer_id ORDER BY o.ordered_at, o.order_id), o.ordered_at) AS days_since_order_before
      FROM crm.orders AS o
     WHERE o.client_id = @client_id AND o.status = 'paid' AND o.ordered_at < DATEADD(day, 1, @today)
  ), rhythm AS (
    SELECT p.customer_id, COUNT_BIG(*) AS orders, AVG(CONVERT(decimal(9,2), p.days_since_order_before)) AS usual_days,
           DATEDIFF(day, MAX(p.ordered_at), @today) AS days_since_last, SUM(p.total_usd) AS revenue_usd
      FROM paid AS p
     GROUP BY p.customer_id
    HAVING COUNT_BIG(*) >= 3
  )
  SELECT TOP (@count) r.customer_id, r.orders, r.usual_days, r.days_since_last, r.days_since_last / NULLIF(r.usual_days, 0) AS times_overdue, r.revenue_usd
    FROM rhythm AS r
   WHERE r.days_since_last > 1.5 * r.usual_days
   ORDER BY r.revenue_usd DESC, r.customer_id;
END;
