-- Lost update: window 2. Run prepare.sql once, then one step after the other, in the order of their numbers over all windows:
-- select a step's lines and run them before going to the next. server/watch.sql shows who waits for whom.
-- T2 adds 25 dollars to what it has read.
USE PromptAds;
GO
SET NOCOUNT ON;
SET XACT_ABORT ON;
GO

-- Step 2: T2 reads facebook’s plan: 300.
BEGIN TRANSACTION;
SELECT b.planned FROM ads.campaign_budgets AS b WHERE b.campaign_id = 'CMP-LAB' AND b.channel_id = 'facebook' AND b.month = '20260201';
GO

-- Step 5: T2 writes 325, worked out from what it read: T1’s 50 dollars are gone.
UPDATE ads.campaign_budgets SET planned = 325 WHERE campaign_id = 'CMP-LAB' AND channel_id = 'facebook' AND month = '20260201';
GO

-- Step 6: T2 commits.
COMMIT TRANSACTION;
-- 325 where 375 is right.
SELECT b.planned FROM ads.campaign_budgets AS b WHERE b.campaign_id = 'CMP-LAB' AND b.channel_id = 'facebook' AND b.month = '20260201';
GO
