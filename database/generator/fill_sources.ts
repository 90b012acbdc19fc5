import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { packageRoot } from '../../shared/config/package_root.ts';
import { copyInto } from '../../shared/db/binary_copy.ts';
import { historyBefore } from './calendar.ts';
import { GENERATOR_VERSION, type Scale } from './scales.ts';
import { sourceData, type TableData } from './source_data.ts';
import { splitStatements } from './split_statements.ts';

export { showcaseCampaign } from './campaigns.ts';
export type { Scale } from './scales.ts';

/** `content` is left out where it is not on PostgreSQL: {@link fillMongoContent} fills it with what belongs to the others. */
export type SourceUrls = { readonly ads: string; readonly crm: string; readonly content?: string | undefined };

export type FillOptions = {
  readonly seed: number;
  /** 'YYYY-MM-DD'. Facts run up to the day before it. */
  readonly referenceDate: string;
  readonly scale: Scale;
  /** `done` of `total` parts of the whole work; `label` says which table is being written. */
  readonly onProgress: (progress: { readonly label: string; readonly done: number; readonly total: number }) => void;
};

/** What is in the sources. */
export type Fill = { readonly seed: number; readonly referenceDate: string; readonly scale: Scale; readonly generatorVersion: number };

export type FillReport = Fill & {
  /** Rows written by table. */
  readonly rows: Readonly<Record<string, number>>;
  /** Milliseconds by part of the work. Parts run side by side: they add up to more than `total`. */
  readonly milliseconds: Readonly<Record<string, number>>;
};

/** Which share of the whole each part is, about, at full scale: what the progress bar goes by. */
const WEIGHTS: Readonly<Record<string, number>> = {
  'ads.daily_metrics': 30,
  'ads.touches': 10,
  'crm.customers': 24,
  'crm.orders': 10,
  'crm.leads': 4,
  'crm.interactions': 2,
  'keys of PromptAds': 12,
  'keys of PromptCRM': 10,
};
/** Tables whose keys are built when their own rows are in, not with the others'. */
const LARGE_ADS_TABLES = ['ads.daily_metrics', 'ads.touches'];
const PEOPLE_TABLES = ['crm.cities', 'crm.customers'];
/** A chunk is about 128 kB; how many make a table at full scale, for the bar only. */
const USUAL_CHUNKS: Readonly<Record<Scale, Readonly<Record<string, number>>>> = {
  full: { 'ads.daily_metrics': 800, 'ads.touches': 390, 'crm.customers': 850, 'crm.orders': 380, 'crm.leads': 110, 'crm.interactions': 50 },
  small: {},
};

/**
 * (Re)creates the schemas of the source databases and fills them: same seed, date, scale and version, same data. What was
 * in those schemas is dropped. A fill that is cut short leaves no mark of completion, so that {@link readFill} finds nothing and the next fill begins anew.
 * Errors: the database's, after 30 s also that a table is in somebody else's use; RangeError for a reference date that is no day.
 * Nothing is retried.
 */
