-- What each rule says of the steps, changing nothing, by lead and rule (crm.check_lead_plan).
-- allow tvp-transaction: one SELECT, nothing is written
CREATE PROCEDURE crm.check_lead_stages @now datetime2(7), @changes crm.lead_change READONLY
AS
BEGIN
  SET NOCOUNT ON;
  SELECT f.[rule], f.lead_id, f.ok, f.old_stage, f.new_stage, f.at, f.allowed, f.time_limit
    FROM crm.check_lead_plan(@changes, @now) AS f
   ORDER BY f.lead_id, f.[rule];
END;
