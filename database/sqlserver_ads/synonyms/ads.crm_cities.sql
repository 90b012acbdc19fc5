-- PromptCRM's gazetteer over the linked server PROMPTCRM.
CREATE SYNONYM ads.crm_cities FOR [PROMPTCRM].[PromptCRM].[etl].[cities];
