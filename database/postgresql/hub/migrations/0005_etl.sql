-- The state of the ETL: where each stream stands, what each run did, what was refused.

-- One row a stream, locked for the length of its load: the compare-and-set on position decides between two runners.
CREATE TABLE etl.watermarks (
  database_name text NOT NULL,                   -- 'PromptAds'
  table_name    text NOT NULL,                   -- the hub table, 'ads.campaigns'
  position      text NOT NULL,                   -- opaque: a transaction horizon, a version, a resume token
  as_of         timestamptz NOT NULL,            -- the source's clock when the position was taken
  run_id        bigint NOT NULL,
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
CREATE INDEX dead_letters_open ON etl.dead_letters (database_name, table_name) WHERE resolved_at IS NULL;

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
