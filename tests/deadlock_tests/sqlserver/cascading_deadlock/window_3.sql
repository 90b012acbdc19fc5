-- Cascading deadlock: window 3. Run prepare.sql once, then one step after the other, in the order of their numbers over all windows:
-- select a step's lines and run them before going to the next. server/watch.sql shows who waits for whom.
-- T3 moves 70 dollars from tiktok to facebook. It is the first to be chosen as victim.
USE PromptAds;
GO
SET NOCOUNT ON;
SET XACT_ABORT ON;
GO

-- Step 3: T3 takes 70 from tiktok.
SET DEADLOCK_PRIORITY -10;
BEGIN TRANSACTION;
UPDATE ads.campaign_budgets SET planned = planned - 70 WHERE campaign_id = 'CMP-LAB' AND channel_id = 'tiktok' AND month = '20260201';
GO

-- Step 6: T3 gives 70 to facebook, which T1 holds while it waits for T2, which waits for T3: a deadlock. Error 1205, all of T3 is rolled back.
UPDATE ads.campaign_budgets SET planned = planned + 70 WHERE campaign_id = 'CMP-LAB' AND channel_id = 'facebook' AND month = '20260201';
GO

-- Step 9: T3 does its transfer again, whole.
BEGIN TRANSACTION;
UPDATE ads.campaign_budgets SET planned = planned - 70 WHERE campaign_id = 'CMP-LAB' AND channel_id = 'tiktok' AND month = '20260201';
UPDATE ads.campaign_budgets SET planned = planned + 70 WHERE campaign_id = 'CMP-LAB' AND channel_id = 'facebook' AND month = '20260201';
COMMIT TRANSACTION;
GO
