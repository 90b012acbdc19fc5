-- What the Agent job found when it last prepared a table for the ETL (etl.prepare): one row a table.
CREATE TABLE etl.preparations (
  table_name        varchar(60)  COLLATE Latin1_General_100_BIN2 NOT NULL CONSTRAINT pk_preparations PRIMARY KEY,
  current_version   bigint       NOT NULL,
  min_valid_version bigint       NOT NULL,
  changed_rows      bigint       NOT NULL CONSTRAINT ck_preparations_changed_rows CHECK (changed_rows >= 0),   -- since the preparation before
  prepared_at       datetime2(7) NOT NULL
);
