-- Enters customers, or brings those that are there up to date: all or none. Personal data is encrypted on its way in and its contacts are hashed;
-- it comes in plain text, so the connection has to be encrypted. An unchanged customer is not written: its ciphertext stays, and the ETL reads
-- nothing. Gives (inserted, updated). Error 50005: no key of contact hashes is set (crm.set_contact_hash_key).
CREATE PROCEDURE crm.save_customers @customers crm.customer_row READONLY
WITH EXECUTE AS 'crm_key_keeper'
AS
BEGIN
  SET NOCOUNT ON;
  SET XACT_ABORT ON;
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
  DECLARE @inner binary(64), @outer binary(64), @inserted int, @updated int;
  OPEN SYMMETRIC KEY crm_personal_data_key DECRYPTION BY CERTIFICATE crm_personal_data_certificate;
  BEGIN TRY
    SELECT @inner = DECRYPTBYKEY(k.inner_encrypted, 1, CONVERT(varchar(20), 'inner')), @outer = DECRYPTBYKEY(k.outer_encrypted, 1, CONVERT(varchar(20), 'outer'))
      FROM crm.contact_hash_key AS k;
    IF @inner IS NULL OR @outer IS NULL THROW 50005, N'no key of contact hashes is set: crm.set_contact_hash_key', 1;

    BEGIN TRANSACTION;
    DECLARE @changed TABLE (customer_id bigint NOT NULL PRIMARY KEY);
    INSERT INTO @changed (customer_id)
    SELECT c.customer_id
      FROM @customers AS n
     INNER LOOP JOIN crm.customers AS c WITH (UPDLOCK, ROWLOCK) ON c.customer_id = n.customer_id
     WHERE EXISTS (
             SELECT n.client_id, n.customer_type, CONVERT(varbinary(320), n.first_name), CONVERT(varbinary(320), n.last_name), CONVERT(varbinary(508), n.email),
                    CONVERT(varbinary(80), n.phone), CONVERT(varbinary(80), n.document), CONVERT(varbinary(20), CONVERT(char(10), n.birth_date, 23)), n.sex,
                    CONVERT(varbinary(160), n.industry), n.segment, n.potential, n.city_id, n.latitude, n.longitude, n.created_at, n.updated_at
             EXCEPT
             SELECT c.client_id, c.customer_type, CONVERT(varbinary(320), c.first_name), CONVERT(varbinary(320), c.last_name),
                    DECRYPTBYKEY(c.email_encrypted, 1, CONVERT(varchar(20), c.customer_id)), DECRYPTBYKEY(c.phone_encrypted, 1, CONVERT(varchar(20), c.customer_id)),
                    DECRYPTBYKEY(c.document_encrypted, 1, CONVERT(varchar(20), c.customer_id)), DECRYPTBYKEY(c.birth_date_encrypted, 1, CONVERT(varchar(20), c.customer_id)),
                    c.sex, CONVERT(varbinary(160), c.industry), c.segment, c.potential, c.city_id, c.latitude, c.longitude, c.created_at, c.updated_at)
     ORDER BY n.customer_id
    OPTION (FORCE ORDER, MAXDOP 1);

    UPDATE c
       SET client_id = n.client_id, customer_type = n.customer_type, first_name = n.first_name, last_name = n.last_name,
           email_encrypted = ENCRYPTBYKEY(KEY_GUID('crm_personal_data_key'), n.email, 1, CONVERT(varchar(20), n.customer_id)),
           email_hash = crm.contact_hash('email', n.email, @inner, @outer),
           phone_encrypted = ENCRYPTBYKEY(KEY_GUID('crm_personal_data_key'), n.phone, 1, CONVERT(varchar(20), n.customer_id)),
           phone_hash = crm.contact_hash('phone', n.phone, @inner, @outer),
           document_encrypted = ENCRYPTBYKEY(KEY_GUID('crm_personal_data_key'), n.document, 1, CONVERT(varchar(20), n.customer_id)),
           document_hash = crm.contact_hash('document', n.document, @inner, @outer),
           birth_date_encrypted = ENCRYPTBYKEY(KEY_GUID('crm_personal_data_key'), CONVERT(char(10), n.birth_date, 23), 1, CONVERT(varchar(20), n.customer_id)),
           sex = n.sex, industry = n.industry, segment = n.segment, potential = n.potential, city_id = n.city_id,
           latitude = n.latitude, longitude = n.longitude, created_at = n.created_at, updated_at = n.updated_at
      FROM crm.customers AS c
      JOIN @changed AS w ON w.customer_id = c.customer_id
      JOIN @customers AS n ON n.customer_id = c.customer_id;
    SET @updated = @@ROWCOUNT;

    INSERT INTO crm.customers (customer_id, client_id, customer_type, first_name, last_name, email_encrypted, email_hash, phone_encrypted, phone_hash,
           document_encrypted, document_hash, birth_date_encrypted, sex, industry, segment, potential, city_id, latitude, longitude, created_at, updated_at)
    SELECT n.customer_id, n.client_id, n.customer_type, n.first_name, n.last_name,
           ENCRYPTBYKEY(KEY_GUID('crm_personal_data_key'), n.email, 1, CONVERT(varchar(20), n.customer_id)), crm.contact_hash('email', n.email, @inner, @outer),
           ENCRYPTBYKEY(KEY_GUID('crm_personal_data_key'), n.phone, 1, CONVERT(varchar(20), n.customer_id)), crm.contact_hash('phone', n.phone, @inner, @outer),
           ENCRYPTBYKEY(KEY_GUID('crm_personal_data_key'), n.document, 1, CONVERT(varchar(20), n.customer_id)), crm.contact_hash('document', n.document, @inner, @outer),
           ENCRYPTBYKEY(KEY_GUID('crm_personal_data_key'), CONVERT(char(10), n.birth_date, 23), 1, CONVERT(varchar(20), n.customer_id)),
           n.sex, n.industry, n.segment, n.potential, n.city_id, n.latitude, n.longitude, n.created_at, n.updated_at
      FROM @customers AS n
     WHERE NOT EXISTS (SELECT 1 FROM crm.customers AS c WITH (UPDLOCK, HOLDLOCK) WHERE c.customer_id = n.customer_id);
    SET @inserted = @@ROWCOUNT;
    COMMIT TRANSACTION;
    CLOSE SYMMETRIC KEY crm_personal_data_key;
    SELECT @inserted AS inserted, @updated AS updated;
  END TRY
  BEGIN CATCH
    IF XACT_STATE() <> 0 ROLLBACK TRANSACTION;
    CLOSE SYMMETRIC KEY crm_personal_data_key;
    THROW;
  END CATCH;
END;
