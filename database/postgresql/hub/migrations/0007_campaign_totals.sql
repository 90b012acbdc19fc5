-- Totals of a campaign that answer "which of all campaigns" over any period from a few thousand rows instead of a hundred
-- thousand: by ten days (from the 1st, the 11th and the 21st, the last to the month's end) and by month; what is left of a period
-- are a few days, which the roll-ups a day hold. Triggers keep the totals within the transaction that loads those.
-- channel_id '*': over all channels.
-- loaded_rows: how many roll-up rows a total stands for; a total of none is removed.

CREATE TABLE sales.ad_totals (
  span        text NOT NULL CHECK (span IN ('ten_days', 'month')),
  channel_id  text NOT NULL,
  starts_on   date NOT NULL,
  campaign_id text NOT NULL,
  loaded_rows bigint NOT NULL,
  spend       numeric(14,2) NOT NULL,
  impressions bigint NOT NULL,
  clicks      bigint NOT NULL,
  engagements bigint NOT NULL,
  conversions bigint NOT NULL,
  PRIMARY KEY (span, channel_id, starts_on, campaign_id)
);

CREATE TABLE sales.order_totals (
  span             text NOT NULL CHECK (span IN ('ten_days', 'month')),
  channel_id       text NOT NULL,
  starts_on        date NOT NULL,
  campaign_id      text NOT NULL,
  loaded_rows      bigint NOT NULL,
  orders           bigint NOT NULL,
  revenue          numeric(14,2) NOT NULL,
  first_orders     bigint NOT NULL,
  refunded_orders  bigint NOT NULL,
  refunds          numeric(14,2) NOT NULL,
  cancelled_orders bigint NOT NULL,
  PRIMARY KEY (span, channel_id, starts_on, campaign_id)
);

CREATE TABLE sales.lead_totals (
  span        text NOT NULL CHECK (span IN ('ten_days', 'month')),
  channel_id  text NOT NULL,
  starts_on   date NOT NULL,
  campaign_id text NOT NULL,
  loaded_rows bigint NOT NULL,
  leads       bigint NOT NULL,
  qualified   bigint NOT NULL,
  won         bigint NOT NULL,
  PRIMARY KEY (span, channel_id, starts_on, campaign_id)
);

CREATE FUNCTION sales.start_of_ten_days(day date) RETURNS date LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN day - (CASE WHEN extract(day FROM day) > 20 THEN extract(day FROM day) - 21 ELSE (extract(day FROM day) - 1)::integer % 10 END)::integer;

CREATE FUNCTION sales.start_of_month(day date) RETURNS date LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN day - (extract(day FROM day) - 1)::integer;

-- The totals that rows of a roll-up a day add up to. `source` is a table expression whose rows have `counted`, 1 or -1.
CREATE FUNCTION sales.totals_query(source text, measures text[]) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT format(
    'WITH by_ten_days AS (SELECT campaign_id, channel_id, sales.start_of_ten_days(day) AS starts_on, sum(counted) AS loaded_rows, %2$s
                            FROM %1$s AS changes GROUP BY 1, 2, 3),
          by_month AS (SELECT campaign_id, channel_id, sales.start_of_month(starts_on) AS starts_on, sum(loaded_rows) AS loaded_rows, %3$s
                         FROM by_ten_days GROUP BY 1, 2, 3)
     SELECT ''ten_days'' AS span, channel_id, starts_on, campaign_id, loaded_rows, %4$s FROM by_ten_days
     UNION ALL SELECT ''ten_days'', ''*'', starts_on, campaign_id, sum(loaded_rows), %3$s FROM by_ten_days GROUP BY 3, 4
     UNION ALL SELECT ''month'', channel_id, starts_on, campaign_id, loaded_rows, %4$s FROM by_month
     UNION ALL SELECT ''month'', ''*'', starts_on, campaign_id, sum(loaded_rows), %3$s FROM by_month GROUP BY 3, 4
     ORDER BY 1, 2, 3',
    source,
    string_agg(format('sum(counted * %1$I) AS %1$I', m), ', '),
    string_agg(format('sum(%1$I) AS %1$I', m), ', '),
    string_agg(format('%I', m), ', '))
    FROM unnest(measures) AS m;
$$;

-- Adds what a statement did to a roll-up a day to its totals: TG_ARGV[0] names the totals, the rest the columns to add up.
-- What the statement wrote counts once, what it replaced or deleted counts back.
CREATE FUNCTION sales.add_to_totals() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  totals     text   := TG_ARGV[0];
  measures   text[] := TG_ARGV[1:];
  columns    text   := (SELECT string_agg(format('%I', m), ', ') FROM unnest(measures) AS m);
  changes    text   := format('(%s)', concat_ws(' UNION ALL ',
    CASE WHEN TG_OP <> 'DELETE' THEN 'SELECT 1 AS counted, written.* FROM written' END,
    CASE WHEN TG_OP <> 'INSERT' THEN 'SELECT -1 AS counted, replaced.* FROM replaced' END));
  has_totals boolean;
  is_emptied boolean;
