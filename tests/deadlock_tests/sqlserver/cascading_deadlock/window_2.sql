-- Cascading deadlock: window 2. Run prepare.sql once, then one step after the other, in the order of their numbers over all windows:
-- select a step's lines and run them before going to the next. server/watch.sql shows who waits for whom.
-- T2 moves 30 dollars from instagram: 20 to tiktok, 10 to facebook.
USE PromptAds;
GO
SET NOCOUNT ON;
SET XACT_ABORT ON;
GO

-- Step 2: T2 takes 30 from instagram.
SET DEADLOCK_PRIORITY -5;
BEGIN TRANSACTION;
UPDATE ads.campaign_budgets SET planned = planned - 30 WHERE campaign_id = 'CMP-LAB' AND channel_id = 'instagram' AND month = '20260201';
GO

-- Step 5: T2 gives 20 to tiktok, which T3 holds: waits until T3 has been the victim of step 6.
UPDATE ads.campaign_budgets SET planned = planned + 20 WHERE campaign_id = 'CMP-LAB' AND channel_id = 'tiktok' AND month = '20260201';
GO

-- Step 7: T2 gives 10 to facebook, which T1 holds while it waits for T2: a second deadlock. Error 1205, all of T2 is rolled back.
UPDATE ads.campaign_budgets SET planned = planned + 10 WHERE campaign_id = 'CMP-LAB' AND channel_id = 'facebook' AND month = '20260201';
GO

-- Step 10: T2 does its transfer again, whole.
BEGIN TRANSACTION;
UPDATE ads.campaign_budgets SET planned = planned - 30 WHERE campaign_id = 'CMP-LAB' AND channel_id = 'instagram' AND month = '20260201';
UPDATE ads.campaign_budgets SET planned = planned + 20 WHERE campaign_id = 'CMP-LAB' AND channel_id = 'tiktok' AND month = '20260201';
UPDATE ads.campaign_budgets SET planned = planned + 10 WHERE campaign_id = 'CMP-LAB' AND channel_id = 'facebook' AND month = '20260201';
COMMIT TRANSACTION;
-- 330, 420 and 250: 1,000 as before.
SELECT b.channel_id, b.planned FROM ads.campaign_budgets AS b WHERE b.campaign_id = 'CMP-LAB' AND b.month = '20260201' ORDER BY b.channel_id;
GO
