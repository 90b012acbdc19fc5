-- A/B tests. allocation: the planned share of arm 'treatment'.
CREATE TABLE ads.experiments (
  experiment_id varchar(60)    COLLATE Latin1_General_100_BIN2 NOT NULL CONSTRAINT pk_experiments PRIMARY KEY,
  campaign_id   varchar(60)    COLLATE Latin1_General_100_BIN2 NOT NULL CONSTRAINT fk_experiments_campaigns REFERENCES ads.campaigns (campaign_id),
  name          nvarchar(200)  COLLATE Modern_Spanish_100_CI_AI NOT NULL,
  hypothesis    nvarchar(1000) COLLATE Modern_Spanish_100_CI_AI NOT NULL,
  metric        varchar(20)    COLLATE Latin1_General_100_BIN2 NOT NULL CONSTRAINT ck_experiments_metric CHECK (metric IN ('conversion_rate', 'click_rate')),
  allocation    decimal(5,4)   NOT NULL CONSTRAINT ck_experiments_allocation CHECK (allocation > 0 AND allocation < 1),
  started_on    date           NOT NULL,
  ended_on      date           NULL,
  row_version   rowversion     NOT NULL
);
GO
-- Serves: the tests that ran while a campaign did (ads.read_campaign_history), and the foreign key.
CREATE INDEX ix_experiments_campaign ON ads.experiments (campaign_id, started_on);
GO
ALTER TABLE ads.experiments ENABLE CHANGE_TRACKING WITH (TRACK_COLUMNS_UPDATED = OFF);
