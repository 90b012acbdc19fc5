-- A population has ages: the year is all that is told of a birthday, masked or not.
ALTER TABLE crm.customers ADD COLUMN birth_year integer GENERATED ALWAYS AS (extract(year FROM birth_date)::integer) STORED;

-- What each customer has bought to date and what it is divided and ranked by, for rankings, segments and the purchase model of all customers.
-- Triggers keep it within the transactions that load crm.orders and crm.customers: a statement's customers are added up anew from their
-- orders, found through orders_customer. Only paid orders count; a customer without one has no row.
-- Times, not days: the day depends on the business time zone.
CREATE TABLE sales.customer_orders (
  customer_id   bigint PRIMARY KEY,
  client_id     text NOT NULL,
  orders        integer NOT NULL CHECK (orders > 0),
  first_at      timestamptz NOT NULL,
  last_at       timestamptz NOT NULL,
  revenue       numeric(14,2) NOT NULL,
  customer_type text,                            -- from here on as crm.customers has it: null while it does not know the customer
  industry      text,
  segment       text,
  potential     text,
  city_id       integer,
  sex           text,
  birth_year    integer
);
CREATE INDEX customer_orders_client ON sales.customer_orders (client_id);

-- How many customers are alike in all that they are divided by: all of them from a seventh of the rows.
CREATE TABLE sales.customer_counts (
  customer_type text NOT NULL,
  industry      text,
  segment       text NOT NULL,
  potential     text NOT NULL,
  city_id       integer NOT NULL,
  sex           text,
  birth_year    integer,
  customers     bigint NOT NULL,
  CONSTRAINT customer_counts_key UNIQUE NULLS NOT DISTINCT (city_id, birth_year, segment, potential, industry, sex, customer_type)
);

-- Both streams write what a customer is into sales.customer_orders, each what it knows of the other. One at a time: else neither would see what
-- the other has not committed yet. Statements after the lock see what was committed before it was given.
CREATE FUNCTION sales.lock_customer_orders() RETURNS void LANGUAGE sql VOLATILE AS $$
  SELECT pg_advisory_xact_lock(hashtext('sales.customer_orders'));
$$;

CREATE FUNCTION sales.add_up_customer_orders() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  touched text := concat_ws(' UNION ',
    CASE WHEN TG_OP <> 'DELETE' THEN 'SELECT DISTINCT customer_id FROM written' END,
    CASE WHEN TG_OP <> 'INSERT' THEN 'SELECT DISTINCT customer_id FROM replaced' END);
