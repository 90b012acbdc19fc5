-- What each rule says of the steps that change something, kept or broken; leads that there are none of are not told.
--   transition      the stage is one of `allowed` (a JSON array), where the lead may go from where it is
--   time_order      at is not before time_limit, the lead's last step
--   not_future      at is not after time_limit, the moment @now
--   reopening_note  what was lost is taken up again with a note
CREATE FUNCTION crm.check_lead_plan (@changes crm.lead_change READONLY, @now datetime2(7))
RETURNS TABLE
AS RETURN
  WITH steps AS (
    SELECT l.lead_id, l.stage AS old_stage, u.stage AS new_stage, u.at, u.note, ways.allowed, ways.is_allowed, last_step.at AS last_step
      FROM @changes AS u
      JOIN crm.leads AS l ON l.lead_id = u.lead_id
     CROSS APPLY (SELECT MAX(t.at) AS at
                    FROM (VALUES (l.created_at), (l.contacted_at), (l.qualified_at), (l.proposal_at), (l.closed_at)) AS t (at)) AS last_step
     CROSS APPLY (SELECT N'[' + ISNULL(STRING_AGG(N'"' + CONVERT(nvarchar(20), n.next_stage) + N'"', N',') WITHIN GROUP (ORDER BY n.place), N'') + N']' AS allowed,
                         ISNULL(MAX(CASE WHEN n.next_stage COLLATE Latin1_General_100_BIN2 = u.stage THEN 1 ELSE 0 END), 0) AS is_allowed
                    FROM crm.next_lead_stages(l.stage) AS n) AS ways
     WHERE l.stage <> u.stage
  )
  SELECT finding.[rule], s.lead_id, CONVERT(bit, finding.ok) AS ok, s.old_stage, s.new_stage, s.at, finding.allowed, finding.time_limit
    FROM steps AS s
   CROSS APPLY (VALUES
           ('transition', s.is_allowed, s.allowed, CONVERT(datetime2(7), NULL)),
           ('time_order', CASE WHEN s.at >= s.last_step THEN 1 ELSE 0 END, NULL, s.last_step),
           ('not_future', CASE WHEN s.at <= @now THEN 1 ELSE 0 END, NULL, @now),
           ('reopening_note', CASE WHEN LTRIM(RTRIM(ISNULL(s.note, N''))) <> N'' THEN 1 ELSE 0 END, NULL, NULL)
         ) AS finding ([rule], ok, allowed, time_limit)
   WHERE finding.[rule] <> 'reopening_note' OR s.old_stage = 'lost' AND s.new_stage = 'contacted';
