-- Who a customer is: in this table, encrypted, and nowhere else in the hub (S3, S5).
CREATE TABLE crm.identities (
  customer_id   bigint PRIMARY KEY,
  sealed        text NOT NULL CHECK (sealed LIKE 'v1.________________.%'),     -- names, e-mail, phone, document and birthday: AES-256-GCM, bound to the row
  hash_key      text NOT NULL,                                                 -- the data key of the hashes
  email_hash    bytea CHECK (octet_length(email_hash) = 32),                   -- HMAC-SHA-256 of what it is when written in one way;
  phone_hash    bytea CHECK (octet_length(phone_hash) = 32),                   -- null when it is no such contact
  document_hash bytea CHECK (octet_length(document_hash) = 32)
);
CREATE INDEX identities_email ON crm.identities (email_hash) WHERE email_hash IS NOT NULL;
CREATE INDEX identities_phone ON crm.identities (phone_hash) WHERE phone_hash IS NOT NULL;
CREATE INDEX identities_document ON crm.identities (document_hash) WHERE document_hash IS NOT NULL;

-- The year of birth stays, filled by the load from now on; the rest of the personal columns goes. CLUSTER writes the table anew: a dropped
-- column alone would leave its values in the file.
ALTER TABLE crm.customers ALTER COLUMN birth_year DROP EXPRESSION;
ALTER TABLE crm.customers DROP COLUMN first_name, DROP COLUMN last_name, DROP COLUMN email, DROP COLUMN phone, DROP COLUMN document, DROP COLUMN birth_date;
CLUSTER crm.customers USING customers_pkey;
ALTER TABLE crm.customers SET WITHOUT CLUSTER;
UPDATE etl.dead_letters SET row_data = row_data - ARRAY['first_name', 'last_name', 'email', 'phone', 'document', 'birth_date']
 WHERE table_name = 'crm.customers' AND jsonb_typeof(row_data) = 'object';

-- While the first load fills the table nobody else can read it, so that these look first whether there is anything to read.
CREATE FUNCTION crm.people(customer_ids bigint[]) RETURNS TABLE (customer_id bigint, sealed text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF cardinality(customer_ids) > 50 THEN
    RAISE EXCEPTION 'at most 50 customers at a time' USING ERRCODE = 'program_limit_exceeded';
  END IF;
  IF EXISTS (SELECT FROM etl.watermarks w WHERE w.database_name = 'PromptCRM' AND w.table_name = 'crm.identities' AND w.position <> '') THEN
    -- By key, one by one: a plan for an unknown number of keys may read the whole table.
    RETURN QUERY
      SELECT p.customer_id, p.sealed
        FROM unnest(customer_ids) AS asked(id)
       CROSS JOIN LATERAL (SELECT i.customer_id, i.sealed FROM crm.identities i WHERE i.customer_id = asked.id OFFSET 0) p;
  END IF;
END $$;

-- Whose contact it is: at most 9 ids, the lowest first. Several hashes are those of one contact under several keys.
CREATE FUNCTION crm.customers_of_contact(kind text, hashes bytea[]) RETURNS TABLE (customer_id bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF cardinality(hashes) > 100 THEN
    RAISE EXCEPTION 'at most 100 hashes at a time' USING ERRCODE = 'program_limit_exceeded';
  ELSIF NOT EXISTS (SELECT FROM etl.watermarks w WHERE w.database_name = 'PromptCRM' AND w.table_name = 'crm.identities' AND w.position <> '') THEN
    RETURN;
  END IF;
  -- Found first, sorted then: in the order of their ids they would be looked for in the whole table.
  CASE kind
    WHEN 'email' THEN
      RETURN QUERY SELECT f.customer_id FROM (SELECT i.customer_id FROM crm.identities i WHERE i.email_hash = ANY (hashes) OFFSET 0) f ORDER BY 1 LIMIT 9;
    WHEN 'phone' THEN
      RETURN QUERY SELECT f.customer_id FROM (SELECT i.customer_id FROM crm.identities i WHERE i.phone_hash = ANY (hashes) OFFSET 0) f ORDER BY 1 LIMIT 9;
    WHEN 'document' THEN
      RETURN QUERY SELECT f.customer_id FROM (SELECT i.customer_id FROM crm.identities i WHERE i.document_hash = ANY (hashes) OFFSET 0) f ORDER BY 1 LIMIT 9;
    ELSE
      RAISE EXCEPTION 'a contact is an email, a phone or a document' USING ERRCODE = 'invalid_parameter_value';
  END CASE;
END $$;

REVOKE EXECUTE ON FUNCTION crm.people(bigint[]), crm.customers_of_contact(text, bytea[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION crm.people(bigint[]), crm.customers_of_contact(text, bytea[]) TO promptsales_read;
GRANT SELECT, INSERT, UPDATE, DELETE ON crm.identities TO promptsales_etl;
GRANT ALL ON crm.identities TO promptsales_admin;
