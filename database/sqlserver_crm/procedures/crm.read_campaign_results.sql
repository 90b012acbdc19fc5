-- What came of a client's campaigns: planned spend of PromptAds beside leads and paid sales of PromptCRM, campaigns without any included. The
-- campaigns come over the linked server first, one query each with the client and campaigns as parameters, so that only their rows travel.
CREATE PROCEDURE crm.read_campaign_results @client_id varchar(40), @from date, @to date
AS
BEGIN
  SET NOCOUNT ON;
  DECLARE @campaigns TABLE (
    campaign_id varchar(60) COLLATE Latin1_General_100_BIN2 NOT NULL PRIMARY KEY, name nvarchar(200) NOT NULL, status varchar(20) NOT NULL,
    budget decimal(14,2) NOT NULL
  );
  INSERT INTO @campaigns (campaign_id, name, status, budget)
  SELECT a.campaign_id, a.name, a.status, a.budget
    FROM crm.ads_campaigns AS a
   WHERE a.client_id = @client_id AND a.start_date <= @to AND a.end_date >= @from;

  SELECT c.campaign_id, c.name, c.status, c.budget, l.leads, l.won, s.paid_orders, s.revenue_usd,
         s.revenue_usd / NULLIF(c.budget, 0) AS revenue_on_budget
    FROM @campaigns AS c
   CROSS APPLY (SELECT COUNT_BIG(*) AS leads, ISNULL(SUM(CASE WHEN l.stage = 'won' THEN 1 ELSE 0 END), 0) AS won
                  FROM crm.leads AS l
                 WHERE l.campaign_id = c.campaign_id AND l.created_at >= @from AND l.created_at < DATEADD(day, 1, @to)) AS l
   CROSS APPLY (SELECT COUNT_BIG(*) AS paid_orders, ISNULL(SUM(o.total_usd), 0) AS revenue_usd
                  FROM crm.orders AS o
                 WHERE o.campaign_id = c.campaign_id AND o.status = 'paid' AND o.ordered_at >= @from AND o.ordered_at < DATEADD(day, 1, @to)) AS s
   ORDER BY s.revenue_usd DESC, c.campaign_id;
END;
