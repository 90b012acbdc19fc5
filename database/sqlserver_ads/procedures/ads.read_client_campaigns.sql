-- A client's campaigns that run in a period, with what is planned for them in all.
CREATE PROCEDURE ads.read_client_campaigns @client_id varchar(40), @from date, @to date
AS
BEGIN
  SET NOCOUNT ON;
  SELECT c.campaign_id, c.name, c.status, c.start_date, c.end_date, CONVERT(varchar(20), c.budget) AS budget,
         (SELECT CONVERT(varchar(20), SUM(b.planned)) FROM ads.campaign_budgets AS b WHERE b.campaign_id = c.campaign_id) AS planned
    FROM ads.campaigns AS c
   WHERE c.client_id = @client_id AND c.start_date <= @to AND c.end_date >= @from
   ORDER BY c.start_date, c.campaign_id;
END;
