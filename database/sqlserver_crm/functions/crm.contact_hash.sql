-- HMAC-SHA-256 (RFC 2104) of the kind, a zero byte and the normalised contact in UTF-8, from the key's two prepared blocks: the value the
-- servers compute too (shared/access/contact_hash.ts). Null for a contact that is none, and without the key.
CREATE FUNCTION crm.contact_hash (@kind varchar(10), @contact nvarchar(254), @inner_block binary(64), @outer_block binary(64))
RETURNS binary(32)
AS
BEGIN
  -- A text of a UTF-8 collation, made varchar, has the bytes of UTF-8.
  RETURN HASHBYTES('SHA2_256', @outer_block + HASHBYTES('SHA2_256', @inner_block + CONVERT(varbinary(10), @kind) + 0x00
           + CONVERT(varbinary(1020), CONVERT(varchar(1020), crm.normalised_contact(@kind, @contact) COLLATE Latin1_General_100_BIN2_UTF8))));
END;
