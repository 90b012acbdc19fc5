-- Business question: there is extra money this month. Best return first, no campaign by more than a share of its own budget: who gets how much?
-- Shows: a cursor. What the next one gets depends on what is left, so the rows are gone through one by one and the rest is not read. Used by: a look before
-- recommend_budget, which answers with response curves. Needs the hub's owner; may be run again.
CREATE SCHEMA IF NOT EXISTS reports;

CREATE OR REPLACE FUNCTION reports.extra_budget(extra numeric, largest_share numeric, from_day date, to_day date)
RETURNS TABLE (campaign_id text, name text, return_on_spend numeric, given numeric)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  rest numeric := extra;
  best_first CURSOR FOR
    SELECT c.campaign_id, c.name, c.budget, o.revenue / a.spend AS return_on_spend
      FROM ads.campaigns AS c
      JOIN (SELECT d.campaign_id, sum(d.spend) AS spend FROM sales.ad_day AS d WHERE d.day BETWEEN from_day AND to_day GROUP BY 1) AS a
        ON a.campaign_id = c.campaign_id AND a.spend > 0
      JOIN (SELECT d.campaign_id, sum(d.revenue) AS revenue FROM sales.order_day AS d WHERE d.day BETWEEN from_day AND to_day GROUP BY 1) AS o
        ON o.campaign_id = c.campaign_id
     WHERE c.status = 'active'
     ORDER BY 4 DESC, 1;
  candidate record;
BEGIN
  IF extra IS NULL OR extra < 0 OR largest_share IS NULL OR largest_share <= 0 THEN
    RAISE invalid_parameter_value USING MESSAGE = 'extra is not below zero, and largest_share above it';
  END IF;
  OPEN best_first;
  LOOP
    EXIT WHEN rest = 0;
    FETCH best_first INTO candidate;
    EXIT WHEN NOT FOUND;
    campaign_id := candidate.campaign_id;
    name := candidate.name;
    return_on_spend := round(candidate.return_on_spend, 4);
    given := least(rest, floor(candidate.budget * largest_share * 100) / 100);
    CONTINUE WHEN given = 0;
    rest := rest - given;
    RETURN NEXT;
  END LOOP;
  CLOSE best_first;
END $$;
REVOKE ALL ON FUNCTION reports.extra_budget(numeric, numeric, date, date) FROM PUBLIC;
