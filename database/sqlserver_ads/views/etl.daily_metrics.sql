-- The hub's ads.daily_metrics.
CREATE VIEW etl.daily_metrics
AS
SELECT t.campaign_id, t.channel_id, t.city_id, t.day, t.spend, t.impressions, t.clicks, t.engagements, t.conversions
  FROM ads.daily_metrics AS t;
