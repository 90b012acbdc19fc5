-- Who read whose personal data (S5), and the keys that sensitive columns are encrypted with (S3).
CREATE INDEX audit_subject ON access.audit (subject, happened_at);

-- The one thing that the servers' reading login may write: lines of the audit, one for each subject. It can neither read nor change them.
CREATE FUNCTION access.record_read(actor text, action text, subjects text[], reason text, details jsonb) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  written integer;
BEGIN
  -- The messages are constant: what was handed over can be personal data itself.
  IF actor IS NULL OR length(trim(actor)) NOT BETWEEN 1 AND 200 THEN
    RAISE EXCEPTION 'an actor has 1 to 200 characters' USING ERRCODE = '22023';
  ELSIF action IS NULL OR length(trim(action)) NOT BETWEEN 1 AND 100 THEN
    RAISE EXCEPTION 'an action has 1 to 100 characters' USING ERRCODE = '22023';
  ELSIF reason IS NULL OR length(trim(reason)) NOT BETWEEN 3 AND 500 THEN
    RAISE EXCEPTION 'a reason has 3 to 500 characters' USING ERRCODE = '22023';
  ELSIF subjects IS NULL OR array_ndims(subjects) IS DISTINCT FROM 1 OR cardinality(subjects) > 1000 THEN
    RAISE EXCEPTION 'a reading has 1 to 1000 subjects' USING ERRCODE = '22023';
  ELSIF EXISTS (SELECT FROM unnest(subjects) AS named (subject) WHERE subject IS NULL OR length(subject) NOT BETWEEN 1 AND 200) THEN
    RAISE EXCEPTION 'a subject has 1 to 200 characters' USING ERRCODE = '22023';
  ELSIF details IS NULL OR jsonb_typeof(details) <> 'object' OR length(details::text) > 4000 THEN
    RAISE EXCEPTION 'details are a JSON object of at most 4000 characters' USING ERRCODE = '22023';
  END IF;
  INSERT INTO access.audit (actor, action, subject, reason, details)
  SELECT record_read.actor, record_read.action, named.subject, record_read.reason, record_read.details
    FROM unnest(subjects) WITH ORDINALITY AS named (subject, position) ORDER BY named.position;
  GET DIAGNOSTICS written = ROW_COUNT;
  RETURN written;
END $$;
REVOKE ALL ON FUNCTION access.record_read(text, text, text[], text, jsonb) FROM PUBLIC;

-- Data keys: each wrapped with RSA-OAEP under an X.509 certificate, so that this table alone opens nothing. One a purpose is active: what
-- is new is encrypted with it; a retired one still opens what it closed.
CREATE TABLE access.data_keys (
  key_id                  text PRIMARY KEY CHECK (key_id ~ '^[0-9a-f]{16}$'),
  purpose                 text NOT NULL CHECK (purpose ~ '^[a-z][a-z-]{0,39}$'),
  wrapped_key             text NOT NULL,         -- base64url
  certificate_fingerprint text NOT NULL CHECK (certificate_fingerprint ~ '^[0-9a-f]{64}$'),   -- SHA-256 of the certificate
  created_at              timestamptz NOT NULL DEFAULT clock_timestamp(),
  retired_at              timestamptz
);
CREATE UNIQUE INDEX data_keys_active ON access.data_keys (purpose) WHERE retired_at IS NULL;

GRANT USAGE ON SCHEMA access TO promptsales_read, promptsales_etl;
GRANT EXECUTE ON FUNCTION access.record_read(text, text, text[], text, jsonb) TO promptsales_read;
GRANT SELECT ON access.data_keys TO promptsales_read, promptsales_etl;
GRANT ALL ON access.data_keys TO promptsales_admin;
