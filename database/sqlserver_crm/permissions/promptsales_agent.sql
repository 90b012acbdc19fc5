GRANT EXECUTE ON etl.prepare TO promptsales_agent;
GO
GRANT VIEW CHANGE TRACKING ON crm.cities TO promptsales_agent;
GO
GRANT SELECT ON crm.cities (city_id) TO promptsales_agent;
GO
GRANT VIEW CHANGE TRACKING ON crm.customers TO promptsales_agent;
GO
GRANT SELECT ON crm.customers (customer_id) TO promptsales_agent;
GO
GRANT VIEW CHANGE TRACKING ON crm.leads TO promptsales_agent;
GO
GRANT SELECT ON crm.leads (lead_id) TO promptsales_agent;
GO
GRANT VIEW CHANGE TRACKING ON crm.orders TO promptsales_agent;
GO
GRANT SELECT ON crm.orders (order_id) TO promptsales_agent;
GO
GRANT VIEW CHANGE TRACKING ON crm.interactions TO promptsales_agent;
GO
GRANT SELECT ON crm.interactions (interaction_id) TO promptsales_agent;
