-- Makes a customer nobody, keeping what it bought: names, contacts and date of birth go, figures stay. Gives the number of customers, 0 or 1.
CREATE PROCEDURE crm.erase_customer_identity @customer_id bigint, @asked_by nvarchar(200), @reason nvarchar(400)
WITH EXECUTE AS 'crm_key_keeper'
AS
BEGIN
  SET NOCOUNT ON;
  SET XACT_ABORT ON;
  OPEN SYMMETRIC KEY crm_personal_data_key DECRYPTION BY CERTIFICATE crm_personal_data_certificate;
  BEGIN TRY
    BEGIN TRANSACTION;
    INSERT INTO crm.identity_reads (customer_id, asked_by, reason, login_name) VALUES (@customer_id, @asked_by, @reason, ORIGINAL_LOGIN());
    UPDATE c
       SET first_name = N'-', last_name = NULL, email_hash = NULL, phone_hash = NULL, document_hash = NULL, birth_date_encrypted = NULL,
           email_encrypted = ENCRYPTBYKEY(KEY_GUID('crm_personal_data_key'), N'-', 1, CONVERT(varchar(20), c.customer_id)),
           phone_encrypted = ENCRYPTBYKEY(KEY_GUID('crm_personal_data_key'), N'-', 1, CONVERT(varchar(20), c.customer_id)),
           document_encrypted = ENCRYPTBYKEY(KEY_GUID('crm_personal_data_key'), N'-', 1, CONVERT(varchar(20), c.customer_id)),
           updated_at = SYSUTCDATETIME()
      FROM crm.customers AS c
     WHERE c.customer_id = @customer_id;
    SELECT @@ROWCOUNT AS erased;
    COMMIT TRANSACTION;
    CLOSE SYMMETRIC KEY crm_personal_data_key;
  END TRY
  BEGIN CATCH
    IF XACT_STATE() <> 0 ROLLBACK TRANSACTION;
    CLOSE SYMMETRIC KEY crm_personal_data_key;
    THROW;
  END CATCH;
END;
