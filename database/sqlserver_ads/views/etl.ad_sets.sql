-- The hub's ads.ad_sets.
CREATE VIEW etl.ad_sets
AS
SELECT t.ad_set_id, t.campaign_id, t.channel_id, t.name, t.targeting, t.bid_strategy, t.bid_amount, t.daily_budget, t.status
  FROM ads.ad_sets AS t;
