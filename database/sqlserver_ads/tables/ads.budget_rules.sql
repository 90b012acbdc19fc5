-- Compliance rules. A null limit says nothing. A row counts for campaigns of its client and for campaigns that run in its country, null for all. For each limit
-- the nearest rows that say anything decide: client and country, then client, then country, then all; among several of them (a campaign runs in
-- several countries) the strictest. Which rules held when a plan was applied is in ads.budget_rules_history.
CREATE TABLE ads.budget_rules (
  rule_id             varchar(60)   COLLATE Latin1_General_100_BIN2 NOT NULL CONSTRAINT pk_budget_rules PRIMARY KEY,
  country             char(2)       COLLATE Latin1_General_100_BIN2 NULL,   -- ISO 3166 alpha-2
  client_id           varchar(40)   COLLATE Latin1_General_100_BIN2 NULL,
  most_per_month      decimal(14,2) NULL CONSTRAINT ck_budget_rules_most_per_month CHECK (most_per_month >= 0),   -- of one channel
  most_change_percent decimal(7,2)  NULL CONSTRAINT ck_budget_rules_most_change_percent CHECK (most_change_percent > 0),   -- up or down, of one channel's month in one plan
  fewest_share        decimal(5,4)  NULL CONSTRAINT ck_budget_rules_fewest_share CHECK (fewest_share BETWEEN 0 AND 1),   -- of the month's plan, of a channel that is not at 0
  most_share          decimal(5,4)  NULL CONSTRAINT ck_budget_rules_most_share CHECK (most_share BETWEEN 0 AND 1),   -- of the month's plan, where there are several channels
  may_exceed_budget   bit           NULL,   -- the months together may exceed the campaign's budget
  row_version         rowversion    NOT NULL,
  valid_from          datetime2(7)  GENERATED ALWAYS AS ROW START HIDDEN NOT NULL CONSTRAINT df_budget_rules_valid_from DEFAULT SYSUTCDATETIME(),
  valid_to            datetime2(7)  GENERATED ALWAYS AS ROW END HIDDEN NOT NULL CONSTRAINT df_budget_rules_valid_to
                      DEFAULT CONVERT(datetime2(7), '9999-12-31 23:59:59.9999999'),
  PERIOD FOR SYSTEM_TIME (valid_from, valid_to),
  CONSTRAINT ck_budget_rules_shares CHECK (fewest_share <= most_share)
) WITH (SYSTEM_VERSIONING = ON (HISTORY_TABLE = ads.budget_rules_history, DATA_CONSISTENCY_CHECK = ON));
GO
-- Serves: the rules of a client and of a country (ads.budget_plan_findings).
CREATE INDEX ix_budget_rules_scope ON ads.budget_rules (client_id, country);
