import { BinaryCopyWriter } from '../db/binary_copy.ts';
import { openSqlServer } from '../db/sql_server_database.ts';
import type { SqlServerReading, SqlServerResultSet } from '../db/sql_server_reading.ts';
import type { ChangeRequest, ChangeSet, DeletedKey, RejectedRow, RowSource } from './change_source.ts';
import { type CopyColumn, copyColumn, timeOf } from './sql_server_copy_columns.ts';

// More deletions than this are cheaper to find by reading the table again than by carrying each key.
const MOST_DELETED_KEYS = 100_000;

/**
 * Reads the tables of a SQL Server source over change tracking: the procedure etl.read_changes_<table of the hub> of the source returns, of one moment, what is
 * to be read from next time, the keys of what is gone, and the rows (database/sqlserver_ads/README.md). The position is the change tracking
 * version. Rows are encoded as they arrive; the server waits while the hub is slower.
 */
export function sqlServerRowSource(address: string): RowSource {
  const database = openSqlServer(address, {
    applicationName: 'promptsales etl',
    called: 'The source',
    maxConnections: 4,
    requestTimeoutMs: 0, // a first load takes as long as its table is large
  });

  const read = async (request: ChangeRequest, previous: Position | undefined): Promise<ChangeSet<Uint8Array>> => {
    const procedure = procedureOf(request.target ?? request.table);
    const reading = await database.read(procedure, { last_version: previous?.version ?? null });
    try {
      const { incarnation, version, ...head } = await readHead(reading, procedure);
      const deletedKeys = await readDeletedKeys(reading, procedure, request);
      const isOther = head.mode === 'delta' && incarnation !== previous?.incarnation;
      if (isOther || (head.mode === 'delta' && deletedKeys.length > MOST_DELETED_KEYS)) {
        await reading.close();
        return await read(request, undefined);
      }
      const result = await requireNext(reading, procedure);
      requireColumns(
        result,
        procedure,
        request.columns.map(({ name }) => name),
      );
      const rejected: RejectedRow[] = [];
      const position = `${incarnation}:${version}`;
      return { ...head, position, deletedKeys, rejected, content: encoded(result, request, rejected), close: () => reading.close() };
    } catch (error) {
      await reading.close();
      throw error;
    }
  };

  return {
    readChanges: (request, position) => read(request, positionOf(position)),
    close: () => database.close(),
  };
}

/** A version of change tracking, and the incarnation of the database that it belongs to: after a restore it means nothing. */
type Position = { readonly incarnation: string; readonly version: string };

/** Undefined, which reads everything, for a position of another kind of source. */
function positionOf(position: string | null): Position | undefined {
  const [, incarnation, version] = /^([\w.-]+):(\d+)$/.exec(position ?? '') ?? [];
  return incarnation === undefined || version === undefined ? undefined : { incarnation, version };
}
/** What becomes the hub's ads.touches is read by etl.read_changes_touches. */
const procedureOf = (target: string): string => `etl.read_changes_${target.split('.').at(-1)}`;

async function requireNext(reading: SqlServerReading, procedure: string): Promise<SqlServerResultSet> {
  const result = await reading.next();
  if (result === undefined) throw new TypeError(`${procedure} returned fewer than three result sets`);
  return result;
}

function requireColumns(result: SqlServerResultSet, procedure: string, wanted: readonly string[]): void {
  if (result.columns.join() !== wanted.join()) {
    throw new TypeError(`${procedure} returned the columns ${result.columns.join(', ')} where ${wanted.join(', ')} are wanted`);
  }
}

const HEAD = ['mode', 'current_version', 'min_valid_version', 'incarnation', 'as_of'] as const;

async function readHead(
  reading: SqlServerReading,
  procedure: string,
): Promise<Position & { readonly mode: 'snapshot' | 'delta'; readonly asOf: Date }> {
  const result = await requireNext(reading, procedure);
  requireColumns(result, procedure, HEAD);
  let row: readonly unknown[] = [];
  for await (const only of result.rows) row = only;
  const [mode, version, , incarnation, asOf] = row;
  if ((mode !== 'snapshot' && mode !== 'delta') || typeof version !== 'string' || typeof incarnation !== 'string') {
    throw new TypeError(`${procedure} did not tell its position: change tracking is off, or the login may not see the database's row`);
  }
  return { mode, version, incarnation, asOf: timeOf(asOf) };
}

async function readDeletedKeys(reading: SqlServerReading, procedure: string, request: ChangeRequest): Promise<readonly DeletedKey[]> {
  const result = await requireNext(reading, procedure);
  requireColumns(result, procedure, request.key);
  const keys: DeletedKey[] = [];
  for await (const row of result.rows) {
    keys.push(Object.fromEntries(request.key.map((name, index) => [name, row[index]])));
    if (keys.length > MOST_DELETED_KEYS) break;
  }
  return keys;
}

/** The rows as one binary COPY stream. A row with a value that its column cannot hold is rejected, and the others go on. */
async function* encoded(result: SqlServerResultSet, request: ChangeRequest, rejected: RejectedRow[]): AsyncGenerator<Uint8Array> {
  const columns: readonly CopyColumn[] = request.columns.map(({ type }) => copyColumn(type));
  const keyPlaces = request.key.map((name) => request.columns.findIndex((column) => column.name === name));
  const copy = new BinaryCopyWriter();
  const checked: unknown[] = new Array(columns.length);
  for await (const row of result.rows) {
    try {
      // All values are looked at before the first is written: half a row cannot be taken back.
      for (const [index, column] of columns.entries()) checked[index] = row[index] === null ? null : column.check(row[index]);
    } catch (error) {
      const data = Object.fromEntries(request.columns.map(({ name }, index) => [name, row[index]]));
      const reason = error instanceof Error ? error.message : String(error);
      rejected.push({ key: keyPlaces.map((place) => String(row[place])).join('/'), reason, data });
      continue;
    }
    copy.row(columns.length);
    for (const [index, column] of columns.entries()) {
      if (checked[index] === null) copy.null();
      else column.write(copy, checked[index] as never);
    }
    if (copy.full) yield copy.take();
  }
  yield copy.end();
}