BEGIN
  PERFORM sales.lock_customer_orders();
  IF TG_OP = 'DELETE' AND NOT EXISTS (SELECT FROM crm.orders) THEN
    DELETE FROM sales.customer_orders;
    RETURN NULL;
  END IF;
  IF TG_OP = 'INSERT' AND NOT EXISTS (SELECT FROM sales.customer_orders) THEN
    -- Into an empty roll-up: what was written is all there is to add up, unless orders that do not count were there before. Indexes and
    -- statistics afterwards, as of the tables that are loaded: a plan that knows nothing of the roll-up took ten times as long.
    PERFORM etl.defer_indexes('sales.customer_orders');
    INSERT INTO sales.customer_orders
    SELECT o.*, c.customer_type, c.industry, c.segment, c.potential, c.city_id, c.sex, c.birth_year
      FROM (SELECT customer_id, min(client_id), count(*), min(ordered_at), max(ordered_at), sum(total_usd)
              FROM written WHERE status = 'paid' GROUP BY customer_id ORDER BY customer_id) o
      LEFT JOIN crm.customers c USING (customer_id);
    PERFORM etl.restore_indexes('sales.customer_orders');
    RETURN NULL;
  END IF;
  EXECUTE format('DELETE FROM sales.customer_orders r USING (%s) t WHERE r.customer_id = t.customer_id', touched);
  EXECUTE format(
    'INSERT INTO sales.customer_orders
     SELECT b.*, c.customer_type, c.industry, c.segment, c.potential, c.city_id, c.sex, c.birth_year
       FROM (SELECT o.customer_id, min(o.client_id), count(*), min(o.ordered_at), max(o.ordered_at), sum(o.total_usd)
               FROM (%s) t JOIN crm.orders o USING (customer_id)
              WHERE o.status = ''paid'' GROUP BY o.customer_id) b
       LEFT JOIN LATERAL (SELECT * FROM crm.customers WHERE customer_id = b.customer_id OFFSET 0) c ON true', touched);
  RETURN NULL;
END $$;

CREATE FUNCTION sales.note_customers() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  changes text := concat_ws(' UNION ALL ',
    CASE WHEN TG_OP <> 'DELETE' THEN 'SELECT 1 AS counted, w.* FROM written w' END,
    CASE WHEN TG_OP <> 'INSERT' THEN 'SELECT -1 AS counted, r.* FROM replaced r' END);
  is_first boolean;
BEGIN
  PERFORM sales.lock_customer_orders();
  is_first := TG_OP = 'INSERT' AND NOT EXISTS (SELECT FROM sales.customer_counts);
  IF is_first THEN
    PERFORM etl.defer_indexes('sales.customer_counts');
  END IF;
  EXECUTE format(
    'INSERT INTO sales.customer_counts AS t (customer_type, industry, segment, potential, city_id, sex, birth_year, customers)
     SELECT customer_type, industry, segment, potential, city_id, sex, birth_year, sum(counted)
       FROM (%s) AS changes GROUP BY 1, 2, 3, 4, 5, 6, 7 HAVING sum(counted) <> 0', changes)
    -- Into an empty table nothing can conflict.
    || CASE WHEN is_first THEN '' ELSE ' ON CONFLICT ON CONSTRAINT customer_counts_key DO UPDATE SET customers = t.customers + excluded.customers' END;
  IF is_first THEN
    PERFORM etl.restore_indexes('sales.customer_counts');
  ELSIF TG_OP <> 'INSERT' THEN
    DELETE FROM sales.customer_counts WHERE customers = 0;
  END IF;
  IF TG_OP = 'DELETE' THEN
    UPDATE sales.customer_orders o
       SET (customer_type, industry, segment, potential, city_id, sex, birth_year) = (NULL, NULL, NULL, NULL, NULL, NULL, NULL)
      FROM replaced c WHERE c.customer_id = o.customer_id;
  ELSIF EXISTS (SELECT FROM sales.customer_orders) THEN
    UPDATE sales.customer_orders o
       SET (customer_type, industry, segment, potential, city_id, sex, birth_year)
         = (c.customer_type, c.industry, c.segment, c.potential, c.city_id, c.sex, c.birth_year)
      FROM written c
     WHERE c.customer_id = o.customer_id
       AND (o.customer_type, o.industry, o.segment, o.potential, o.city_id, o.sex, o.birth_year)
           IS DISTINCT FROM (c.customer_type, c.industry, c.segment, c.potential, c.city_id, c.sex, c.birth_year);
  END IF;
  RETURN NULL;
END $$;

CREATE FUNCTION sales.empty_customer_orders() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  TRUNCATE sales.customer_orders;
  RETURN NULL;
END $$;

CREATE FUNCTION sales.forget_customers() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM sales.lock_customer_orders();
  TRUNCATE sales.customer_counts;
  UPDATE sales.customer_orders
     SET (customer_type, industry, segment, potential, city_id, sex, birth_year) = (NULL, NULL, NULL, NULL, NULL, NULL, NULL);
  RETURN NULL;
END $$;

CREATE TRIGGER customers_of_written AFTER INSERT ON crm.orders REFERENCING NEW TABLE AS written
  FOR EACH STATEMENT EXECUTE FUNCTION sales.add_up_customer_orders();
CREATE TRIGGER customers_of_changed AFTER UPDATE ON crm.orders REFERENCING NEW TABLE AS written OLD TABLE AS replaced
  FOR EACH STATEMENT EXECUTE FUNCTION sales.add_up_customer_orders();
CREATE TRIGGER customers_of_deleted AFTER DELETE ON crm.orders REFERENCING OLD TABLE AS replaced
  FOR EACH STATEMENT EXECUTE FUNCTION sales.add_up_customer_orders();
CREATE TRIGGER customers_emptied AFTER TRUNCATE ON crm.orders FOR EACH STATEMENT EXECUTE FUNCTION sales.empty_customer_orders();

CREATE TRIGGER note_written AFTER INSERT ON crm.customers REFERENCING NEW TABLE AS written
  FOR EACH STATEMENT EXECUTE FUNCTION sales.note_customers();
CREATE TRIGGER note_changed AFTER UPDATE ON crm.customers REFERENCING NEW TABLE AS written OLD TABLE AS replaced
  FOR EACH STATEMENT EXECUTE FUNCTION sales.note_customers();
CREATE TRIGGER note_deleted AFTER DELETE ON crm.customers REFERENCING OLD TABLE AS replaced
  FOR EACH STATEMENT EXECUTE FUNCTION sales.note_customers();
CREATE TRIGGER note_emptied AFTER TRUNCATE ON crm.customers FOR EACH STATEMENT EXECUTE FUNCTION sales.forget_customers();

INSERT INTO sales.customer_orders
SELECT o.*, c.customer_type, c.industry, c.segment, c.potential, c.city_id, c.sex, c.birth_year
  FROM (SELECT customer_id, min(client_id), count(*), min(ordered_at), max(ordered_at), sum(total_usd)
          FROM crm.orders WHERE status = 'paid' GROUP BY customer_id ORDER BY customer_id) o
  LEFT JOIN crm.customers c USING (customer_id);
INSERT INTO sales.customer_counts (customer_type, industry, segment, potential, city_id, sex, birth_year, customers)
SELECT customer_type, industry, segment, potential, city_id, sex, birth_year, count(*) FROM crm.customers GROUP BY 1, 2, 3, 4, 5, 6, 7;

-- A client's customers, without a look at the table.
CREATE INDEX customers_attributes ON crm.customers (client_id, customer_id)
  INCLUDE (customer_type, industry, segment, potential, city_id, sex, birth_year);

GRANT SELECT (birth_year) ON crm.customers TO promptsales_read;
GRANT SELECT ON sales.customer_orders, sales.customer_counts TO promptsales_read, marketing, sales;
GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON sales.customer_orders, sales.customer_counts TO promptsales_etl;
GRANT EXECUTE ON FUNCTION sales.lock_customer_orders() TO promptsales_etl;
GRANT ALL ON sales.customer_orders, sales.customer_counts TO promptsales_admin;
