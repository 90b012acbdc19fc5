-- What a day brought on a channel in a city; day is in the business time zone. By far the largest table: partitioned by month (metric_months), in the order
-- that a campaign is read in.
CREATE TABLE ads.daily_metrics (
  campaign_id varchar(60)   COLLATE Latin1_General_100_BIN2 NOT NULL,
  channel_id  varchar(40)   COLLATE Latin1_General_100_BIN2 NOT NULL,
  city_id     int           NOT NULL,                                                                      -- PromptCRM's gazetteer
  day         date          NOT NULL,
  spend       decimal(12,2) NOT NULL CONSTRAINT ck_daily_metrics_spend CHECK (spend >= 0),                 -- USD
  impressions int           NOT NULL CONSTRAINT ck_daily_metrics_impressions CHECK (impressions >= 0),
  clicks      int           NOT NULL CONSTRAINT ck_daily_metrics_clicks CHECK (clicks >= 0),
  engagements int           NOT NULL CONSTRAINT ck_daily_metrics_engagements CHECK (engagements >= 0),     -- reactions, comments, shares, saves
  conversions int           NOT NULL CONSTRAINT ck_daily_metrics_conversions CHECK (conversions >= 0),     -- as the platform counts them; sales are PromptCRM's
  row_version rowversion    NOT NULL,
  CONSTRAINT pk_daily_metrics PRIMARY KEY CLUSTERED (campaign_id, channel_id, city_id, day) ON metric_months (day),
  CONSTRAINT fk_daily_metrics_campaign_channels FOREIGN KEY (campaign_id, channel_id) REFERENCES ads.campaign_channels (campaign_id, channel_id)
) ON metric_months (day);
GO
ALTER TABLE ads.daily_metrics SET (LOCK_ESCALATION = AUTO);
GO
-- Serves: what all campaigns brought in a period, by channel (reports.click_cost_bands). By column, so that
-- summing a month of all campaigns reads five columns of one partition; aligned with the table.
CREATE NONCLUSTERED COLUMNSTORE INDEX cx_daily_metrics ON ads.daily_metrics (day, campaign_id, channel_id, city_id, spend, impressions, clicks, conversions)
  ON metric_months (day);
GO
ALTER TABLE ads.daily_metrics ENABLE CHANGE_TRACKING WITH (TRACK_COLUMNS_UPDATED = OFF);