export async function fillSources(urls: SourceUrls, options: FillOptions): Promise<FillReport> {
  const { seed, referenceDate, scale, onProgress } = options;
  // Before anything is dropped: no data can be made for a day that does not exist.
  historyBefore(referenceDate);
  const fill: Fill = { seed, referenceDate, scale, generatorVersion: GENERATOR_VERSION };
  const rows: Record<string, number> = {};
  const milliseconds: Record<string, number> = {};
  const progress = progressOf(scale, onProgress);
  const clients: pg.Client[] = [];
  const connect = async (url: string): Promise<pg.Client> => {
    const client = new pg.Client({ connectionString: url, application_name: 'promptsales fill' });
    // A lost connection also fails the query under way, which is where it is dealt with.
    client.on('error', () => undefined);
    clients.push(client);
    await client.connect();
    await client.query(`SET synchronous_commit = off; SET maintenance_work_mem = '256MB'; SET client_min_messages = warning;
      SELECT set_config('lock_timeout', '30s', false) WHERE current_setting('lock_timeout') = '0'`);
    return client;
  };
  const timed = async <T>(part: string, work: () => Promise<T>): Promise<T> => {
    const started = performance.now();
    const result = await work();
    milliseconds[part] = Math.round(performance.now() - started);
    return result;
  };
  const load = (client: pg.Client, data: TableData): Promise<void> =>
    timed(data.table, async () => {
      rows[data.table] = await loadTable(client, data, progress.part(data.table));
      progress.done(data.table);
    });

  const started = performance.now();
  try {
    const [adsFacts, adsRest, crmPeople, crmSales, content] = await Promise.all([
      connect(urls.ads),
      connect(urls.ads),
      connect(urls.crm),
      connect(urls.crm),
      urls.content === undefined ? undefined : connect(urls.content),
    ]);
    // The databases build their schemas while this thread prepares the data.
    const schemas = timed('schemas', () =>
      Promise.all([
        recreateSchemas(adsFacts, 'ads'),
        recreateSchemas(crmPeople, 'crm'),
        content === undefined ? undefined : recreateSchemas(content, 'content'),
      ]),
    );
    schemas.catch(() => undefined);
    const [adsKeys, crmKeys, contentKeys] = await Promise.all([readStatements('ads'), readStatements('crm'), readStatements('content')]);
    const data = await timed('prepare', async () => sourceData(seed, referenceDate, scale));
    await schemas;

    const small = (async () => {
      for (const table of data.ads) await load(adsRest, table);
      await load(crmPeople, data.cities);
      if (content === undefined) return;
      for (const table of data.content) await load(content, table);
      await timed('keys of PromptContent', () => runAll(content, contentKeys));
    })();
    small.catch(() => undefined);
    await load(adsFacts, data.metrics);
    await small;
    await load(adsRest, data.campaignChannels);
    await timed('keys of the small tables', () =>
      runAll(
        adsRest,
        adsKeys.filter((statement) => !isAbout(statement, LARGE_ADS_TABLES)),
      ),
    );

    // From here four connections of two databases work side by side: while this thread makes rows for one, the servers take rows and build keys.
    const metricKeys = timed('keys of ads.daily_metrics', () =>
      runAll(
        adsFacts,
        adsKeys.filter((statement) => isAbout(statement, ['ads.daily_metrics'])),
      ),
    );
    metricKeys.catch(() => undefined);
    // The statement must be on its way before this thread is busy.
    await new Promise((resolve) => setImmediate(resolve));
    const later = await timed('journeys', async () => data.afterMetrics());
    await Promise.all([
      metricKeys,
      (async () => {
        await load(adsRest, later.touches);
        await timed('keys of ads.touches', () =>
          runAll(
            adsRest,
            adsKeys.filter((statement) => isAbout(statement, ['ads.touches'])),
          ),
        );
        await metricKeys;
        progress.done('keys of PromptAds');
      })(),
      (async () => {
        const sales = (async () => {
          for (const table of later.sales) await load(crmSales, table);
        })();
        sales.catch(() => undefined);
        await load(crmPeople, later.customers);
        await timed('keys of crm.customers', () =>
          runAll(
            crmPeople,
            crmKeys.filter((statement) => isAbout(statement, PEOPLE_TABLES)),
          ),
        );
        await sales;
        await timed('keys of PromptCRM', () =>
          runAll(
            crmPeople,
            crmKeys.filter((statement) => !isAbout(statement, PEOPLE_TABLES)),
          ),
        );
        progress.done('keys of PromptCRM');
      })(),
    ]);
    for (const client of [adsFacts, crmPeople, content]) if (client !== undefined) await recordFill(client, fill);
  } finally {
    await Promise.allSettled(clients.map((client) => client.end()));
  }
  progress.finish();
  milliseconds.total = Math.round(performance.now() - started);
  return { ...fill, rows, milliseconds };
}

/** What the sources were filled with, or undefined when one of them has no complete fill or they disagree. */
export async function readFill({ ads, crm, content }: SourceUrls): Promise<Fill | undefined> {
  const fills = await Promise.all([ads, crm, ...(content === undefined ? [] : [content])].map(readFillOf));
  const [first] = fills;
  return fills.every((fill) => JSON.stringify(fill) === JSON.stringify(first)) ? first : undefined;
}

