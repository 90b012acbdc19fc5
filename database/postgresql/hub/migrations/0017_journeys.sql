-- What attribution divides sales by: of each customer who bought, all touches and all paid orders in one row. Joining and sorting a year's orders
-- with their touches took seconds; a journey is read as it lies here.
-- Orders and touches come in streams of their own, in any order. Triggers keep the journeys within the transaction that loads either, for the
-- customers it concerns; a lock makes the second of two loads at once wait for the first, whose rows it then sees.

CREATE TABLE sales.stops (                       -- where a touch can be: a campaign on a channel, by the number that journeys name it with
  stop        integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  campaign_id text NOT NULL,
  channel_id  text NOT NULL,
  UNIQUE (campaign_id, channel_id)
);

CREATE TABLE sales.journeys (                    -- customers with a paid order
  client_id        text NOT NULL,
  customer_id      bigint NOT NULL,
  first_ordered_at timestamptz NOT NULL,
  last_ordered_at  timestamptz NOT NULL,
  -- Big-endian: int4 touches, int4 orders; for each touch, oldest first, int4 stop and int8 time; for each order, oldest first, int8 time,
  -- int8 cents and int4 the stop that PromptCRM credits (0: none). Times are microseconds since the year 2000.
  journey          bytea NOT NULL,
  PRIMARY KEY (client_id, customer_id)
);
CREATE INDEX journeys_time ON sales.journeys (last_ordered_at);          -- everybody's in a period
CREATE INDEX journeys_customer ON sales.journeys (customer_id);          -- whom a load concerns

