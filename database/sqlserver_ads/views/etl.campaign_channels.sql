-- The hub's ads.campaign_channels.
CREATE VIEW etl.campaign_channels
AS
SELECT t.campaign_id, t.channel_id, t.budget_share, t.reach
  FROM ads.campaign_channels AS t;
