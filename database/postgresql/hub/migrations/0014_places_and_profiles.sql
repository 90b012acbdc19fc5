-- Who lives near a place, and one customer's whole history.

-- Positions of a box of degrees, with all that a circle is counted by: the table itself is not read.
CREATE INDEX customers_position ON crm.customers (latitude, longitude) INCLUDE (customer_id, client_id, segment);
CREATE INDEX IF NOT EXISTS leads_customer ON crm.leads (customer_id);

-- Distances are worked out by the server, which tells them rounded to those who may not know where somebody lives.
GRANT SELECT (latitude, longitude) ON crm.customers TO promptsales_read;

-- The personal columns of named customers: a server shows them, masked or not, but no statement of its takes everybody's.
CREATE FUNCTION crm.people(customer_ids bigint[])
  RETURNS TABLE (customer_id bigint, first_name text, last_name text, email text, phone text, document text, birth_date date)
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF cardinality(customer_ids) > 50 THEN
    RAISE EXCEPTION 'at most 50 customers at a time' USING ERRCODE = 'program_limit_exceeded';
  END IF;
  -- By key, one by one: a plan for an unknown number of keys may read the whole table.
  RETURN QUERY
    SELECT p.customer_id, p.first_name, p.last_name, p.email, p.phone, p.document, p.birth_date
      FROM unnest(customer_ids) AS asked(id)
     CROSS JOIN LATERAL (SELECT c.customer_id, c.first_name, c.last_name, c.email, c.phone, c.document, c.birth_date
                           FROM crm.customers c WHERE c.customer_id = asked.id OFFSET 0) p;
END $$;
REVOKE EXECUTE ON FUNCTION crm.people(bigint[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION crm.people(bigint[]) TO promptsales_read;

-- Whose e-mail, phone or document it is, without holding any of them: HMAC-SHA-256 under a key of the installation.
CREATE TABLE crm.contact_hashes (
  kind        text NOT NULL CHECK (kind IN ('email', 'phone', 'document')),
  hash        bytea NOT NULL CHECK (octet_length(hash) = 32),
  customer_id bigint NOT NULL,
  PRIMARY KEY (kind, hash, customer_id)                                        -- several may share a phone
);
CREATE INDEX contact_hashes_customer ON crm.contact_hashes (customer_id);      -- a changed contact replaces its hash
GRANT SELECT ON crm.contact_hashes TO promptsales_read;
GRANT SELECT, INSERT, UPDATE, DELETE ON crm.contact_hashes TO promptsales_etl;
GRANT ALL ON crm.contact_hashes TO promptsales_admin;
