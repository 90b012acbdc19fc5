import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { migrateHub } from '../../database/postgresql/hub/migrate.ts';
import { type EtlPlaces, type EtlUrls, openConnections } from '../../etl/connections.ts';
import { runOnce } from '../../etl/run.ts';
import { packageRoot } from '../../shared/config/package_root.ts';
import { makeDataKeys, sharedKeysFolder } from './data_keys.ts';
import { type ScratchDatabases, type ScratchPostgres, startFilledPostgres } from './scratch_postgres.ts';

/** Three empty sources and an empty hub of their own on a scratch server. */
export type EtlDatabases = { readonly urls: EtlPlaces; readonly hubOwner: string };

/** The suffix of the databases that {@link startEtlPostgres} copies. */
const EMPTY = 'empty';

/** A scratch server on which {@link createEtlDatabases} copies what the first such server of the run has made. */
export function startEtlPostgres(): Promise<ScratchPostgres> {
  return startFilledPostgres('etl_databases', async (server) => {
    await makeEtlDatabases(server, EMPTY, { constraints: true, copies: false });
  });
}

/** Creates the databases with their schemas and, unless `constraints` is false, keys and change tracking; a login for the ETL beside them. */
export async function createEtlDatabases(
  server: ScratchDatabases,
  { constraints = true, suffix = randomUUID().slice(0, 8) }: { readonly constraints?: boolean; readonly suffix?: string } = {},
): Promise<EtlDatabases> {
  const [empty] = await query(server.url('postgres'), `SELECT FROM pg_database WHERE datname = 'hub_${EMPTY}'`);
  return makeEtlDatabases(server, suffix, { constraints, copies: empty !== undefined });
}

async function makeEtlDatabases(
  server: ScratchDatabases,
  suffix: string,
  { constraints, copies }: { readonly constraints: boolean; readonly copies: boolean },
): Promise<EtlDatabases> {
  const databases = await etlDatabasesOf(server, suffix);
  const copy = (name: string) => query(server.url('postgres'), `CREATE DATABASE ${name}_${suffix} TEMPLATE ${name}_${EMPTY}`);
  for (const name of ['ads', 'crm', 'content'] as const) {
    if (copies && constraints) await copy(name);
    else await makeSource(server, name, suffix, constraints);
  }
  if (copies) await copy('hub');
  else await makeHub(server, suffix, databases.hubOwner);
  return databases;
}

async function makeSource(server: ScratchDatabases, name: string, suffix: string, constraints: boolean): Promise<void> {
  const database = `${name}_${suffix}`;
  await server.createDatabase(database);
  for (const file of ['tracking.sql', `${name}/schema.sql`, ...(constraints ? [`${name}/constraints.sql`] : [])]) {
    await query(server.url(database), await readFile(join(packageRoot(), 'database', 'postgresql', file), 'utf8'));
  }
}

async function makeHub(server: ScratchDatabases, suffix: string, hubOwner: string): Promise<void> {
  await server.createDatabase(`hub_${suffix}`);
  await migrateHub(hubOwner);
  await query(
    hubOwner,
    `DO $$ BEGIN
       CREATE ROLE loader LOGIN PASSWORD 'loader';
     EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
     END $$;
     GRANT promptsales_etl TO loader;`,
  );
  await makeDataKeys(hubOwner);
}

/** Where the databases are that were created with this suffix. */
export async function etlDatabasesOf(server: ScratchDatabases, suffix: string): Promise<EtlDatabases> {
  const source = (name: string) => server.url(`${name}_${suffix}`);
  const hub = `hub_${suffix}`;
  const keysFolder = await sharedKeysFolder();
  return {
    urls: { ads: source('ads'), crm: source('crm'), content: source('content'), hubEtl: server.url(hub, 'loader'), keysFolder },
    hubOwner: server.url(hub),
  };
}

/** Brings what is new in the sources to the hub. Rejects with what went wrong, stream by stream. */
export async function loadHub(urls: EtlPlaces): Promise<void> {
  const connections = await openConnections(urls);
  try {
    const round = await runOnce({ connections, timeZone: 'America/Costa_Rica' });
    if (round.failed > 0) throw new Error(round.runs.map(({ table, error }) => `${table}: ${error ?? 'done'}`).join('\n'));
  } finally {
    await connections.close();
  }
}

