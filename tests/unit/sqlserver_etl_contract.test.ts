import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { PERSON_COLUMNS } from '../../etl/identity_rows.ts';
import { streams } from '../../etl/streams.ts';
import type { TsqlModel } from '../../scripts/tsql/compiler.ts';

const MODELS: Readonly<Record<string, TsqlModel>> = Object.fromEntries(
  ['ads', 'crm'].map((name) => [
    name,
    JSON.parse(readFileSync(new URL(`../../database/sqlserver_${name}/model.json`, import.meta.url), 'utf8')),
  ]),
);
const tables = streams
  .flatMap((stream) =>
    stream.kind === 'documents' ? [] : [{ ...stream, columns: stream.kind === 'identities' ? PERSON_COLUMNS : stream.columns }],
  )
  .map(({ table, key, columns }) => {
    const [database = '', name = ''] = table.split('.');
    return { table, key, columns: columns.map((column) => column.name), model: MODELS[database], name };
  });
const names = (columns: readonly { readonly name: string }[] = []): string[] => columns.map(({ name }) => name);

describe('what SQL Server hands to the ETL (D12)', () => {
  it('is there for every table that the hub copies', () => {
    expect(tables).toHaveLength(17);
  });

  it.each(tables)('of $table: a view with the columns of the hub, in their order', ({ model, name, columns }) => {
    expect(names(model?.views[`etl.${name}`])).toEqual(columns);
  });

  it.each(tables)('of $table: a procedure that reads all of it or what changed, in one shape', ({ model, name, key, columns }) => {
    const procedure = model?.procedures[`etl.read_changes_${name}`];
    expect(procedure?.parameters).toEqual([{ name: '@last_version', type: 'bigint', readOnly: false, output: false }]);
    const [head, ...rest] = procedure?.resultSets ?? [];
    expect(names(head)).toEqual(['mode', 'current_version', 'min_valid_version', 'incarnation', 'as_of']);
    // First what a delta gives, then what a snapshot gives.
    expect(rest.map(names)).toEqual([key, columns, key, columns]);
    expect(rest[2]).toEqual(rest[0]?.map((column) => ({ ...column, type: expect.anything() })));
    expect(rest[3]).toEqual(rest[1]);
  });

  it.each(tables)('of $table: decimals, days and times as text, which no driver rounds', ({ model, name }) => {
    const sets = model?.procedures[`etl.read_changes_${name}`]?.resultSets ?? [];
    const inexact = sets.flat().filter(({ type }) => /^(decimal|money|date|datetime)/.test(type ?? ''));
    expect(inexact).toEqual([]);
  });
});
