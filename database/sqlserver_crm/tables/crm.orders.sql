-- What was sold, attributed to the last touch within 30 days before the order. Times are UTC.
CREATE TABLE crm.orders (
  order_id      bigint        NOT NULL CONSTRAINT pk_orders PRIMARY KEY,
  customer_id   bigint        NOT NULL CONSTRAINT fk_orders_customers REFERENCES crm.customers (customer_id),
  client_id     varchar(40)   COLLATE Latin1_General_100_BIN2 NOT NULL,
  campaign_id   varchar(60)   COLLATE Latin1_General_100_BIN2 NULL,      -- null: no touch in the window
  channel_id    varchar(40)   COLLATE Latin1_General_100_BIN2 NULL,
  touch_id      bigint        NULL,                                      -- PromptAds'
  lead_id       bigint        NULL,
  city_id       int           NOT NULL CONSTRAINT fk_orders_cities REFERENCES crm.cities (city_id),
  status        varchar(12)   COLLATE Latin1_General_100_BIN2 NOT NULL CONSTRAINT ck_orders_status CHECK (status IN ('paid', 'refunded', 'cancelled')),
  first_order   bit           NOT NULL,                                  -- the customer's first
  currency      char(3)       COLLATE Latin1_General_100_BIN2 NOT NULL,  -- of the buyer's country, ISO 4217
  total         decimal(16,2) NOT NULL CONSTRAINT ck_orders_total CHECK (total >= 0),
  exchange_rate decimal(16,6) NOT NULL CONSTRAINT ck_orders_exchange_rate CHECK (exchange_rate > 0),   -- units of currency for one USD, on the day
  total_usd     decimal(12,2) NOT NULL CONSTRAINT ck_orders_total_usd CHECK (total_usd >= 0),
  ordered_at    datetime2(7)  NOT NULL,
  row_version   rowversion    NOT NULL,
  CONSTRAINT ck_orders_campaign CHECK (campaign_id IS NULL AND channel_id IS NULL OR campaign_id IS NOT NULL AND channel_id IS NOT NULL)
);
GO
-- Serves: a customer's orders in their order (reports.customer_ranking, reports.purchase_rhythm), and the foreign key.
CREATE INDEX ix_orders_customer ON crm.orders (customer_id, ordered_at) INCLUDE (status, total_usd);
GO
-- Serves: a client's sales in a period (reports.customer_ranking, reports.monthly_sales).
CREATE INDEX ix_orders_client ON crm.orders (client_id, ordered_at) INCLUDE (customer_id, campaign_id, status, total_usd);
GO
-- Serves: what a campaign sold (crm.read_campaign_results).
CREATE INDEX ix_orders_campaign ON crm.orders (campaign_id, ordered_at) INCLUDE (channel_id, status, total_usd) WHERE campaign_id IS NOT NULL;
GO
-- Serves: the foreign key, and sales of a city.
CREATE INDEX ix_orders_city ON crm.orders (city_id) INCLUDE (client_id, status, total_usd);
GO
ALTER TABLE crm.orders ENABLE CHANGE_TRACKING WITH (TRACK_COLUMNS_UPDATED = OFF);
