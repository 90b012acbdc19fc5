-- Reads the reports: figures without personal data.
CREATE ROLE promptsales_reports AUTHORIZATION dbo;
