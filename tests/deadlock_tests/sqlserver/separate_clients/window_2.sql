-- Deadlock of two separate clients: window 2. Run prepare.sql once, then one step after the other, in the order of their numbers over all windows:
-- select a step's lines and run them before going to the next. server/watch.sql shows who waits for whom.
-- Each window is a program of its own: SSMS and sqlcmd, or sqlcmd in two terminals (sqlcmd -S server -d PromptAds).
-- Client 2 moves 80 dollars from instagram to facebook.
USE PromptAds;
GO
SET NOCOUNT ON;
SET XACT_ABORT ON;
GO

-- Step 2: client 2 takes 80 from instagram.
SET DEADLOCK_PRIORITY LOW;
BEGIN TRANSACTION;
UPDATE ads.campaign_budgets SET planned = planned - 80 WHERE campaign_id = 'CMP-LAB' AND channel_id = 'instagram' AND month = '20260201';
GO

-- Step 4: client 2 gives 80 to facebook, which client 1 holds while it waits for client 2. Error 1205, all of it is rolled back.
UPDATE ads.campaign_budgets SET planned = planned + 80 WHERE campaign_id = 'CMP-LAB' AND channel_id = 'facebook' AND month = '20260201';
GO

-- Step 6: client 2 takes 80 from instagram once more.
BEGIN TRANSACTION;
UPDATE ads.campaign_budgets SET planned = planned - 80 WHERE campaign_id = 'CMP-LAB' AND channel_id = 'instagram' AND month = '20260201';
GO

-- Step 7: client 2 gives 80 to facebook.
UPDATE ads.campaign_budgets SET planned = planned + 80 WHERE campaign_id = 'CMP-LAB' AND channel_id = 'facebook' AND month = '20260201';
GO

-- Step 8: client 2 commits.
COMMIT TRANSACTION;
-- 330, 370 and 300: 1,000 as before.
SELECT b.channel_id, b.planned FROM ads.campaign_budgets AS b WHERE b.campaign_id = 'CMP-LAB' AND b.month = '20260201' ORDER BY b.channel_id;
GO
