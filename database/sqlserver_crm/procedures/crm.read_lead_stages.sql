-- Where these leads are, in the order of their ids; a lead there is none of is left out.
-- allow tvp-transaction: one SELECT, nothing is written
CREATE PROCEDURE crm.read_lead_stages @lead_ids crm.lead_id READONLY
AS
BEGIN
  SET NOCOUNT ON;
  SELECT l.lead_id, l.customer_id, l.stage
    FROM @lead_ids AS asked
    JOIN crm.leads AS l ON l.lead_id = asked.lead_id
   ORDER BY l.lead_id;
END;
