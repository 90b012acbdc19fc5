-- What the sources own, as the hub keeps it: same keys, same types, so that a binary COPY passes from one to the other.
-- No foreign keys: streams arrive independently, and a child may be committed a moment before its parent.

CREATE TABLE ads.channels (
  channel_id  text PRIMARY KEY,
  name        text NOT NULL,
  kind        text NOT NULL
);

CREATE TABLE ads.campaigns (
  campaign_id  text PRIMARY KEY,
  client_id    text NOT NULL,
  name         text NOT NULL,
  objective    text NOT NULL,
  status       text NOT NULL,
  start_date   date NOT NULL,
  end_date     date NOT NULL,
  budget       numeric(14,2) NOT NULL,
  currency     text NOT NULL,
  countries    text[] NOT NULL,
  audience     text NOT NULL,
  created_at   timestamptz NOT NULL,
  updated_at   timestamptz NOT NULL
);
CREATE INDEX campaigns_name ON ads.campaigns (business.fold(name));                               -- exact name, accents and case aside
CREATE INDEX campaigns_name_similar ON ads.campaigns USING gin (business.fold(name) gin_trgm_ops); -- nearest names
CREATE INDEX campaigns_client ON ads.campaigns (client_id);

CREATE TABLE ads.campaign_channels (
  campaign_id  text NOT NULL,
  channel_id   text NOT NULL,
  budget_share numeric(5,4) NOT NULL,
  reach        bigint NOT NULL,
  PRIMARY KEY (campaign_id, channel_id)
);

CREATE TABLE ads.campaign_budgets (
  campaign_id  text NOT NULL,
  channel_id   text NOT NULL,
  month        date NOT NULL,
  planned      numeric(14,2) NOT NULL,
  PRIMARY KEY (campaign_id, channel_id, month)
);

CREATE TABLE ads.ad_sets (
  ad_set_id    text PRIMARY KEY,
  campaign_id  text NOT NULL,
  channel_id   text NOT NULL,
  name         text NOT NULL,
  targeting    jsonb NOT NULL,
  bid_strategy text NOT NULL,
  bid_amount   numeric(10,4),
  daily_budget numeric(12,2) NOT NULL,
  status       text NOT NULL
);
CREATE INDEX ad_sets_campaign ON ads.ad_sets (campaign_id);

CREATE TABLE ads.ads (
  ad_id        text PRIMARY KEY,
  ad_set_id    text NOT NULL,
  campaign_id  text NOT NULL,
  channel_id   text NOT NULL,
  content_id   text NOT NULL,
  headline     text NOT NULL,
  status       text NOT NULL,
  published_at timestamptz NOT NULL
);
CREATE INDEX ads_campaign ON ads.ads (campaign_id, channel_id);                                   -- publications of a campaign
CREATE INDEX ads_content ON ads.ads (content_id);                                                 -- campaigns that use an image

CREATE TABLE ads.daily_metrics (
  campaign_id  text NOT NULL,
  channel_id   text NOT NULL,
  city_id      integer NOT NULL,
  day          date NOT NULL,
  spend        numeric(12,2) NOT NULL,
  impressions  integer NOT NULL,
  clicks       integer NOT NULL,
  engagements  integer NOT NULL,
  conversions  integer NOT NULL,
  PRIMARY KEY (campaign_id, channel_id, city_id, day)
);
CREATE INDEX daily_metrics_campaign_day ON ads.daily_metrics (campaign_id, day);                  -- one campaign in a period, by city

CREATE TABLE ads.touches (
  touch_id     bigint PRIMARY KEY,
  customer_id  bigint NOT NULL,
  campaign_id  text NOT NULL,
  channel_id   text NOT NULL,
  kind         text NOT NULL,
  touched_at   timestamptz NOT NULL
);
CREATE INDEX touches_customer ON ads.touches (customer_id, touched_at);                           -- a buyer's path
CREATE INDEX touches_campaign ON ads.touches (campaign_id, touched_at);

CREATE TABLE ads.experiments (
  experiment_id text PRIMARY KEY,
  campaign_id   text NOT NULL,
  name          text NOT NULL,
  hypothesis    text NOT NULL,
  metric        text NOT NULL,
  allocation    numeric(5,4) NOT NULL,
  started_on    date NOT NULL,
  ended_on      date
);
CREATE INDEX experiments_campaign ON ads.experiments (campaign_id);

CREATE TABLE ads.experiment_days (
  experiment_id text NOT NULL,
  arm           text NOT NULL,
  day           date NOT NULL,
  visitors      integer NOT NULL,
  successes     integer NOT NULL,
  PRIMARY KEY (experiment_id, arm, day)
);

