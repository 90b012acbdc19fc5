-- Copies of the master key and the certificate, for a safe place away from the database's backups: a backup restored elsewhere cannot be read without.
-- SQLCMD variables: FOLDER (on the server), BACKUP_PASSWORD.
BACKUP MASTER KEY TO FILE = N'$(FOLDER)/promptcrm_master_key.key' ENCRYPTION BY PASSWORD = N'$(BACKUP_PASSWORD)';
GO
BACKUP CERTIFICATE crm_personal_data_certificate TO FILE = N'$(FOLDER)/crm_personal_data_certificate.cer'
  WITH PRIVATE KEY (FILE = N'$(FOLDER)/crm_personal_data_certificate.pvk', ENCRYPTION BY PASSWORD = N'$(BACKUP_PASSWORD)');
GO
