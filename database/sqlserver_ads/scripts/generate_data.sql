-- Data for who has only SSMS: 1,000 campaigns with channels, plans, ad sets, ads and daily figures into an empty PromptAds, by sets. The same numbers give the same data;
-- database/sqlserver_crm/scripts/generate_data.sql sells through these campaigns (same @today). Coarser than the program's generator
-- (`promptsales deploy ads --fill`). A table that has rows already is left as it is, so it can be run again. Three in ten campaigns are active; December,
-- January and June cost most.
IF NOT EXISTS (SELECT 1 FROM ads.channels AS c)
  INSERT INTO ads.channels (channel_id, name, kind)
  VALUES ('facebook', N'Facebook', 'social'), ('instagram', N'Instagram', 'social'), ('google_search', N'Google Search', 'search');
GO
DECLARE @today date = '2026-11-21';
IF NOT EXISTS (SELECT 1 FROM ads.campaigns AS c)
BEGIN
  WITH digits AS (
    SELECT d.n FROM (VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)) AS d (n)
  ), numbers AS (
    SELECT 1 + a.n + 10 * b.n + 100 * c.n AS n FROM digits AS a CROSS JOIN digits AS b CROSS JOIN digits AS c
  )
  INSERT INTO ads.campaigns (campaign_id, client_id, name, objective, status, start_date, end_date, budget, currency, audience, created_at, updated_at)
  SELECT CONCAT('CMP-G', RIGHT(CONCAT('0000', n.n), 4)), CONCAT('CLI-', RIGHT(CONCAT('000', 1 + (n.n - 1) % 200), 3)),
         CONCAT(CHOOSE(1 + n.n % 5, N'Verano', N'Navidad', N'Regreso a clases', N'Aniversario', N'Lanzamiento'), N' ', YEAR(dates.start_date), N' ', n.n),
         CHOOSE(1 + n.n % 4, 'sales', 'leads', 'traffic', 'awareness'), CASE WHEN n.n % 10 < 3 THEN 'active' ELSE 'completed' END,
         dates.start_date, DATEADD(day, 59, dates.start_date), 2000 + n.n % 97 * 100, 'USD', N'adultos de 18 a 45', DATEADD(day, -14, CONVERT(datetime2(7), dates.start_date)),
         DATEADD(day, -7, CONVERT(datetime2(7), dates.start_date))
    FROM numbers AS n
   CROSS APPLY (SELECT DATEADD(day, CASE WHEN n.n % 10 < 3 THEN -(20 + n.n % 30) ELSE -(61 + n.n * 7 % 600) END, @today) AS start_date) AS dates;
  INSERT INTO ads.campaign_countries (campaign_id, country, position) SELECT c.campaign_id, 'CR', 1 FROM ads.campaigns AS c;
END;
GO
-- A campaign's main channel is the one that its number names; the next one has the rest of the money.
IF NOT EXISTS (SELECT 1 FROM ads.campaign_channels AS c)
  INSERT INTO ads.campaign_channels (campaign_id, channel_id, budget_share, reach)
  SELECT c.campaign_id, CHOOSE(1 + (CONVERT(int, RIGHT(c.campaign_id, 4)) + part.place) % 3, 'facebook', 'instagram', 'google_search'),
         part.share, CONVERT(bigint, c.budget * part.share * 60)
    FROM ads.campaigns AS c
   CROSS JOIN (VALUES (0, 0.7), (1, 0.3)) AS part (place, share);
GO
-- The budget by the days that a month has of the campaign.
IF NOT EXISTS (SELECT 1 FROM ads.campaign_budgets AS b)
  INSERT INTO ads.campaign_budgets (campaign_id, channel_id, month, planned)
  SELECT k.campaign_id, k.channel_id, m.month,
         CONVERT(decimal(14,2), c.budget * k.budget_share
           * (DATEDIFF(day, CASE WHEN c.start_date > m.month THEN c.start_date ELSE m.month END,
                            CASE WHEN c.end_date < EOMONTH(m.month) THEN c.end_date ELSE EOMONTH(m.month) END) + 1) / 60)
    FROM ads.campaign_channels AS k
    JOIN ads.campaigns AS c ON c.campaign_id = k.campaign_id
   CROSS APPLY (SELECT DATEADD(month, p.place, DATEADD(day, 1, EOMONTH(c.start_date, -1))) AS month FROM (VALUES (0), (1), (2)) AS p (place)) AS m
   WHERE m.month <= c.end_date;
