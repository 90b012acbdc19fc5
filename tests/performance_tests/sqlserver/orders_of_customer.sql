-- Everything that happened with one customer: orders, leads, interactions; its touches are in PromptAds.
-- Captures the plan and the pages read (logical reads, under Messages), with the indexes and without: the hint INDEX(0) reads the whole table. Changes nothing.
-- documentation/query_plans.md has the same of the hub. RECOMPILE: the plan is made for the values at hand, as the hub's is.
USE PromptCRM;
GO
SET NOCOUNT ON;
GO

DECLARE @customer_id bigint = (SELECT TOP (1) o.customer_id FROM crm.orders AS o WHERE o.status = 'paid' GROUP BY o.customer_id ORDER BY COUNT(*) DESC, o.customer_id);

SET STATISTICS IO ON;
SET STATISTICS XML ON;
-- With the index.
SELECT o.order_id, o.status, o.total_usd, o.ordered_at
  FROM crm.orders AS o
 WHERE o.customer_id = @customer_id
 ORDER BY o.ordered_at
OPTION (RECOMPILE);
-- Without it.
SELECT o.order_id, o.status, o.total_usd, o.ordered_at
  FROM crm.orders AS o WITH (INDEX(0))
 WHERE o.customer_id = @customer_id
 ORDER BY o.ordered_at
OPTION (RECOMPILE);
SET STATISTICS XML OFF;
SET STATISTICS IO OFF;
GO

DECLARE @customer_id bigint = (SELECT TOP (1) o.customer_id FROM crm.orders AS o WHERE o.status = 'paid' GROUP BY o.customer_id ORDER BY COUNT(*) DESC, o.customer_id);

SET STATISTICS IO ON;
SET STATISTICS XML ON;
-- With the index.
SELECT l.lead_id, l.stage, l.created_at
  FROM crm.leads AS l
 WHERE l.customer_id = @customer_id
OPTION (RECOMPILE);
-- Without it.
SELECT l.lead_id, l.stage, l.created_at
  FROM crm.leads AS l WITH (INDEX(0))
 WHERE l.customer_id = @customer_id
OPTION (RECOMPILE);
SET STATISTICS XML OFF;
SET STATISTICS IO OFF;
GO

DECLARE @customer_id bigint = (SELECT TOP (1) o.customer_id FROM crm.orders AS o WHERE o.status = 'paid' GROUP BY o.customer_id ORDER BY COUNT(*) DESC, o.customer_id);

SET STATISTICS IO ON;
SET STATISTICS XML ON;
-- With the index.
SELECT i.interaction_id, i.kind, i.outcome, i.occurred_at
  FROM crm.interactions AS i
 WHERE i.customer_id = @customer_id
 ORDER BY i.occurred_at
OPTION (RECOMPILE);
-- Without it.
SELECT i.interaction_id, i.kind, i.outcome, i.occurred_at
  FROM crm.interactions AS i WITH (INDEX(0))
 WHERE i.customer_id = @customer_id
 ORDER BY i.occurred_at
OPTION (RECOMPILE);
SET STATISTICS XML OFF;
SET STATISTICS IO OFF;
GO
USE PromptAds;
GO
SET NOCOUNT ON;
GO

DECLARE @customer_id bigint = (SELECT TOP (1) t.customer_id FROM ads.touches AS t GROUP BY t.customer_id ORDER BY COUNT(*) DESC, t.customer_id);

SET STATISTICS IO ON;
SET STATISTICS XML ON;
-- With the index.
SELECT t.touch_id, t.campaign_id, t.channel_id, t.kind, t.touched_at
  FROM ads.touches AS t
 WHERE t.customer_id = @customer_id
 ORDER BY t.touched_at
OPTION (RECOMPILE);
-- Without it.
SELECT t.touch_id, t.campaign_id, t.channel_id, t.kind, t.touched_at
  FROM ads.touches AS t WITH (INDEX(0))
 WHERE t.customer_id = @customer_id
 ORDER BY t.touched_at
OPTION (RECOMPILE);
SET STATISTICS XML OFF;
SET STATISTICS IO OFF;
GO
