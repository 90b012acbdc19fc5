-- The state of the ETL: where each stream stands, what each run did, what was refused.

-- One row a stream, locked for the length of its load: the compare-and-set on position decides between two runners.
CREATE TABLE etl.watermarks (
  database_name text NOT NULL,                   -- 'PromptAds'
  table_name    text NOT NULL,                   -- the hub table, 'ads.campaigns'
  position      text NOT NULL,                   -- opaque: a transaction horizon, a version, a resume token
  as_of         timestamptz NOT NULL,            -- the source's clock when the position was taken
  run_id        bigint NOT NULL,
  roll_up_zone  text,                            -- the business time zone its roll-ups were cut into days in; null: has none
  updated_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (database_name, table_name)
);

CREATE TABLE etl.runs (                          -- one line a stream and run
  run_id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  batch_id       uuid NOT NULL,                  -- the runs of one round of all streams
  database_name  text NOT NULL,
  table_name     text NOT NULL,
  mode           text CHECK (mode IN ('snapshot', 'delta')),
  status         text NOT NULL CHECK (status IN ('running', 'done', 'failed', 'superseded')),
  rows_read      bigint NOT NULL DEFAULT 0,
  rows_written   bigint NOT NULL DEFAULT 0,      -- inserted or updated
  rows_unchanged bigint NOT NULL DEFAULT 0,
  rows_deleted   bigint NOT NULL DEFAULT 0,
  rows_rejected  bigint NOT NULL DEFAULT 0,
  position_from  text,
  position_to    text,
  error          text,
  started_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
  finished_at    timestamptz
);
CREATE INDEX runs_stream ON etl.runs (database_name, table_name, run_id DESC);
CREATE INDEX runs_unfinished ON etl.runs (database_name, table_name) WHERE status = 'running';

CREATE TABLE etl.dead_letters (
  dead_letter_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  run_id         bigint NOT NULL,
  database_name  text NOT NULL,
  table_name     text NOT NULL,
  row_key        text NOT NULL,
  reason         text NOT NULL,
  row_data       jsonb NOT NULL,
  rejected_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
  resolved_at    timestamptz
);
-- A row that is refused again is the same dead letter.
CREATE UNIQUE INDEX dead_letters_open ON etl.dead_letters (database_name, table_name, row_key) WHERE resolved_at IS NULL;

CREATE TABLE etl.tombstones (                    -- what the sources deleted, so that a missing row can be explained
  database_name text NOT NULL,
  table_name    text NOT NULL,
  row_key       text NOT NULL,
  run_id        bigint NOT NULL,
  deleted_at    timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX tombstones_key ON etl.tombstones (database_name, table_name, row_key);

-- Raised by every committed load. Cached answers carry it in their key; servers hear of a new one by NOTIFY.
CREATE TABLE etl.data_version (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  version  bigint NOT NULL
);
INSERT INTO etl.data_version (version) VALUES (0);

CREATE FUNCTION etl.raise_data_version() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  raised bigint;
BEGIN
  UPDATE etl.data_version SET version = version + 1 RETURNING version INTO raised;
  PERFORM pg_notify('data_version', raised::text);
  RETURN raised;
END $$;

-- A first load fills an empty table three times as fast when its indexes are built afterwards. That takes the owner of the
-- table; the ETL's role may do it through these two functions only, to conformed copies and roll-ups only, and only while they are empty.
-- Both are called in the transaction that loads, so nobody ever sees the table without its indexes.
CREATE TABLE etl.deferred_indexes (
  target    regclass NOT NULL,
  ordinal   integer  NOT NULL,
  statement text     NOT NULL,
  PRIMARY KEY (target, ordinal)
);

CREATE FUNCTION etl.defer_indexes(target regclass) RETURNS void LANGUAGE plpgsql
  SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  schema_name text := (SELECT n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = target);
  is_filled boolean;
  drop_statement text;
BEGIN
  IF schema_name NOT IN ('ads', 'crm', 'content', 'sales') AND target NOT IN ('business.clients'::regclass, 'business.subscriptions'::regclass) THEN
    RAISE EXCEPTION '% is not a table that the ETL fills', target USING ERRCODE = 'insufficient_privilege';
  END IF;
  EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', target);
  EXECUTE format('SELECT EXISTS (SELECT FROM %s)', target) INTO is_filled;
  IF is_filled THEN
    RAISE EXCEPTION '% is not empty', target USING ERRCODE = 'object_not_in_prerequisite_state';
  END IF;
  EXECUTE format('TRUNCATE %s', target);  -- a new file: COPY may write frozen rows, and with wal_level = minimal no log
  INSERT INTO etl.deferred_indexes
    SELECT target, row_number() OVER (ORDER BY i.indisprimary DESC, i.indexrelid),
           CASE WHEN c.oid IS NULL THEN pg_get_indexdef(i.indexrelid)
                ELSE format('ALTER TABLE %s ADD CONSTRAINT %I %s', target, c.conname, pg_get_constraintdef(c.oid)) END
      FROM pg_index i
      LEFT JOIN pg_constraint c ON c.conindid = i.indexrelid AND c.contype IN ('p', 'u')
     WHERE i.indrelid = target;
  FOR drop_statement IN
    SELECT CASE WHEN c.oid IS NULL THEN format('DROP INDEX %s', i.indexrelid::regclass)
                ELSE format('ALTER TABLE %s DROP CONSTRAINT %I', target, c.conname) END
      FROM pg_index i
      LEFT JOIN pg_constraint c ON c.conindid = i.indexrelid AND c.contype IN ('p', 'u')
     WHERE i.indrelid = target
  LOOP
    EXECUTE drop_statement;
  END LOOP;
END $$;

CREATE FUNCTION etl.restore_indexes(target regclass) RETURNS void LANGUAGE plpgsql
  SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  create_statement text;
BEGIN
  FOR create_statement IN SELECT d.statement FROM etl.deferred_indexes d WHERE d.target = restore_indexes.target ORDER BY d.ordinal LOOP
    EXECUTE create_statement;
  END LOOP;
  DELETE FROM etl.deferred_indexes d WHERE d.target = restore_indexes.target;
  EXECUTE format('ANALYZE %s', target);
END $$;

REVOKE EXECUTE ON FUNCTION etl.defer_indexes(regclass), etl.restore_indexes(regclass) FROM PUBLIC;
