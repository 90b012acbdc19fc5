-- One publication each. Times are UTC.
CREATE TABLE ads.ads (
  ad_id        varchar(60)   COLLATE Latin1_General_100_BIN2 NOT NULL CONSTRAINT pk_ads PRIMARY KEY,
  ad_set_id    varchar(60)   COLLATE Latin1_General_100_BIN2 NOT NULL CONSTRAINT fk_ads_ad_sets REFERENCES ads.ad_sets (ad_set_id),
  campaign_id  varchar(60)   COLLATE Latin1_General_100_BIN2 NOT NULL,
  channel_id   varchar(40)   COLLATE Latin1_General_100_BIN2 NOT NULL,
  content_id   varchar(60)   COLLATE Latin1_General_100_BIN2 NOT NULL,             -- an image of PromptContent
  headline     nvarchar(400) COLLATE Modern_Spanish_100_CI_AI NOT NULL,
  status       varchar(12)   COLLATE Latin1_General_100_BIN2 NOT NULL CONSTRAINT ck_ads_status CHECK (status IN ('active', 'paused', 'completed')),
  published_at datetime2(7)  NOT NULL,
  row_version  rowversion    NOT NULL,
  CONSTRAINT fk_ads_campaign_channels FOREIGN KEY (campaign_id, channel_id) REFERENCES ads.campaign_channels (campaign_id, channel_id)
);
GO
-- Serves: the publications of an ad set (ads.complete_ended_ad_sets), and the foreign key's check.
CREATE INDEX ix_ads_ad_set ON ads.ads (ad_set_id) INCLUDE (status);
GO
-- Serves: how many publications a campaign had on a channel and since when (ads.read_campaign_return), and the foreign key's check.
CREATE INDEX ix_ads_campaign ON ads.ads (campaign_id, channel_id, published_at);
GO
-- Serves: in which publications an image is used (ads.read_content_use).
CREATE INDEX ix_ads_content ON ads.ads (content_id);
GO
ALTER TABLE ads.ads ENABLE CHANGE_TRACKING WITH (TRACK_COLUMNS_UPDATED = OFF);
