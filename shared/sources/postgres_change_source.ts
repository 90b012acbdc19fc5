import pg from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import type { ChangeRequest, ChangeSet, DeletedKey, DocumentSource, RowSource, SourceColumn, SourceDocument } from './change_source.ts';

// More deletions than this are cheaper to find by reading the table again than by carrying each key.
const MOST_DELETED_KEYS = 100_000;
const DOCUMENTS_A_FETCH = 500;

type Position = {
  /** Which incarnation of which table: server, timeline (raised by a restore or a failover), database and table. */
  readonly identity: string;
  /** Every transaction below has ended, so a row written by one is in what was read. */
  readonly horizon: bigint;
};

type Opened = {
  readonly client: pg.PoolClient;
  readonly mode: 'snapshot' | 'delta';
  readonly position: string;
  readonly asOf: Date;
  readonly deletedKeys: readonly DeletedKey[];
  /** The WHERE clause of a delta; empty for a snapshot. */
  readonly filter: string;
};

/**
 * Reads the tables of a PostgreSQL source by transaction horizon. Every tracked row carries the transaction that last wrote it
 * (database/postgresql/tracking.sql). A read takes one snapshot, remembers pg_snapshot_xmin of it, and the next read asks
 * for rows of that transaction or later: whoever was still open then is at or above it, so a late commit is read, at the price of reading
 * some rows twice. Neither a clock nor the order of commits matters.
 */
export function postgresRowSource(url: string): RowSource {
  const pool = openPool(url);
  return {
    readChanges: async (request, position) => {
      const opened = await open(pool, request, position);
      const columns = request.columns.map(selected).join(', ');
      const statement = `COPY (SELECT ${columns} FROM ${qualified(request.table)}${opened.filter}) TO STDOUT (FORMAT binary)`;
      return changeSet(opened, (client) => copyOut(client, statement));
    },
    close: () => pool.end(),
  };
}

/** The same for collections kept as tables of (id text, document jsonb). */
export function postgresDocumentSource(url: string): DocumentSource {
  const pool = openPool(url);
  return {
    readChanges: async (request, position) => {
      const opened = await open(pool, { ...request, key: ['id'], columns: [{ name: 'id', type: 'text' }] }, position);
      return changeSet(opened, (client) => documents(client, `SELECT id, document FROM ${qualified(request.table)}${opened.filter}`));
    },
    close: () => pool.end(),
  };
}

function openPool(url: string): pg.Pool {
  const pool = new pg.Pool({ connectionString: url, application_name: 'promptsales etl', max: 4, keepAlive: true });
  pool.on('error', () => {}); // an idle connection that breaks is replaced by the next read
  return pool;
}

async function open(pool: pg.Pool, request: ChangeRequest, position: string | null): Promise<Opened> {
  const client = await pool.connect();
  client.on('error', ignore);
  try {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    const { current, asOf } = await currentPosition(client, request.table);
    const previous = position === null ? undefined : readPosition(position);
    const since =
      previous !== undefined && previous.identity === current.identity && previous.horizon <= current.horizon
        ? previous.horizon
        : undefined;
    const deletedKeys = since === undefined ? undefined : await readDeletedKeys(client, request, since);
    const base = { client, position: `${current.identity}:${current.horizon}`, asOf };
    return deletedKeys === undefined
      ? { ...base, mode: 'snapshot', deletedKeys: [], filter: '' }
      : { ...base, mode: 'delta', deletedKeys, filter: ` WHERE changed_xid >= '${since}'::xid8` };
  } catch (error) {
    client.release(true);
    throw error;
  }
}

async function currentPosition(client: pg.PoolClient, table: string): Promise<{ current: Position; asOf: Date }> {
  const { rows } = await client.query<{ identity: string; horizon: string; as_of: Date }>({
    name: 'etl_position',
    text: `SELECT concat_ws('.', system_identifier, timeline_id, (SELECT oid FROM pg_database WHERE datname = current_database()), $1::regclass::oid) AS identity,
                  pg_snapshot_xmin(pg_current_snapshot())::text AS horizon,
                  now() AS as_of
             FROM pg_control_system(), pg_control_checkpoint()`,
    values: [qualified(table)],
  });
  const row = rows[0];
  if (row === undefined) {
    throw new Error('the source did not tell its position');
  }
  return { current: { identity: row.identity, horizon: BigInt(row.horizon) }, asOf: row.as_of };
}

