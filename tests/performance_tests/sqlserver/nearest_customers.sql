-- The ten customers nearest to a point, by the spatial index.
-- Captures the plan and the pages read (logical reads, under Messages), with the indexes and without: the hint INDEX(0) reads the whole table. Changes nothing.
-- documentation/query_plans.md has the same of the hub. RECOMPILE: the plan is made for the values at hand, as the hub's is.
USE PromptCRM;
GO
SET NOCOUNT ON;
GO

DECLARE @customer_id bigint = (SELECT TOP (1) o.customer_id FROM crm.orders AS o WHERE o.status = 'paid' GROUP BY o.customer_id ORDER BY COUNT(*) DESC, o.customer_id);
DECLARE @here geography = (SELECT c.location FROM crm.customers AS c WHERE c.customer_id = @customer_id);

SET STATISTICS IO ON;
SET STATISTICS XML ON;
-- With the index.
SELECT TOP (10) c.customer_id, c.client_id, c.segment, c.location.STDistance(@here) AS metres
  FROM crm.customers AS c
 WHERE c.location.STDistance(@here) <= 5000
 ORDER BY c.location.STDistance(@here)
OPTION (RECOMPILE);
-- Without it.
SELECT TOP (10) c.customer_id, c.client_id, c.segment, c.location.STDistance(@here) AS metres
  FROM crm.customers AS c WITH (INDEX(0))
 WHERE c.location.STDistance(@here) <= 5000
 ORDER BY c.location.STDistance(@here)
OPTION (RECOMPILE);
SET STATISTICS XML OFF;
SET STATISTICS IO OFF;
GO
