-- The hub's crm.interactions.
CREATE VIEW etl.interactions
AS
SELECT interaction_id, customer_id, kind, outcome, occurred_at
  FROM crm.interactions;
