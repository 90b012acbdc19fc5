-- Figures by schema; nearest customers are ids and distances. No personal data, and none of the tables.
GRANT SELECT ON SCHEMA::reports TO promptsales_reports;
GO
GRANT EXECUTE ON SCHEMA::reports TO promptsales_reports;
GO
GRANT EXECUTE ON crm.nearest_customers TO promptsales_reports;
GO
-- Over the linked server, which maps this role's login alone.
GRANT EXECUTE ON crm.read_campaign_results TO promptsales_reports;
GO
GRANT EXECUTE ON crm.read_unknown_campaigns TO promptsales_reports;
