GRANT EXECUTE ON crm.read_customer_identity TO promptsales_crm_identify;
GO
GRANT EXECUTE ON crm.erase_customer_identity TO promptsales_crm_identify;
