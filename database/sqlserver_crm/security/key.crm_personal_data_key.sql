-- What columns of personal data are encrypted with. Two ways to it need no downtime to be exchanged: scripts/server/rotate_certificate.sql.
CREATE SYMMETRIC KEY crm_personal_data_key
  WITH ALGORITHM = AES_256
  ENCRYPTION BY CERTIFICATE crm_personal_data_certificate;
