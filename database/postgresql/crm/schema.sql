-- PromptCRM on PostgreSQL: customers, leads, orders. tracking.sql comes first; keys are in constraints.sql, after a bulk fill.
CREATE SCHEMA crm;

CREATE TABLE crm.cities (                        -- the gazetteer all databases share
  city_id      integer NOT NULL,
  name         text NOT NULL,
  region       text NOT NULL,                    -- province, state or department
  country_code text NOT NULL,                    -- ISO 3166 alpha-2
  country      text NOT NULL,
  latitude     double precision NOT NULL CHECK (latitude BETWEEN -90 AND 90),
  longitude    double precision NOT NULL CHECK (longitude BETWEEN -180 AND 180),
  population   integer NOT NULL CHECK (population > 0),
  changed_xid  xid8 NOT NULL DEFAULT pg_current_xact_id()
);

CREATE TABLE crm.customers (
  customer_id   bigint NOT NULL,
  client_id     text NOT NULL,                   -- whose customer
  customer_type text NOT NULL CHECK (customer_type IN ('person', 'company')),
  first_name    text NOT NULL,                   -- a company's trade name when customer_type = 'company'
  last_name     text,
  email         text NOT NULL,
  phone         text NOT NULL,
  document      text NOT NULL,                   -- national id or tax number
  birth_date    date,
  sex           text CHECK (sex IN ('female', 'male')),
  industry      text,
  segment       text NOT NULL CHECK (segment IN ('new', 'occasional', 'loyal', 'vip', 'dormant')),
  potential     text NOT NULL CHECK (potential IN ('low', 'medium', 'high')),
  city_id       integer NOT NULL,
  latitude      double precision NOT NULL,
  longitude     double precision NOT NULL,
  created_at    timestamptz NOT NULL,
  updated_at    timestamptz NOT NULL,
  changed_xid   xid8 NOT NULL DEFAULT pg_current_xact_id()
);

CREATE TABLE crm.leads (                         -- a stage not reached has no time
  lead_id       bigint NOT NULL,
  customer_id   bigint NOT NULL,
  client_id     text NOT NULL,
  campaign_id   text,                            -- null: not from a campaign
  channel_id    text,
  source        text NOT NULL CHECK (source IN ('paid_social', 'paid_search', 'display', 'email', 'referral', 'organic', 'event')),
  stage         text NOT NULL CHECK (stage IN ('new', 'contacted', 'qualified', 'proposal', 'won', 'lost')),
  value_usd     numeric(12,2) NOT NULL CHECK (value_usd >= 0),
  created_at    timestamptz NOT NULL,
  contacted_at  timestamptz,
  qualified_at  timestamptz,
  proposal_at   timestamptz,
  closed_at     timestamptz,
  changed_xid   xid8 NOT NULL DEFAULT pg_current_xact_id()
);

CREATE TABLE crm.orders (                        -- attributed to the last touch within 30 days before the order
  order_id      bigint NOT NULL,
  customer_id   bigint NOT NULL,
  client_id     text NOT NULL,
  campaign_id   text,                            -- null: no touch in the window
  channel_id    text,
  touch_id      bigint,
  lead_id       bigint,
  city_id       integer NOT NULL,
  status        text NOT NULL CHECK (status IN ('paid', 'refunded', 'cancelled')),
  first_order   boolean NOT NULL,                -- the customer's first
  currency      text NOT NULL,                   -- of the buyer's country, ISO 4217
  total         numeric(16,2) NOT NULL CHECK (total >= 0),
  exchange_rate numeric(16,6) NOT NULL CHECK (exchange_rate > 0),   -- units of currency for one USD, on the day
  total_usd     numeric(12,2) NOT NULL CHECK (total_usd >= 0),
  ordered_at    timestamptz NOT NULL,
  changed_xid   xid8 NOT NULL DEFAULT pg_current_xact_id()
);

CREATE TABLE crm.interactions (
  interaction_id bigint NOT NULL,
  customer_id    bigint NOT NULL,
  kind           text NOT NULL CHECK (kind IN ('call', 'email', 'meeting', 'chat', 'visit', 'complaint')),
  outcome        text NOT NULL CHECK (outcome IN ('positive', 'neutral', 'negative', 'no_answer')),
  occurred_at    timestamptz NOT NULL,
  changed_xid    xid8 NOT NULL DEFAULT pg_current_xact_id()
);
