-- Incorrect summary: window 2. Run prepare.sql once, then one step after the other, in the order of their numbers over all windows:
-- select a step's lines and run them before going to the next. server/watch.sql shows who waits for whom.
-- T2 moves a lead on, as crm.apply_lead_stages does.
USE PromptCRM;
GO
SET NOCOUNT ON;
SET XACT_ABORT ON;
GO

-- Step 2: T2 moves the lead of 250 dollars from qualified to proposal.
BEGIN TRANSACTION;
UPDATE crm.leads SET stage = 'proposal', proposal_at = '20260210' WHERE lead_id = 9000000002 AND stage = 'qualified';
COMMIT TRANSACTION;
GO
