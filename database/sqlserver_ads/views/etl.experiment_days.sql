-- The hub's ads.experiment_days.
CREATE VIEW etl.experiment_days
AS
SELECT t.experiment_id, t.arm, t.day, t.visitors, t.successes
  FROM ads.experiment_days AS t;
