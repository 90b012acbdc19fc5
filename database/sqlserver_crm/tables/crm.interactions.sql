-- Every talk with a customer. Times are UTC.
CREATE TABLE crm.interactions (
  interaction_id bigint       NOT NULL CONSTRAINT pk_interactions PRIMARY KEY,
  customer_id    bigint       NOT NULL CONSTRAINT fk_interactions_customers REFERENCES crm.customers (customer_id),
  kind           varchar(12)  COLLATE Latin1_General_100_BIN2 NOT NULL
                              CONSTRAINT ck_interactions_kind CHECK (kind IN ('call', 'email', 'meeting', 'chat', 'visit', 'complaint')),
  outcome        varchar(12)  COLLATE Latin1_General_100_BIN2 NOT NULL
                              CONSTRAINT ck_interactions_outcome CHECK (outcome IN ('positive', 'neutral', 'negative', 'no_answer')),
  occurred_at    datetime2(7) NOT NULL,
  row_version    rowversion   NOT NULL
);
GO
-- Serves: a customer's last talks, newest first, and the foreign key.
CREATE INDEX ix_interactions_customer ON crm.interactions (customer_id, occurred_at DESC) INCLUDE (kind, outcome);
GO
ALTER TABLE crm.interactions ENABLE CHANGE_TRACKING WITH (TRACK_COLUMNS_UPDATED = OFF);
