-- Who may what. Servers read as promptsales_read: no write, a statement_timeout, and no personal column of a customer.
GRANT USAGE ON SCHEMA ads, crm, content, sales, business, etl TO promptsales_read;
GRANT SELECT ON ALL TABLES IN SCHEMA ads, content, sales, business TO promptsales_read;
GRANT SELECT ON etl.watermarks, etl.runs, etl.tombstones, etl.data_version TO promptsales_read;
GRANT SELECT (dead_letter_id, run_id, database_name, table_name, row_key, reason, rejected_at, resolved_at)   -- not row_data: it can be a customer
  ON etl.dead_letters TO promptsales_read;
GRANT SELECT ON crm.cities, crm.leads, crm.orders, crm.interactions TO promptsales_read;
GRANT SELECT (customer_id, client_id, customer_type, sex, industry, segment, potential, city_id, created_at, updated_at)
  ON crm.customers TO promptsales_read;
GRANT EXECUTE ON FUNCTION business.fold(text) TO promptsales_read;

GRANT USAGE ON SCHEMA ads, crm, content, sales, business, etl TO promptsales_etl;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ads, crm, content, sales, etl TO promptsales_etl;
REVOKE ALL ON etl.deferred_indexes FROM promptsales_etl;
GRANT SELECT, INSERT, UPDATE, DELETE ON business.clients, business.subscriptions TO promptsales_etl;
GRANT SELECT ON business.plans TO promptsales_etl;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA etl TO promptsales_etl;
GRANT EXECUTE ON FUNCTION business.fold(text), etl.raise_data_version(), etl.defer_indexes(regclass), etl.restore_indexes(regclass) TO promptsales_etl;

GRANT ALL ON SCHEMA ads, crm, content, sales, business, access, etl TO promptsales_admin;
GRANT ALL ON ALL TABLES IN SCHEMA ads, crm, content, sales, business, access, etl TO promptsales_admin;

GRANT USAGE ON SCHEMA ads, content, sales, business TO marketing;
GRANT SELECT ON ALL TABLES IN SCHEMA ads, content, sales, business TO marketing;
GRANT USAGE ON SCHEMA ads, crm, sales, business TO sales;
GRANT SELECT ON ads.channels, ads.campaigns, ads.campaign_channels, business.clients TO sales;
GRANT SELECT ON ALL TABLES IN SCHEMA crm, sales TO sales;
GRANT USAGE ON SCHEMA ads, sales TO users;
GRANT SELECT ON ads.channels, ads.campaigns TO users;
GRANT SELECT ON ALL TABLES IN SCHEMA sales TO users;

REVOKE CREATE ON SCHEMA public FROM PUBLIC;
