-- On PromptAds's server: the linked server PROMPTCRM, through which its queries read PromptCRM
-- (ads.read_campaign_return, ads.read_customer_journey, ads.read_unknown_cities).
-- On one server with both databases it leads back to the server itself. Only the reports' login may use it, as
-- promptsales_linked_service over there, which reads and never writes; nobody else is mapped.
-- May be run again. SQLCMD variables: OTHER_SERVER (host,port), LINKED_PASSWORD.
IF EXISTS (SELECT 1 FROM sys.servers AS s WHERE s.name = N'PROMPTCRM')
  EXEC master.sys.sp_dropserver @server = N'PROMPTCRM', @droplogins = 'droplogins';
GO
EXEC master.sys.sp_addlinkedserver @server = N'PROMPTCRM', @srvproduct = N'', @provider = N'MSOLEDBSQL', @datasrc = N'$(OTHER_SERVER)', @catalog = N'PromptCRM',
  @provstr = N'Encrypt=yes;TrustServerCertificate=no';
GO
-- Without this every login would be sent over as itself.
EXEC master.sys.sp_droplinkedsrvlogin @rmtsrvname = N'PROMPTCRM', @locallogin = NULL;
GO
EXEC master.sys.sp_addlinkedsrvlogin @rmtsrvname = N'PROMPTCRM', @useself = 'FALSE', @locallogin = N'promptsales_reports_service',
  @rmtuser = N'promptsales_linked_service', @rmtpassword = N'$(LINKED_PASSWORD)';
GO
-- Both databases have the same collations: conditions on texts are sent over instead of whole tables being fetched.
EXEC master.sys.sp_serveroption @server = N'PROMPTCRM', @optname = 'collation compatible', @optvalue = 'true';
EXEC master.sys.sp_serveroption @server = N'PROMPTCRM', @optname = 'data access', @optvalue = 'true';
EXEC master.sys.sp_serveroption @server = N'PROMPTCRM', @optname = 'rpc out', @optvalue = 'false';
EXEC master.sys.sp_serveroption @server = N'PROMPTCRM', @optname = 'remote proc transaction promotion', @optvalue = 'false';
EXEC master.sys.sp_serveroption @server = N'PROMPTCRM', @optname = 'connect timeout', @optvalue = '5';
EXEC master.sys.sp_serveroption @server = N'PROMPTCRM', @optname = 'query timeout', @optvalue = '20';
GO
-- Fails here, not in the middle of a report, when the other server cannot be reached.
EXEC master.sys.sp_testlinkedserver @servername = N'PROMPTCRM';
GO
