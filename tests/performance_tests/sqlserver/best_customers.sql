-- A client's ten best customers by what they bought. The hub keeps a total a customer; here the client's orders are added up.
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
SELECT TOP (10) o.customer_id, COUNT(*) AS orders, SUM(o.total_usd) AS revenue
  FROM crm.orders AS o
 WHERE o.client_id = @client_id AND o.status = 'paid'
 GROUP BY o.customer_id
 ORDER BY revenue DESC, o.customer_id
OPTION (RECOMPILE);
-- Without it.
SELECT TOP (10) o.customer_id, COUNT(*) AS orders, SUM(o.total_usd) AS revenue
  FROM crm.orders AS o WITH (INDEX(0))
 WHERE o.client_id = @client_id AND o.status = 'paid'
 GROUP BY o.customer_id
 ORDER BY revenue DESC, o.customer_id
OPTION (RECOMPILE);
SET STATISTICS XML OFF;
SET STATISTICS IO OFF;
GO
