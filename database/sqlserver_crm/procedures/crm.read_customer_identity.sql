-- Who a customer is, in plain text. The line that says who looked, at whom and why is written first, in the same transaction: no look without it.
CREATE PROCEDURE crm.read_customer_identity @customer_id bigint, @asked_by nvarchar(200), @reason nvarchar(400)
WITH EXECUTE AS 'crm_key_keeper'
AS
BEGIN
  SET NOCOUNT ON;
  SET XACT_ABORT ON;
  BEGIN TRY
    BEGIN TRANSACTION;
    INSERT INTO crm.identity_reads (customer_id, asked_by, reason, login_name) VALUES (@customer_id, @asked_by, @reason, ORIGINAL_LOGIN());
    SELECT v.customer_id, c.client_id, v.first_name, v.last_name, v.email, v.phone, v.document, v.birth_date
      FROM etl.identities AS v
      JOIN crm.customers AS c ON c.customer_id = v.customer_id
     WHERE v.customer_id = @customer_id;
    COMMIT TRANSACTION;
  END TRY
  BEGIN CATCH
    IF XACT_STATE() <> 0 ROLLBACK TRANSACTION;
    THROW;
  END CATCH;
END;
