import type { Table } from 'mssql';
import { driverType, givenValue, type SqlServerColumn } from '../../shared/db/sql_server_types.ts';
import { StackError } from '../../shared/stack/stack_error.ts';
import type { OwnerSession } from '../sqlserver/owner_session.ts';
import { type CopyColumn, type CopyValue, copyRows } from './copy_rows.ts';
import { GENERATOR_VERSION, type Scale } from './scales.ts';
import { sourceData, type TableData } from './source_data.ts';
import { type TargetColumn, targetTables } from './target_tables.ts';

export type SqlServerFill = {
  readonly database: 'ads' | 'crm';
  readonly seed: number;
  /** 'YYYY-MM-DD'. */
  readonly referenceDate: string;
  readonly scale: Scale;
  readonly onProgress: (progress: { readonly label: string; readonly done: number; readonly total: number }) => void;
};

/** Rows that are in the tables, by table; of an earlier try too. */
export type SqlServerFillReport = { readonly rows: Readonly<Record<string, number>>; readonly resumed: boolean };

/** Rows a bulk copy or a call takes: each is all or none, and held in memory twice. */
const BATCH = 10_000;

/**
 * Fills a deployed, empty database of SQL Server with the generator's data: the rows that seed, date and scale give on PostgreSQL too. Tables are loaded by
 * bulk copy, without checks, which are all made at the end; customers by crm.save_customers, which encrypts them. Cut short, it goes on behind the last
 * whole batch. Errors: StackError when the database holds another fill, or rows that no fill of this made; the server's.
 */
export async function fillSqlServer(session: OwnerSession, { database, onProgress, ...fill }: SqlServerFill): Promise<SqlServerFillReport> {
  const { seed, referenceDate, scale } = fill;
  const targets = await targetTables(database);
  const data = sourceData(seed, referenceDate, scale);
  const resumed = await beginFill(session, fill);
  const rows: Record<string, number> = {};
  const total = database === 'ads' ? 12 : 7;
  let done = 0;
  const load = async (table: TableData): Promise<void> => {
    onProgress({ label: table.table, done: done++, total });
    rows[table.table] = await loadTable(session, table, targets.of(table), resumed);
  };

  if (database === 'ads') {
    for (const table of data.ads) {
      await load(table);
      if (table.table === 'ads.campaigns') rows['ads.campaign_countries'] = await loadCountries(session, table, targets.countries, resumed);
    }
    await load(data.metrics);
    await load(data.campaignChannels);
    await load(data.afterMetrics().touches);
  } else {
    await load(data.cities);
    onProgress({ label: 'sales follow from what was advertised', done: done++, total });
    for (const _ of data.metrics.chunks()) {
      // Read for what it leaves behind: who buys is drawn from it.
    }
    const { customers, sales } = data.afterMetrics();
    await session.batch('IF NOT EXISTS (SELECT 1 FROM crm.contact_hash_key AS k) EXEC crm.set_contact_hash_key;');
    await load(customers);
    for (const table of sales) await load(table);
  }

  onProgress({ label: 'checks and foreign keys', done: done++, total });
  for (const table of Object.keys(rows)) await session.batch(`ALTER TABLE ${table} WITH CHECK CHECK CONSTRAINT ALL`);
  await session.batch('UPDATE deploy.fill SET completed_at = SYSUTCDATETIME() WHERE completed_at IS NULL');
  onProgress({ label: 'filled', done: total, total });
  return { rows, resumed };
}

