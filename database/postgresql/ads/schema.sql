-- PromptAds on PostgreSQL: the tables of the advertising platform. tracking.sql comes first.
-- Keys and foreign keys are in constraints.sql, which runs after a bulk fill.
CREATE SCHEMA ads;

CREATE TABLE ads.channels (
  channel_id  text NOT NULL,                     -- 'instagram'
  name        text NOT NULL,                     -- 'Instagram'
  kind        text NOT NULL CHECK (kind IN ('social', 'search', 'display', 'video', 'messaging', 'email')),
  changed_xid xid8 NOT NULL DEFAULT pg_current_xact_id()
);

CREATE TABLE ads.campaigns (
  campaign_id  text NOT NULL,                    -- 'CMP-VERANO-2025'
  client_id    text NOT NULL,                    -- 'CLI-001', owned by PromptContent
  name         text NOT NULL,
  objective    text NOT NULL CHECK (objective IN ('awareness', 'traffic', 'leads', 'sales', 'retention')),
  status       text NOT NULL CHECK (status IN ('draft', 'scheduled', 'active', 'paused', 'completed')),
  start_date   date NOT NULL,
  end_date     date NOT NULL,
  budget       numeric(14,2) NOT NULL CHECK (budget >= 0),   -- USD over the whole campaign
  currency     text NOT NULL DEFAULT 'USD',
  countries    text[] NOT NULL,                  -- ISO 3166 alpha-2
  audience     text NOT NULL,
  created_at   timestamptz NOT NULL,
  updated_at   timestamptz NOT NULL,
  changed_xid  xid8 NOT NULL DEFAULT pg_current_xact_id(),
  CHECK (start_date <= end_date)
);

-- reach: different people who saw the campaign on the channel since it began, as the platform reports it. Not additive over days or channels.
CREATE TABLE ads.campaign_channels (
  campaign_id  text NOT NULL,
  channel_id   text NOT NULL,
  budget_share numeric(5,4) NOT NULL CHECK (budget_share BETWEEN 0 AND 1),
  reach        bigint NOT NULL CHECK (reach >= 0),
  changed_xid  xid8 NOT NULL DEFAULT pg_current_xact_id()
);

CREATE TABLE ads.campaign_budgets (              -- the plan that pacing is measured against
  campaign_id  text NOT NULL,
  channel_id   text NOT NULL,
  month        date NOT NULL CHECK (extract(day FROM month) = 1),
  planned      numeric(14,2) NOT NULL CHECK (planned >= 0),
  changed_xid  xid8 NOT NULL DEFAULT pg_current_xact_id()
);

CREATE TABLE ads.ad_sets (
  ad_set_id    text NOT NULL,
  campaign_id  text NOT NULL,
  channel_id   text NOT NULL,
  name         text NOT NULL,
  targeting    jsonb NOT NULL,                   -- {"ageMin":18,"ageMax":34,"sex":"any","interests":[…],"cities":[…]}
  bid_strategy text NOT NULL CHECK (bid_strategy IN ('lowest_cost', 'cost_cap', 'bid_cap', 'target_roas')),
  bid_amount   numeric(10,4),
  daily_budget numeric(12,2) NOT NULL CHECK (daily_budget >= 0),
  status       text NOT NULL CHECK (status IN ('active', 'paused', 'completed')),
  changed_xid  xid8 NOT NULL DEFAULT pg_current_xact_id()
);

CREATE TABLE ads.ads (                           -- one publication each
  ad_id        text NOT NULL,
  ad_set_id    text NOT NULL,
  campaign_id  text NOT NULL,
  channel_id   text NOT NULL,
  content_id   text NOT NULL,                    -- an image of PromptContent
  headline     text NOT NULL,
  status       text NOT NULL CHECK (status IN ('active', 'paused', 'completed')),
  published_at timestamptz NOT NULL,
  changed_xid  xid8 NOT NULL DEFAULT pg_current_xact_id()
);

CREATE TABLE ads.daily_metrics (
  campaign_id  text NOT NULL,
  channel_id   text NOT NULL,
  city_id      integer NOT NULL,                 -- PromptCRM's gazetteer
  day          date NOT NULL,                    -- in the business time zone
  spend        numeric(12,2) NOT NULL CHECK (spend >= 0),      -- USD
  impressions  integer NOT NULL CHECK (impressions >= 0),
  clicks       integer NOT NULL CHECK (clicks >= 0),
  engagements  integer NOT NULL CHECK (engagements >= 0),      -- reactions, comments, shares, saves
  conversions  integer NOT NULL CHECK (conversions >= 0),      -- as the platform counts them; sales are PromptCRM's
  changed_xid  xid8 NOT NULL DEFAULT pg_current_xact_id()
);

CREATE TABLE ads.touches (                       -- what attribution distributes sales over
  touch_id     bigint NOT NULL,
  customer_id  bigint NOT NULL,
  campaign_id  text NOT NULL,
  channel_id   text NOT NULL,
  kind         text NOT NULL CHECK (kind IN ('view', 'click')),
  touched_at   timestamptz NOT NULL,
  changed_xid  xid8 NOT NULL DEFAULT pg_current_xact_id()
);

CREATE TABLE ads.experiments (
  experiment_id text NOT NULL,
  campaign_id   text NOT NULL,
  name          text NOT NULL,
  hypothesis    text NOT NULL,
  metric        text NOT NULL CHECK (metric IN ('conversion_rate', 'click_rate')),
  allocation    numeric(5,4) NOT NULL CHECK (allocation > 0 AND allocation < 1),   -- planned share of arm 'treatment'
  started_on    date NOT NULL,
  ended_on      date,
  changed_xid   xid8 NOT NULL DEFAULT pg_current_xact_id()
);

CREATE TABLE ads.experiment_days (
  experiment_id text NOT NULL,
  arm           text NOT NULL CHECK (arm IN ('control', 'treatment')),
  day           date NOT NULL,
  visitors      integer NOT NULL CHECK (visitors >= 0),
  successes     integer NOT NULL CHECK (successes BETWEEN 0 AND visitors),
  changed_xid   xid8 NOT NULL DEFAULT pg_current_xact_id()
);

CREATE TABLE ads.change_log (
  change_id    bigint NOT NULL,
  campaign_id  text NOT NULL,
  entity       text NOT NULL CHECK (entity IN ('campaign', 'ad_set', 'ad', 'budget')),
  entity_id    text NOT NULL,
  field        text NOT NULL,
  old_value    text,
  new_value    text,
  changed_by   text NOT NULL,
  changed_at   timestamptz NOT NULL,
  changed_xid  xid8 NOT NULL DEFAULT pg_current_xact_id()
);
