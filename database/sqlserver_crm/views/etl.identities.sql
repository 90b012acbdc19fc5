-- Who the customers are, in plain text: what the hub's crm.identities is made of. Whoever reads it needs the certificate
-- (permissions/promptsales_etl.sql); to anybody else it gives an error or nothing, never another's value: each is opened with its own row's id.
CREATE VIEW etl.identities
AS
SELECT c.customer_id, c.first_name, c.last_name,
       CONVERT(nvarchar(254), DECRYPTBYKEYAUTOCERT(CERT_ID('crm_personal_data_certificate'), NULL, c.email_encrypted, 1, CONVERT(varchar(20), c.customer_id))) AS email,
       CONVERT(nvarchar(40), DECRYPTBYKEYAUTOCERT(CERT_ID('crm_personal_data_certificate'), NULL, c.phone_encrypted, 1, CONVERT(varchar(20), c.customer_id))) AS phone,
       CONVERT(nvarchar(40), DECRYPTBYKEYAUTOCERT(CERT_ID('crm_personal_data_certificate'), NULL, c.document_encrypted, 1, CONVERT(varchar(20), c.customer_id))) AS document,
       CONVERT(date, CONVERT(char(10), DECRYPTBYKEYAUTOCERT(CERT_ID('crm_personal_data_certificate'), NULL, c.birth_date_encrypted, 1, CONVERT(varchar(20), c.customer_id))), 23) AS birth_date
  FROM crm.customers AS c;
