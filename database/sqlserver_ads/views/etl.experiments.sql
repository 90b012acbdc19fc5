-- The hub's ads.experiments.
CREATE VIEW etl.experiments
AS
SELECT t.experiment_id, t.campaign_id, t.name, t.hypothesis, t.metric, t.allocation, t.started_on, t.ended_on
  FROM ads.experiments AS t;
