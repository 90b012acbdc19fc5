-- Totals a day, each kept up by the one stream that owns its facts, in that stream's own transaction:
-- no two streams write the same row, so none waits for another.
-- "day" is the day in the business time zone. Money is US dollars.

CREATE TABLE sales.ad_day (                      -- from ads.daily_metrics
  campaign_id text NOT NULL,
  channel_id  text NOT NULL,
  day         date NOT NULL,
  spend       numeric(14,2) NOT NULL,
  impressions bigint NOT NULL,
  clicks      bigint NOT NULL,
  engagements bigint NOT NULL,
  conversions bigint NOT NULL,
  PRIMARY KEY (campaign_id, channel_id, day)
);
CREATE INDEX ad_day_day ON sales.ad_day (day);   -- all campaigns in a period

CREATE TABLE sales.order_day (                   -- from crm.orders that a campaign is credited with
  campaign_id      text NOT NULL,
  channel_id       text NOT NULL,
  day              date NOT NULL,
  orders           bigint NOT NULL,              -- paid
  revenue          numeric(14,2) NOT NULL,       -- of paid orders
  first_orders     bigint NOT NULL,              -- paid, by customers who had not bought before
  refunded_orders  bigint NOT NULL,
  refunds          numeric(14,2) NOT NULL,
  cancelled_orders bigint NOT NULL,
  PRIMARY KEY (campaign_id, channel_id, day)
);
CREATE INDEX order_day_day ON sales.order_day (day);

CREATE TABLE sales.lead_day (                    -- from crm.leads that a campaign brought; day of creation, state as of the last load
  campaign_id text NOT NULL,
  channel_id  text NOT NULL,
  day         date NOT NULL,
  leads       bigint NOT NULL,
  qualified   bigint NOT NULL,                   -- reached 'qualified' or further
  won         bigint NOT NULL,
  PRIMARY KEY (campaign_id, channel_id, day)
);
CREATE INDEX lead_day_day ON sales.lead_day (day);
