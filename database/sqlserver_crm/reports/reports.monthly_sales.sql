-- Business question: what did each client sell a month, and how does that compare with the month before and the year so far?
-- Shows: CTE, LAG and SUM OVER (PARTITION BY year). Used by: the reports role, beside get_sales_data of the hub. Months are of the
-- business time zone.
CREATE VIEW reports.monthly_sales
AS
WITH months AS (
  SELECT o.client_id, local.month, COUNT_BIG(*) AS orders, SUM(o.total_usd) AS revenue_usd
    FROM crm.orders AS o
   CROSS APPLY (SELECT DATEADD(day, 1, EOMONTH(o.ordered_at AT TIME ZONE 'UTC' AT TIME ZONE 'Central America Standard Time', -1)) AS month) AS local
   WHERE o.status = 'paid'
   GROUP BY o.client_id, local.month
)
SELECT m.client_id, m.month, m.orders, m.revenue_usd,
       m.revenue_usd - LAG(m.revenue_usd) OVER (PARTITION BY m.client_id ORDER BY m.month) AS more_than_month_before,
       SUM(m.revenue_usd) OVER (PARTITION BY m.client_id, YEAR(m.month) ORDER BY m.month ROWS UNBOUNDED PRECEDING) AS year_so_far
  FROM months AS m;
