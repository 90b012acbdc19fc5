import { prepareSource } from '../../database/postgresql/prepare_source.ts';
import type { AdsStore } from '../../shared/sources/ads_store.ts';
import { openPostgresAdsStore } from '../../shared/sources/postgres_ads_store.ts';
import { createEtlDatabases, openSql, type RunSql, startEtlPostgres } from './etl_databases.ts';
import { whileHeld } from './while_held.ts';

/** A line of ads.budget_rules; what is left out is null. */
export type RuleRow = {
  readonly country?: string;
  readonly clientId?: string;
  readonly mostPerMonth?: string;
  readonly mostChangePercent?: string;
  readonly fewestShare?: string;
  readonly mostShare?: string;
  readonly mayExceedBudget?: boolean;
};

/**
 * PromptAds on one kind of database, for the suite that every adapter passes. Two campaigns of the client CLI-1: CMP-1 (CR and MX, active, January to
 * March 2026, a budget of 3,000) and CMP-2 (the same in CR alone), on facebook, instagram and tiktok with 300, 400 and 300 dollars in
 * February and 500 each in March; the channel email, which neither has; no rule.
 */
export type AdsStoreWorld = {
  /** Stores with connections of their own, as so many servers have. */
  readonly stores: readonly AdsStore[];
  /** Puts everything back as described. */
  readonly reset: () => Promise<void>;
  readonly setRules: (...rules: readonly RuleRow[]) => Promise<void>;
  readonly setPlanned: (campaignId: string, channelId: string, month: string, planned: string) => Promise<void>;
  readonly setCampaign: (
    campaignId: string,
    column: 'status' | 'currency' | 'budget' | 'start_date' | 'end_date',
    value: string,
  ) => Promise<void>;
  readonly dropPlanned: (campaignId: string, channelId: string, month: string) => Promise<void>;
  /** What is planned, by channel. */
  readonly planned: (campaignId: string, month: string) => Promise<Readonly<Record<string, string>>>;
  /** The change log beyond what was there at the start. */
  readonly log: () => Promise<readonly Readonly<Record<string, unknown>>[]>;
  readonly plans: () => Promise<readonly Readonly<Record<string, unknown>>[]>;
  /** Holds a campaign until so many calls wait for it, so that all go on from the same moment. */
  readonly whileHeld: <T>(campaignId: string, waiting: number, start: () => Promise<T>[]) => Promise<T[]>;
  /** From here on the database refuses each write of that channel's plan, in the middle of a transaction. */
  readonly breakWritesOf: (channelId: string) => Promise<void>;
  /** No channel but this one is left to any campaign. */
  readonly keepOnlyChannel: (channelId: string) => Promise<void>;
  /** A line of the change log once more, under another id. */
  readonly logAgain: (changeId: number, as: number) => Promise<void>;
  /** A store at an address where nothing listens; the address holds the word 'secret'. */
  readonly nowhere: () => Promise<AdsStore>;
  readonly stop: () => Promise<void>;
};

/** The same with what tests of PostgreSQL alone ask for: the URL of the login that servers have, and SQL as the owner. */
export type PostgresAdsStoreWorld = AdsStoreWorld & {
  readonly writerUrl: string;
  readonly ownerUrl: string;
  readonly asOwner: RunSql;
};

const RESET = `
  DROP TRIGGER IF EXISTS broken ON ads.campaign_budgets;
  DELETE FROM ads.campaign_budgets; DELETE FROM ads.campaign_channels; DELETE FROM ads.campaigns; DELETE FROM ads.channels;
  DELETE FROM ads.applied_budget_plans; DELETE FROM ads.budget_rules; DELETE FROM ads.change_log WHERE change_id > 5;
  INSERT INTO ads.channels SELECT c, initcap(c), 'social' FROM unnest(ARRAY['facebook', 'instagram', 'tiktok', 'email']) c;
  INSERT INTO ads.campaigns VALUES
    ('CMP-1', 'CLI-1', 'Verano', 'sales', 'active', '2026-01-15', '2026-03-20', 3000, 'USD', '{CR,MX}', 'jóvenes', '2025-12-01Z', '2025-12-01Z'),
    ('CMP-2', 'CLI-1', 'Otoño', 'sales', 'active', '2026-01-15', '2026-03-20', 3000, 'USD', '{CR}', 'jóvenes', '2025-12-01Z', '2025-12-01Z');
  INSERT INTO ads.campaign_channels SELECT g, c, 0.3333, 0 FROM unnest(ARRAY['CMP-1', 'CMP-2']) g, unnest(ARRAY['facebook', 'instagram', 'tiktok']) c;
  INSERT INTO ads.campaign_budgets
  SELECT k.campaign_id, k.channel_id, m.month, CASE WHEN m.month = '2026-03-01' THEN 500 WHEN k.channel_id = 'instagram' THEN 400 ELSE 300 END
    FROM ads.campaign_channels k, (VALUES (date '2026-02-01'), (date '2026-03-01')) m (month);`;

