-- PromptAds's files and backups under AES-256 (transparent data encryption). The certificate is the server's, in master; both databases may share
-- it. Without its copy, taken here, a backup cannot be restored anywhere else. May be run again. SQLCMD variables: MASTER_KEY_PASSWORD, FOLDER (on the server), BACKUP_PASSWORD.
USE master;
GO
IF NOT EXISTS (SELECT 1 FROM sys.symmetric_keys AS k WHERE k.name = N'##MS_DatabaseMasterKey##')
  CREATE MASTER KEY ENCRYPTION BY PASSWORD = N'$(MASTER_KEY_PASSWORD)';
GO
IF CERT_ID(N'promptsales_files_certificate') IS NULL
BEGIN
  CREATE CERTIFICATE promptsales_files_certificate WITH SUBJECT = N'PromptSales files and backups', EXPIRY_DATE = '20401231';
  BACKUP CERTIFICATE promptsales_files_certificate TO FILE = N'$(FOLDER)/promptsales_files_certificate.cer'
    WITH PRIVATE KEY (FILE = N'$(FOLDER)/promptsales_files_certificate.pvk', ENCRYPTION BY PASSWORD = N'$(BACKUP_PASSWORD)');
END;
GO
USE PromptAds;
GO
IF NOT EXISTS (SELECT 1 FROM sys.dm_database_encryption_keys AS k WHERE k.database_id = DB_ID())
  CREATE DATABASE ENCRYPTION KEY WITH ALGORITHM = AES_256 ENCRYPTION BY SERVER CERTIFICATE promptsales_files_certificate;
GO
ALTER DATABASE PromptAds SET ENCRYPTION ON;
GO
