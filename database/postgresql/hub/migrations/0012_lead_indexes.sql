-- Leads of a period, of everybody and of one client, and what a lead's customer is, read from the index alone.
CREATE INDEX leads_created ON crm.leads (created_at);
CREATE INDEX leads_client ON crm.leads (client_id, created_at);
CREATE INDEX customers_industry_city ON crm.customers (customer_id) INCLUDE (industry, city_id);
