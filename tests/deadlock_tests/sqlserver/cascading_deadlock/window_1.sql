-- Cascading deadlock: window 1. Run prepare.sql once, then one step after the other, in the order of their numbers over all windows:
-- select a step's lines and run them before going to the next. server/watch.sql shows who waits for whom.
-- T1 moves 50 dollars from facebook to instagram. It would never be chosen as victim.
USE PromptAds;
GO
SET NOCOUNT ON;
SET XACT_ABORT ON;
GO

-- Step 1: T1 takes 50 from facebook.
SET DEADLOCK_PRIORITY 10;
BEGIN TRANSACTION;
UPDATE ads.campaign_budgets SET planned = planned - 50 WHERE campaign_id = 'CMP-LAB' AND channel_id = 'facebook' AND month = '20260201';
GO

-- Step 4: T1 gives 50 to instagram, which T2 holds: waits until T2 has been the victim of step 7.
UPDATE ads.campaign_budgets SET planned = planned + 50 WHERE campaign_id = 'CMP-LAB' AND channel_id = 'instagram' AND month = '20260201';
GO

-- Step 8: T1 commits.
COMMIT TRANSACTION;
SELECT b.channel_id, b.planned FROM ads.campaign_budgets AS b WHERE b.campaign_id = 'CMP-LAB' AND b.month = '20260201' ORDER BY b.channel_id;
GO
