-- Where a campaign reached, sold to and won leads from, in 30 days, by city.
-- Captures the plan and the pages read (logical reads, under Messages), with the indexes and without: the hint INDEX(0) reads the whole table. Changes nothing.
-- documentation/query_plans.md has the same of the hub. RECOMPILE: the plan is made for the values at hand, as the hub's is.
USE PromptAds;
GO
SET NOCOUNT ON;
GO

DECLARE @campaign_id varchar(60) = (SELECT TOP (1) m.campaign_id FROM ads.daily_metrics AS m GROUP BY m.campaign_id ORDER BY COUNT(*) DESC, m.campaign_id);
DECLARE @last_day date = (SELECT MAX(m.day) FROM ads.daily_metrics AS m);

SET STATISTICS IO ON;
SET STATISTICS XML ON;
-- With the index.
SELECT m.city_id, SUM(m.spend) AS spend, SUM(m.clicks) AS clicks
  FROM ads.daily_metrics AS m
 WHERE m.campaign_id = @campaign_id AND m.day BETWEEN DATEADD(day, -29, @last_day) AND @last_day
 GROUP BY m.city_id
OPTION (RECOMPILE);
-- Without it.
SELECT m.city_id, SUM(m.spend) AS spend, SUM(m.clicks) AS clicks
  FROM ads.daily_metrics AS m WITH (INDEX(0))
 WHERE m.campaign_id = @campaign_id AND m.day BETWEEN DATEADD(day, -29, @last_day) AND @last_day
 GROUP BY m.city_id
OPTION (RECOMPILE);
SET STATISTICS XML OFF;
SET STATISTICS IO OFF;
GO
USE PromptCRM;
GO
SET NOCOUNT ON;
GO

DECLARE @campaign_id varchar(60) = (SELECT TOP (1) o.campaign_id FROM crm.orders AS o WHERE o.campaign_id IS NOT NULL GROUP BY o.campaign_id ORDER BY COUNT(*) DESC, o.campaign_id);
DECLARE @last_day date = (SELECT CONVERT(date, MAX(o.ordered_at)) FROM crm.orders AS o);

SET STATISTICS IO ON;
SET STATISTICS XML ON;
-- With the index.
SELECT o.status, COUNT(*) AS orders, SUM(o.total_usd) AS total_usd
  FROM crm.orders AS o
 WHERE o.campaign_id = @campaign_id AND o.ordered_at >= DATEADD(day, -29, @last_day)
 GROUP BY o.status
OPTION (RECOMPILE);
-- Without it.
SELECT o.status, COUNT(*) AS orders, SUM(o.total_usd) AS total_usd
  FROM crm.orders AS o WITH (INDEX(0))
 WHERE o.campaign_id = @campaign_id AND o.ordered_at >= DATEADD(day, -29, @last_day)
 GROUP BY o.status
OPTION (RECOMPILE);
SET STATISTICS XML OFF;
SET STATISTICS IO OFF;
GO

DECLARE @campaign_id varchar(60) = (SELECT TOP (1) o.campaign_id FROM crm.orders AS o WHERE o.campaign_id IS NOT NULL GROUP BY o.campaign_id ORDER BY COUNT(*) DESC, o.campaign_id);

SET STATISTICS IO ON;
SET STATISTICS XML ON;
-- With the index.
SELECT l.stage, COUNT(*) AS leads, SUM(l.value_usd) AS value_usd
  FROM crm.leads AS l
 WHERE l.campaign_id = @campaign_id
 GROUP BY l.stage
OPTION (RECOMPILE);
-- Without it.
SELECT l.stage, COUNT(*) AS leads, SUM(l.value_usd) AS value_usd
  FROM crm.leads AS l WITH (INDEX(0))
 WHERE l.campaign_id = @campaign_id
 GROUP BY l.stage
OPTION (RECOMPILE);
SET STATISTICS XML OFF;
SET STATISTICS IO OFF;
GO
