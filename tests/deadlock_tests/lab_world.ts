import { prepareSource } from '../../database/postgresql/prepare_source.ts';
import type { AdsStore } from '../../shared/sources/ads_store.ts';
import type { CrmStore } from '../../shared/sources/crm_store.ts';
import { openPostgresAdsStore } from '../../shared/sources/postgres_ads_store.ts';
import { openPostgresCrmStore } from '../../shared/sources/postgres_crm_store.ts';
import { createEtlDatabases, query, startEtlPostgres } from '../support/etl_databases.ts';

/** The month whose plan the experiments change, and the campaign. */
export const MONTH = '2026-02-01';
export const CAMPAIGN = 'CMP-LAB';

/**
 * PromptAds and PromptCRM on a PostgreSQL of their own. The campaign CMP-LAB plans 300 dollars on facebook, 400 on instagram and 300 on tiktok in
 * February 2026. Its leads 9000000001 (qualified, 100 dollars), 9000000002 (qualified, 250) and 9000000003 (proposal, 400) make a pipeline of 750.
 * sqlserver/prepare.sql makes the same rows on SQL Server.
 */
export type LabWorld = {
  readonly adsUrl: string;
  readonly crmUrl: string;
  /** The sources as servers write them: three of PromptAds, as so many servers have. */
  readonly adsStores: readonly AdsStore[];
  readonly crmStore: CrmStore;
  /** Puts the rows back as described. */
  readonly reset: () => Promise<void>;
  /** What February's plan is, by channel, and altogether. Decimal text. */
  readonly planned: () => Promise<{
    readonly facebook: string;
    readonly instagram: string;
    readonly tiktok: string;
    readonly total: string;
  }>;
  /** The value of the open leads. */
  readonly pipeline: () => Promise<string>;
  readonly stop: () => Promise<void>;
};

const ADS_ROWS = `
  DELETE FROM ads.campaign_budgets; DELETE FROM ads.campaign_channels; DELETE FROM ads.campaigns; DELETE FROM ads.channels;
  DELETE FROM ads.applied_budget_plans; DELETE FROM ads.budget_rules; DELETE FROM ads.change_log;
  INSERT INTO ads.channels SELECT c, initcap(c), 'social' FROM unnest(ARRAY['facebook', 'instagram', 'tiktok']) c;
  INSERT INTO ads.campaigns VALUES ('${CAMPAIGN}', 'CLI-LAB', 'Laboratorio', 'sales', 'active', '2026-01-15', '2026-03-20', 5000, 'USD', '{CR}',
                                    'nobody', '2025-12-01Z', '2025-12-01Z');
  INSERT INTO ads.campaign_channels SELECT '${CAMPAIGN}', c.channel_id, 0.3333, 0 FROM ads.channels c;
  INSERT INTO ads.campaign_budgets SELECT '${CAMPAIGN}', c.channel_id, '${MONTH}', CASE c.channel_id WHEN 'instagram' THEN 400 ELSE 300 END FROM ads.channels c;`;

const CRM_ROWS = `
  TRUNCATE crm.lead_stage_history, crm.applied_lead_plans RESTART IDENTITY;
  DELETE FROM crm.leads; DELETE FROM crm.customers; DELETE FROM crm.cities;
  INSERT INTO crm.cities VALUES (1, 'San José', 'San José', 'CR', 'Costa Rica', 9.9, -84.1, 1000);
  INSERT INTO crm.customers VALUES (1, 'CLI-LAB', 'person', 'Ana', 'Laboratorio', 'ana@example.com', '+506 8888 8888', '1-1', '1990-01-01', 'female', NULL,
                                    'loyal', 'high', 1, 9.9, -84.1, '2026-01-01Z', '2026-01-01Z');
  INSERT INTO crm.leads
  SELECT l.id, 1, 'CLI-LAB', '${CAMPAIGN}', 'facebook', 'paid_social', l.stage, l.value, '2026-02-01Z', '2026-02-02Z', '2026-02-03Z', l.proposal, NULL
    FROM (VALUES (9000000001, 'qualified', 100, NULL), (9000000002, 'qualified', 250, NULL), (9000000003, 'proposal', 400, timestamptz '2026-02-04Z'))
      AS l (id, stage, value, proposal);`;

export async function openLabWorld(): Promise<LabWorld> {
  const server = await startEtlPostgres();
  const { urls } = await createEtlDatabases(server);
  await prepareSource(urls.ads, 'ads/ads_optimizer.sql');
  await prepareSource(urls.crm, 'crm/crm_analyzer.sql');
  await query(urls.ads, `CREATE ROLE writer LOGIN PASSWORD 'writer' IN ROLE promptsales_ads, promptsales_crm`);
  const asWriter = (url: string): string => server.url(new URL(url).pathname.slice(1), 'writer');
  const adsStores = await Promise.all(Array.from({ length: 3 }, () => openPostgresAdsStore(asWriter(urls.ads))));
  const crmStore = await openPostgresCrmStore(asWriter(urls.crm));
  return {
    adsUrl: urls.ads,
    crmUrl: urls.crm,
    adsStores,
    crmStore,
    reset: async () => {
      await query(urls.ads, ADS_ROWS);
      await query(urls.crm, CRM_ROWS);
    },
    planned: async () => {
      const [row] = await query(
        urls.ads,
        `SELECT max(planned) FILTER (WHERE channel_id = 'facebook') AS facebook, max(planned) FILTER (WHERE channel_id = 'instagram') AS instagram,
                max(planned) FILTER (WHERE channel_id = 'tiktok') AS tiktok, sum(planned) AS total
           FROM ads.campaign_budgets WHERE campaign_id = $1 AND month = $2`,
        [CAMPAIGN, MONTH],
      );
      return {
        facebook: String(row?.facebook),
        instagram: String(row?.instagram),
        tiktok: String(row?.tiktok),
        total: String(row?.total),
      };
    },
    pipeline: async () => {
      const [row] = await query(urls.crm, `SELECT sum(value_usd) AS value FROM crm.leads WHERE stage IN ('qualified', 'proposal')`);
      return String(row?.value);
    },
    async stop() {
      await Promise.all([...adsStores, crmStore].map((store) => store.close()));
      await server.stop();
    },
  };
}
