-- How often a client may call (S6): by its plan, and for single clients, hosts and scripts as an administrator says.
ALTER TABLE business.plans
  ADD COLUMN calls_per_minute    integer,        -- to one server
  ADD COLUMN tool_calls_per_hour integer;        -- to one tool
UPDATE business.plans SET (calls_per_minute, tool_calls_per_hour) =
  (SELECT l.minute, l.hour FROM (VALUES ('PLAN-STARTER', 300, 5000), ('PLAN-GROWTH', 3000, 60000), ('PLAN-ENTERPRISE', 60000, 1000000))
     AS l (plan_id, minute, hour) WHERE l.plan_id = plans.plan_id);
ALTER TABLE business.plans
  ALTER COLUMN calls_per_minute SET NOT NULL,
  ALTER COLUMN tool_calls_per_hour SET NOT NULL,
  ADD CHECK (calls_per_minute >= 0 AND tool_calls_per_hour >= 0);

CREATE TABLE business.client_permissions (       -- what config:client:{client_name} in Redis is a copy of
  client_name         text PRIMARY KEY,          -- a client's id, or the name a host or a script gives itself
  tools               text[],                    -- null: all tools
  calls_per_minute    integer CHECK (calls_per_minute >= 0),      -- null: as the plan says, else the default
  tool_calls_per_hour integer CHECK (tool_calls_per_hour >= 0),
  active              boolean NOT NULL DEFAULT true,
  updated_at          timestamptz NOT NULL DEFAULT now()
);
GRANT SELECT ON business.client_permissions TO promptsales_read;
GRANT ALL ON business.client_permissions TO promptsales_admin;
