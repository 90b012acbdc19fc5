-- The campaign of that name. The column's collation puts accents and capitals aside, so its index finds VERANO by verano.
-- Captures the plan and the pages read (logical reads, under Messages), with the indexes and without: the hint INDEX(0) reads the whole table. Changes nothing.
-- documentation/query_plans.md has the same of the hub. RECOMPILE: the plan is made for the values at hand, as the hub's is.
USE PromptAds;
GO
SET NOCOUNT ON;
GO

DECLARE @name nvarchar(200) = (SELECT UPPER(MIN(c.name)) FROM ads.campaigns AS c);

SET STATISTICS IO ON;
SET STATISTICS XML ON;
-- With the index.
SELECT c.campaign_id, c.name, c.client_id, c.status
  FROM ads.campaigns AS c
 WHERE c.name = @name
OPTION (RECOMPILE);
-- Without it.
SELECT c.campaign_id, c.name, c.client_id, c.status
  FROM ads.campaigns AS c WITH (INDEX(0))
 WHERE c.name = @name
OPTION (RECOMPILE);
SET STATISTICS XML OFF;
SET STATISTICS IO OFF;
GO
