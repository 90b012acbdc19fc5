-- Business question: do two campaigns show to the same people in the same places, and so bid against each other?
-- Shows: INTERSECT of cities and of customers. Used by: the reports role, before a budget is split between two campaigns (recommend_budget).
CREATE PROCEDURE reports.audience_overlap @campaign_id varchar(60), @other_campaign_id varchar(60)
AS
BEGIN
  SET NOCOUNT ON;
  WITH cities AS (
    SELECT m.city_id FROM ads.daily_metrics AS m WHERE m.campaign_id = @campaign_id AND m.impressions > 0
    INTERSECT
    SELECT m.city_id FROM ads.daily_metrics AS m WHERE m.campaign_id = @other_campaign_id AND m.impressions > 0
  ), people AS (
    SELECT t.customer_id FROM ads.touches AS t WHERE t.campaign_id = @campaign_id
    INTERSECT
    SELECT t.customer_id FROM ads.touches AS t WHERE t.campaign_id = @other_campaign_id
  )
  SELECT (SELECT COUNT_BIG(*) FROM cities AS c) AS shared_cities,
         (SELECT COUNT_BIG(*) FROM people AS p) AS shared_customers,
         (SELECT COUNT_BIG(DISTINCT t.customer_id) FROM ads.touches AS t WHERE t.campaign_id = @campaign_id) AS customers,
         (SELECT COUNT_BIG(DISTINCT t.customer_id) FROM ads.touches AS t WHERE t.campaign_id = @other_campaign_id) AS other_customers;
END;