/** Runs SQL: several statements without values, or one with them. The last result's rows. */
export type RunSql = (text: string, values?: readonly unknown[]) => Promise<Record<string, unknown>[]>;

/** Runs SQL on a connection of its own. */
export async function query(url: string, ...sql: Parameters<RunSql>): ReturnType<RunSql> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await lastRows(client, ...sql);
  } finally {
    await client.end();
  }
}

/** The same many times, on connections that stay open until `close`: for statements that change nothing of their session. */
export function openSql(url: string): { readonly run: RunSql; readonly close: () => Promise<void> } {
  const pool = new pg.Pool({ connectionString: url, max: 4 });
  return { run: (...sql) => lastRows(pool, ...sql), close: () => pool.end() };
}

async function lastRows(client: pg.Client | pg.Pool, ...[text, values]: Parameters<RunSql>): ReturnType<RunSql> {
  const result: pg.QueryResult | pg.QueryResult[] = await client.query(text, values === undefined ? undefined : [...values]);
  return (Array.isArray(result) ? result.at(-1) : result)?.rows ?? [];
}

/** Puts a small company into the sources: 12 campaigns on 3 channels over 30 days, 400 customers with leads and orders, images, clients. */
export async function fillSources(urls: EtlUrls): Promise<void> {
  await query(
    urls.ads,
    `INSERT INTO ads.channels SELECT c, initcap(c), 'social' FROM unnest(ARRAY['instagram', 'facebook', 'tiktok']) c;
     INSERT INTO ads.campaigns SELECT 'CMP-' || g, 'CLI-' || g % 4, 'Campaña ' || g, 'sales', 'active', '2026-01-01', '2026-12-31', 1000 + g, 'USD',
            ARRAY['CR', 'MX'], 'jóvenes', '2025-12-01Z', '2025-12-02Z' FROM generate_series(1, 12) g;
     INSERT INTO ads.campaign_channels SELECT campaign_id, channel_id, 0.3333, 1000 FROM ads.campaigns, ads.channels;
     INSERT INTO ads.campaign_budgets SELECT campaign_id, channel_id, '2026-01-01', 250.50 FROM ads.campaign_channels;
     INSERT INTO ads.ad_sets SELECT campaign_id || channel_id, campaign_id, channel_id, 'Conjunto', '{"ageMin": 18}', 'lowest_cost', NULL, 10, 'active' FROM ads.campaign_channels;
     INSERT INTO ads.ads SELECT ad_set_id || '-1', ad_set_id, campaign_id, channel_id, 'IMG-1', 'Corré más', 'active', '2026-01-02Z' FROM ads.ad_sets;
     INSERT INTO ads.daily_metrics SELECT campaign_id, channel_id, city, date '2026-01-01' + day, 1.25 * day, 100 + day, day, 2, 1
       FROM ads.campaign_channels, generate_series(1, 2) city, generate_series(0, 29) day;
     INSERT INTO ads.touches SELECT g, 1 + g % 400, 'CMP-' || 1 + g % 12, 'instagram', 'click', timestamptz '2026-01-01Z' + g * interval '1 hour' FROM generate_series(1, 700) g;
     INSERT INTO ads.experiments VALUES ('EXP-1', 'CMP-1', 'Color', 'El rojo vende más', 'click_rate', 0.5, '2026-01-01', NULL);
     INSERT INTO ads.experiment_days SELECT 'EXP-1', arm, date '2026-01-01' + day, 100, day FROM unnest(ARRAY['control', 'treatment']) arm, generate_series(0, 9) day;
     INSERT INTO ads.change_log SELECT g, 'CMP-1', 'budget', 'CMP-1', 'planned', NULL, '250.50', 'ana', '2026-01-01Z' FROM generate_series(1, 5) g;`,
  );
  await query(
    urls.crm,
    `INSERT INTO crm.cities SELECT g, 'Ciudad ' || g, 'Región', 'CR', 'Costa Rica', 9.9, -84.1, 1000 FROM generate_series(1, 2) g;
     INSERT INTO crm.customers SELECT g, 'CLI-' || g % 4, 'person', 'María José', 'Núñez ' || g, 'm' || g || '@example.com', '+506 8' || g, '1-' || g, '1990-01-01',
            'female', NULL, 'loyal', 'high', 1 + g % 2, 9.9 + g / 1e4, -84.1, '2026-01-01Z', '2026-01-01Z' FROM generate_series(1, 400) g;
     INSERT INTO crm.leads SELECT g, 1 + g % 400, 'CLI-1', CASE WHEN g % 3 > 0 THEN 'CMP-' || 1 + g % 12 END, CASE WHEN g % 3 > 0 THEN 'facebook' END, 'paid_social',
            (ARRAY['new', 'qualified', 'won'])[1 + g % 3], 100, timestamptz '2026-01-01Z' + g * interval '1 hour', NULL,
            CASE WHEN g % 3 > 0 THEN timestamptz '2026-02-01Z' END, NULL, NULL FROM generate_series(1, 300) g;
     INSERT INTO crm.orders SELECT g, 1 + g % 400, 'CLI-1', CASE WHEN g % 4 > 0 THEN 'CMP-' || 1 + g % 12 END, CASE WHEN g % 4 > 0 THEN 'tiktok' END, NULL, NULL, 1,
            (ARRAY['paid', 'paid', 'refunded', 'cancelled'])[1 + g % 4], g < 400, 'CRC', 510.5 * g, 510.5, g, timestamptz '2026-01-01Z' + g * interval '1 hour'
       FROM generate_series(1, 500) g;
     INSERT INTO crm.interactions SELECT g, 1 + g % 400, 'call', 'positive', '2026-01-01Z' FROM generate_series(1, 200) g;`,
  );
  const insert = (collection: string, id: string, document: object): Promise<unknown> =>
    query(urls.content, `INSERT INTO content.${collection} (id, document) VALUES ($1, $2)`, [id, JSON.stringify(document)]);
  for (const number of [1, 2, 3]) {
    await insert('imagenes', `IMG-${number}`, imageOf(number));
    await insert('campanas', `CMP-${number}`, campaignOf(number));
    await insert('clientes', `CLI-${number}`, clientOf(number, ['PLAN-GROWTH', 'PLAN-STARTER']));
  }
}

