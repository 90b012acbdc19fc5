import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { migrateHub } from '../../database/postgresql/hub/migrate.ts';
import { openCustomerOrders } from '../../mcp-servers/crm_analyzer/repo/customer_orders.ts';
import { openCustomerRanking } from '../../mcp-servers/crm_analyzer/repo/customer_ranking.ts';
import { RANKING_PARTITIONS } from '../../mcp-servers/crm_analyzer/tools/ranking_arguments.ts';
import { openPostgres, type PostgresDatabase } from '../../shared/db/postgres_database.ts';
import type { SqlDatabase } from '../../shared/db/sql_database.ts';
import { deadlineIn } from '../../shared/domain/deadline.ts';
import { manyCustomers } from '../support/customer_scale.ts';
import { query } from '../support/etl_databases.ts';
import { type ScratchPostgres, startScratchPostgres } from '../support/scratch_postgres.ts';

// A tenth of PromptSales, so that the test is short; a client has as many customers as at full scale.
const CUSTOMERS = 50_000;
const ORDERS = 30_000;
const SCOPE = { clientId: 'CLI-7', timeZone: 'America/Costa_Rica', today: '2026-11-21' };
const PERIODS = { now: { from: '2025-11-22', to: '2026-11-21' }, before: { from: '2024-11-22', to: '2025-11-21' } };

let server: ScratchPostgres;
let hub: PostgresDatabase;
let plans: string[];

beforeAll(async () => {
  server = await startScratchPostgres();
  await server.createDatabase('hub');
  // As the embedded stack runs its server.
  await query(server.url('hub'), `ALTER SYSTEM SET autovacuum = off`);
  await query(
    server.url('hub'),
    `ALTER DATABASE hub SET work_mem = '32MB'; ALTER DATABASE hub SET jit = off; ALTER DATABASE hub SET random_page_cost = 1.1`,
  );
  await query(server.url('hub'), 'SELECT pg_reload_conf()');
  await migrateHub(server.url('hub'));
  for (const statement of manyCustomers(CUSTOMERS, ORDERS).split(';\n')) await query(server.url('hub'), statement);
  await query(server.url('hub'), `CREATE ROLE reader LOGIN PASSWORD 'reader'; GRANT promptsales_read TO reader`);
  hub = await openPostgres(server.url('hub', 'reader'), { applicationName: 'scale test' });
}, 120_000);

afterAll(async () => {
  await hub.close();
  await server.stop();
});

/** The hub, whose plans are noted beside its answers. */
const explained: SqlDatabase = {
  async rows(statement, values, map, deadline) {
    const text = `EXPLAIN (ANALYZE, TIMING OFF) ${statement.text}`;
    const plan = await hub.rows({ name: `${statement.name}_plan`, text }, values, (row) => String(row['QUERY PLAN']), deadline);
    plans.push(...plan);
    return hub.rows(statement, values, map, deadline);
  },
};

describe('customers at scale', () => {
  it.each([SCOPE, { ...SCOPE, clientId: undefined }])(
    'are segmented without reading the table of customers (client $clientId)',
    async (scope) => {
      plans = [];
      const orders = openCustomerOrders(explained);
      const rfm = await orders.byRfm(scope, PERIODS, deadlineIn(20_000));
      expect(rfm?.totals.length).toBeGreaterThan(2);
      for (const method of ['type', 'industry', 'potential', 'region', 'segment'] as const) {
        expect((await orders.byAttribute(scope, PERIODS, method, deadlineIn(20_000))).length, method).toBeGreaterThan(0);
      }
      expect(plans.join('\n')).not.toMatch(/Seq Scan on (customers|orders)\b/);
    },
  );

  it.each([SCOPE, { ...SCOPE, clientId: undefined }])(
    'are ranked without reading the table of customers (client $clientId)',
    async (scope) => {
      plans = [];
      const ranking = openCustomerRanking(explained);
      const model = await ranking.model(scope, '1', deadlineIn(20_000));
      const question = { ...scope, lowestRank: 10, smallestGroup: 5, limit: 10, after: undefined };
      for (const partition of RANKING_PARTITIONS) {
        const { rows } = await ranking.page({ ...question, metric: 'revenue', partition }, undefined, deadlineIn(20_000));
        expect(rows).toHaveLength(10);
        if (model.kind === 'fitted') {
          const expected = await ranking.page({ ...question, metric: 'expected_value', partition }, model, deadlineIn(20_000));
          expect(expected.rows).toHaveLength(10);
        }
      }
      expect(plans.join('\n')).not.toMatch(/Seq Scan on (customers|orders)\b/);
    },
  );

  it('answer for a client within 400 ms, all statements of a question together', async () => {
    const orders = openCustomerOrders(hub);
    const started = performance.now();
    await orders.byRfm(SCOPE, PERIODS, deadlineIn(20_000));
    expect(performance.now() - started).toBeLessThan(400);
  });
});
