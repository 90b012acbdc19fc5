-- Totals of a campaign over all its channels by day, by ten days (from the 1st, the 11th and the 21st, the last to the month's
-- end) and by month, so that ranking every campaign over any period reads a few thousand rows instead of a hundred
-- thousand. Triggers keep them from the roll-ups a day, within the transaction that loads those.
-- loaded_rows: how many roll-up rows a total stands for; a total of none is removed.

CREATE TABLE sales.ad_totals (
  span        text NOT NULL CHECK (span IN ('day', 'ten_days', 'month')),
  starts_on   date NOT NULL,
  campaign_id text NOT NULL,
  loaded_rows bigint NOT NULL,
  spend       numeric(14,2) NOT NULL,
  impressions bigint NOT NULL,
  clicks      bigint NOT NULL,
  engagements bigint NOT NULL,
  conversions bigint NOT NULL,
  PRIMARY KEY (span, starts_on, campaign_id)
);

CREATE TABLE sales.order_totals (
  span             text NOT NULL CHECK (span IN ('day', 'ten_days', 'month')),
  starts_on        date NOT NULL,
  campaign_id      text NOT NULL,
  loaded_rows      bigint NOT NULL,
  orders           bigint NOT NULL,
  revenue          numeric(14,2) NOT NULL,
  first_orders     bigint NOT NULL,
  refunded_orders  bigint NOT NULL,
  refunds          numeric(14,2) NOT NULL,
  cancelled_orders bigint NOT NULL,
  PRIMARY KEY (span, starts_on, campaign_id)
);

CREATE TABLE sales.lead_totals (
  span        text NOT NULL CHECK (span IN ('day', 'ten_days', 'month')),
  starts_on   date NOT NULL,
  campaign_id text NOT NULL,
  loaded_rows bigint NOT NULL,
  leads       bigint NOT NULL,
  qualified   bigint NOT NULL,
  won         bigint NOT NULL,
  PRIMARY KEY (span, starts_on, campaign_id)
);

CREATE FUNCTION sales.start_of_ten_days(day date) RETURNS date LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN day - (CASE WHEN extract(day FROM day) > 20 THEN extract(day FROM day) - 21 ELSE (extract(day FROM day) - 1)::integer % 10 END)::integer;

CREATE FUNCTION sales.start_of_month(day date) RETURNS date LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN day - (extract(day FROM day) - 1)::integer;

-- Adds what a statement did to a roll-up a day to its totals: TG_ARGV[0] names the totals, the rest the columns to add up.
-- What the statement wrote counts once, what it replaced or deleted counts back.
CREATE FUNCTION sales.add_to_totals() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  totals     text   := TG_ARGV[0];
  measures   text[] := TG_ARGV[1:];
  columns    text   := (SELECT string_agg(format('%I', m), ', ') FROM unnest(measures) AS m);
  changes    text   := concat_ws(' UNION ALL ',
    CASE WHEN TG_OP <> 'DELETE' THEN 'SELECT 1 AS counted, written.* FROM written' END,
    CASE WHEN TG_OP <> 'INSERT' THEN 'SELECT -1 AS counted, replaced.* FROM replaced' END);
  has_totals boolean;
  is_emptied boolean := false;
