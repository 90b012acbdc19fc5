-- Change tracking for a source database on PostgreSQL, the counterpart of SQL Server Change Tracking.
-- Every tracked table has the column changed_xid: the transaction that last wrote the row. A reader that remembers
-- pg_snapshot_xmin of its last snapshot and asks for changed_xid >= that value misses no late commit.
-- Deletes and truncations leave a line in tracking.*, in the same transaction as the change.
CREATE SCHEMA tracking;

CREATE TABLE tracking.deleted_rows (
  table_name  text  NOT NULL,
  row_key     jsonb NOT NULL,                              -- the primary key columns by name
  changed_xid xid8  NOT NULL DEFAULT pg_current_xact_id(),
  deleted_at  timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX deleted_rows_changed ON tracking.deleted_rows (table_name, changed_xid);

CREATE TABLE tracking.truncations (
  table_name  text NOT NULL,
  changed_xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
  truncated_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- A moved primary key is a delete of the old key beside the write of the new one.
CREATE FUNCTION tracking.stamp_update() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  old_key jsonb;
  new_key jsonb;
BEGIN
  NEW.changed_xid := pg_current_xact_id();
  SELECT jsonb_object_agg(k, to_jsonb(OLD) -> k), jsonb_object_agg(k, to_jsonb(NEW) -> k)
    INTO old_key, new_key
    FROM unnest(TG_ARGV) AS k;
  IF old_key <> new_key THEN
    INSERT INTO tracking.deleted_rows (table_name, row_key) VALUES (TG_TABLE_NAME, old_key);
  END IF;
  RETURN NEW;
END $$;

CREATE FUNCTION tracking.record_deletes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO tracking.deleted_rows (table_name, row_key)
  SELECT TG_TABLE_NAME, (SELECT jsonb_object_agg(k, to_jsonb(gone) -> k) FROM unnest(TG_ARGV) AS k)
    FROM gone;
  RETURN NULL;
END $$;

CREATE FUNCTION tracking.record_truncate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO tracking.truncations (table_name) VALUES (TG_TABLE_NAME);
  RETURN NULL;
END $$;

-- Adds the three triggers and the index a delta read uses. Called once per table, after the first bulk load
-- (an index built over loaded rows costs a tenth of one kept up to date row by row).
CREATE PROCEDURE tracking.track(tracked regclass, VARIADIC key_columns text[]) LANGUAGE plpgsql AS $$
DECLARE
  arguments text := (SELECT string_agg(quote_literal(k), ', ') FROM unnest(key_columns) AS k);
  bare_name text := (SELECT relname FROM pg_class WHERE oid = tracked);
BEGIN
  EXECUTE format('CREATE TRIGGER stamp_update BEFORE UPDATE ON %s FOR EACH ROW EXECUTE FUNCTION tracking.stamp_update(%s)', tracked, arguments);
  EXECUTE format('CREATE TRIGGER record_deletes AFTER DELETE ON %s REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION tracking.record_deletes(%s)', tracked, arguments);
  EXECUTE format('CREATE TRIGGER record_truncate AFTER TRUNCATE ON %s FOR EACH STATEMENT EXECUTE FUNCTION tracking.record_truncate()', tracked);
  EXECUTE format('CREATE INDEX %I ON %s (changed_xid)', bare_name || '_changed', tracked);
END $$;
