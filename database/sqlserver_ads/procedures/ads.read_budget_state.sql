-- What is planned for a month, and for a campaign in all. Two result sets of one moment: (campaign_id, name, status, budget, currency, planned_in_all), no
-- row when there is no such campaign; its channels (channel_id, name, planned) by id, planned null where nothing was ever planned.
CREATE PROCEDURE ads.read_budget_state @campaign_id varchar(60), @month date
AS
BEGIN
  SET NOCOUNT ON;
  SET XACT_ABORT ON;
  SET TRANSACTION ISOLATION LEVEL SNAPSHOT;
  BEGIN TRANSACTION;
    SELECT c.campaign_id, c.name, c.status, CONVERT(varchar(20), c.budget) AS budget, c.currency,
           (SELECT CONVERT(varchar(20), CONVERT(decimal(18,2), ISNULL(SUM(b.planned), 0)))
              FROM ads.campaign_budgets AS b WHERE b.campaign_id = c.campaign_id) AS planned_in_all
      FROM ads.campaigns AS c
     WHERE c.campaign_id = @campaign_id;
    SELECT k.channel_id, n.name, CONVERT(varchar(20), b.planned) AS planned
      FROM ads.campaign_channels AS k
      JOIN ads.channels AS n ON n.channel_id = k.channel_id
      LEFT JOIN ads.campaign_budgets AS b ON b.campaign_id = k.campaign_id AND b.channel_id = k.channel_id AND b.month = @month
     WHERE k.campaign_id = @campaign_id
     ORDER BY k.channel_id;
  COMMIT TRANSACTION;
END;
