import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packageRoot } from '../../shared/config/package_root.ts';
import type { SqlServerColumn } from '../../shared/db/sql_server_types.ts';
import type { CopyColumn } from './copy_rows.ts';
import type { TableData } from './source_data.ts';

/** A column of generated rows and where it goes; type undefined: not into this table. */
export type TargetColumn = {
  readonly name: string;
  readonly type: SqlServerColumn | undefined;
  readonly nullable: boolean;
  readonly copied: CopyColumn;
};

/** What the compiled project says of its tables (model.json, which the compile gate keeps). */
type Model = Readonly<
  Record<'tables' | 'tableTypes', Readonly<Record<string, readonly { name: string; type: string; nullable: boolean }[]>>>
>;

/** Columns whose bytes their type in SQL Server does not tell. */
const TOLD: Readonly<Record<string, CopyColumn>> = { 'ads.ad_sets.targeting': 'jsonb', 'ads.campaigns.countries': 'textArray' };

/** Where generated rows go in a database of SQL Server, by its compiled project: customers into the table type of crm.save_customers. */
export async function targetTables(database: 'ads' | 'crm') {
  const path = join(packageRoot(), 'database', `sqlserver_${database}`, 'model.json');
  const model: Model = JSON.parse(await readFile(path, 'utf8'));
  const columnsOf = (table: string, names: readonly string[]): TargetColumn[] => {
    const declared = table === 'crm.customers' ? model.tableTypes['crm.customer_row'] : model.tables[table];
    if (declared === undefined) throw new TypeError(`the project of SQL Server has no table ${table}`);
    return names.map((name) => {
      const found = declared.find((column) => column.name === name);
      const told = TOLD[`${table}.${name}`];
      if (found === undefined && told !== 'textArray') throw new TypeError(`${table} has no column ${name} in SQL Server`);
      const type = found?.type.replace(/^float\(53\)$/, 'float') as SqlServerColumn | undefined;
      return { name, type, nullable: found?.nullable ?? true, copied: told ?? copiedAs(type ?? '') };
    });
  };
  return {
    of: ({ table, columns }: Pick<TableData, 'table' | 'columns'>): readonly TargetColumn[] => columnsOf(table, columns),
    get countries(): readonly TargetColumn[] {
      return columnsOf('ads.campaign_countries', ['campaign_id', 'country', 'position']);
    },
  };
}

/** How the generator writes what SQL Server keeps as that type. */
function copiedAs(type: string): CopyColumn {
  switch (/^\w+/.exec(type)?.[0]) {
    case 'bigint':
      return 'int8';
    case 'int':
    case 'smallint':
    case 'tinyint':
      return 'int4';
    case 'bit':
      return 'bool';
    case 'float':
      return 'float8';
    case 'decimal':
      return 'numeric';
    case 'date':
      return 'date';
    case 'datetime2':
      return 'timestamptz';
    default:
      return 'text';
  }
}
