import { openOwnerSession } from '../../database/sqlserver/owner_session.ts';
import { openSqlServerCrmStore } from '../../shared/sources/sql_server_crm_store.ts';
import type { CrmStoreWorld } from './crm_store_world.ts';
import { whileHeldOnSqlServer } from './while_held_on_sql_server.ts';

/** The customers have no personal data: nothing here reads it. */
const RESET = `
  DELETE FROM crm.applied_lead_steps; DELETE FROM crm.lead_stage_history; DELETE FROM crm.applied_lead_plans;
  -- Its next id is 1 again; where it never had a row it already is.
  IF EXISTS (SELECT 1 FROM sys.identity_columns AS i WHERE i.object_id = OBJECT_ID(N'crm.lead_stage_history') AND i.last_value IS NOT NULL)
    DBCC CHECKIDENT (N'crm.lead_stage_history', RESEED, 0) WITH NO_INFOMSGS;
  DELETE FROM crm.leads; DELETE FROM crm.customers; DELETE FROM crm.cities;
  INSERT INTO crm.cities (city_id, name, region, country_code, country, latitude, longitude, population)
  VALUES (1, N'San José', N'San José', 'CR', N'Costa Rica', 9.9, -84.1, 1000);
  INSERT INTO crm.customers (customer_id, client_id, customer_type, first_name, last_name, email_encrypted, phone_encrypted, document_encrypted, segment, potential,
                             city_id, latitude, longitude, created_at, updated_at)
  SELECT g.id, 'CLI-1', 'person', N'María José', N'Núñez', 0x00, 0x00, 0x00, 'loyal', 'high', 1, 9.9, -84.1, '2026-01-01', '2026-01-01'
    FROM (VALUES (11), (12), (13), (14), (15), (16)) AS g (id);
  INSERT INTO crm.leads (lead_id, customer_id, client_id, campaign_id, channel_id, source, stage, value_usd, created_at,
                         contacted_at, qualified_at, proposal_at, closed_at)
  SELECT l.lead, 10 + CASE WHEN l.lead > 6 THEN 6 ELSE l.lead END, 'CLI-1', 'CMP-1', 'facebook', 'paid_social', l.stage, 100, '2026-02-01',
         l.contacted, l.qualified, l.proposal, l.closed
    FROM (VALUES (CONVERT(bigint, 1), 'new', NULL, NULL, NULL, NULL), (2, 'contacted', '2026-02-02', NULL, NULL, NULL),
                 (3, 'qualified', '2026-02-02', '2026-02-03', NULL, NULL), (4, 'proposal', '2026-02-02', '2026-02-03', '2026-02-04', NULL),
                 (5, 'won', '2026-02-02', '2026-02-03', '2026-02-04', '2026-02-05'), (6, 'lost', '2026-02-02', '2026-02-03', '2026-02-04', '2026-02-05'),
                 (3000000000, 'new', NULL, NULL, NULL, NULL)) AS l (lead, stage, contacted, qualified, proposal, closed);`;

/** The world in the database of SQL Server at that address, as its owner: everything in it goes. `promptsales deploy crm` has been there. */
export async function sqlServerCrmWorld(address: string): Promise<CrmStoreWorld> {
  const owner = await openOwnerSession(address);
  const stores = await Promise.all(Array.from({ length: 3 }, () => openSqlServerCrmStore(address)));
  return {
    stores,
    nowhere: () => openSqlServerCrmStore('mssql://user:secret@127.0.0.1:1/crm'),
    async reset() {
      await owner.batch('DROP TRIGGER IF EXISTS crm.broken');
      await owner.batch(RESET);
    },
    setStage: async (lead, stage) => void (await owner.query('UPDATE crm.leads SET stage = @stage WHERE lead_id = @lead', { lead, stage })),
    async leads() {
      const rows = await owner.batch(
        `SELECT l.lead_id, l.stage, l.contacted_at AS contacted, l.qualified_at AS qualified, l.proposal_at AS proposal, l.closed_at AS closed
           FROM crm.leads AS l ORDER BY l.lead_id`,
      );
      return Object.fromEntries(rows.map(({ lead_id, ...times }) => [String(lead_id), JSON.parse(JSON.stringify(times))]));
    },
    async history() {
      const rows = await owner.batch(
        `SELECT CONVERT(int, h.history_id) AS history_id, CONVERT(varchar(20), h.lead_id) AS lead_id, h.old_stage, h.new_stage,
                h.moved_at, h.note, h.plan_id, h.changed_by, h.changed_at, h.times_before
           FROM crm.lead_stage_history AS h ORDER BY h.history_id`,
      );
      // FOR JSON writes no time zone: all times are UTC.
      const inUtc = (_: string, value: unknown) => (typeof value === 'string' ? `${value}Z` : value);
      return rows.map((row) => ({ ...row, times_before: JSON.parse(String(row.times_before), inUtc) }));
    },
    async plans() {
      const plans = await owner.batch(
        'SELECT p.plan_id, p.changed_by, p.applied_at FROM crm.applied_lead_plans AS p ORDER BY p.applied_at, p.plan_id',
      );
      const rows = await owner.batch(
        `SELECT s.plan_id, s.lead_id AS leadId, s.customer_id AS customerId, s.old_stage AS old, s.new_stage AS new, s.at, s.history_id AS historyId
           FROM crm.applied_lead_steps AS s ORDER BY s.plan_id, s.lead_id`,
      );
      return plans.map((plan) => ({
        ...plan,
        rows: rows
          .filter(({ plan_id }) => plan_id === plan.plan_id)
          .map(({ plan_id: _, leadId, customerId, historyId, ...row }) => ({
            ...row,
            leadId: Number(leadId),
            customerId: Number(customerId),
            historyId: historyId === null ? null : Number(historyId),
          })),
      }));
    },
    whileHeld: (lead, waiting, start) =>
      whileHeldOnSqlServer(
        address,
        `SELECT l.lead_id FROM crm.leads AS l WITH (UPDLOCK, ROWLOCK) WHERE l.lead_id = ${lead}`,
        waiting,
        start,
      ),
    breakWritesOf: async (lead) =>
      void (await owner.batch(
        `CREATE TRIGGER crm.broken ON crm.leads AFTER UPDATE AS
         IF EXISTS (SELECT 1 FROM inserted AS i WHERE i.lead_id = ${lead}) THROW 50099, N'the disk is full', 1;`,
      )),
    async stop() {
      await Promise.all(stores.map((store) => store.close()));
      await owner.close();
    },
  };
}