async function readFillOf(url: string): Promise<Fill | undefined> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const { rows } = await client.query<{ seed: string; reference_date: string; scale: Scale; generator_version: number }>(
      'SELECT seed, reference_date::text, scale, generator_version FROM tracking.fill',
    );
    const [row] = rows;
    if (row === undefined) return undefined;
    return { seed: Number(row.seed), referenceDate: row.reference_date, scale: row.scale, generatorVersion: row.generator_version };
  } catch (error) {
    // undefined_table, invalid_schema_name: never filled, or a fill was cut short.
    if (error instanceof pg.DatabaseError && (error.code === '42P01' || error.code === '3F000')) return undefined;
    throw error;
  } finally {
    await client.end();
  }
}

async function recreateSchemas(client: pg.Client, database: 'ads' | 'crm' | 'content'): Promise<void> {
  const folder = join(packageRoot(), 'database', 'postgresql');
  const [tracking, schema] = await Promise.all([
    readFile(join(folder, 'tracking.sql'), 'utf8'),
    readFile(join(folder, database, 'schema.sql'), 'utf8'),
  ]);
  // One text of several statements is one transaction.
  await client.query(`DROP SCHEMA IF EXISTS ${database} CASCADE; DROP SCHEMA IF EXISTS tracking CASCADE; ${tracking}; ${schema}`);
}

async function readStatements(database: 'ads' | 'crm' | 'content'): Promise<readonly string[]> {
  return splitStatements(await readFile(join(packageRoot(), 'database', 'postgresql', database, 'constraints.sql'), 'utf8'));
}

/**
 * TRUNCATE and COPY in one transaction: PostgreSQL then writes no log for the rows (with wal_level minimal) and stores them
 * frozen, so that no vacuum has to come after.
 */
async function loadTable(client: pg.Client, { table, columns, chunks }: TableData, onChunk: () => void): Promise<number> {
  await client.query(`BEGIN; TRUNCATE ${table}`);
  const count = await copyInto(
    client,
    `COPY ${table} (${columns.join(', ')}) FROM STDIN (FORMAT binary, FREEZE)`,
    counted(chunks(), onChunk),
  );
  await client.query('COMMIT');
  return count;
}

function* counted(chunks: Iterable<Uint8Array>, onChunk: () => void): Generator<Uint8Array> {
  for (const chunk of chunks) {
    yield chunk;
    onChunk();
  }
}

async function runAll(client: pg.Client, statements: readonly string[]): Promise<void> {
  for (const statement of statements) await client.query(statement);
}

/** Whether the table a statement changes, the first it names, is one of these. */
function isAbout(statement: string, tables: readonly string[]): boolean {
  const [first] = /\b(?:ads|crm)\.\w+/.exec(statement) ?? [];
  return first !== undefined && tables.includes(first);
}

async function recordFill(client: pg.Client, fill: Fill): Promise<void> {
  await client.query('BEGIN');
  await client.query(`CREATE TABLE tracking.fill (
    seed bigint NOT NULL, reference_date date NOT NULL, scale text NOT NULL, generator_version integer NOT NULL,
    filled_at timestamptz NOT NULL DEFAULT now())`);
  await client.query('INSERT INTO tracking.fill (seed, reference_date, scale, generator_version) VALUES ($1, $2, $3, $4)', [
    fill.seed,
    fill.referenceDate,
    fill.scale,
    fill.generatorVersion,
  ]);
  await client.query('COMMIT');
}

/** Turns chunks and finished parts into one number that only grows. */
function progressOf(scale: Scale, onProgress: FillOptions['onProgress']) {
  const total = 10 * Object.values(WEIGHTS).reduce((sum, weight) => sum + weight, 0);
  const parts = new Map<string, number>();
  let shown = 0;
  const report = (label: string): void => {
    const done = Math.floor([...parts.values()].reduce((sum, part) => sum + part, 0));
    if (done <= shown) return;
    shown = done;
    onProgress({ label, done, total });
  };
  return {
    /** A function to be called for every chunk of the table. */
    part: (table: string) => {
      const step = (10 * (WEIGHTS[table] ?? 0)) / (USUAL_CHUNKS[scale][table] ?? 10);
      return () => {
        parts.set(table, Math.min(10 * (WEIGHTS[table] ?? 0) * 0.98, (parts.get(table) ?? 0) + step));
        report(table);
      };
    },
    done: (part: string) => {
      parts.set(part, 10 * (WEIGHTS[part] ?? 0));
      report(part);
    },
    finish: () => onProgress({ label: 'sources filled', done: total, total }),
  };
}
