-- Dirty read: window 1. Run prepare.sql once, then one step after the other, in the order of their numbers over all windows:
-- select a step's lines and run them before going to the next. server/watch.sql shows who waits for whom.
-- T1 plans too much and takes it back.
USE PromptAds;
GO
SET NOCOUNT ON;
SET XACT_ABORT ON;
GO

-- Step 1: T1 plans 9,000 on facebook, not committed.
BEGIN TRANSACTION;
UPDATE ads.campaign_budgets SET planned = 9000 WHERE campaign_id = 'CMP-LAB' AND channel_id = 'facebook' AND month = '20260201';
GO

-- Step 3: T1 rolls back.
ROLLBACK TRANSACTION;
GO
