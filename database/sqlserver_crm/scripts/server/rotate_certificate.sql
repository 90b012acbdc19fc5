-- A new certificate for the key of personal data, without downtime: for a while the key opens with either, then the old one gives way under the
-- same name. Run as the owner of the database, step by step; every step may be run again.
-- 1. The new certificate, and the key under both.
IF CERT_ID('crm_personal_data_certificate_next') IS NULL
  CREATE CERTIFICATE crm_personal_data_certificate_next WITH SUBJECT = 'PromptCRM personal data', EXPIRY_DATE = '20401231';
GO
OPEN SYMMETRIC KEY crm_personal_data_key DECRYPTION BY CERTIFICATE crm_personal_data_certificate;
IF NOT EXISTS (SELECT 1 FROM sys.key_encryptions AS e JOIN sys.certificates AS c ON c.thumbprint = e.thumbprint
                WHERE e.key_id = KEY_ID('crm_personal_data_key') AND c.name = N'crm_personal_data_certificate_next')
  ALTER SYMMETRIC KEY crm_personal_data_key ADD ENCRYPTION BY CERTIFICATE crm_personal_data_certificate_next;
CLOSE SYMMETRIC KEY crm_personal_data_key;
GO
-- 2. Who may use the old one may use the new one. Then publish views and procedures with the new name; both versions of them work meanwhile.
GRANT CONTROL ON CERTIFICATE::crm_personal_data_certificate_next TO crm_key_keeper, promptsales_etl;
GO
-- 3. When nothing names the old certificate any more: it no longer opens the key, and goes. This fails while something still does.
IF EXISTS (SELECT 1 FROM sys.sql_modules AS m WHERE m.definition LIKE N'%''crm_personal_data_certificate''%')
  THROW 50006, N'a view or procedure still names the old certificate', 1;
OPEN SYMMETRIC KEY crm_personal_data_key DECRYPTION BY CERTIFICATE crm_personal_data_certificate_next;
ALTER SYMMETRIC KEY crm_personal_data_key DROP ENCRYPTION BY CERTIFICATE crm_personal_data_certificate;
CLOSE SYMMETRIC KEY crm_personal_data_key;
DROP CERTIFICATE crm_personal_data_certificate;
GO
