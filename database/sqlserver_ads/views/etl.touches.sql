-- The hub's ads.touches.
CREATE VIEW etl.touches
AS
SELECT t.touch_id, t.customer_id, t.campaign_id, t.channel_id, t.kind, t.touched_at
  FROM ads.touches AS t;
