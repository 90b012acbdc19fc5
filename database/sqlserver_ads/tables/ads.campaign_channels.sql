-- Where a campaign runs. reach: different people who saw the campaign on the channel since it began, as the platform reports it; not additive over
-- days or channels.
CREATE TABLE ads.campaign_channels (
  campaign_id  varchar(60)  COLLATE Latin1_General_100_BIN2 NOT NULL CONSTRAINT fk_campaign_channels_campaigns REFERENCES ads.campaigns (campaign_id),
  channel_id   varchar(40)  COLLATE Latin1_General_100_BIN2 NOT NULL CONSTRAINT fk_campaign_channels_channels REFERENCES ads.channels (channel_id),
  budget_share decimal(5,4) NOT NULL CONSTRAINT ck_campaign_channels_budget_share CHECK (budget_share BETWEEN 0 AND 1),
  reach        bigint       NOT NULL CONSTRAINT ck_campaign_channels_reach CHECK (reach >= 0),
  row_version  rowversion   NOT NULL,
  CONSTRAINT pk_campaign_channels PRIMARY KEY (campaign_id, channel_id)
);
GO
-- Serves: campaigns of a channel (reports.audience_overlap), and the foreign key's check when a channel is deleted.
CREATE INDEX ix_campaign_channels_channel ON ads.campaign_channels (channel_id, campaign_id);
GO
ALTER TABLE ads.campaign_channels ENABLE CHANGE_TRACKING WITH (TRACK_COLUMNS_UPDATED = OFF);
