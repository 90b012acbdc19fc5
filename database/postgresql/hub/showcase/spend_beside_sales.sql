-- Business question: on which days did a campaign's channel cost without selling, and sell without costing?
-- Shows: FULL JOIN, a semi-join by EXISTS, COALESCE over both sides' keys, CASE. Used by: the role marketing, when find_ad_anomalies names a day.
-- Needs the hub's owner; may be run again.
CREATE SCHEMA IF NOT EXISTS reports;

CREATE OR REPLACE VIEW reports.spend_beside_sales AS
SELECT coalesce(a.campaign_id, o.campaign_id) AS campaign_id, coalesce(a.channel_id, o.channel_id) AS channel_id, coalesce(a.day, o.day) AS day,
       coalesce(a.spend, 0) AS spend, coalesce(o.revenue, 0) AS revenue,
       CASE WHEN coalesce(o.orders, 0) = 0 THEN 'cost alone' WHEN coalesce(a.spend, 0) = 0 THEN 'sales alone' ELSE 'both' END AS kind
  FROM sales.ad_day AS a
  FULL JOIN sales.order_day AS o ON o.campaign_id = a.campaign_id AND o.channel_id = a.channel_id AND o.day = a.day
 WHERE EXISTS (SELECT FROM ads.campaigns AS c WHERE c.campaign_id = coalesce(a.campaign_id, o.campaign_id));
