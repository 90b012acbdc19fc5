-- Business question: what do clicks cost, in bands of ten cents, and how many whole days does the month's plan still last at yesterday's spend?
-- Shows: FLOOR and CEILING for the edges of a band, FLOOR for whole days. Used by: the reports role, before a bid is capped.
CREATE PROCEDURE reports.click_cost_bands @campaign_id varchar(60), @from date, @to date
AS
BEGIN
  SET NOCOUNT ON;
  WITH days AS (
    SELECT m.channel_id, m.day, SUM(m.spend) AS spend, SUM(m.clicks) AS clicks
      FROM ads.daily_metrics AS m
     WHERE m.campaign_id = @campaign_id AND m.day BETWEEN @from AND @to
     GROUP BY m.channel_id, m.day
    HAVING SUM(m.clicks) > 0
  ), bands AS (
    SELECT d.channel_id, FLOOR(d.spend / d.clicks * 10) / 10 AS from_usd, CEILING(d.spend / d.clicks * 10) / 10 AS to_usd, d.spend, d.clicks
      FROM days AS d
  )
  SELECT b.channel_id, b.from_usd, MAX(b.to_usd) AS to_usd, COUNT_BIG(*) AS days, SUM(b.clicks) AS clicks, SUM(b.spend) AS spend
    FROM bands AS b
   GROUP BY b.channel_id, b.from_usd
   ORDER BY b.channel_id, b.from_usd;

  WITH this_month AS (
    SELECT m.channel_id, SUM(m.spend) AS spent, SUM(CASE WHEN m.day = @to THEN m.spend ELSE 0 END) AS last_day
      FROM ads.daily_metrics AS m
     WHERE m.campaign_id = @campaign_id AND m.day BETWEEN DATEADD(day, 1, EOMONTH(@to, -1)) AND @to
     GROUP BY m.channel_id
  )
  SELECT t.channel_id, b.planned, t.spent, FLOOR((b.planned - t.spent) / NULLIF(t.last_day, 0)) AS whole_days_left
    FROM this_month AS t
    JOIN ads.campaign_budgets AS b
      ON b.campaign_id = @campaign_id AND b.channel_id = t.channel_id AND b.month = DATEADD(day, 1, EOMONTH(@to, -1))
   WHERE b.planned > t.spent
   ORDER BY t.channel_id;
END;
