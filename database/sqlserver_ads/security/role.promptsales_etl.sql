-- The hub's ETL: reads what changed and writes nothing.
CREATE ROLE promptsales_etl AUTHORIZATION dbo;
