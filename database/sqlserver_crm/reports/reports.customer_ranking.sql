-- Business question: who are a client's best customers in a period, among all and within their own country?
-- Shows: CTE, PARTITION BY, RANK, DENSE_RANK, NTILE. Used by: the reports role; crm_analyzer's rank_customers answers the same from the hub.
CREATE PROCEDURE reports.customer_ranking @client_id varchar(40), @from date, @to date, @count int = 20
AS
BEGIN
  SET NOCOUNT ON;
  WITH sales AS (
    SELECT o.customer_id, COUNT_BIG(*) AS orders, SUM(o.total_usd) AS revenue_usd, MAX(o.ordered_at) AS last_order_at
      FROM crm.orders AS o
     WHERE o.client_id = @client_id AND o.status = 'paid' AND o.ordered_at >= @from AND o.ordered_at < DATEADD(day, 1, @to)
     GROUP BY o.customer_id
  ), ranked AS (
    SELECT s.customer_id, t.country_code, c.segment, s.orders, s.revenue_usd, s.last_order_at,
           RANK() OVER (ORDER BY s.revenue_usd DESC) AS place,
           RANK() OVER (PARTITION BY t.country_code ORDER BY s.revenue_usd DESC) AS place_in_country,
           DENSE_RANK() OVER (ORDER BY s.orders DESC) AS place_by_orders,
           NTILE(10) OVER (ORDER BY s.revenue_usd DESC) AS revenue_tenth,
           s.revenue_usd / NULLIF(SUM(s.revenue_usd) OVER (), 0) AS share_of_revenue
      FROM sales AS s
      JOIN crm.customers AS c ON c.customer_id = s.customer_id
      JOIN crm.cities AS t ON t.city_id = c.city_id
  )
  SELECT TOP (@count) WITH TIES r.place, r.customer_id, r.country_code, r.place_in_country, r.segment, r.orders, r.place_by_orders, r.revenue_usd,
         r.revenue_tenth, r.share_of_revenue, r.last_order_at
    FROM ranked AS r
   ORDER BY r.place;
END;
