-- Who changed what of a campaign and when, value by value. Lines are added and never changed. Times are UTC.
CREATE TABLE ads.change_log (
  change_id   bigint         NOT NULL CONSTRAINT pk_change_log PRIMARY KEY,
  campaign_id varchar(60)    COLLATE Latin1_General_100_BIN2 NOT NULL,
  entity      varchar(12)    COLLATE Latin1_General_100_BIN2 NOT NULL CONSTRAINT ck_change_log_entity CHECK (entity IN ('campaign', 'ad_set', 'ad', 'budget')),
  entity_id   varchar(60)    COLLATE Latin1_General_100_BIN2 NOT NULL,
  field       varchar(100)   COLLATE Latin1_General_100_BIN2 NOT NULL,
  old_value   nvarchar(1000) COLLATE Modern_Spanish_100_CI_AI NULL,
  new_value   nvarchar(1000) COLLATE Modern_Spanish_100_CI_AI NULL,
  changed_by  nvarchar(200)  COLLATE Latin1_General_100_BIN2 NOT NULL,
  changed_at  datetime2(7)   NOT NULL,
  row_version rowversion     NOT NULL
);
GO
-- Serves: what happened to a campaign, newest first (ads.read_campaign_history).
CREATE INDEX ix_change_log_campaign ON ads.change_log (campaign_id, changed_at DESC) INCLUDE (entity, entity_id, field, old_value, new_value, changed_by);
GO
ALTER TABLE ads.change_log ENABLE CHANGE_TRACKING WITH (TRACK_COLUMNS_UPDATED = OFF);
