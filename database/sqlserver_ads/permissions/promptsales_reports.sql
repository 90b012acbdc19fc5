-- Figures by schema and by procedure, and none of the tables. ads.read_customer_journey is about one person's way, and is not among them.
GRANT SELECT ON SCHEMA::reports TO promptsales_reports;
GO
GRANT EXECUTE ON SCHEMA::reports TO promptsales_reports;
GO
GRANT EXECUTE ON ads.read_campaign_return TO promptsales_reports;
GO
GRANT EXECUTE ON ads.read_client_campaigns TO promptsales_reports;
GO
GRANT EXECUTE ON ads.read_campaign_history TO promptsales_reports;
GO
GRANT EXECUTE ON ads.read_content_use TO promptsales_reports;
GO
GRANT EXECUTE ON ads.read_unknown_cities TO promptsales_reports;
