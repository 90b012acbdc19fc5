-- What each customer has bought to date, for rankings of all customers and for the purchase model. Triggers keep it within the transaction
-- that loads crm.orders: a statement's customers are added up anew from their orders, found through orders_customer.
-- Only paid orders count; a customer without one has no row. Times, not days: the day depends on the business time zone.
CREATE TABLE sales.customer_orders (
  customer_id bigint PRIMARY KEY,
  client_id   text NOT NULL,
  orders      integer NOT NULL CHECK (orders > 0),
  first_at    timestamptz NOT NULL,
  last_at     timestamptz NOT NULL,
  revenue     numeric(14,2) NOT NULL
);
CREATE INDEX customer_orders_client ON sales.customer_orders (client_id);

CREATE FUNCTION sales.add_up_customer_orders() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  touched text := concat_ws(' UNION ',
    CASE WHEN TG_OP <> 'DELETE' THEN 'SELECT DISTINCT customer_id FROM written' END,
    CASE WHEN TG_OP <> 'INSERT' THEN 'SELECT DISTINCT customer_id FROM replaced' END);
  is_first boolean := TG_OP = 'INSERT' AND NOT EXISTS (SELECT FROM sales.customer_orders);
  is_emptied boolean := TG_OP = 'DELETE' AND NOT EXISTS (SELECT FROM crm.orders);
BEGIN
  IF is_emptied THEN
    DELETE FROM sales.customer_orders;
    RETURN NULL;
  END IF;
  IF is_first THEN
    -- Into an empty roll-up: what was written is all there is to add up, unless orders that do not count were there before.
    INSERT INTO sales.customer_orders (customer_id, client_id, orders, first_at, last_at, revenue)
    SELECT customer_id, min(client_id), count(*), min(ordered_at), max(ordered_at), sum(total_usd)
      FROM written WHERE status = 'paid' GROUP BY customer_id ORDER BY customer_id;
    RETURN NULL;
  END IF;
  EXECUTE format('DELETE FROM sales.customer_orders r USING (%s) t WHERE r.customer_id = t.customer_id', touched);
  EXECUTE format(
    'INSERT INTO sales.customer_orders (customer_id, client_id, orders, first_at, last_at, revenue)
     SELECT o.customer_id, min(o.client_id), count(*), min(o.ordered_at), max(o.ordered_at), sum(o.total_usd)
       FROM (%s) t JOIN crm.orders o USING (customer_id)
      WHERE o.status = ''paid'' GROUP BY o.customer_id', touched);
  RETURN NULL;
END $$;

CREATE FUNCTION sales.empty_customer_orders() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  TRUNCATE sales.customer_orders;
  RETURN NULL;
END $$;

CREATE TRIGGER customers_of_written AFTER INSERT ON crm.orders REFERENCING NEW TABLE AS written
  FOR EACH STATEMENT EXECUTE FUNCTION sales.add_up_customer_orders();
CREATE TRIGGER customers_of_changed AFTER UPDATE ON crm.orders REFERENCING NEW TABLE AS written OLD TABLE AS replaced
  FOR EACH STATEMENT EXECUTE FUNCTION sales.add_up_customer_orders();
CREATE TRIGGER customers_of_deleted AFTER DELETE ON crm.orders REFERENCING OLD TABLE AS replaced
  FOR EACH STATEMENT EXECUTE FUNCTION sales.add_up_customer_orders();
CREATE TRIGGER customers_emptied AFTER TRUNCATE ON crm.orders FOR EACH STATEMENT EXECUTE FUNCTION sales.empty_customer_orders();

INSERT INTO sales.customer_orders (customer_id, client_id, orders, first_at, last_at, revenue)
SELECT customer_id, min(client_id), count(*), min(ordered_at), max(ordered_at), sum(total_usd)
  FROM crm.orders WHERE status = 'paid' GROUP BY customer_id ORDER BY customer_id;

-- A population has ages: the year is all that is told of a birthday, masked or not.
ALTER TABLE crm.customers ADD COLUMN birth_year integer GENERATED ALWAYS AS (extract(year FROM birth_date)::integer) STORED;

-- Everything that segments and rankings ask of customers and their orders, by client, without a look at the tables.
CREATE INDEX customers_attributes ON crm.customers (client_id, customer_id)
  INCLUDE (customer_type, industry, segment, potential, city_id, sex, birth_year);
CREATE INDEX customers_traits ON crm.customers (customer_id) INCLUDE (industry, segment, city_id);
CREATE INDEX orders_paid ON crm.orders (client_id, customer_id, ordered_at) INCLUDE (total_usd) WHERE status = 'paid';

GRANT SELECT (birth_year) ON crm.customers TO promptsales_read;
GRANT SELECT ON sales.customer_orders TO promptsales_read, marketing, sales;
GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON sales.customer_orders TO promptsales_etl;
GRANT ALL ON sales.customer_orders TO promptsales_admin;
