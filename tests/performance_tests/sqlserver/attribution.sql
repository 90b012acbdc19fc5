-- The touches that led to orders: a client's orders of 30 days in PromptCRM, and the touches of so many customers in PromptAds.
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
SELECT o.order_id, o.customer_id, o.campaign_id, o.total_usd, o.ordered_at
  FROM crm.orders AS o
 WHERE o.client_id = @client_id AND o.status = 'paid' AND o.ordered_at >= DATEADD(day, -29, @last_day)
OPTION (RECOMPILE);
-- Without it.
SELECT o.order_id, o.customer_id, o.campaign_id, o.total_usd, o.ordered_at
  FROM crm.orders AS o WITH (INDEX(0))
 WHERE o.client_id = @client_id AND o.status = 'paid' AND o.ordered_at >= DATEADD(day, -29, @last_day)
OPTION (RECOMPILE);
SET STATISTICS XML OFF;
SET STATISTICS IO OFF;
GO
USE PromptAds;
GO
SET NOCOUNT ON;
GO

DECLARE @customers TABLE (customer_id bigint NOT NULL PRIMARY KEY);
INSERT INTO @customers (customer_id)
SELECT DISTINCT TOP (50) t.customer_id FROM ads.touches AS t ORDER BY t.customer_id;

SET STATISTICS IO ON;
SET STATISTICS XML ON;
-- With the index.
SELECT t.customer_id, t.campaign_id, t.channel_id, t.kind, t.touched_at
  FROM @customers AS c
  INNER JOIN ads.touches AS t ON t.customer_id = c.customer_id
 ORDER BY t.customer_id, t.touched_at
OPTION (RECOMPILE);
-- Without it.
SELECT t.customer_id, t.campaign_id, t.channel_id, t.kind, t.touched_at
  FROM @customers AS c
  INNER JOIN ads.touches AS t WITH (INDEX(0)) ON t.customer_id = c.customer_id
 ORDER BY t.customer_id, t.touched_at
OPTION (RECOMPILE);
SET STATISTICS XML OFF;
SET STATISTICS IO OFF;
GO
