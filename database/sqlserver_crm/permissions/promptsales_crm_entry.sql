GRANT EXECUTE ON crm.save_customers TO promptsales_crm_entry;
GO
GRANT EXECUTE ON TYPE::crm.customer_row TO promptsales_crm_entry;
GO
GRANT EXECUTE ON crm.find_customers_by_contact TO promptsales_crm_entry;
GO
GRANT EXECUTE ON crm.find_cities TO promptsales_crm_entry;