/** Whether this fill was begun before. */
async function beginFill(session: OwnerSession, { seed, referenceDate, scale }: Pick<SqlServerFill, 'seed' | 'referenceDate' | 'scale'>) {
  const mine = { seed, referenceDate, scale, version: GENERATOR_VERSION };
  const [found] = await session.batch(
    'SELECT f.seed, f.reference_date AS referenceDate, f.scale, f.generator_version AS version FROM deploy.fill AS f',
  );
  if (found === undefined) {
    await session.query(
      `INSERT INTO deploy.fill (only_row, seed, reference_date, scale, generator_version) VALUES (1, @seed, @referenceDate, @scale, @version)`,
      mine,
    );
    return false;
  }
  if (
    Number(found.seed) === seed &&
    found.referenceDate === referenceDate &&
    found.scale === scale &&
    Number(found.version) === mine.version
  ) {
    return true;
  }
  throw new StackError(
    `The database was filled with seed ${found.seed}, reference date ${found.referenceDate}, scale ${found.scale}, version ${found.version} of the data.`,
    'Give the same --seed, --reference-date and --scale to go on with it, or fill an empty database.',
  );
}

async function loadTable(session: OwnerSession, data: TableData, columns: readonly TargetColumn[], resumed: boolean): Promise<number> {
  const kept = columns.flatMap(({ type }, place) => (type === undefined ? [] : [place]));
  const rows = copyRows(
    data.chunks(),
    columns.map(({ copied }) => copied),
  );
  const shown = mapped(rows, (row) => kept.map((place) => row[place] as CopyValue));
  return loadRows(
    session,
    data.table,
    kept.map((place) => columns[place] as TargetColumn),
    shown,
    resumed,
  );
}

/** The array of a campaign's countries as rows, in its order. */
async function loadCountries(
  session: OwnerSession,
  campaigns: TableData,
  columns: readonly TargetColumn[],
  resumed: boolean,
): Promise<number> {
  const copied: CopyColumn[] = campaigns.columns.map((name) => (name === 'countries' ? 'textArray' : 'text'));
  const id = campaigns.columns.indexOf('campaign_id');
  const countries = campaigns.columns.indexOf('countries');
  function* rows(): Generator<CopyValue[]> {
    for (const row of copyRows(campaigns.chunks(), copied)) {
      const codes: readonly string[] = JSON.parse(String(row[countries]));
      for (const [index, code] of codes.entries()) yield [row[id] as CopyValue, code, index + 1];
    }
  }
  return loadRows(session, 'ads.campaign_countries', columns, rows(), resumed);
}

async function loadRows(
  session: OwnerSession,
  table: string,
  columns: readonly TargetColumn[],
  rows: Iterable<CopyValue[]>,
  resumed: boolean,
): Promise<number> {
  const [present] = await session.batch(`SELECT COUNT_BIG(*) AS count FROM ${table}`);
  const before = Number(present?.count ?? 0);
  if (before > 0 && !resumed) {
    throw new StackError(`${table} holds ${before} rows that no fill of this made.`, 'Deploy to an empty database and fill that one.');
  }
  let count = 0;
  let batch = newBatch(session, table, columns);
  const send = async (): Promise<void> => {
    if (table === 'crm.customers') await session.callWithTable('crm.save_customers', 'customers', batch);
    else await session.bulk(batch, { keepNulls: true, tableLock: true });
    batch = newBatch(session, table, columns);
  };
  for (const row of rows) {
    // Batches are whole and in order: what is there is what comes first.
    if (++count <= before) continue;
    batch.rows.add(...row.map((value, place) => given(columns[place], value)));
    if (batch.rows.length === BATCH) await send();
  }
  if (batch.rows.length > 0) await send();
  return count;
}

function newBatch(session: OwnerSession, table: string, columns: readonly TargetColumn[]): Table {
  const { driver } = session;
  const batch = table === 'crm.customers' ? new driver.Table('crm.customer_row') : new driver.Table(table);
  for (const { name, type, nullable } of columns) if (type !== undefined) batch.columns.add(name, driverType(driver, type), { nullable });
  return batch;
}

/** Throws RangeError for a value that the column cannot hold exactly. */
function given(column: TargetColumn | undefined, value: CopyValue): never {
  return givenValue(column?.type as SqlServerColumn, value) as never;
}

function* mapped<A, B>(items: Iterable<A>, change: (item: A) => B): Generator<B> {
  for (const item of items) yield change(item);
}
