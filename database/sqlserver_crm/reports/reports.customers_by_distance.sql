-- Business question: how many of a client's customers live within 1, 5, 10, 25 km of a store, and what have they bought?
-- Shows: distance of geography points, CTE, running totals by SUM OVER. Used by: the reports role; find_nearby_customers lists one such ring from the hub.
CREATE PROCEDURE reports.customers_by_distance @client_id varchar(40), @latitude float(53), @longitude float(53)
AS
BEGIN
  SET NOCOUNT ON;
  DECLARE @store geography = geography::Point(@latitude, @longitude, 4326);
  WITH near AS (
    SELECT c.customer_id, c.location.STDistance(@store) / 1000 AS km
      FROM crm.customers AS c
     WHERE c.client_id = @client_id AND c.location.STDistance(@store) <= 25000
  ), rings AS (
    SELECT ring.within_km, COUNT_BIG(*) AS customers, ISNULL(SUM(sales.revenue_usd), 0) AS revenue_usd
      FROM near AS n
     CROSS APPLY (SELECT MIN(r.km) AS within_km FROM (VALUES (1), (5), (10), (25)) AS r (km) WHERE n.km <= r.km) AS ring
     OUTER APPLY (SELECT SUM(o.total_usd) AS revenue_usd FROM crm.orders AS o WHERE o.customer_id = n.customer_id AND o.status = 'paid') AS sales
     GROUP BY ring.within_km
  )
  SELECT r.within_km, r.customers, SUM(r.customers) OVER (ORDER BY r.within_km ROWS UNBOUNDED PRECEDING) AS customers_so_far, r.revenue_usd
    FROM rings AS r
   ORDER BY r.within_km;
END;
