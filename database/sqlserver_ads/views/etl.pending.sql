-- What waits for the ETL, as the last preparation found it (etl.prepare): changed_rows since the one before; versions below min_valid_version are gone, and who
-- stopped reading before it gets the whole table.
CREATE VIEW etl.pending
AS
SELECT p.table_name, p.changed_rows, p.current_version, p.min_valid_version, p.prepared_at
  FROM etl.preparations AS p;