BEGIN
  EXECUTE format('SELECT EXISTS (SELECT FROM %s)', totals) INTO has_totals;
  IF TG_OP = 'DELETE' THEN
    EXECUTE format('SELECT NOT EXISTS (SELECT FROM %I.%I)', TG_TABLE_SCHEMA, TG_TABLE_NAME) INTO is_emptied;
    IF is_emptied THEN
      EXECUTE format('DELETE FROM %s', totals);
      RETURN NULL;
    END IF;
  END IF;
  EXECUTE format('INSERT INTO %s AS t (span, channel_id, starts_on, campaign_id, loaded_rows, %s) %s', totals, columns, sales.totals_query(changes, measures))
    -- Into an empty table nothing can conflict, and not looking for it makes the first load twice as fast.
    || CASE WHEN has_totals THEN format(
         ' ON CONFLICT (span, channel_id, starts_on, campaign_id) DO UPDATE SET loaded_rows = t.loaded_rows + excluded.loaded_rows, %s',
         (SELECT string_agg(format('%1$I = t.%1$I + excluded.%1$I', m), ', ') FROM unnest(measures) AS m)) ELSE '' END;
  IF TG_OP <> 'INSERT' THEN
    -- The keys are spelled out so that the primary key finds the few totals that this statement can have emptied.
    EXECUTE format(
      'DELETE FROM %s AS t
        USING (SELECT DISTINCT s.span, s.channel_id, s.starts_on, r.campaign_id
                 FROM replaced AS r,
                      LATERAL (VALUES (''ten_days'', r.channel_id, sales.start_of_ten_days(day)), (''ten_days'', ''*'', sales.start_of_ten_days(day)),
                                      (''month'', r.channel_id, sales.start_of_month(day)), (''month'', ''*'', sales.start_of_month(day))
                              ) AS s (span, channel_id, starts_on)) AS touched
        WHERE (t.span, t.channel_id, t.starts_on, t.campaign_id) = (touched.span, touched.channel_id, touched.starts_on, touched.campaign_id)
          AND t.loaded_rows = 0',
      totals);
  END IF;
  RETURN NULL;
END $$;

CREATE FUNCTION sales.empty_totals() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('TRUNCATE %s', TG_ARGV[0]);
  RETURN NULL;
END $$;

-- Keeps `totals` for a roll-up a day from here on, and fills it from what is there already.
CREATE PROCEDURE sales.keep_totals(roll_up regclass, totals regclass, VARIADIC measures text[]) LANGUAGE plpgsql AS $$
DECLARE
  arguments text := (SELECT string_agg(quote_literal(a), ', ') FROM unnest(totals::text || measures) AS a);
  columns   text := (SELECT string_agg(format('%I', m), ', ') FROM unnest(measures) AS m);
BEGIN
  EXECUTE format('CREATE TRIGGER add_written AFTER INSERT ON %s REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION sales.add_to_totals(%s)', roll_up, arguments);
  EXECUTE format('CREATE TRIGGER add_changed AFTER UPDATE ON %s REFERENCING NEW TABLE AS written OLD TABLE AS replaced FOR EACH STATEMENT EXECUTE FUNCTION sales.add_to_totals(%s)', roll_up, arguments);
  EXECUTE format('CREATE TRIGGER take_deleted AFTER DELETE ON %s REFERENCING OLD TABLE AS replaced FOR EACH STATEMENT EXECUTE FUNCTION sales.add_to_totals(%s)', roll_up, arguments);
  EXECUTE format('CREATE TRIGGER empty_totals AFTER TRUNCATE ON %s FOR EACH STATEMENT EXECUTE FUNCTION sales.empty_totals(%s)', roll_up, quote_literal(totals::text));
  EXECUTE format('INSERT INTO %s (span, channel_id, starts_on, campaign_id, loaded_rows, %s) %s', totals, columns,
                 sales.totals_query(format('(SELECT 1 AS counted, r.* FROM %s AS r)', roll_up), measures));
END $$;

CALL sales.keep_totals('sales.ad_day', 'sales.ad_totals', 'spend', 'impressions', 'clicks', 'engagements', 'conversions');
CALL sales.keep_totals('sales.order_day', 'sales.order_totals', 'orders', 'revenue', 'first_orders', 'refunded_orders', 'refunds', 'cancelled_orders');
CALL sales.keep_totals('sales.lead_day', 'sales.lead_totals', 'leads', 'qualified', 'won');

GRANT EXECUTE ON FUNCTION sales.start_of_ten_days(date), sales.start_of_month(date), sales.totals_query(text, text[]) TO promptsales_etl, promptsales_admin;
GRANT SELECT ON sales.ad_totals, sales.order_totals, sales.lead_totals TO promptsales_read, marketing, sales, users;
GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON sales.ad_totals, sales.order_totals, sales.lead_totals TO promptsales_etl;
GRANT ALL ON sales.ad_totals, sales.order_totals, sales.lead_totals TO promptsales_admin;
