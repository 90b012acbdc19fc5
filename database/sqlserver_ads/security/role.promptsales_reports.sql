-- Reads the reports: figures, and nobody's data.
CREATE ROLE promptsales_reports AUTHORIZATION dbo;
