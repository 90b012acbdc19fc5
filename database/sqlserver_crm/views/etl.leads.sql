-- The hub's crm.leads.
CREATE VIEW etl.leads
AS
SELECT lead_id, customer_id, client_id, campaign_id, channel_id, source, stage, value_usd, created_at, contacted_at, qualified_at, proposal_at, closed_at
  FROM crm.leads;
