-- The hub's ads.ads.
CREATE VIEW etl.ads
AS
SELECT t.ad_id, t.ad_set_id, t.campaign_id, t.channel_id, t.content_id, t.headline, t.status, t.published_at
  FROM ads.ads AS t;
