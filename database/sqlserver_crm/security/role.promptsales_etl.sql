-- The hub's ETL: reads what changed, with personal data in plain text, and writes nothing.
CREATE ROLE promptsales_etl AUTHORIZATION dbo;
