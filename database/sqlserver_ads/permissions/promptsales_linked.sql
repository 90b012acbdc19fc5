-- What PromptCRM asks PromptAds over the linked server PROMPTADS: which campaigns there are. No customer's touches.
GRANT SELECT ON etl.campaigns TO promptsales_linked;
