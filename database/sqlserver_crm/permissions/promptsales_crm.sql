GRANT EXECUTE ON crm.read_lead_stages TO promptsales_crm;
GO
GRANT EXECUTE ON crm.check_lead_stages TO promptsales_crm;
GO
GRANT EXECUTE ON crm.apply_lead_stages TO promptsales_crm;
GO
GRANT EXECUTE ON TYPE::crm.lead_id TO promptsales_crm;
GO
GRANT EXECUTE ON TYPE::crm.lead_change TO promptsales_crm;
