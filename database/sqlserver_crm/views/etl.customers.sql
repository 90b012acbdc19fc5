-- The hub's crm.customers: what customers are like, and of who they are no more than the year of birth. That is encrypted too, so that whoever reads
-- this needs the certificate as for etl.identities.
CREATE VIEW etl.customers
AS
SELECT c.customer_id, c.client_id, c.customer_type, c.sex, c.industry, c.segment, c.potential, c.city_id, c.latitude, c.longitude, c.created_at, c.updated_at,
       YEAR(CONVERT(date, CONVERT(char(10), DECRYPTBYKEYAUTOCERT(CERT_ID('crm_personal_data_certificate'), NULL, c.birth_date_encrypted, 1, CONVERT(varchar(20), c.customer_id))), 23)) AS birth_year
  FROM crm.customers AS c;
