-- Views, the procedures over change tracking, and the way to the key: the only role that reads personal data in bulk. CHANGETABLE asks the caller for the
-- key columns and VIEW CHANGE TRACKING of the table itself; the procedure's owner does not lend them.
GRANT SELECT ON SCHEMA::etl TO promptsales_etl;
GO
GRANT EXECUTE ON SCHEMA::etl TO promptsales_etl;
GO
GRANT VIEW CHANGE TRACKING ON crm.cities TO promptsales_etl;
GO
GRANT SELECT ON crm.cities (city_id) TO promptsales_etl;
GO
GRANT VIEW CHANGE TRACKING ON crm.customers TO promptsales_etl;
GO
GRANT SELECT ON crm.customers (customer_id) TO promptsales_etl;
GO
GRANT VIEW CHANGE TRACKING ON crm.leads TO promptsales_etl;
GO
GRANT SELECT ON crm.leads (lead_id) TO promptsales_etl;
GO
GRANT VIEW CHANGE TRACKING ON crm.orders TO promptsales_etl;
GO
GRANT SELECT ON crm.orders (order_id) TO promptsales_etl;
GO
GRANT VIEW CHANGE TRACKING ON crm.interactions TO promptsales_etl;
GO
GRANT SELECT ON crm.interactions (interaction_id) TO promptsales_etl;
GO
GRANT CONTROL ON CERTIFICATE::crm_personal_data_certificate TO promptsales_etl;
GO
GRANT VIEW DEFINITION ON SYMMETRIC KEY::crm_personal_data_key TO promptsales_etl;
