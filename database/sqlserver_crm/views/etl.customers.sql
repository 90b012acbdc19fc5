-- The hub's crm.customers, in plain text. Whoever reads it needs the certificate (permissions/promptsales_etl.sql); to anybody else it gives an error or
-- nothing, never another's value: each is opened with its own row's id.
CREATE VIEW etl.customers
AS
SELECT c.customer_id, c.client_id, c.customer_type, c.first_name, c.last_name,
       CONVERT(nvarchar(254), DECRYPTBYKEYAUTOCERT(CERT_ID('crm_personal_data_certificate'), NULL, c.email_encrypted, 1, CONVERT(varchar(20), c.customer_id))) AS email,
       CONVERT(nvarchar(40), DECRYPTBYKEYAUTOCERT(CERT_ID('crm_personal_data_certificate'), NULL, c.phone_encrypted, 1, CONVERT(varchar(20), c.customer_id))) AS phone,
       CONVERT(nvarchar(40), DECRYPTBYKEYAUTOCERT(CERT_ID('crm_personal_data_certificate'), NULL, c.document_encrypted, 1, CONVERT(varchar(20), c.customer_id))) AS document,
       CONVERT(date, CONVERT(char(10), DECRYPTBYKEYAUTOCERT(CERT_ID('crm_personal_data_certificate'), NULL, c.birth_date_encrypted, 1, CONVERT(varchar(20), c.customer_id))), 23) AS birth_date,
       c.sex, c.industry, c.segment, c.potential, c.city_id, c.latitude, c.longitude, c.created_at, c.updated_at
  FROM crm.customers AS c;
