-- What attribution distributes sales over: who saw or clicked what, when. Times are UTC.
CREATE TABLE ads.touches (
  touch_id    bigint       NOT NULL CONSTRAINT pk_touches PRIMARY KEY,
  customer_id bigint       NOT NULL,                                                                       -- PromptCRM's
  campaign_id varchar(60)  COLLATE Latin1_General_100_BIN2 NOT NULL,
  channel_id  varchar(40)  COLLATE Latin1_General_100_BIN2 NOT NULL,
  kind        varchar(8)   COLLATE Latin1_General_100_BIN2 NOT NULL CONSTRAINT ck_touches_kind CHECK (kind IN ('view', 'click')),
  touched_at  datetime2(7) NOT NULL,
  row_version rowversion   NOT NULL,
  CONSTRAINT fk_touches_campaign_channels FOREIGN KEY (campaign_id, channel_id) REFERENCES ads.campaign_channels (campaign_id, channel_id)
);
GO
-- Serves: a customer's way to an order, touch by touch (ads.read_customer_journey).
CREATE INDEX ix_touches_customer ON ads.touches (customer_id, touched_at) INCLUDE (campaign_id, channel_id, kind);
GO
-- Serves: whom a campaign reached on a channel (reports.audience_overlap), and the foreign key's check.
CREATE INDEX ix_touches_campaign ON ads.touches (campaign_id, channel_id, touched_at) INCLUDE (customer_id, kind);
GO
ALTER TABLE ads.touches ENABLE CHANGE_TRACKING WITH (TRACK_COLUMNS_UPDATED = OFF);
