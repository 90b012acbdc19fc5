-- Who has exactly this contact, by its hash: nothing is decrypted. @kind is 'email', 'phone' or 'document'.
CREATE PROCEDURE crm.find_customers_by_contact @kind varchar(10), @contact nvarchar(254)
WITH EXECUTE AS 'crm_key_keeper'
AS
BEGIN
  SET NOCOUNT ON;
  DECLARE @hash binary(32);
  SELECT @hash = crm.contact_hash(@kind, @contact,
           DECRYPTBYKEYAUTOCERT(CERT_ID('crm_personal_data_certificate'), NULL, k.inner_encrypted, 1, CONVERT(varchar(20), 'inner')),
           DECRYPTBYKEYAUTOCERT(CERT_ID('crm_personal_data_certificate'), NULL, k.outer_encrypted, 1, CONVERT(varchar(20), 'outer')))
    FROM crm.contact_hash_key AS k;
  -- One seek each: an OR over three columns would read the table.
  SELECT c.customer_id, c.client_id FROM crm.customers AS c WHERE @kind = 'email' AND c.email_hash = @hash AND c.email_hash IS NOT NULL
  UNION ALL
  SELECT c.customer_id, c.client_id FROM crm.customers AS c WHERE @kind = 'phone' AND c.phone_hash = @hash AND c.phone_hash IS NOT NULL
  UNION ALL
  SELECT c.customer_id, c.client_id FROM crm.customers AS c WHERE @kind = 'document' AND c.document_hash = @hash AND c.document_hash IS NOT NULL;
END;
