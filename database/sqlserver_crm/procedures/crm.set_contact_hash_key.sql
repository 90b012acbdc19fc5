-- Sets the key of contact hashes, once: 32 bytes or more of the servers' key, so that hub and CRM hash alike, or null for one made here at random.
-- Only the two blocks of HMAC (RFC 2104: the key, zero-padded to 64 bytes, XOR 0x36 and XOR 0x5C) are kept, under AES-256. Error 50003: there is a key already; another would find none of the contacts hashed so far.
CREATE PROCEDURE crm.set_contact_hash_key @key varbinary(64) = NULL
WITH EXECUTE AS 'crm_key_keeper'
AS
BEGIN
  SET NOCOUNT ON;
  SET XACT_ABORT ON;
  IF DATALENGTH(@key) < 32 THROW 50004, N'the key of contact hashes has 32 to 64 bytes', 1;
  DECLARE @padded binary(64) = ISNULL(@key, CRYPT_GEN_RANDOM(32)), @inner varbinary(64) = 0x, @outer varbinary(64) = 0x, @place int = 1, @byte tinyint;
  WHILE @place <= 64
  BEGIN
    SET @byte = CONVERT(tinyint, SUBSTRING(@padded, @place, 1));
    SET @inner += CONVERT(binary(1), CONVERT(tinyint, @byte ^ 54));
    SET @outer += CONVERT(binary(1), CONVERT(tinyint, @byte ^ 92));
    SET @place += 1;
  END;
  OPEN SYMMETRIC KEY crm_personal_data_key DECRYPTION BY CERTIFICATE crm_personal_data_certificate;
  BEGIN TRY
    BEGIN TRANSACTION;
      IF EXISTS (SELECT 1 FROM crm.contact_hash_key AS k WITH (TABLOCKX, HOLDLOCK)) THROW 50003, N'there is a key of contact hashes already', 1;
      INSERT INTO crm.contact_hash_key (only_row, inner_encrypted, outer_encrypted)
      VALUES (1, ENCRYPTBYKEY(KEY_GUID('crm_personal_data_key'), @inner, 1, CONVERT(varchar(20), 'inner')),
                 ENCRYPTBYKEY(KEY_GUID('crm_personal_data_key'), @outer, 1, CONVERT(varchar(20), 'outer')));
    COMMIT TRANSACTION;
    CLOSE SYMMETRIC KEY crm_personal_data_key;
  END TRY
  BEGIN CATCH
    IF XACT_STATE() <> 0 ROLLBACK TRANSACTION;
    CLOSE SYMMETRIC KEY crm_personal_data_key;
    THROW;
  END CATCH;
END;