function readPosition(position: string): Position | undefined {
  const [, identity, horizon] = /^([\d.]+):(\d+)$/.exec(position) ?? [];
  return identity === undefined || horizon === undefined ? undefined : { identity, horizon: BigInt(horizon) };
}

/**
 * Keys deleted since, unless a row with the key lives again: it may carry a smaller transaction number than the deletion, when its
 * transaction began earlier, and would otherwise be deleted in the hub without being read. Undefined when the table was truncated
 * or too much was deleted: then only a snapshot tells what is left.
 */
async function readDeletedKeys(client: pg.PoolClient, request: ChangeRequest, since: bigint): Promise<DeletedKey[] | undefined> {
  const sameKey = request.key
    .map((name) => {
      const type = request.columns.find((column) => column.name === name)?.type ?? 'text';
      return `live.${quote(name)} = (gone.row_key ->> '${name}')::${type}`;
    })
    .join(' AND ');
  const { rows } = await client.query<{ row_key: DeletedKey | null }>(
    `SELECT NULL AS row_key FROM tracking.truncations WHERE table_name = $1 AND changed_xid >= $2::xid8
     UNION ALL
     SELECT gone.row_key FROM tracking.deleted_rows gone
      WHERE gone.table_name = $1 AND gone.changed_xid >= $2::xid8
        AND NOT EXISTS (SELECT FROM ${qualified(request.table)} live WHERE ${sameKey})
     LIMIT ${MOST_DELETED_KEYS + 1}`,
    [request.table.split('.').at(-1), since.toString()],
  );
  const keys = rows.map((row) => row.row_key).filter((key) => key !== null);
  return keys.length < rows.length || keys.length > MOST_DELETED_KEYS ? undefined : keys;
}

function changeSet<Content>(opened: Opened, read: (client: pg.PoolClient) => AsyncIterable<Content>): ChangeSet<Content> {
  let state: 'open' | 'reading' | 'read' | 'closed' = 'open';
  return {
    mode: opened.mode,
    position: opened.position,
    asOf: opened.asOf,
    deletedKeys: opened.deletedKeys,
    rejected: [],
    content: (async function* () {
      state = 'reading';
      yield* read(opened.client);
      state = 'read';
    })(),
    close: async () => {
      if (state === 'closed') {
        return;
      }
      const halfRead = state === 'reading';
      state = 'closed';
      try {
        if (!halfRead) {
          await opened.client.query('COMMIT');
        }
        opened.client.removeListener('error', ignore);
        opened.client.release(halfRead); // a connection in the middle of a COPY is of no use to anyone else
      } catch {
        opened.client.release(true);
      }
    },
  };
}

async function* copyOut(client: pg.PoolClient, statement: string): AsyncGenerator<Uint8Array> {
  yield* client.query(copyTo(statement));
}

async function* documents(client: pg.PoolClient, query: string): AsyncGenerator<SourceDocument> {
  await client.query(`DECLARE changed NO SCROLL CURSOR FOR ${query}`);
  for (;;) {
    const { rows } = await client.query<SourceDocument>(`FETCH ${DOCUMENTS_A_FETCH} FROM changed`);
    yield* rows;
    if (rows.length < DOCUMENTS_A_FETCH) {
      return;
    }
  }
}

// A broken connection also fails the query that waits on it, which is where it is dealt with.
function ignore(): void {}

function selected({ name, type, yearOf }: SourceColumn): string {
  if (yearOf === undefined) return `${quote(name)}::${type}`;
  // One infinite date must not end the whole read.
  return `CASE WHEN isfinite(${quote(yearOf)}) THEN extract(year FROM ${quote(yearOf)})::${type} END`;
}

function qualified(table: string): string {
  return table.split('.').map(quote).join('.');
}

function quote(name: string): string {
  return pg.escapeIdentifier(name);
}
