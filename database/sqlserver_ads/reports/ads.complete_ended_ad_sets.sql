-- Business question: which ad sets still stand as active although their campaign has ended, and how are they closed in one step?
-- Shows: UPDATE … FROM (SELECT …) with OUTPUT. Used by: whoever closes the month. All or none. Gives (ad_set_id, status_before).
CREATE PROCEDURE ads.complete_ended_ad_sets @today date
AS
BEGIN
  SET NOCOUNT ON;
  SET XACT_ABORT ON;
  BEGIN TRY
    BEGIN TRANSACTION;
    UPDATE s
       SET status = 'completed'
    OUTPUT inserted.ad_set_id, deleted.status AS status_before
      FROM ads.ad_sets AS s
      JOIN (SELECT c.campaign_id FROM ads.campaigns AS c WHERE c.end_date < @today) AS ended ON ended.campaign_id = s.campaign_id
     WHERE s.status <> 'completed';
    UPDATE a
       SET status = 'completed'
      FROM ads.ads AS a
      JOIN (SELECT s.ad_set_id FROM ads.ad_sets AS s WHERE s.status = 'completed') AS closed ON closed.ad_set_id = a.ad_set_id
     WHERE a.status <> 'completed';
    COMMIT TRANSACTION;
  END TRY
  BEGIN CATCH
    IF XACT_STATE() <> 0 ROLLBACK TRANSACTION;
    THROW;
  END CATCH;
END;
