-- All campaigns by cost in 75 days. The hub answers this from totals; here it is the index that leads with the day.
-- Captures the plan and the pages read (logical reads, under Messages), with the indexes and without: the hint INDEX(0) reads the whole table. Changes nothing.
-- documentation/query_plans.md has the same of the hub. RECOMPILE: the plan is made for the values at hand, as the hub's is.
USE PromptAds;
GO
SET NOCOUNT ON;
GO

DECLARE @last_day date = (SELECT MAX(m.day) FROM ads.daily_metrics AS m);

SET STATISTICS IO ON;
SET STATISTICS XML ON;
-- With the index.
SELECT TOP (10) m.campaign_id, SUM(m.spend) AS spend, SUM(m.clicks) AS clicks
  FROM ads.daily_metrics AS m
 WHERE m.day BETWEEN DATEADD(day, -74, @last_day) AND @last_day
 GROUP BY m.campaign_id
 ORDER BY spend DESC, m.campaign_id
OPTION (RECOMPILE);
-- Without it.
SELECT TOP (10) m.campaign_id, SUM(m.spend) AS spend, SUM(m.clicks) AS clicks
  FROM ads.daily_metrics AS m WITH (INDEX(0))
 WHERE m.day BETWEEN DATEADD(day, -74, @last_day) AND @last_day
 GROUP BY m.campaign_id
 ORDER BY spend DESC, m.campaign_id
OPTION (RECOMPILE);
SET STATISTICS XML OFF;
SET STATISTICS IO OFF;
GO
