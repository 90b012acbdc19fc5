-- What each rule says of a plan, changing nothing, by campaign, rule, month and channel (ads.budget_plan_findings). One snapshot of rules and values.
CREATE PROCEDURE ads.check_budget_plan @currency varchar(10), @today date, @changes ads.budget_change READONLY
AS
BEGIN
  SET NOCOUNT ON;
  SET XACT_ABORT ON;
  SET TRANSACTION ISOLATION LEVEL SNAPSHOT;
  BEGIN TRANSACTION;
    SELECT f.[rule], f.campaign_id, CONVERT(char(10), f.month, 23) AS month, f.channel_id, f.ok, f.found, f.fewest, f.most
      FROM ads.budget_plan_findings(@changes, @currency, @today) AS f
     ORDER BY f.campaign_id, f.[rule], f.month, f.channel_id;
  COMMIT TRANSACTION;
END;
