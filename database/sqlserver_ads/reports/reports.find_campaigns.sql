-- Business question: which campaign does somebody mean who typed "  VERANO 2025" or "cmp-verano-2025"?
-- Shows: LTRIM, RTRIM, LOWER; the column's collation does accents and capitals of names. Used by: people in SSMS; the servers find names by pg_trgm in the hub.
CREATE PROCEDURE reports.find_campaigns @typed nvarchar(200)
AS
BEGIN
  SET NOCOUNT ON;
  DECLARE @text nvarchar(200) = LTRIM(RTRIM(@typed));
  SELECT c.campaign_id, c.client_id, c.name, c.status, c.start_date, c.end_date
    FROM ads.campaigns AS c
   WHERE c.name = @text
      OR LOWER(c.campaign_id) = LOWER(@text)
   ORDER BY c.start_date DESC, c.campaign_id;
END;