const times = { createdAt: '2026-01-01T08:00:00.123Z', updatedAt: '2026-01-02T08:00:00Z' };

/** A document of `imagenes`. */
export function imageOf(number: number): Record<string, unknown> {
  return {
    contentId: `IMG-${number}`,
    url_imagen: `https://cdn.example.com/${number}.jpg`,
    url_thumbnail: `https://cdn.example.com/${number}.t.jpg`,
    descripcion: 'Corredora en la montaña al amanecer',
    hashtags: ['#montaña', '#trail'],
    categoria: 'deporte',
    vector_id_pinecone: null,
    metadata: { formato: 'jpg', aprobado: true, ancho: 1200 },
    campanas_asociadas: ['CMP-1'],
    ...times,
  };
}

/** A document of `campanas`. */
export function campaignOf(number: number): Record<string, unknown> {
  return {
    campaignId: `CMP-${number}`,
    name: `Campaña ${number}`,
    description: 'Zapatillas de montaña',
    targetAudience: { edadMin: 18 },
    campaignMessage: 'Corré más',
    contentVersions: [{ contentId: 'IMG-1', platform: 'instagram', type: 'image' }],
    usedImages: ['IMG-1'],
    status: 'active',
    ...times,
  };
}

/** A document of `clientes`. */
export function clientOf(number: number, plans: readonly string[]): Record<string, unknown> {
  return {
    clientId: `CLI-${number}`,
    company: `Empresa ${number}`,
    email: `hola@empresa${number}.example.com`,
    phone: '+506 2222 2222',
    status: 'active',
    subscriptions: plans.map((planId) => ({
      planId,
      planName: planId.toLowerCase(),
      status: 'active',
      renewalDate: '2026-12-01',
      paymentStatus: 'paid',
      usageTracking: { generacion_contenido: { used: 3, limit: null, resetDate: '2026-02-01' } },
    })),
    ...times,
  };
}
