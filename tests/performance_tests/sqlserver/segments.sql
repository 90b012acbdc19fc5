-- A client's customers by potential.
-- Captures the plan and the pages read (logical reads, under Messages), with the indexes and without: the hint INDEX(0) reads the whole table. Changes nothing.
-- documentation/query_plans.md has the same of the hub. RECOMPILE: the plan is made for the values at hand, as the hub's is.
USE PromptCRM;
GO
SET NOCOUNT ON;
GO

DECLARE @client_id varchar(40);
SELECT @client_id = p.client_id
  FROM (SELECT c.client_id, ROW_NUMBER() OVER (ORDER BY COUNT(*), c.client_id) AS place, COUNT(*) OVER () AS clients FROM crm.customers AS c GROUP BY c.client_id) AS p
 WHERE p.place = 1 + p.clients / 2;

SET STATISTICS IO ON;
SET STATISTICS XML ON;
-- With the index.
SELECT c.potential, COUNT(*) AS customers
  FROM crm.customers AS c
 WHERE c.client_id = @client_id
 GROUP BY c.potential
OPTION (RECOMPILE);
-- Without it.
SELECT c.potential, COUNT(*) AS customers
  FROM crm.customers AS c WITH (INDEX(0))
 WHERE c.client_id = @client_id
 GROUP BY c.potential
OPTION (RECOMPILE);
SET STATISTICS XML OFF;
SET STATISTICS IO OFF;
GO

DECLARE @client_id varchar(40);
SELECT @client_id = p.client_id
  FROM (SELECT c.client_id, ROW_NUMBER() OVER (ORDER BY COUNT(*), c.client_id) AS place, COUNT(*) OVER () AS clients FROM crm.customers AS c GROUP BY c.client_id) AS p
 WHERE p.place = 1 + p.clients / 2;
DECLARE @last_day date = (SELECT CONVERT(date, MAX(o.ordered_at)) FROM crm.orders AS o);

SET STATISTICS IO ON;
SET STATISTICS XML ON;
-- With the index.
SELECT o.customer_id, COUNT(*) AS orders, SUM(o.total_usd) AS revenue
  FROM crm.orders AS o
 WHERE o.client_id = @client_id AND o.status = 'paid' AND o.ordered_at >= DATEADD(day, -364, @last_day)
 GROUP BY o.customer_id
OPTION (RECOMPILE);
-- Without it.
SELECT o.customer_id, COUNT(*) AS orders, SUM(o.total_usd) AS revenue
  FROM crm.orders AS o WITH (INDEX(0))
 WHERE o.client_id = @client_id AND o.status = 'paid' AND o.ordered_at >= DATEADD(day, -364, @last_day)
 GROUP BY o.customer_id
OPTION (RECOMPILE);
SET STATISTICS XML OFF;
SET STATISTICS IO OFF;
GO