CREATE TABLE ads.change_log (
  change_id    bigint PRIMARY KEY,
  campaign_id  text NOT NULL,
  entity       text NOT NULL,
  entity_id    text NOT NULL,
  field        text NOT NULL,
  old_value    text,
  new_value    text,
  changed_by   text NOT NULL,
  changed_at   timestamptz NOT NULL
);
CREATE INDEX change_log_campaign ON ads.change_log (campaign_id, changed_at);

CREATE TABLE crm.cities (
  city_id      integer PRIMARY KEY,
  name         text NOT NULL,
  region       text NOT NULL,
  country_code text NOT NULL,
  country      text NOT NULL,
  latitude     double precision NOT NULL,
  longitude    double precision NOT NULL,
  population   integer NOT NULL
);

CREATE TABLE crm.customers (
  customer_id   bigint PRIMARY KEY,
  client_id     text NOT NULL,
  customer_type text NOT NULL,
  first_name    text NOT NULL,
  last_name     text,
  email         text NOT NULL,
  phone         text NOT NULL,
  document      text NOT NULL,
  birth_date    date,
  sex           text,
  industry      text,
  segment       text NOT NULL,
  potential     text NOT NULL,
  city_id       integer NOT NULL,
  latitude      double precision NOT NULL,
  longitude     double precision NOT NULL,
  created_at    timestamptz NOT NULL,
  updated_at    timestamptz NOT NULL
);

CREATE TABLE crm.leads (
  lead_id       bigint PRIMARY KEY,
  customer_id   bigint NOT NULL,
  client_id     text NOT NULL,
  campaign_id   text,
  channel_id    text,
  source        text NOT NULL,
  stage         text NOT NULL,
  value_usd     numeric(12,2) NOT NULL,
  created_at    timestamptz NOT NULL,
  contacted_at  timestamptz,
  qualified_at  timestamptz,
  proposal_at   timestamptz,
  closed_at     timestamptz
);
CREATE INDEX leads_campaign ON crm.leads (campaign_id, created_at) WHERE campaign_id IS NOT NULL;

CREATE TABLE crm.orders (
  order_id      bigint PRIMARY KEY,
  customer_id   bigint NOT NULL,
  client_id     text NOT NULL,
  campaign_id   text,
  channel_id    text,
  touch_id      bigint,
  lead_id       bigint,
  city_id       integer NOT NULL,
  status        text NOT NULL,
  first_order   boolean NOT NULL,
  currency      text NOT NULL,
  total         numeric(16,2) NOT NULL,
  exchange_rate numeric(16,6) NOT NULL,
  total_usd     numeric(12,2) NOT NULL,
  ordered_at    timestamptz NOT NULL
);
CREATE INDEX orders_campaign ON crm.orders (campaign_id, ordered_at) WHERE campaign_id IS NOT NULL; -- a campaign's sales in a period
CREATE INDEX orders_customer ON crm.orders (customer_id, ordered_at);

CREATE TABLE crm.interactions (
  interaction_id bigint PRIMARY KEY,
  customer_id    bigint NOT NULL,
  kind           text NOT NULL,
  outcome        text NOT NULL,
  occurred_at    timestamptz NOT NULL
);
CREATE INDEX interactions_customer ON crm.interactions (customer_id, occurred_at);

CREATE TABLE content.images (
  content_id    text PRIMARY KEY,
  url           text NOT NULL,
  thumbnail_url text NOT NULL,
  description   text NOT NULL,
  hashtags      text[] NOT NULL,
  category      text NOT NULL,
  vector_id     text,
  format        text NOT NULL,
  approved      boolean NOT NULL,
  campaign_ids  text[] NOT NULL,
  metadata      jsonb NOT NULL,
  created_at    timestamptz NOT NULL,
  updated_at    timestamptz NOT NULL
);
CREATE INDEX images_campaigns ON content.images USING gin (campaign_ids);

CREATE TABLE content.campaigns (                 -- the creative side of a campaign
  campaign_id      text PRIMARY KEY,
  name             text NOT NULL,
  description      text NOT NULL,
  target_audience  jsonb NOT NULL,
  message          text NOT NULL,
  content_versions jsonb NOT NULL,
  used_images      text[] NOT NULL,
  status           text NOT NULL,
  updated_at       timestamptz NOT NULL
);

CREATE TABLE business.clients (
  client_id  text PRIMARY KEY,
  company    text NOT NULL,
  email      text NOT NULL,
  phone      text NOT NULL,
  status     text NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL
);
CREATE INDEX clients_name ON business.clients (business.fold(company));
CREATE INDEX clients_name_similar ON business.clients USING gin (business.fold(company) gin_trgm_ops);

CREATE TABLE business.subscriptions (
  client_id      text NOT NULL,
  plan_id        text NOT NULL,
  plan_name      text NOT NULL,
  status         text NOT NULL,
  renewal_date   date NOT NULL,
  payment_status text NOT NULL,
  usage_tracking jsonb NOT NULL,                  -- {feature: {used, limit, resetDate}}
  PRIMARY KEY (client_id, plan_id)
);