GO
IF NOT EXISTS (SELECT 1 FROM ads.ad_sets AS s)
  INSERT INTO ads.ad_sets (ad_set_id, campaign_id, channel_id, name, targeting, bid_strategy, bid_amount, daily_budget, status)
  SELECT CONCAT('AS-', k.campaign_id, '-', k.channel_id), k.campaign_id, k.channel_id, N'Adultos', N'{"ageMin":18,"ageMax":45,"sex":"any","interests":[],"cities":[]}',
         'lowest_cost', NULL, CONVERT(decimal(12,2), c.budget * k.budget_share / 60), CASE c.status WHEN 'active' THEN 'active' ELSE 'completed' END
    FROM ads.campaign_channels AS k
    JOIN ads.campaigns AS c ON c.campaign_id = k.campaign_id;
GO
IF NOT EXISTS (SELECT 1 FROM ads.ads AS a)
  INSERT INTO ads.ads (ad_id, ad_set_id, campaign_id, channel_id, content_id, headline, status, published_at)
  SELECT CONCAT('AD', SUBSTRING(s.ad_set_id, 3, 58)), s.ad_set_id, s.campaign_id, s.channel_id, CONCAT('IMG-', RIGHT(CONCAT('000', 1 + CONVERT(int, RIGHT(s.campaign_id, 4)) % 120), 3)),
         c.name, s.status, CONVERT(datetime2(7), c.start_date)
    FROM ads.ad_sets AS s
    JOIN ads.campaigns AS c ON c.campaign_id = s.campaign_id;
GO
-- Daily figures in five cities up to the day before @today: spend from the plan, more in some months; the rest follows from it.
DECLARE @today date = '2026-11-21';
IF NOT EXISTS (SELECT 1 FROM ads.daily_metrics AS m)
BEGIN
  WITH days AS (
    SELECT 10 * a.n + b.n AS place
      FROM (VALUES (0), (1), (2), (3), (4), (5)) AS a (n) CROSS JOIN (VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)) AS b (n)
  ), spent AS (
    SELECT k.campaign_id, k.channel_id, city.city_id, DATEADD(day, d.place, c.start_date) AS day, CONVERT(int, SUBSTRING(h.bytes, 1, 3)) AS chance,
           c.budget * k.budget_share / 300 AS share_of_day
      FROM ads.campaign_channels AS k
      JOIN ads.campaigns AS c ON c.campaign_id = k.campaign_id
     CROSS JOIN days AS d
     CROSS JOIN (VALUES (1), (2), (3), (4), (5)) AS city (city_id)
     CROSS APPLY (SELECT HASHBYTES('SHA2_256', CONCAT(k.campaign_id, k.channel_id, city.city_id, ' ', d.place)) AS bytes) AS h
     WHERE DATEADD(day, d.place, c.start_date) < @today
  )
  INSERT INTO ads.daily_metrics (campaign_id, channel_id, city_id, day, spend, impressions, clicks, engagements, conversions)
  SELECT s.campaign_id, s.channel_id, s.city_id, s.day, money.spend, CONVERT(int, money.spend * 220), CONVERT(int, money.spend * (2 + s.chance % 3)),
         CONVERT(int, money.spend * 5), CONVERT(int, FLOOR(money.spend * (s.chance % 20) / 100))
    FROM spent AS s
   CROSS APPLY (SELECT CONVERT(decimal(12,2), s.share_of_day * (80 + s.chance % 30) / 100 * CASE WHEN MONTH(s.day) IN (1, 6, 12) THEN 1.1 ELSE 0.9 END) AS spend) AS money;
END;
GO
