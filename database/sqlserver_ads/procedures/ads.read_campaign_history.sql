-- What happened to a campaign: every line of its change log, newest first; every state that its own row had, from the server's history; the tests that ran.
CREATE PROCEDURE ads.read_campaign_history @campaign_id varchar(60)
AS
BEGIN
  SET NOCOUNT ON;
  SELECT g.change_id, g.changed_at, g.changed_by, g.entity, g.entity_id, g.field, g.old_value, g.new_value
    FROM ads.change_log AS g
   WHERE g.campaign_id = @campaign_id
   ORDER BY g.changed_at DESC, g.change_id DESC;
  SELECT c.valid_from, c.valid_to, c.name, c.status, c.start_date, c.end_date, CONVERT(varchar(20), c.budget) AS budget, c.currency
    FROM ads.campaigns FOR SYSTEM_TIME ALL AS c
   WHERE c.campaign_id = @campaign_id
   ORDER BY c.valid_from DESC;
  SELECT e.experiment_id, e.name, e.metric, e.started_on, e.ended_on
    FROM ads.experiments AS e
   WHERE e.campaign_id = @campaign_id
   ORDER BY e.started_on DESC, e.experiment_id;
END;
