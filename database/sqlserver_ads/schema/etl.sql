-- What the hub's ETL reads: a view and a procedure a table.
CREATE SCHEMA etl AUTHORIZATION dbo;
