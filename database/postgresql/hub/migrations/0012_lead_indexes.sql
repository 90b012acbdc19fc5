-- Leads of a period, of everybody and of one client, and what a lead's customer is, read from the index alone.
CREATE INDEX leads_created ON crm.leads (created_at);
CREATE INDEX leads_client ON crm.leads (client_id, created_at);
CREATE INDEX customers_industry_city ON crm.customers (customer_id) INCLUDE (industry, city_id);

-- Seconds between two points in time, as a number: what of an interval can be added up and sorted fast. Null when either is.
CREATE FUNCTION sales.seconds_between(earlier timestamptz, later timestamptz) RETURNS double precision LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN date_part('epoch', later - earlier);

-- How far a lead got and how long it took, worked out when it is loaded: for 70,000 leads of a year that took longer than all else of a question.
-- A stage that was passed over counts as reached, at the time of the next one that has a time: a funnel that narrows only.
ALTER TABLE crm.leads
  ADD COLUMN reached        smallint NOT NULL GENERATED ALWAYS AS (
    CASE WHEN stage = 'won' THEN 4
         WHEN stage = 'proposal' OR proposal_at IS NOT NULL THEN 3
         WHEN stage = 'qualified' OR qualified_at IS NOT NULL THEN 2
         WHEN stage = 'contacted' OR contacted_at IS NOT NULL THEN 1 ELSE 0 END) STORED,      -- 0 new … 4 won
  -- Seconds from creation until it had got to the stage or beyond, and until it was closed.
  ADD COLUMN to_contacted   double precision GENERATED ALWAYS AS (sales.seconds_between(created_at,
    coalesce(contacted_at, qualified_at, proposal_at, CASE WHEN stage = 'won' THEN closed_at END))) STORED,
  ADD COLUMN to_qualified   double precision GENERATED ALWAYS AS (sales.seconds_between(created_at,
    coalesce(qualified_at, proposal_at, CASE WHEN stage = 'won' THEN closed_at END))) STORED,
  ADD COLUMN to_proposal    double precision GENERATED ALWAYS AS (sales.seconds_between(created_at,
    coalesce(proposal_at, CASE WHEN stage = 'won' THEN closed_at END))) STORED,
  ADD COLUMN to_won         double precision GENERATED ALWAYS AS (sales.seconds_between(created_at, CASE WHEN stage = 'won' THEN closed_at END)) STORED,
  -- Seconds in a stage of those who left it, for the next one or closed. A stage that was passed over was not stayed in.
  ADD COLUMN stay_new       double precision GENERATED ALWAYS AS (sales.seconds_between(created_at,
    coalesce(contacted_at, qualified_at, proposal_at, closed_at))) STORED,
  ADD COLUMN stay_contacted double precision GENERATED ALWAYS AS (sales.seconds_between(contacted_at,
    coalesce(qualified_at, proposal_at, closed_at))) STORED,
  ADD COLUMN stay_qualified double precision GENERATED ALWAYS AS (sales.seconds_between(qualified_at,
    coalesce(proposal_at, closed_at))) STORED,
  ADD COLUMN stay_proposal  double precision GENERATED ALWAYS AS (sales.seconds_between(proposal_at, closed_at)) STORED;
GRANT EXECUTE ON FUNCTION sales.seconds_between(timestamptz, timestamptz) TO promptsales_read, promptsales_etl, promptsales_admin;
