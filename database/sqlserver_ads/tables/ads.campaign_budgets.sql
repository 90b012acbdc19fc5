-- The plan that pacing is measured against. Applications write it by ads.apply_budget_plan alone; the key is also how a plan is read.
CREATE TABLE ads.campaign_budgets (
  campaign_id varchar(60)   COLLATE Latin1_General_100_BIN2 NOT NULL,
  channel_id  varchar(40)   COLLATE Latin1_General_100_BIN2 NOT NULL,
  month       date          NOT NULL CONSTRAINT ck_campaign_budgets_month CHECK (DAY(month) = 1),
  planned     decimal(14,2) NOT NULL CONSTRAINT ck_campaign_budgets_planned CHECK (planned >= 0),
  row_version rowversion    NOT NULL,
  CONSTRAINT pk_campaign_budgets PRIMARY KEY (campaign_id, channel_id, month),
  CONSTRAINT fk_campaign_budgets_channels FOREIGN KEY (campaign_id, channel_id) REFERENCES ads.campaign_channels (campaign_id, channel_id)
);
GO
ALTER TABLE ads.campaign_budgets ENABLE CHANGE_TRACKING WITH (TRACK_COLUMNS_UPDATED = OFF);
