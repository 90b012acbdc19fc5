-- Dirty read: window 2. Run prepare.sql once, then one step after the other, in the order of their numbers over all windows:
-- select a step's lines and run them before going to the next. server/watch.sql shows who waits for whom.
-- T2 makes a report at the level that reads what is not committed.
USE PromptAds;
GO
SET NOCOUNT ON;
SET XACT_ABORT ON;
GO

-- Step 2: T2 reads 9,700: 8,700 dollars more than were ever planned. PostgreSQL shows 1,000 here.
-- allow dirty-read: it is what is shown
SET TRANSACTION ISOLATION LEVEL READ UNCOMMITTED;
BEGIN TRANSACTION;
SELECT SUM(b.planned) AS total FROM ads.campaign_budgets AS b WHERE b.campaign_id = 'CMP-LAB' AND b.month = '20260201';
GO

-- Step 4: T2 reads 1,000: the report of step 2 told of a plan that never was.
SELECT SUM(b.planned) AS total FROM ads.campaign_budgets AS b WHERE b.campaign_id = 'CMP-LAB' AND b.month = '20260201';
GO

-- Step 5: T2 commits.
COMMIT TRANSACTION;
SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
GO
