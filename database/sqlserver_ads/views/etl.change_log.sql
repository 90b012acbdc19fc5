-- The hub's ads.change_log.
CREATE VIEW etl.change_log
AS
SELECT t.change_id, t.campaign_id, t.entity, t.entity_id, t.field, t.old_value, t.new_value, t.changed_by, t.changed_at
  FROM ads.change_log AS t;
