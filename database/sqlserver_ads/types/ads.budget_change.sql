-- One value of a plan. In the order of its key, so that two plans lock their rows in the same order. Amounts are finer than cents so that a
-- fraction of a cent arrives as one and is refused.
CREATE TYPE ads.budget_change AS TABLE (
  campaign_id varchar(60)   COLLATE Latin1_General_100_BIN2 NOT NULL,
  channel_id  varchar(40)   COLLATE Latin1_General_100_BIN2 NOT NULL,
  month       date          NOT NULL,                                 -- its first day
  expected    decimal(19,4) NULL,                                     -- what the plan was made of; null: nothing was planned
  planned     decimal(19,4) NOT NULL,
  PRIMARY KEY CLUSTERED (campaign_id, channel_id, month)
);
