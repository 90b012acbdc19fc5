-- Business question: how is each campaign doing over its whole life, and in which class does that put it?
-- Shows: LEFT JOINs that keep campaigns without sales, COALESCE for what they have none of, CASE for the class. Used by: the roles marketing and sales (report_readers.sql);
-- rank_campaigns answers for any period. Needs the hub's owner; may be run again.
CREATE SCHEMA IF NOT EXISTS reports;

CREATE OR REPLACE VIEW reports.campaign_health AS
SELECT c.campaign_id, c.name, cl.company, c.status, c.budget,
       coalesce(a.spend, 0) AS spend, coalesce(o.orders, 0) AS orders, coalesce(o.revenue, 0) AS revenue, coalesce(l.leads, 0) AS leads,
       round(o.revenue / nullif(a.spend, 0), 4) AS return_on_spend,
       CASE
         WHEN coalesce(a.spend, 0) = 0 THEN 'not started'
         WHEN coalesce(o.orders, 0) = 0 AND coalesce(l.leads, 0) = 0 THEN 'no result'
         WHEN coalesce(o.revenue, 0) < a.spend THEN 'loses money'
         WHEN a.spend > c.budget THEN 'over budget'
         ELSE 'earns'
       END AS health
  FROM ads.campaigns AS c
  LEFT JOIN business.clients AS cl ON cl.client_id = c.client_id
  LEFT JOIN (SELECT d.campaign_id, sum(d.spend) AS spend FROM sales.ad_day AS d GROUP BY d.campaign_id) AS a ON a.campaign_id = c.campaign_id
  LEFT JOIN (SELECT d.campaign_id, sum(d.orders) AS orders, sum(d.revenue) AS revenue FROM sales.order_day AS d GROUP BY d.campaign_id) AS o
         ON o.campaign_id = c.campaign_id
  LEFT JOIN (SELECT d.campaign_id, sum(d.leads) AS leads FROM sales.lead_day AS d GROUP BY d.campaign_id) AS l ON l.campaign_id = c.campaign_id;
