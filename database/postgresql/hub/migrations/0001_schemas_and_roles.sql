-- Schemas, roles and extensions of the hub.
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS unaccent;

CREATE SCHEMA ads;        -- conformed copies of what PromptAds owns
CREATE SCHEMA crm;        -- of PromptCRM
CREATE SCHEMA content;    -- of PromptContent
CREATE SCHEMA sales;      -- roll-ups, kept in the transaction that loads their facts
CREATE SCHEMA business;   -- clients, plans, subscriptions, usage
CREATE SCHEMA access;     -- users, roles, audit
CREATE SCHEMA etl;        -- watermarks, runs, dead letters

-- Group roles carry the rights; the login roles of servers, the runner and administrators are members of one each.
DO $$
DECLARE
  role_name text;
BEGIN
  FOREACH role_name IN ARRAY ARRAY['promptsales_read', 'promptsales_etl', 'promptsales_admin', 'marketing', 'sales', 'users'] LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role_name) THEN
      BEGIN
        EXECUTE format('CREATE ROLE %I NOLOGIN', role_name);
      EXCEPTION WHEN duplicate_object OR unique_violation THEN
        NULL;  -- roles belong to the whole server: another hub's migration was a moment faster
      END;
    END IF;
  END LOOP;
END $$;

-- The schedule's queue. pg-boss keeps its own tables up to date, so they belong to the role that runs it.
CREATE SCHEMA pgboss;
GRANT ALL ON SCHEMA pgboss TO promptsales_etl;

-- Case and accents never matter when a name is looked up. unaccent() is only STABLE because its dictionary could be
-- replaced; naming the dictionary fixes it, which makes an index on the result sound.
CREATE FUNCTION business.fold(name text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
  RETURN lower(public.unaccent('public.unaccent'::regdictionary, name));
