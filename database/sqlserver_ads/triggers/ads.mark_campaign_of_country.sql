-- A country given to a campaign or taken from it is a change of the campaign: change tracking sees the campaign written, and the ETL reads it again.
CREATE TRIGGER ads.mark_campaign_of_country ON ads.campaign_countries AFTER INSERT, UPDATE, DELETE
AS
BEGIN
  SET NOCOUNT ON;
  UPDATE c
     SET name = c.name
    FROM ads.campaigns AS c
   WHERE c.campaign_id IN (SELECT i.campaign_id FROM inserted AS i UNION SELECT d.campaign_id FROM deleted AS d);
END;
