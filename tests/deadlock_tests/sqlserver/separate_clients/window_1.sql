-- Deadlock of two separate clients: window 1. Run prepare.sql once, then one step after the other, in the order of their numbers over all windows:
-- select a step's lines and run them before going to the next. server/watch.sql shows who waits for whom.
-- Each window is a program of its own: SSMS and sqlcmd, or sqlcmd in two terminals (sqlcmd -S server -d PromptAds).
-- Client 1 moves 50 dollars from facebook to instagram.
USE PromptAds;
GO
SET NOCOUNT ON;
SET XACT_ABORT ON;
GO

-- Step 1: client 1 takes 50 from facebook.
SET DEADLOCK_PRIORITY HIGH;
BEGIN TRANSACTION;
UPDATE ads.campaign_budgets SET planned = planned - 50 WHERE campaign_id = 'CMP-LAB' AND channel_id = 'facebook' AND month = '20260201';
GO

-- Step 3: client 1 gives 50 to instagram, which client 2 holds: waits until client 2 has been the victim of step 4.
UPDATE ads.campaign_budgets SET planned = planned + 50 WHERE campaign_id = 'CMP-LAB' AND channel_id = 'instagram' AND month = '20260201';
GO

-- Step 5: client 1 commits.
COMMIT TRANSACTION;
GO
