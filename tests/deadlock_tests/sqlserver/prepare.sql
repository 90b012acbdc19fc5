-- Puts the rows of the laboratory where the experiments want them; may be run again at any time, and is how to begin anew. The campaign CMP-LAB
-- plans 300 dollars on facebook, 400 on instagram and 300 on tiktok in February 2026; its three leads make a pipeline of 750 dollars.
USE PromptAds;
GO
SET NOCOUNT ON;
SET XACT_ABORT ON;

BEGIN TRANSACTION;
INSERT INTO ads.channels (channel_id, name, kind)
SELECT c.channel_id, c.name, 'social'
  FROM (VALUES ('facebook', N'Facebook'), ('instagram', N'Instagram'), ('tiktok', N'TikTok')) AS c (channel_id, name)
 WHERE NOT EXISTS (SELECT 1 FROM ads.channels AS k WHERE k.channel_id = c.channel_id);

INSERT INTO ads.campaigns (campaign_id, client_id, name, objective, status, start_date, end_date, budget, currency, audience, created_at, updated_at)
SELECT 'CMP-LAB', 'CLI-LAB', N'Laboratorio', 'sales', 'active', '20260115', '20260320', 5000, 'USD', N'nobody', '20251201', '20251201'
 WHERE NOT EXISTS (SELECT 1 FROM ads.campaigns AS c WHERE c.campaign_id = 'CMP-LAB');

INSERT INTO ads.campaign_channels (campaign_id, channel_id, budget_share, reach)
SELECT 'CMP-LAB', c.channel_id, 0.3333, 0
  FROM (VALUES ('facebook'), ('instagram'), ('tiktok')) AS c (channel_id)
 WHERE NOT EXISTS (SELECT 1 FROM ads.campaign_channels AS k WHERE k.campaign_id = 'CMP-LAB' AND k.channel_id = c.channel_id);

MERGE ads.campaign_budgets WITH (HOLDLOCK) AS b
USING (VALUES ('facebook', 300), ('instagram', 400), ('tiktok', 300)) AS p (channel_id, planned)
   ON b.campaign_id = 'CMP-LAB' AND b.channel_id = p.channel_id AND b.month = '20260201'
 WHEN MATCHED THEN UPDATE SET planned = p.planned
 WHEN NOT MATCHED BY TARGET THEN INSERT (campaign_id, channel_id, month, planned) VALUES ('CMP-LAB', p.channel_id, '20260201', p.planned);
COMMIT TRANSACTION;

SELECT b.channel_id, b.planned FROM ads.campaign_budgets AS b WHERE b.campaign_id = 'CMP-LAB' AND b.month = '20260201' ORDER BY b.channel_id;
GO

USE PromptCRM;
GO
SET NOCOUNT ON;
SET XACT_ABORT ON;

-- Whose leads they are does not matter here: any customer will do.
DECLARE @customer_id bigint = (SELECT MIN(c.customer_id) FROM crm.customers AS c);

BEGIN TRANSACTION;
DELETE FROM crm.leads WHERE lead_id IN (9000000001, 9000000002, 9000000003);
INSERT INTO crm.leads (lead_id, customer_id, client_id, campaign_id, channel_id, source, stage, value_usd, created_at, contacted_at, qualified_at, proposal_at)
VALUES (9000000001, @customer_id, 'CLI-LAB', 'CMP-LAB', 'facebook', 'paid_social', 'qualified', 100, '20260201', '20260202', '20260203', NULL),
       (9000000002, @customer_id, 'CLI-LAB', 'CMP-LAB', 'facebook', 'paid_social', 'qualified', 250, '20260201', '20260202', '20260203', NULL),
       (9000000003, @customer_id, 'CLI-LAB', 'CMP-LAB', 'facebook', 'paid_social', 'proposal', 400, '20260201', '20260202', '20260203', '20260204');
COMMIT TRANSACTION;

SELECT SUM(l.value_usd) AS pipeline FROM crm.leads AS l WHERE l.client_id = 'CLI-LAB' AND l.stage IN ('qualified', 'proposal');
GO
