-- A contact as it is compared and hashed, the same as the servers' (shared/domain/contact.ts) for what the CRM holds; null when it is none of that
-- kind. E-mail: trimmed, lower case. Phone: its digits, without a leading 00. Document: its letters and digits, in capitals.
CREATE FUNCTION crm.normalised_contact (@kind varchar(10), @contact nvarchar(254))
RETURNS nvarchar(254)
WITH RETURNS NULL ON NULL INPUT
AS
BEGIN
  DECLARE @text nvarchar(254) = LTRIM(RTRIM(@contact));
  IF @kind = 'email'
    RETURN CASE WHEN @text LIKE N'_%@_%' AND @text NOT LIKE N'% %' AND @text NOT LIKE N'%@%@%' THEN LOWER(@text) END;
  -- The characters people write between digits and letters.
  SET @text = REPLACE(TRANSLATE(@text, N'+()-./', N'      '), N' ', N'');
  IF @kind = 'phone'
  BEGIN
    IF LEFT(@text, 2) = N'00' SET @text = SUBSTRING(@text, 3, 254);
    RETURN CASE WHEN LEN(@text) BETWEEN 7 AND 15 AND @text NOT LIKE N'%[^0-9]%' THEN @text END;
  END;
  IF @kind = 'document'
    RETURN CASE WHEN LEN(@text) BETWEEN 5 AND 30 AND @text LIKE N'%[0-9]%' THEN UPPER(@text) END;
  RETURN NULL;
END;
