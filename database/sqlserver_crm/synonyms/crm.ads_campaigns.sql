-- PromptAds' campaigns over the linked server PROMPTADS: read-only, and only what the ETL may read there.
CREATE SYNONYM crm.ads_campaigns FOR [PROMPTADS].[PromptAds].[etl].[campaigns];
