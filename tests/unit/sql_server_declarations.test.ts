import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { RowStream } from '../../etl/stream.ts';
import { streams } from '../../etl/streams.ts';
import type { TsqlModel } from '../../scripts/tsql/compiler.ts';
import { packageRoot } from '../../shared/config/package_root.ts';
import type { ProcedureDeclaration } from '../../shared/db/sql_server_procedure.ts';
import * as ofAds from '../../shared/sources/sql_server_ads_procedures.ts';
import * as ofCrm from '../../shared/sources/sql_server_crm_procedures.ts';

/**
 * What TypeScript declares of the stored procedures against what the T-SQL compiler makes of their text (model.json, which npm run check:tsql keeps): neither
 * side can change alone.
 */
const model = (name: 'ads' | 'crm'): TsqlModel =>
  JSON.parse(readFileSync(join(packageRoot(), `database/sqlserver_${name}/model.json`), 'utf8'));
const MODELS = { ads: model('ads'), crm: model('crm') };

const DECLARED: readonly (readonly [name: string, declared: ProcedureDeclaration, model: TsqlModel])[] = [
  ...Object.values(ofAds).map((declared) => [declared.name, declared, MODELS.ads] as const),
  ...Object.values(ofCrm).map((declared) => [declared.name, declared, MODELS.crm] as const),
];

const typed = (columns: Readonly<Record<string, string>>) => Object.entries(columns).map(([name, type]) => ({ name, type }));

describe.each(DECLARED)('%s', (name, declared, compiled) => {
  const procedure = compiled.procedures[name];

  it('takes the parameters that are declared, in their order and types', () => {
    const parameters = Object.entries(declared.parameters).map(([parameter, type]) => ({
      name: `@${parameter}`,
      type: typeof type === 'string' ? type.replace('?', '') : type.tableType,
      readOnly: typeof type !== 'string',
      output: false,
    }));
    expect(procedure?.parameters).toEqual(parameters);
  });

  it('takes tables of the declared columns, which may be null where it is declared', () => {
    const tables = Object.values(declared.parameters).filter((type) => typeof type !== 'string');
    for (const { tableType, columns } of tables) {
      const asDeclared = typed(columns).map((column) => ({
        ...column,
        type: column.type.replace('?', ''),
        nullable: column.type.endsWith('?'),
      }));
      expect(compiled.tableTypes[tableType], tableType).toEqual(asDeclared);
    }
  });

  it('returns result sets of the declared kinds and no other', () => {
    const told = (procedure?.resultSets ?? []).map((columns) => columns.map((column) => column.name).join());
    expect(new Set(told)).toEqual(new Set(Object.values(declared.results).map((columns) => Object.keys(columns).join())));
    for (const [kind, columns] of Object.entries(declared.results)) {
      const names = Object.keys(columns).join();
      const [compiledColumns = []] = (procedure?.resultSets ?? []).filter((set) => set.map((column) => column.name).join() === names);
      // Of an expression the compiler knows no type; those are what the adapter checks at every call.
      const known = compiledColumns.filter(({ type }) => type !== null);
      const declaredOfKnown = typed(columns)
        .map((column) => ({ ...column, type: column.type.replace('?', '') }))
        .filter((column) => known.some((each) => each.name === column.name));
      expect(known, kind).toEqual(declaredOfKnown);
    }
  });
});

/** What the types of SQL Server may be from which the adapter makes a column of the hub. */
const READ_FROM: Readonly<Record<string, RegExp>> = {
  text: /^n?(var)?char\(/,
  'text[]': /^nvarchar\(/,
  jsonb: /^nvarchar\(/,
  integer: /^(int|smallint|tinyint)$/,
  bigint: /^bigint$/,
  boolean: /^bit$/,
  'double precision': /^float$/,
  numeric: /^varchar\(/,
  date: /^(var)?char\(/,
  'timestamp with time zone': /^(var)?char\(27\)$/,
};

const ROWS = streams.filter((stream): stream is RowStream => stream.kind === 'rows').map((stream) => [stream.source, stream] as const);

describe.each(ROWS)('the changes of %s', (source, stream) => {
  const compiled = MODELS[stream.database === 'PromptAds' ? 'ads' : 'crm'];
  const procedure = compiled.procedures[`etl.read_changes_${source.split('.').at(-1)}`];

  it('are read from a version on: position, keys, rows, in the columns that the hub has', () => {
    expect(procedure?.parameters).toEqual([{ name: '@last_version', type: 'bigint', readOnly: false, output: false }]);
    const names = procedure?.resultSets.map((columns) => columns.map(({ name }) => name));
    const columns = stream.columns.map(({ name }) => name);
    const head = ['mode', 'current_version', 'min_valid_version', 'incarnation', 'as_of'];
    // The text has the branches of a delta and of a snapshot.
    expect(names).toEqual([head, stream.key, columns, stream.key, columns]);
  });

  it('are of types that the adapter makes the hub’s of, in both branches', () => {
    const [, , delta = [], , snapshot = []] = procedure?.resultSets ?? [];
    for (const { name, type } of stream.columns) {
      const wanted = READ_FROM[type.replace(/\(.*$/, '')];
      for (const branch of [delta, snapshot]) {
        const found = branch.find((column) => column.name === name)?.type ?? null;
        if (found !== null) expect(found, `${source}.${name}`).toMatch(wanted ?? /^$/);
      }
    }
  });
});
