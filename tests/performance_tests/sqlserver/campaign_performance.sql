-- Results of one campaign in the last 60 days. Read by the key, which begins with the campaign.
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
SELECT m.day, SUM(m.spend) AS spend, SUM(m.impressions) AS impressions, SUM(m.clicks) AS clicks, SUM(m.conversions) AS conversions
  FROM ads.daily_metrics AS m
 WHERE m.campaign_id = @campaign_id AND m.day BETWEEN DATEADD(day, -59, @last_day) AND @last_day
 GROUP BY m.day
 ORDER BY m.day
OPTION (RECOMPILE);
-- Without it.
SELECT m.day, SUM(m.spend) AS spend, SUM(m.impressions) AS impressions, SUM(m.clicks) AS clicks, SUM(m.conversions) AS conversions
  FROM ads.daily_metrics AS m WITH (INDEX(0))
 WHERE m.campaign_id = @campaign_id AND m.day BETWEEN DATEADD(day, -59, @last_day) AND @last_day
 GROUP BY m.day
 ORDER BY m.day
OPTION (RECOMPILE);
SET STATISTICS XML OFF;
SET STATISTICS IO OFF;
GO