/** The world on a PostgreSQL of its own. */
export async function postgresAdsStoreWorld(): Promise<PostgresAdsStoreWorld> {
  const server = await startEtlPostgres();
  const { urls } = await createEtlDatabases(server);
  const { run: asOwner, close } = openSql(urls.ads);
  // A log from before: its ids are taken.
  await asOwner(
    `INSERT INTO ads.change_log SELECT g, 'CMP-1', 'budget', 'CMP-1', 'daily_limit', '1', '2', 'eva', '2026-01-01Z' FROM generate_series(1, 5) g`,
  );
  await prepareSource(urls.ads, 'ads/ads_optimizer.sql');
  await asOwner(`CREATE ROLE writer LOGIN PASSWORD 'writer' IN ROLE promptsales_ads`);
  const writerUrl = server.url(new URL(urls.ads).pathname.slice(1), 'writer');
  const stores = await Promise.all(Array.from({ length: 3 }, () => openPostgresAdsStore(writerUrl)));
  const month = (text: string): string => `${text}-01`;
  return {
    stores,
    writerUrl,
    ownerUrl: urls.ads,
    asOwner,
    reset: async () => void (await asOwner(RESET)),
    async setRules(...rules) {
      await asOwner('DELETE FROM ads.budget_rules');
      for (const [index, rule] of rules.entries()) {
        await asOwner('INSERT INTO ads.budget_rules VALUES ($1, $2, $3, $4, $5, $6, $7, $8)', [
          `rule ${index}`,
          rule.country ?? null,
          rule.clientId ?? null,
          rule.mostPerMonth ?? null,
          rule.mostChangePercent ?? null,
          rule.fewestShare ?? null,
          rule.mostShare ?? null,
          rule.mayExceedBudget ?? null,
        ]);
      }
    },
    setPlanned: async (campaignId, channelId, of, planned) =>
      void (await asOwner(
        `INSERT INTO ads.campaign_budgets VALUES ($1, $2, $3, $4) ON CONFLICT (campaign_id, channel_id, month) DO UPDATE SET planned = excluded.planned`,
        [campaignId, channelId, month(of), planned],
      )),
    dropPlanned: async (campaignId, channelId, of) =>
      void (await asOwner('DELETE FROM ads.campaign_budgets WHERE campaign_id = $1 AND channel_id = $2 AND month = $3', [
        campaignId,
        channelId,
        month(of),
      ])),
    setCampaign: async (campaignId, column, value) =>
      void (await asOwner(`UPDATE ads.campaigns SET ${column} = $2 WHERE campaign_id = $1`, [campaignId, value])),
    async planned(campaignId, of) {
      const rows = await asOwner(
        'SELECT channel_id, planned FROM ads.campaign_budgets WHERE campaign_id = $1 AND month = $2 ORDER BY channel_id',
        [campaignId, month(of)],
      );
      return Object.fromEntries(rows.map((row) => [String(row.channel_id), String(row.planned)]));
    },
    log: () =>
      asOwner(
        `SELECT change_id::integer, campaign_id, entity, entity_id, field, old_value, new_value, changed_by, changed_at
           FROM ads.change_log WHERE change_id > 5 ORDER BY change_id`,
      ),
    plans: () => asOwner('SELECT plan_id, changed_by, reason, applied_at, rows FROM ads.applied_budget_plans ORDER BY applied_at, plan_id'),
    keepOnlyChannel: async (channelId) =>
      void (await asOwner(
        `DELETE FROM ads.campaign_budgets WHERE channel_id <> '${channelId}'; DELETE FROM ads.campaign_channels WHERE channel_id <> '${channelId}'`,
      )),
    logAgain: async (changeId, as) =>
      void (await asOwner(
        `INSERT INTO ads.change_log SELECT $1, campaign_id, entity, entity_id, field, NULL, NULL, changed_by, changed_at
           FROM ads.change_log WHERE change_id = $2`,
        [as, changeId],
      )),
    nowhere: () => openPostgresAdsStore('postgres://user:secret@127.0.0.1:1/ads'),
    whileHeld: (campaignId, waiting, start) =>
      whileHeld(urls.ads, `SELECT FROM ads.campaigns WHERE campaign_id = '${campaignId}' FOR UPDATE`, waiting, start),
    breakWritesOf: async (channelId) =>
      void (await asOwner(
        `CREATE OR REPLACE FUNCTION public.break_write() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'the disk is full'; END $$;
         CREATE TRIGGER broken BEFORE INSERT OR UPDATE ON ads.campaign_budgets FOR EACH ROW
           WHEN (NEW.channel_id = '${channelId}') EXECUTE FUNCTION public.break_write()`,
      )),
    async stop() {
      await Promise.all([close(), ...stores.map((store) => store.close())]);
      await server.stop();
    },
  };
}
