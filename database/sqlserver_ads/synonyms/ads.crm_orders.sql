-- PromptCRM's orders over the linked server PROMPTCRM: read-only, and only what its role promptsales_linked may read.
CREATE SYNONYM ads.crm_orders FOR [PROMPTCRM].[PromptCRM].[etl].[orders];
