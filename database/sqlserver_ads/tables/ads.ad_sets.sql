-- Whom a campaign is shown to on a channel, and what is bid for it.
CREATE TABLE ads.ad_sets (
  ad_set_id    varchar(60)   COLLATE Latin1_General_100_BIN2 NOT NULL CONSTRAINT pk_ad_sets PRIMARY KEY,
  campaign_id  varchar(60)   COLLATE Latin1_General_100_BIN2 NOT NULL,
  channel_id   varchar(40)   COLLATE Latin1_General_100_BIN2 NOT NULL,
  name         nvarchar(200) COLLATE Modern_Spanish_100_CI_AI NOT NULL,
  targeting    nvarchar(max) COLLATE Latin1_General_100_BIN2 NOT NULL              -- {"ageMin":18,"ageMax":34,"sex":"any","interests":[…],"cities":[…]}
                             CONSTRAINT ck_ad_sets_targeting CHECK (ISJSON(targeting) = 1),
  bid_strategy varchar(12)   COLLATE Latin1_General_100_BIN2 NOT NULL
                             CONSTRAINT ck_ad_sets_bid_strategy CHECK (bid_strategy IN ('lowest_cost', 'cost_cap', 'bid_cap', 'target_roas')),
  bid_amount   decimal(10,4) NULL,
  daily_budget decimal(12,2) NOT NULL CONSTRAINT ck_ad_sets_daily_budget CHECK (daily_budget >= 0),
  status       varchar(12)   COLLATE Latin1_General_100_BIN2 NOT NULL CONSTRAINT ck_ad_sets_status CHECK (status IN ('active', 'paused', 'completed')),
  row_version  rowversion    NOT NULL,
  CONSTRAINT fk_ad_sets_campaign_channels FOREIGN KEY (campaign_id, channel_id) REFERENCES ads.campaign_channels (campaign_id, channel_id)
);
GO
-- Serves: a campaign's ad sets on a channel (ads.complete_ended_ad_sets), and the foreign key's check.
CREATE INDEX ix_ad_sets_campaign ON ads.ad_sets (campaign_id, channel_id) INCLUDE (status, daily_budget);
GO
ALTER TABLE ads.ad_sets ENABLE CHANGE_TRACKING WITH (TRACK_COLUMNS_UPDATED = OFF);
