-- Customers, leads, orders: what PromptCRM owns.
CREATE SCHEMA crm AUTHORIZATION dbo;
