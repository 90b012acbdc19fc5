-- Cascading deadlock, fixed: every transaction takes its rows in the order of their keys, so whoever waits holds nothing that another needs. Run
-- prepare.sql, then this in three windows at once with @transfer 1, 2 and 3. Retrying stays: others may write in another order.
-- ads.apply_budget_plan does the same: it takes its locks in the order of the keys, and its caller does a victim again.
USE PromptAds;
GO
SET NOCOUNT ON;
SET XACT_ABORT ON;

DECLARE @transfer int = 1;
DECLARE @facebook decimal(14, 2) = CASE @transfer WHEN 1 THEN -50 WHEN 2 THEN 10 ELSE 70 END;
DECLARE @instagram decimal(14, 2) = CASE @transfer WHEN 1 THEN 50 WHEN 2 THEN -30 ELSE 0 END;
DECLARE @tiktok decimal(14, 2) = CASE @transfer WHEN 1 THEN 0 WHEN 2 THEN 20 ELSE -70 END;

DECLARE @attempt int = 1;
WHILE @attempt > 0
BEGIN
  BEGIN TRY
    BEGIN TRANSACTION;
    UPDATE ads.campaign_budgets SET planned = planned + @facebook WHERE campaign_id = 'CMP-LAB' AND channel_id = 'facebook' AND month = '20260201' AND @facebook <> 0;
    UPDATE ads.campaign_budgets SET planned = planned + @instagram WHERE campaign_id = 'CMP-LAB' AND channel_id = 'instagram' AND month = '20260201' AND @instagram <> 0;
    UPDATE ads.campaign_budgets SET planned = planned + @tiktok WHERE campaign_id = 'CMP-LAB' AND channel_id = 'tiktok' AND month = '20260201' AND @tiktok <> 0;
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

-- After all three: 330, 420 and 250.
SELECT b.channel_id, b.planned FROM ads.campaign_budgets AS b WHERE b.campaign_id = 'CMP-LAB' AND b.month = '20260201' ORDER BY b.channel_id;
GO
