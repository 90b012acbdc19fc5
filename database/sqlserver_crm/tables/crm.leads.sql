-- Somebody who might buy. A stage not reached has no time. Stages are moved by crm.apply_lead_stages alone. Times are UTC.
CREATE TABLE crm.leads (
  lead_id      bigint        NOT NULL CONSTRAINT pk_leads PRIMARY KEY,
  customer_id  bigint        NOT NULL CONSTRAINT fk_leads_customers REFERENCES crm.customers (customer_id),
  client_id    varchar(40)   COLLATE Latin1_General_100_BIN2 NOT NULL,
  campaign_id  varchar(60)   COLLATE Latin1_General_100_BIN2 NULL,       -- null: not from a campaign
  channel_id   varchar(40)   COLLATE Latin1_General_100_BIN2 NULL,
  source       varchar(20)   COLLATE Latin1_General_100_BIN2 NOT NULL CONSTRAINT ck_leads_source
                             CHECK (source IN ('paid_social', 'paid_search', 'display', 'email', 'referral', 'organic', 'event')),
  stage        varchar(20)   COLLATE Latin1_General_100_BIN2 NOT NULL CONSTRAINT ck_leads_stage
                             CHECK (stage IN ('new', 'contacted', 'qualified', 'proposal', 'won', 'lost')),
  value_usd    decimal(12,2) NOT NULL CONSTRAINT ck_leads_value_usd CHECK (value_usd >= 0),
  created_at   datetime2(7)  NOT NULL,
  contacted_at datetime2(7)  NULL,
  qualified_at datetime2(7)  NULL,
  proposal_at  datetime2(7)  NULL,
  closed_at    datetime2(7)  NULL,
  row_version  rowversion    NOT NULL,
  CONSTRAINT ck_leads_campaign CHECK (campaign_id IS NULL AND channel_id IS NULL OR campaign_id IS NOT NULL AND channel_id IS NOT NULL)
);
GO
-- Serves: a customer's leads (crm.read_customer_identity's card, reports.customer_ranking), and the foreign key.
CREATE INDEX ix_leads_customer ON crm.leads (customer_id) INCLUDE (stage, created_at);
GO
-- Serves: a client's funnel in a period (reports.lead_funnel).
CREATE INDEX ix_leads_client ON crm.leads (client_id, created_at) INCLUDE (source, stage, value_usd, contacted_at, qualified_at, proposal_at, closed_at);
GO
-- Serves: what came of a campaign (crm.read_campaign_results). Filtered: a third of the leads is of none.
CREATE INDEX ix_leads_campaign ON crm.leads (campaign_id, channel_id) INCLUDE (stage, value_usd, created_at) WHERE campaign_id IS NOT NULL;
GO
ALTER TABLE crm.leads ENABLE CHANGE_TRACKING WITH (TRACK_COLUMNS_UPDATED = OFF);
