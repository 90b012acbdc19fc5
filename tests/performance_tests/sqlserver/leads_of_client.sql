-- How far a client's leads of 90 days got.
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
DECLARE @last_day date = (SELECT CONVERT(date, MAX(o.ordered_at)) FROM crm.orders AS o);

SET STATISTICS IO ON;
SET STATISTICS XML ON;
-- With the index.
SELECT l.stage, COUNT(*) AS leads, SUM(l.value_usd) AS value_usd
  FROM crm.leads AS l
 WHERE l.client_id = @client_id AND l.created_at >= DATEADD(day, -89, @last_day)
 GROUP BY l.stage
OPTION (RECOMPILE);
-- Without it.
SELECT l.stage, COUNT(*) AS leads, SUM(l.value_usd) AS value_usd
  FROM crm.leads AS l WITH (INDEX(0))
 WHERE l.client_id = @client_id AND l.created_at >= DATEADD(day, -89, @last_day)
 GROUP BY l.stage
OPTION (RECOMPILE);
SET STATISTICS XML OFF;
SET STATISTICS IO OFF;
GO
