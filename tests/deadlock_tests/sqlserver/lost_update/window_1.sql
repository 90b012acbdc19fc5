-- Lost update: window 1. Run prepare.sql once, then one step after the other, in the order of their numbers over all windows:
-- select a step's lines and run them before going to the next. server/watch.sql shows who waits for whom.
-- T1 adds 50 dollars to what it has read.
USE PromptAds;
GO
SET NOCOUNT ON;
SET XACT_ABORT ON;
GO

-- Step 1: T1 reads facebook’s plan: 300.
BEGIN TRANSACTION;
SELECT b.planned FROM ads.campaign_budgets AS b WHERE b.campaign_id = 'CMP-LAB' AND b.channel_id = 'facebook' AND b.month = '20260201';
GO

-- Step 3: T1 writes 350, worked out from what it read.
UPDATE ads.campaign_budgets SET planned = 350 WHERE campaign_id = 'CMP-LAB' AND channel_id = 'facebook' AND month = '20260201';
GO

-- Step 4: T1 commits.
COMMIT TRANSACTION;
GO
