-- Leads to be read.
CREATE TYPE crm.lead_id AS TABLE (
  lead_id bigint NOT NULL PRIMARY KEY CLUSTERED
);
