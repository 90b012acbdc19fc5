-- The hub's ads.campaign_budgets.
CREATE VIEW etl.campaign_budgets
AS
SELECT t.campaign_id, t.channel_id, t.month, t.planned
  FROM ads.campaign_budgets AS t;
