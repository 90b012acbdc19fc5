-- Business question: of a client's leads of a period, how many reached each stage, by source, and how long did it take?
-- Shows: CTE over CTE, CROSS APPLY, PARTITION BY in PERCENTILE_CONT and LAG. Used by: the reports role; crm_analyzer's get_lead_funnel answers the same from the hub.
CREATE PROCEDURE reports.lead_funnel @client_id varchar(40), @from date, @to date
AS
BEGIN
  SET NOCOUNT ON;
  WITH reached AS (
    SELECT l.source, step.place, step.stage, DATEDIFF_BIG(second, l.created_at, step.at) / 3600.0 AS hours
      FROM crm.leads AS l
     CROSS APPLY (VALUES (1, 'new', l.created_at), (2, 'contacted', l.contacted_at), (3, 'qualified', l.qualified_at), (4, 'proposal', l.proposal_at),
                         (5, 'won', CASE WHEN l.stage = 'won' THEN l.closed_at END)) AS step (place, stage, at)
     WHERE l.client_id = @client_id AND l.created_at >= @from AND l.created_at < DATEADD(day, 1, @to) AND step.at IS NOT NULL
  ), medians AS (
    SELECT DISTINCT r.source, r.place, r.stage, COUNT_BIG(*) OVER (PARTITION BY r.source, r.place) AS leads,
           PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY r.hours) OVER (PARTITION BY r.source, r.place) AS median_hours
      FROM reached AS r
  )
  SELECT m.source, m.stage, m.leads, m.median_hours,
         m.leads / NULLIF(CONVERT(decimal(18,6), LAG(m.leads) OVER (PARTITION BY m.source ORDER BY m.place)), 0) AS share_of_stage_before,
         m.leads / NULLIF(CONVERT(decimal(18,6), FIRST_VALUE(m.leads) OVER (PARTITION BY m.source ORDER BY m.place)), 0) AS share_of_all
    FROM medians AS m
   ORDER BY m.source, m.place;
END;
