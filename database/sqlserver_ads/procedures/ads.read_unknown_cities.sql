-- Cities that daily metrics name and PromptCRM's gazetteer does not have: what a foreign key would refuse if it could cross databases (D7). Over the linked server.
CREATE PROCEDURE ads.read_unknown_cities
AS
BEGIN
  SET NOCOUNT ON;
  SELECT m.city_id FROM ads.daily_metrics AS m
  EXCEPT
  SELECT c.city_id FROM ads.crm_cities AS c;
END;
