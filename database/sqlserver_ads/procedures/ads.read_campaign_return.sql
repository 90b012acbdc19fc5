-- What a campaign spent, by PromptAds, beside what it brought, by PromptCRM over the linked server: each channel's spend, leads, paid sales and return on
-- ad spend in a period of days in the business time zone. The sums are made there and only they travel. Null where nothing was spent.
CREATE PROCEDURE ads.read_campaign_return @campaign_id varchar(60), @from date, @to date
AS
BEGIN
  SET NOCOUNT ON;
  DECLARE @begin datetime2(7) = CONVERT(datetime2(7), @from) AT TIME ZONE 'Central America Standard Time' AT TIME ZONE 'UTC',
          @end datetime2(7) = CONVERT(datetime2(7), DATEADD(day, 1, @to)) AT TIME ZONE 'Central America Standard Time' AT TIME ZONE 'UTC';
  DECLARE @sales TABLE (channel_id varchar(40) COLLATE Latin1_General_100_BIN2 NOT NULL PRIMARY KEY, orders bigint NOT NULL, revenue_usd decimal(18,2) NOT NULL);
  DECLARE @leads TABLE (channel_id varchar(40) COLLATE Latin1_General_100_BIN2 NOT NULL PRIMARY KEY, leads bigint NOT NULL);
  INSERT INTO @sales (channel_id, orders, revenue_usd)
  SELECT o.channel_id, COUNT_BIG(*), SUM(o.total_usd)
    FROM ads.crm_orders AS o
   WHERE o.campaign_id = @campaign_id AND o.status = 'paid' AND o.ordered_at >= @begin AND o.ordered_at < @end
   GROUP BY o.channel_id;
  INSERT INTO @leads (channel_id, leads)
  SELECT l.channel_id, COUNT_BIG(*)
    FROM ads.crm_leads AS l
   WHERE l.campaign_id = @campaign_id AND l.created_at >= @begin AND l.created_at < @end
   GROUP BY l.channel_id;

  SELECT k.channel_id, CONVERT(varchar(40), m.spend) AS spend, m.conversions, ISNULL(l.leads, 0) AS leads, ISNULL(s.orders, 0) AS orders,
         CONVERT(varchar(40), ISNULL(s.revenue_usd, 0)) AS revenue_usd, CONVERT(decimal(18,4), s.revenue_usd / NULLIF(m.spend, 0)) AS return_on_ad_spend,
         (SELECT COUNT_BIG(*) FROM ads.ads AS a WHERE a.campaign_id = k.campaign_id AND a.channel_id = k.channel_id AND a.published_at < @end) AS publications
    FROM ads.campaign_channels AS k
   CROSS APPLY (SELECT CONVERT(decimal(18,2), ISNULL(SUM(d.spend), 0)) AS spend, ISNULL(SUM(CONVERT(bigint, d.conversions)), 0) AS conversions
                  FROM ads.daily_metrics AS d
                 WHERE d.campaign_id = k.campaign_id AND d.channel_id = k.channel_id AND d.day BETWEEN @from AND @to) AS m
    LEFT JOIN @sales AS s ON s.channel_id = k.channel_id
    LEFT JOIN @leads AS l ON l.channel_id = k.channel_id
   WHERE k.campaign_id = @campaign_id
   ORDER BY k.channel_id;
END;
