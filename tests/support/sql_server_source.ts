import { PERSON_COLUMNS } from '../../etl/identity_rows.ts';
import { streams } from '../../etl/streams.ts';
import type { SourceColumn } from '../../shared/sources/change_source.ts';
import { query } from './etl_databases.ts';
import { startTdsEndpoint, type TdsEndpoint, type TdsReply } from './tds_endpoint.ts';
import type { TdsType, TdsValue } from './tds_endpoint_types.ts';

/** What a source tells of its state, and what is gone from a table since the version asked about. */
export type SqlServerSourceState = {
  incarnation: string;
  version: bigint;
  /** From which version on changes are known. */
  firstKnown: bigint;
  /** By table: conditions of the rows that changed, and the keys that are gone, since any known version. */
  readonly changes: Map<string, { readonly changed: string; readonly gone: readonly (readonly TdsValue[])[] }>;
};

export type SqlServerSource = { readonly endpoint: TdsEndpoint; readonly address: string; readonly state: SqlServerSourceState };

/**
 * A source as SQL Server would serve it to the ETL: the etl.read_changes procedures of both databases in the shape of database/sqlserver_ads/README.md, over
 * rows that lie in PostgreSQL.
 */
export async function startSqlServerSource(url: string): Promise<SqlServerSource> {
  const state: SqlServerSourceState = { incarnation: 'A1.B2', version: 5n, firstKnown: 3n, changes: new Map() };
  const endpoint = await startTdsEndpoint({
    answer: async (request) => {
      if (request.kind !== 'procedure') return undefined;
      const stream = READS.find((each) => each.procedure === request.procedure);
      const [last] = request.parameters;
      if (stream === undefined || last?.name !== 'last_version' || last.type !== 'bigint') return undefined;
      return await changesOf(url, stream, state, last.value);
    },
  });
  return { endpoint, address: `mssql://etl:secreto@127.0.0.1:${endpoint.port}/Source?encrypt=false`, state };
}

/** What a procedure reads: by its table in the source, and as the hub's table is called. */
type Read = {
  readonly procedure: string;
  readonly table: string;
  readonly source: string;
  readonly key: readonly string[];
  readonly columns: readonly SourceColumn[];
};

const READS: readonly Read[] = streams.flatMap(({ kind, table, source, key, columns }) =>
  kind === 'documents'
    ? []
    : [
        {
          procedure: `etl.read_changes_${table.split('.').at(-1)}`,
          table,
          source,
          key,
          columns: kind === 'identities' ? PERSON_COLUMNS : columns,
        },
      ],
);

async function changesOf(url: string, stream: Read, state: SqlServerSourceState, last: TdsValue): Promise<TdsReply> {
  const isDelta = typeof last === 'bigint' && last >= state.firstKnown && last <= state.version;
  const { changed, gone } = isDelta ? (state.changes.get(stream.table) ?? { changed: 'false', gone: [] }) : { changed: 'true', gone: [] };
  const rows = await query(
    url,
    `SELECT ${stream.columns.map((column) => `${expressionOf(column)} AS ${column.name}`).join(', ')} FROM ${stream.source} WHERE ${changed}`,
  );
  const columns = Object.fromEntries(stream.columns.map(({ name, type }) => [name, typeOf(type)]));
  const keys = Object.fromEntries(stream.key.map((name) => [name, columns[name] ?? ('nvarchar(400)' as const)]));
  const head = {
    mode: 'varchar(10)',
    current_version: 'bigint',
    min_valid_version: 'bigint',
    incarnation: 'varchar(80)',
    as_of: 'varchar(27)',
  } as const;
  return {
    results: [
      {
        columns: head,
        rows: [[isDelta ? 'delta' : 'snapshot', state.version, state.firstKnown, state.incarnation, '2026-02-10 18:00:00.1234567']],
      },
      { columns: keys, rows: gone },
      { columns, rows: rows.map((row) => stream.columns.map(({ name, type }) => asSent(type, row[name]))) },
    ],
  };
}

const PLAIN: Readonly<Record<string, TdsType>> = {
  text: 'nvarchar(4000)',
  'text[]': 'nvarchar(max)',
  jsonb: 'nvarchar(max)',
  integer: 'int',
  bigint: 'bigint',
  boolean: 'bit',
  'double precision': 'float',
  date: 'char(10)',
  'timestamp with time zone': 'char(27)',
};
const typeOf = (type: string): TdsType => PLAIN[type] ?? 'varchar(40)';

function expressionOf({ name, type, yearOf }: SourceColumn): string {
  if (yearOf !== undefined) return `extract(year FROM ${yearOf})::integer`;
  if (type === 'timestamp with time zone') return `to_char(${name} AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') || '9'`;
  if (type === 'text[]') return `to_json(${name})::text`;
  return type.startsWith('numeric') || type === 'date' || type === 'jsonb' ? `${name}::text` : name;
}

function asSent(type: string, value: unknown): TdsValue {
  if (value === null) return null;
  return type === 'bigint' ? BigInt(String(value)) : (value as TdsValue);
}
