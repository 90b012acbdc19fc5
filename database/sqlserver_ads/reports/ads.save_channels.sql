-- Business question: how is the catalogue of channels brought in line with the agency's list in one step, and what did that change?
-- Shows: MERGE with OUTPUT, LTRIM, RTRIM, LOWER on what people typed. Used by: whoever maintains the catalogue. All or none; HOLDLOCK because MERGE's
-- look and its insert are two moments otherwise. A channel that is not in the list stays: campaigns may use it. Gives (action, channel_id).
CREATE PROCEDURE ads.save_channels @channels ads.channel_row READONLY
AS
BEGIN
  SET NOCOUNT ON;
  SET XACT_ABORT ON;
  BEGIN TRY
    BEGIN TRANSACTION;
    MERGE INTO ads.channels WITH (HOLDLOCK) AS c
    USING (SELECT LOWER(LTRIM(RTRIM(n.channel_id))) AS channel_id, LTRIM(RTRIM(n.name)) AS name, LOWER(LTRIM(RTRIM(n.kind))) AS kind FROM @channels AS n) AS n
       ON c.channel_id = n.channel_id
     WHEN MATCHED AND EXISTS (SELECT n.name COLLATE Latin1_General_100_BIN2, n.kind EXCEPT SELECT c.name COLLATE Latin1_General_100_BIN2, c.kind)
          THEN UPDATE SET name = n.name, kind = n.kind
     WHEN NOT MATCHED BY TARGET THEN INSERT (channel_id, name, kind) VALUES (n.channel_id, n.name, n.kind)
    OUTPUT LOWER($action) AS action, inserted.channel_id;
    COMMIT TRANSACTION;
  END TRY
  BEGIN CATCH
    IF XACT_STATE() <> 0 ROLLBACK TRANSACTION;
    THROW;
  END CATCH;
END;