BEGIN
  EXECUTE format('SELECT EXISTS (SELECT FROM %s)', totals) INTO has_totals;
  IF TG_OP = 'DELETE' AND has_totals THEN
    EXECUTE format('SELECT NOT EXISTS (SELECT FROM %I.%I)', TG_TABLE_SCHEMA, TG_TABLE_NAME) INTO is_emptied;
    IF is_emptied THEN
      EXECUTE format('DELETE FROM %s', totals);
      RETURN NULL;
    END IF;
  END IF;
  EXECUTE format(
    'WITH changes AS (%1$s),
          by_day AS (SELECT campaign_id, day, sum(counted) AS loaded_rows, %2$s FROM changes GROUP BY campaign_id, day)
     INSERT INTO %3$s AS t (span, starts_on, campaign_id, loaded_rows, %4$s)
     SELECT ''day'', day, campaign_id, loaded_rows, %4$s FROM by_day
     UNION ALL
     SELECT ''ten_days'', sales.start_of_ten_days(day), campaign_id, sum(loaded_rows), %5$s FROM by_day GROUP BY 2, 3
     UNION ALL
     SELECT ''month'', sales.start_of_month(day), campaign_id, sum(loaded_rows), %5$s FROM by_day GROUP BY 2, 3
     ORDER BY 1, 2',
    changes,
    (SELECT string_agg(format('sum(counted * %1$I) AS %1$I', m), ', ') FROM unnest(measures) AS m),
    totals,
    columns,
    (SELECT string_agg(format('sum(%I)', m), ', ') FROM unnest(measures) AS m))
    -- Into an empty table nothing can conflict, and not looking for it makes the first load twice as fast.
    || CASE WHEN has_totals THEN format(
         ' ON CONFLICT (span, starts_on, campaign_id) DO UPDATE SET loaded_rows = t.loaded_rows + excluded.loaded_rows, %s',
         (SELECT string_agg(format('%1$I = t.%1$I + excluded.%1$I', m), ', ') FROM unnest(measures) AS m)) ELSE '' END;
  IF TG_OP <> 'INSERT' THEN
    -- The spans are named so that the primary key finds the few that this statement can have emptied.
    EXECUTE format(
      'DELETE FROM %s AS t
        USING (SELECT DISTINCT campaign_id, s.span, s.starts_on
                 FROM replaced, LATERAL (VALUES (''day'', day), (''ten_days'', sales.start_of_ten_days(day)), (''month'', sales.start_of_month(day))) AS s (span, starts_on)) AS touched
        WHERE (t.span, t.starts_on, t.campaign_id) = (touched.span, touched.starts_on, touched.campaign_id) AND t.loaded_rows = 0',
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
  sums      text := (SELECT string_agg(format('sum(%I)', m), ', ') FROM unnest(measures) AS m);
BEGIN
  EXECUTE format('CREATE TRIGGER add_written AFTER INSERT ON %s REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION sales.add_to_totals(%s)', roll_up, arguments);
  EXECUTE format('CREATE TRIGGER add_changed AFTER UPDATE ON %s REFERENCING NEW TABLE AS written OLD TABLE AS replaced FOR EACH STATEMENT EXECUTE FUNCTION sales.add_to_totals(%s)', roll_up, arguments);
  EXECUTE format('CREATE TRIGGER take_deleted AFTER DELETE ON %s REFERENCING OLD TABLE AS replaced FOR EACH STATEMENT EXECUTE FUNCTION sales.add_to_totals(%s)', roll_up, arguments);
  EXECUTE format('CREATE TRIGGER empty_totals AFTER TRUNCATE ON %s FOR EACH STATEMENT EXECUTE FUNCTION sales.empty_totals(%s)', roll_up, quote_literal(totals::text));
  EXECUTE format(
    'INSERT INTO %1$s (span, starts_on, campaign_id, loaded_rows, %2$s)
     SELECT s.span, s.starts_on, r.campaign_id, count(*), %3$s
       FROM %4$s AS r,
            LATERAL (VALUES (''day'', r.day), (''ten_days'', sales.start_of_ten_days(r.day)), (''month'', sales.start_of_month(r.day))) AS s (span, starts_on)
      GROUP BY s.span, s.starts_on, r.campaign_id
      ORDER BY s.span, s.starts_on', totals, columns, sums, roll_up);
END $$;

CALL sales.keep_totals('sales.ad_day', 'sales.ad_totals', 'spend', 'impressions', 'clicks', 'engagements', 'conversions');
CALL sales.keep_totals('sales.order_day', 'sales.order_totals', 'orders', 'revenue', 'first_orders', 'refunded_orders', 'refunds', 'cancelled_orders');
CALL sales.keep_totals('sales.lead_day', 'sales.lead_totals', 'leads', 'qualified', 'won');

GRANT EXECUTE ON FUNCTION sales.start_of_ten_days(date), sales.start_of_month(date) TO promptsales_etl, promptsales_admin;
GRANT SELECT ON sales.ad_totals, sales.order_totals, sales.lead_totals TO promptsales_read, marketing, sales, users;
GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON sales.ad_totals, sales.order_totals, sales.lead_totals TO promptsales_etl;
GRANT ALL ON sales.ad_totals, sales.order_totals, sales.lead_totals TO promptsales_admin;
