-- The logins of PromptCRM's server, each a member of the one role that it needs (../../security, ../../permissions). Run by an administrator once the database is
-- deployed; may be run again. SQLCMD variables: a password for each.
IF SUSER_ID(N'promptsales_crm_service') IS NULL
  CREATE LOGIN promptsales_crm_service WITH PASSWORD = N'$(SERVICE_PASSWORD)', DEFAULT_DATABASE = PromptCRM, CHECK_POLICY = ON;
GO
IF SUSER_ID(N'promptsales_etl_service') IS NULL
  CREATE LOGIN promptsales_etl_service WITH PASSWORD = N'$(ETL_PASSWORD)', CHECK_POLICY = ON;
GO
IF SUSER_ID(N'promptsales_reports_service') IS NULL
  CREATE LOGIN promptsales_reports_service WITH PASSWORD = N'$(REPORTS_PASSWORD)', CHECK_POLICY = ON;
GO
IF SUSER_ID(N'promptsales_linked_service') IS NULL
  CREATE LOGIN promptsales_linked_service WITH PASSWORD = N'$(LINKED_PASSWORD)', CHECK_POLICY = ON;
GO
IF SUSER_ID(N'promptsales_agent_service') IS NULL
  CREATE LOGIN promptsales_agent_service WITH PASSWORD = N'$(AGENT_PASSWORD)', CHECK_POLICY = ON;
GO
USE PromptCRM;
GO
IF USER_ID(N'promptsales_crm_service') IS NULL CREATE USER promptsales_crm_service FOR LOGIN promptsales_crm_service;
ALTER ROLE promptsales_crm ADD MEMBER promptsales_crm_service;
IF USER_ID(N'promptsales_etl_service') IS NULL CREATE USER promptsales_etl_service FOR LOGIN promptsales_etl_service;
ALTER ROLE promptsales_etl ADD MEMBER promptsales_etl_service;
IF USER_ID(N'promptsales_reports_service') IS NULL CREATE USER promptsales_reports_service FOR LOGIN promptsales_reports_service;
ALTER ROLE promptsales_reports ADD MEMBER promptsales_reports_service;
IF USER_ID(N'promptsales_linked_service') IS NULL CREATE USER promptsales_linked_service FOR LOGIN promptsales_linked_service;
ALTER ROLE promptsales_linked ADD MEMBER promptsales_linked_service;
IF USER_ID(N'promptsales_agent_service') IS NULL CREATE USER promptsales_agent_service FOR LOGIN promptsales_agent_service;
ALTER ROLE promptsales_agent ADD MEMBER promptsales_agent_service;
GO
