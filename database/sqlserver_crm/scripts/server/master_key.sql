-- Before everything else: the database's master key, which protects the certificate's private key, and the options that every script relies on.
-- The password is the SQLCMD variable MASTER_KEY_PASSWORD; `promptsales deploy crm` takes it from PROMPTSALES_MASTER_KEY_PASSWORD. May be run again.
IF NOT EXISTS (SELECT 1 FROM sys.symmetric_keys AS k WHERE k.name = N'##MS_DatabaseMasterKey##')
  CREATE MASTER KEY ENCRYPTION BY PASSWORD = N'$(MASTER_KEY_PASSWORD)';
GO
