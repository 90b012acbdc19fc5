-- The Agent job: prepares what the ETL reads, and nothing else.
CREATE ROLE promptsales_agent AUTHORIZATION dbo;
