-- Business question: which campaigns have a plan for a month and yet spent nothing in it?
-- Shows: EXCEPT. Used by: the reports role; get_campaign_pacing tells one such campaign's pace from the hub.
CREATE PROCEDURE reports.campaigns_without_spend @month date
AS
BEGIN
  SET NOCOUNT ON;
  DECLARE @first date = DATEADD(day, 1, EOMONTH(@month, -1)), @last date = EOMONTH(@month);
  WITH silent AS (
    SELECT b.campaign_id, b.channel_id FROM ads.campaign_budgets AS b WHERE b.month = @first AND b.planned > 0
    EXCEPT
    SELECT m.campaign_id, m.channel_id FROM ads.daily_metrics AS m WHERE m.day BETWEEN @first AND @last AND m.spend > 0
  )
  SELECT s.campaign_id, c.name, c.status, s.channel_id, b.planned
    FROM silent AS s
    JOIN ads.campaigns AS c ON c.campaign_id = s.campaign_id
    JOIN ads.campaign_budgets AS b ON b.campaign_id = s.campaign_id AND b.channel_id = s.channel_id AND b.month = @first
   ORDER BY b.planned DESC, s.campaign_id, s.channel_id;
END;
