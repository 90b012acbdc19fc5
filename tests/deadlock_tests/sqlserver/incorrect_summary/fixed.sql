-- Incorrect summary, fixed: window 1's report in one snapshot; run window 2's step 2 between the two sums. The database allows SNAPSHOT; the ETL reads so.
USE PromptCRM;
GO
SET NOCOUNT ON;
SET XACT_ABORT ON;
SET TRANSACTION ISOLATION LEVEL SNAPSHOT;
GO
BEGIN TRANSACTION;
SELECT SUM(l.value_usd) AS value FROM crm.leads AS l WHERE l.client_id = 'CLI-LAB' AND l.stage = 'qualified';
GO
-- Here window 2 moves its lead.
SELECT SUM(l.value_usd) AS value FROM crm.leads AS l WHERE l.client_id = 'CLI-LAB' AND l.stage = 'proposal';
-- 350 and 400: the 750 of the moment the report began at.
COMMIT TRANSACTION;
SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
GO

-- Where one statement can tell it all, one statement is enough: with READ_COMMITTED_SNAPSHOT on, each sees one moment.
SELECT l.stage, SUM(l.value_usd) AS value
  FROM crm.leads AS l
 WHERE l.client_id = 'CLI-LAB' AND l.stage IN ('qualified', 'proposal')
 GROUP BY ROLLUP (l.stage);
GO
