-- On PromptCRM's server: the linked server PROMPTADS, through which its queries read PromptAds
-- (crm.read_campaign_results, crm.read_unknown_campaigns).
-- On one server with both databases it leads back to the server itself. Only the reports' login may use it, as
-- promptsales_linked_service over there, which reads and never writes; nobody else is mapped.
-- May be run again. SQLCMD variables: OTHER_SERVER (host,port), LINKED_PASSWORD.
IF EXISTS (SELECT 1 FROM sys.servers AS s WHERE s.name = N'PROMPTADS')
  EXEC master.sys.sp_dropserver @server = N'PROMPTADS', @droplogins = 'droplogins';
GO
EXEC master.sys.sp_addlinkedserver @server = N'PROMPTADS', @srvproduct = N'', @provider = N'MSOLEDBSQL', @datasrc = N'$(OTHER_SERVER)', @catalog = N'PromptAds',
  @provstr = N'Encrypt=yes;TrustServerCertificate=no';
GO
-- Without this every login would be sent over as itself.
EXEC master.sys.sp_droplinkedsrvlogin @rmtsrvname = N'PROMPTADS', @locallogin = NULL;
GO
EXEC master.sys.sp_addlinkedsrvlogin @rmtsrvname = N'PROMPTADS', @useself = 'FALSE', @locallogin = N'promptsales_reports_service',
  @rmtuser = N'promptsales_linked_service', @rmtpassword = N'$(LINKED_PASSWORD)';
GO
-- Both databases have the same collations: conditions on texts are sent over instead of whole tables being fetched.
EXEC master.sys.sp_serveroption @server = N'PROMPTADS', @optname = 'collation compatible', @optvalue = 'true';
EXEC master.sys.sp_serveroption @server = N'PROMPTADS', @optname = 'data access', @optvalue = 'true';
EXEC master.sys.sp_serveroption @server = N'PROMPTADS', @optname = 'rpc out', @optvalue = 'false';
EXEC master.sys.sp_serveroption @server = N'PROMPTADS', @optname = 'remote proc transaction promotion', @optvalue = 'false';
EXEC master.sys.sp_serveroption @server = N'PROMPTADS', @optname = 'connect timeout', @optvalue = '5';
EXEC master.sys.sp_serveroption @server = N'PROMPTADS', @optname = 'query timeout', @optvalue = '20';
GO
-- Fails here, not in the middle of a report, when the other server cannot be reached.
EXEC master.sys.sp_testlinkedserver @servername = N'PROMPTADS';
GO
