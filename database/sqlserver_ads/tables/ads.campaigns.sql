-- What is advertised, for whom, when, and for how much. Every earlier state of a row is in ads.campaigns_history, which the server writes by itself:
-- FOR SYSTEM_TIME AS OF tells what a campaign was on a day. Times are UTC.
CREATE TABLE ads.campaigns (
  campaign_id varchar(60)    COLLATE Latin1_General_100_BIN2 NOT NULL CONSTRAINT pk_campaigns PRIMARY KEY,   -- 'CMP-VERANO-2025'
  client_id   varchar(40)    COLLATE Latin1_General_100_BIN2 NOT NULL,                                       -- 'CLI-001', owned by PromptContent
  name        nvarchar(200)  COLLATE Modern_Spanish_100_CI_AI NOT NULL,
  objective   varchar(12)    COLLATE Latin1_General_100_BIN2 NOT NULL
                             CONSTRAINT ck_campaigns_objective CHECK (objective IN ('awareness', 'traffic', 'leads', 'sales', 'retention')),
  status      varchar(12)    COLLATE Latin1_General_100_BIN2 NOT NULL
                             CONSTRAINT ck_campaigns_status CHECK (status IN ('draft', 'scheduled', 'active', 'paused', 'completed')),
  start_date  date           NOT NULL,
  end_date    date           NOT NULL,
  budget      decimal(14,2)  NOT NULL CONSTRAINT ck_campaigns_budget CHECK (budget >= 0),                    -- over the whole campaign
  currency    char(3)        COLLATE Latin1_General_100_BIN2 NOT NULL CONSTRAINT df_campaigns_currency DEFAULT 'USD',
  audience    nvarchar(1000) COLLATE Modern_Spanish_100_CI_AI NOT NULL,
  created_at  datetime2(7)   NOT NULL,
  updated_at  datetime2(7)   NOT NULL,
  row_version rowversion     NOT NULL,
  valid_from  datetime2(7)   GENERATED ALWAYS AS ROW START HIDDEN NOT NULL CONSTRAINT df_campaigns_valid_from DEFAULT SYSUTCDATETIME(),
  valid_to    datetime2(7)   GENERATED ALWAYS AS ROW END HIDDEN NOT NULL CONSTRAINT df_campaigns_valid_to DEFAULT CONVERT(datetime2(7), '9999-12-31 23:59:59.9999999'),
  PERIOD FOR SYSTEM_TIME (valid_from, valid_to),
  CONSTRAINT ck_campaigns_dates CHECK (start_date <= end_date)
) WITH (SYSTEM_VERSIONING = ON (HISTORY_TABLE = ads.campaigns_history, DATA_CONSISTENCY_CHECK = ON));
GO
-- Serves: a client's campaigns in a period (ads.read_client_campaigns).
CREATE INDEX ix_campaigns_client ON ads.campaigns (client_id, start_date, end_date) INCLUDE (name, status, budget);
GO
-- Serves: a campaign found by its name as a person types it, without case and accents (reports.find_campaigns).
CREATE INDEX ix_campaigns_name ON ads.campaigns (name) INCLUDE (client_id, status);
GO
ALTER TABLE ads.campaigns ENABLE CHANGE_TRACKING WITH (TRACK_COLUMNS_UPDATED = OFF);
