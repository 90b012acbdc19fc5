import { prepareSource } from '../../database/postgresql/prepare_source.ts';
import type { CrmStore } from '../../shared/sources/crm_store.ts';
import { openPostgresCrmStore } from '../../shared/sources/postgres_crm_store.ts';
import { createEtlDatabases, openSql, type RunSql, startEtlPostgres } from './etl_databases.ts';
import { whileHeld } from './while_held.ts';

/** The times of a lead's stages, as ISO 8601; null: not reached. */
export type LeadTimes = Readonly<Record<'stage' | 'contacted' | 'qualified' | 'proposal' | 'closed', string | null>>;

/**
 * PromptCRM on one kind of database, for the suite that every adapter passes. Six leads of the customers 11 to 16, made on 1 February 2026, each
 * with a step a day: 1 new, 2 contacted, 3 qualified, 4 proposal, 5 won, 6 lost after its proposal. The lead 3,000,000,000 is new.
 */
export type CrmStoreWorld = {
  /** Stores with connections of their own, as so many servers have. */
  readonly stores: readonly CrmStore[];
  /** Puts everything back as described. */
  readonly reset: () => Promise<void>;
  readonly setStage: (leadId: number, stage: string) => Promise<void>;
  readonly leads: () => Promise<Readonly<Record<string, LeadTimes>>>;
  readonly history: () => Promise<readonly Readonly<Record<string, unknown>>[]>;
  readonly plans: () => Promise<readonly Readonly<Record<string, unknown>>[]>;
  /** Holds a lead until so many calls wait for it, so that all go on from the same moment. */
  readonly whileHeld: <T>(leadId: number, waiting: number, start: () => Promise<T>[]) => Promise<T[]>;
  /** From here on the database refuses each write of that lead, in the middle of a transaction. */
  readonly breakWritesOf: (leadId: number) => Promise<void>;
  /** A store at an address where nothing listens; the address holds the word 'secret'. */
  readonly nowhere: () => Promise<CrmStore>;
  readonly stop: () => Promise<void>;
};

/** The same with what tests of PostgreSQL alone ask for: the URLs of the login that servers have and of the owner, and SQL as the owner. */
export type PostgresCrmStoreWorld = CrmStoreWorld & {
  readonly writerUrl: string;
  readonly ownerUrl: string;
  readonly asOwner: RunSql;
};

const RESET = `
  DROP TRIGGER IF EXISTS broken ON crm.leads;
  TRUNCATE crm.lead_stage_history, crm.applied_lead_plans RESTART IDENTITY;
  DELETE FROM crm.leads; DELETE FROM crm.customers; DELETE FROM crm.cities;
  INSERT INTO crm.cities VALUES (1, 'San José', 'San José', 'CR', 'Costa Rica', 9.9, -84.1, 1000);
  INSERT INTO crm.customers SELECT g, 'CLI-1', 'person', 'María José', 'Núñez', 'm@example.com', '+506 8888 8888', '1-1', '1990-01-01', 'female', NULL,
         'loyal', 'high', 1, 9.9, -84.1, '2026-01-01Z', '2026-01-01Z' FROM generate_series(11, 16) g;
  INSERT INTO crm.leads
  SELECT lead, 10 + least(lead, 6), 'CLI-1', 'CMP-1', 'facebook', 'paid_social', stage, 100, '2026-02-01Z', c, q, p, e
    FROM (VALUES (1, 'new', NULL, NULL, NULL, NULL), (2, 'contacted', timestamptz '2026-02-02Z', NULL, NULL, NULL),
                 (3, 'qualified', '2026-02-02Z', timestamptz '2026-02-03Z', NULL, NULL), (4, 'proposal', '2026-02-02Z', '2026-02-03Z', timestamptz '2026-02-04Z', NULL),
                 (5, 'won', '2026-02-02Z', '2026-02-03Z', '2026-02-04Z', timestamptz '2026-02-05Z'), (6, 'lost', '2026-02-02Z', '2026-02-03Z', '2026-02-04Z', '2026-02-05Z'),
                 (3000000000, 'new', NULL, NULL, NULL, NULL))
      AS l (lead, stage, c, q, p, e)`;

/** The world on a PostgreSQL of its own. */
export async function postgresCrmStoreWorld(): Promise<PostgresCrmStoreWorld> {
  const server = await startEtlPostgres();
  const { urls } = await createEtlDatabases(server);
  const { run: asOwner, close } = openSql(urls.crm);
  await prepareSource(urls.crm, 'crm/crm_analyzer.sql');
  await asOwner(`CREATE ROLE writer LOGIN PASSWORD 'writer' IN ROLE promptsales_crm`);
  const writerUrl = server.url(new URL(urls.crm).pathname.slice(1), 'writer');
  const stores = await Promise.all(Array.from({ length: 3 }, () => openPostgresCrmStore(writerUrl)));
  return {
    stores,
    writerUrl,
    ownerUrl: urls.crm,
    asOwner,
    reset: async () => void (await asOwner(RESET)),
    setStage: async (leadId, stage) => void (await asOwner('UPDATE crm.leads SET stage = $2 WHERE lead_id = $1', [leadId, stage])),
    async leads() {
      const rows = await asOwner(
        'SELECT lead_id, stage, contacted_at AS contacted, qualified_at AS qualified, proposal_at AS proposal, closed_at AS closed FROM crm.leads ORDER BY lead_id',
      );
      return Object.fromEntries(rows.map(({ lead_id, ...times }) => [String(lead_id), JSON.parse(JSON.stringify(times))]));
    },
    history: () =>
      asOwner(
        `SELECT history_id::integer, lead_id::text, old_stage, new_stage, moved_at, note, plan_id, changed_by, changed_at, times_before
           FROM crm.lead_stage_history ORDER BY history_id`,
      ),
    plans: () => asOwner('SELECT plan_id, changed_by, applied_at, rows FROM crm.applied_lead_plans ORDER BY applied_at, plan_id'),
    nowhere: () => openPostgresCrmStore('postgres://user:secret@127.0.0.1:1/crm'),
    whileHeld: (leadId, waiting, start) =>
      whileHeld(urls.crm, `SELECT FROM crm.leads WHERE lead_id = ${leadId} FOR UPDATE`, waiting, start),
    breakWritesOf: async (leadId) =>
      void (await asOwner(
        `CREATE OR REPLACE FUNCTION public.break_write() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'the disk is full'; END $$;
         CREATE TRIGGER broken BEFORE UPDATE ON crm.leads FOR EACH ROW WHEN (NEW.lead_id = ${leadId}) EXECUTE FUNCTION public.break_write()`,
      )),
    async stop() {
      await Promise.all([close(), ...stores.map((store) => store.close())]);
      await server.stop();
    },
  };
}
