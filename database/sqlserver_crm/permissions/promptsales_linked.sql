-- What PromptAds asks PromptCRM over the linked server PROMPTCRM: sales by campaign, no personal data.
GRANT SELECT ON etl.orders TO promptsales_linked;
GO
GRANT SELECT ON etl.leads TO promptsales_linked;
GO
GRANT SELECT ON etl.cities TO promptsales_linked;