-- Writes the journeys of these customers, those there were being deleted; their stops are known. Into an empty table everybody's when null.
CREATE FUNCTION sales.write_journeys(customers bigint[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  of_these text := CASE WHEN customers IS NOT NULL THEN 'AND customer_id = ANY ($1)' ELSE '' END;
BEGIN
  DELETE FROM sales.journeys j WHERE j.customer_id = ANY (customers);
  IF customers IS NULL THEN
    INSERT INTO sales.stops (campaign_id, channel_id)
      SELECT campaign_id, channel_id FROM ads.touches
       UNION SELECT campaign_id, channel_id FROM crm.orders WHERE campaign_id IS NOT NULL
      EXCEPT SELECT campaign_id, channel_id FROM sales.stops;
  END IF;
  EXECUTE format($statement$
    INSERT INTO sales.journeys (client_id, customer_id, first_ordered_at, last_ordered_at, journey)
    SELECT o.client_id, o.customer_id, o.first_ordered_at, o.last_ordered_at,
           int4send(coalesce(t.touches, 0)) || int4send(o.orders) || coalesce(t.touched, ''::bytea) || o.ordered
      FROM (SELECT client_id, customer_id, min(ordered_at) AS first_ordered_at, max(ordered_at) AS last_ordered_at, count(*)::integer AS orders,
                   string_agg(timestamptz_send(ordered_at) || int8send((total_usd * 100)::bigint) || int4send(coalesce(stop, 0)), ''::bytea
                              ORDER BY ordered_at, order_id) AS ordered
              FROM crm.orders
              LEFT JOIN sales.stops USING (campaign_id, channel_id)
             WHERE status = 'paid' %1$s
             GROUP BY client_id, customer_id) o
      LEFT JOIN (SELECT customer_id, count(*)::integer AS touches,
                        string_agg(int4send(stop) || timestamptz_send(touched_at), ''::bytea ORDER BY touched_at, touch_id) AS touched
                   FROM ads.touches
                   JOIN sales.stops USING (campaign_id, channel_id)
                  WHERE true %1$s
                  GROUP BY customer_id) t USING (customer_id)
     ORDER BY o.client_id$statement$, of_these)  -- a client's then lie side by side
    USING customers;
END $$;

CREATE FUNCTION sales.keep_journeys() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  -- What a journey holds of a row; a change of anything else leaves it as it is.
  held      text := CASE TG_TABLE_NAME WHEN 'orders' THEN 'order_id, customer_id, client_id, campaign_id, channel_id, status, total_usd, ordered_at'
                                       ELSE 'touch_id, customer_id, campaign_id, channel_id, touched_at' END;
  changes   text := CASE TG_OP WHEN 'INSERT' THEN 'SELECT customer_id FROM written'
                               WHEN 'DELETE' THEN 'SELECT customer_id FROM replaced'
                               ELSE format('(SELECT %1$s FROM written EXCEPT SELECT %1$s FROM replaced) UNION ALL (SELECT %1$s FROM replaced EXCEPT SELECT %1$s FROM written)', held) END;
  is_changed boolean;
  concerned  bigint[];
  estimated  double precision;
BEGIN
  EXECUTE format('SELECT EXISTS (%s)', changes) INTO is_changed;
  IF NOT is_changed THEN
    RETURN NULL;
  END IF;
  PERFORM pg_advisory_xact_lock('sales.journeys'::regclass::oid::bigint);
  IF NOT EXISTS (SELECT FROM sales.journeys) THEN
    IF EXISTS (SELECT FROM crm.orders) AND EXISTS (SELECT FROM ads.touches) THEN
      PERFORM etl.defer_indexes('sales.journeys');  -- a first load: nobody reads yet, and indexes are built faster than kept
      PERFORM sales.write_journeys(NULL);
      PERFORM etl.restore_indexes('sales.journeys');
    ELSIF TG_TABLE_NAME = 'orders' THEN
      PERFORM sales.write_journeys(NULL);
    END IF;
    RETURN NULL;
  END IF;
  IF TG_OP <> 'DELETE' THEN
    INSERT INTO sales.stops (campaign_id, channel_id)
      SELECT campaign_id, channel_id FROM written WHERE campaign_id IS NOT NULL EXCEPT SELECT campaign_id, channel_id FROM sales.stops;
  END IF;
  EXECUTE format('SELECT array_agg(DISTINCT customer_id) FROM (%s) AS changed', changes) INTO concerned;
  IF TG_TABLE_NAME = 'touches' THEN
    SELECT array_agg(DISTINCT customer_id) INTO concerned FROM sales.journeys WHERE customer_id = ANY (concerned);  -- who never bought has none
    IF concerned IS NULL THEN
      RETURN NULL;
    END IF;
  END IF;
  SELECT greatest(reltuples, 0) INTO estimated FROM pg_class WHERE oid = 'sales.journeys'::regclass;
  IF cardinality(concerned) > 0.3 * estimated AND estimated > 1000 THEN
    DELETE FROM sales.journeys;  -- so many are read faster all together than one by one
    PERFORM sales.write_journeys(NULL);
  ELSE
    PERFORM sales.write_journeys(concerned);
  END IF;
  RETURN NULL;
END $$;

CREATE FUNCTION sales.empty_journeys() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM sales.journeys;
  IF TG_TABLE_NAME = 'touches' THEN
    PERFORM sales.write_journeys(NULL);
  END IF;
  RETURN NULL;
END $$;

DO $$
DECLARE
  facts text;
BEGIN
  FOREACH facts IN ARRAY ARRAY['crm.orders', 'ads.touches'] LOOP
    EXECUTE format('CREATE TRIGGER keep_journeys_of_written AFTER INSERT ON %s REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION sales.keep_journeys()', facts);
    EXECUTE format('CREATE TRIGGER keep_journeys_of_changed AFTER UPDATE ON %s REFERENCING NEW TABLE AS written OLD TABLE AS replaced FOR EACH STATEMENT EXECUTE FUNCTION sales.keep_journeys()', facts);
    EXECUTE format('CREATE TRIGGER keep_journeys_of_deleted AFTER DELETE ON %s REFERENCING OLD TABLE AS replaced FOR EACH STATEMENT EXECUTE FUNCTION sales.keep_journeys()', facts);
    EXECUTE format('CREATE TRIGGER empty_journeys AFTER TRUNCATE ON %s FOR EACH STATEMENT EXECUTE FUNCTION sales.empty_journeys()', facts);
  END LOOP;
END $$;

SELECT sales.write_journeys(NULL);

GRANT EXECUTE ON FUNCTION sales.write_journeys(bigint[]) TO promptsales_etl, promptsales_admin;
GRANT SELECT ON sales.stops, sales.journeys TO promptsales_read, marketing, sales, users;
GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON sales.stops, sales.journeys TO promptsales_etl;
GRANT ALL ON sales.stops, sales.journeys TO promptsales_admin;
