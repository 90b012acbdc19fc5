-- Campaigns that leads or orders name and PromptAds does not have: what a foreign key would refuse if it could cross databases (D7). Over the linked server.
CREATE PROCEDURE crm.read_unknown_campaigns
AS
BEGIN
  SET NOCOUNT ON;
  SELECT l.campaign_id FROM crm.leads AS l WHERE l.campaign_id IS NOT NULL
  UNION
  SELECT o.campaign_id FROM crm.orders AS o WHERE o.campaign_id IS NOT NULL
  EXCEPT
  SELECT a.campaign_id FROM crm.ads_campaigns AS a;
END;
