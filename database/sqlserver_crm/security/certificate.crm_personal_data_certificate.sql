-- Protects the key of personal data. Its private key is under the database's master key (scripts/server/master_key.sql comes first).
CREATE CERTIFICATE crm_personal_data_certificate
  WITH SUBJECT = 'PromptCRM personal data', EXPIRY_DATE = '20351231';
