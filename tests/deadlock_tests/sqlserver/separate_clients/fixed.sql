-- Deadlock of two separate clients, fixed. Run prepare.sql, then this in both programs at once, with @client 1 and 2. Both take the rows in the
-- order of their keys, and whoever is a victim all the same (of somebody else) does its work again, whole.
USE PromptAds;
GO
SET NOCOUNT ON;
SET XACT_ABORT ON;

DECLARE @client int = 1;
DECLARE @facebook decimal(14, 2) = CASE @client WHEN 1 THEN -50 ELSE 80 END;
DECLARE @instagram decimal(14, 2) = CASE @client WHEN 1 THEN 50 ELSE -80 END;

DECLARE @attempt int = 1;
WHILE @attempt > 0
BEGIN
  BEGIN TRY
    BEGIN TRANSACTION;
    UPDATE ads.campaign_budgets SET planned = planned + @facebook WHERE campaign_id = 'CMP-LAB' AND channel_id = 'facebook' AND month = '20260201' AND @facebook <> 0;
    UPDATE ads.campaign_budgets SET planned = planned + @instagram WHERE campaign_id = 'CMP-LAB' AND channel_id = 'instagram' AND month = '20260201' AND @instagram <> 0;
    COMMIT TRANSACTION;
    SET @attempt = 0;
  END TRY
  BEGIN CATCH
    IF XACT_STATE() <> 0 ROLLBACK TRANSACTION;
    -- 1205 victim of a deadlock, 3960 changed since the snapshot: nothing of it was kept, and it is done once more, whole.
    IF ERROR_NUMBER() NOT IN (1205, 3960) OR @attempt = 2 THROW;
    SET @attempt += 1;
  END CATCH;
END;

-- After both: 330, 370 and 300.
SELECT b.channel_id, b.planned FROM ads.campaign_budgets AS b WHERE b.campaign_id = 'CMP-LAB' AND b.month = '20260201' ORDER BY b.channel_id;
GO
