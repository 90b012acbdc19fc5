-- Lost update, fixed in three ways. Run prepare.sql, then one of them in two windows at once, with @more 50 in one and 25 in the other: 375 in the end.
USE PromptAds;
GO
SET NOCOUNT ON;
SET XACT_ABORT ON;
GO

-- Way 1: who reads in order to write takes the row at the reading (UPDLOCK). The second waits before it reads.
DECLARE @more decimal(14, 2) = 50;
DECLARE @planned decimal(14, 2);
BEGIN TRANSACTION;
SELECT @planned = b.planned FROM ads.campaign_budgets AS b WITH (UPDLOCK, HOLDLOCK) WHERE b.campaign_id = 'CMP-LAB' AND b.channel_id = 'facebook' AND b.month = '20260201';
UPDATE ads.campaign_budgets SET planned = @planned + @more WHERE campaign_id = 'CMP-LAB' AND channel_id = 'facebook' AND month = '20260201';
COMMIT TRANSACTION;
GO

-- Way 2: one snapshot for reading and writing. The second write fails with error 3960 and the transaction is done again, whole.
SET TRANSACTION ISOLATION LEVEL SNAPSHOT;
DECLARE @more decimal(14, 2) = 50;
DECLARE @planned decimal(14, 2);
DECLARE @attempt int = 1;
WHILE @attempt > 0
BEGIN
  BEGIN TRY
    BEGIN TRANSACTION;
    SELECT @planned = b.planned FROM ads.campaign_budgets AS b WHERE b.campaign_id = 'CMP-LAB' AND b.channel_id = 'facebook' AND b.month = '20260201';
    UPDATE ads.campaign_budgets SET planned = @planned + @more WHERE campaign_id = 'CMP-LAB' AND channel_id = 'facebook' AND month = '20260201';
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
SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
GO

-- Way 3, that of ads.apply_budget_plan: nothing is held between reading and writing. The write names the value it was made of, and changes
-- nothing when it is another by now; then it is read and worked out anew.
DECLARE @more decimal(14, 2) = 50;
DECLARE @planned decimal(14, 2);
DECLARE @changed int = 0;
WHILE @changed = 0
BEGIN
  SELECT @planned = b.planned FROM ads.campaign_budgets AS b WHERE b.campaign_id = 'CMP-LAB' AND b.channel_id = 'facebook' AND b.month = '20260201';
  UPDATE ads.campaign_budgets SET planned = @planned + @more WHERE campaign_id = 'CMP-LAB' AND channel_id = 'facebook' AND month = '20260201' AND planned = @planned;
  SET @changed = @@ROWCOUNT;
END;
SELECT b.channel_id, b.planned FROM ads.campaign_budgets AS b WHERE b.campaign_id = 'CMP-LAB' AND b.month = '20260201' ORDER BY b.channel_id;
GO
