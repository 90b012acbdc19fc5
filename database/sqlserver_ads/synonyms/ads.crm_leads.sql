-- PromptCRM's leads over the linked server PROMPTCRM.
CREATE SYNONYM ads.crm_leads FOR [PROMPTCRM].[PromptCRM].[etl].[leads];
