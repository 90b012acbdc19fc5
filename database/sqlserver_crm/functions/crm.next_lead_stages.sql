-- Where a lead of that stage may go, likeliest first. Sold is sold; what was lost can be taken up again.
CREATE FUNCTION crm.next_lead_stages (@stage varchar(20))
RETURNS TABLE
AS RETURN
  SELECT w.next_stage, w.place
    FROM (VALUES ('new', 'contacted', 1), ('new', 'lost', 2), ('contacted', 'qualified', 1), ('contacted', 'lost', 2),
                 ('qualified', 'proposal', 1), ('qualified', 'lost', 2), ('proposal', 'won', 1), ('proposal', 'lost', 2),
                 ('lost', 'contacted', 1)) AS w (stage, next_stage, place)
   WHERE w.stage COLLATE Latin1_General_100_BIN2 = @stage;
