-- Dirty read, fixed: window 2's report at READ COMMITTED, between steps 1 and 3 of window 1. With READ_COMMITTED_SNAPSHOT on, as both databases
-- have it, it reads the last committed version at once: it neither sees T1's 9,000 nor waits for T1. Where that is off it would wait for T1,
-- which is right as well.
USE PromptAds;
GO
SET NOCOUNT ON;

SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
BEGIN TRANSACTION;
-- 1,000, whenever it is asked.
SELECT SUM(b.planned) AS total FROM ads.campaign_budgets AS b WHERE b.campaign_id = 'CMP-LAB' AND b.month = '20260201';
COMMIT TRANSACTION;
GO
