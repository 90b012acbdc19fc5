-- Incorrect summary: window 1. Run prepare.sql once, then one step after the other, in the order of their numbers over all windows:
-- select a step's lines and run them before going to the next. server/watch.sql shows who waits for whom.
-- T1 adds the pipeline up, stage by stage.
USE PromptCRM;
GO
SET NOCOUNT ON;
SET XACT_ABORT ON;
GO

-- Step 1: T1 adds up the leads in stage qualified: 350.
SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
BEGIN TRANSACTION;
SELECT SUM(l.value_usd) AS value FROM crm.leads AS l WHERE l.client_id = 'CLI-LAB' AND l.stage = 'qualified';
GO

-- Step 3: T1 adds up the leads in stage proposal: 650. Together 1,000, and there are leads for 750.
SELECT SUM(l.value_usd) AS value FROM crm.leads AS l WHERE l.client_id = 'CLI-LAB' AND l.stage = 'proposal';
GO

-- Step 4: T1 commits.
COMMIT TRANSACTION;
GO
