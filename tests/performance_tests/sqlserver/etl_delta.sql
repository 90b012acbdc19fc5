-- The customers that changed since the last load, as the ETL asks every 11 minutes.
-- Captures the plan and the pages read (logical reads, under Messages): by change tracking, and without it, by row_version, for which every row is looked
-- at. Changes nothing. documentation/query_plans.md has the same of PromptCRM on PostgreSQL.
USE PromptCRM;
GO
SET NOCOUNT ON;
GO

-- As far back as change tracking remembers, at most 1,000 versions.
DECLARE @since bigint = (SELECT MAX(v.version)
                           FROM (VALUES (CHANGE_TRACKING_MIN_VALID_VERSION(OBJECT_ID(N'crm.customers'))), (CHANGE_TRACKING_CURRENT_VERSION() - 1000)) AS v (version));
DECLARE @row_version binary(8) = CONVERT(binary(8), CONVERT(bigint, MIN_ACTIVE_ROWVERSION()) - 1000);

SET STATISTICS IO ON;
SET STATISTICS XML ON;
-- With change tracking.
SELECT g.customer_id, c.client_id, c.segment, c.potential, c.updated_at
  FROM CHANGETABLE(CHANGES crm.customers, @since) AS g
  INNER JOIN crm.customers AS c ON c.customer_id = g.customer_id
OPTION (RECOMPILE);
-- Without it.
SELECT c.customer_id, c.client_id, c.segment, c.potential, c.updated_at
  FROM crm.customers AS c WITH (INDEX(0))
 WHERE c.row_version >= @row_version
OPTION (RECOMPILE);
SET STATISTICS XML OFF;
SET STATISTICS IO OFF;
GO
