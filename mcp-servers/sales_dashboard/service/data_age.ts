import { formatCount } from '../../../shared/domain/money.ts';
import { table } from '../../../shared/domain/table.ts';
import { lateSources } from '../../../shared/mcp/freshness.ts';
import type { TableLoad } from '../repo/source_loads.ts';

/** How fresh one source's data is. Times are ISO 8601 in UTC, to the second. */
export type SourceAge = {
  readonly source: string;
  /** The source's time of the oldest of its tables: everything is at least as fresh. Null: a table was never loaded. */
  readonly asOf: string | null;
  readonly ageMinutes: number | null;
  readonly isLate: boolean;
  readonly nextRunDue: string | null;
  /** 'failed' when any table's last run failed, else 'running' while one runs, else 'done'. */
  readonly lastRunStatus: string;
  readonly tables: number;
  readonly failedTables: readonly string[];
  /** Of each table's last run. */
  readonly rowsRead: number;
  readonly rowsWritten: number;
  readonly rowsDeleted: number;
  readonly openDeadLetters: number;
};

export type DataAge = { readonly isLate: boolean; readonly intervalMinutes: number; readonly sources: readonly SourceAge[] };

/** Sums the loads of tables to the age of their sources. */
export function dataAge(loads: readonly TableLoad[], intervalMinutes: number, now: Date): DataAge {
  const sources = [...Map.groupBy(loads, ({ source }) => source)].map(([source, tables]) =>
    sourceAge(source, tables, intervalMinutes, now),
  );
  return { isLate: sources.length === 0 || sources.some(({ isLate }) => isLate), intervalMinutes, sources };
}

function sourceAge(source: string, tables: readonly TableLoad[], intervalMinutes: number, now: Date): SourceAge {
  const known = tables.flatMap(({ asOf }) => (asOf === null ? [] : [asOf]));
  const asOf = known.length === tables.length ? earliest(known) : undefined;
  const begun = latest(tables.flatMap(({ lastRunStartedAt }) => (lastRunStartedAt === null ? [] : [lastRunStartedAt])));
  const failedTables = tables.filter(({ lastRunStatus }) => lastRunStatus === 'failed').map(({ table }) => table);
  const isRunning = tables.some(({ lastRunStatus }) => lastRunStatus === 'running');
  const sum = (count: (load: TableLoad) => number): number => tables.reduce((total, load) => total + count(load), 0);
  return {
    source,
    asOf: asOf === undefined ? null : toSecond(asOf),
    ageMinutes: asOf === undefined ? null : Math.max(0, Math.floor((now.getTime() - asOf.getTime()) / 60_000)),
    isLate: asOf === undefined || lateSources({ version: '', asOf: new Map([[source, asOf]]) }, now, intervalMinutes).length > 0,
    nextRunDue: begun === undefined ? null : toSecond(new Date(begun.getTime() + intervalMinutes * 60_000)),
    lastRunStatus: failedTables.length > 0 ? 'failed' : isRunning ? 'running' : 'done',
    tables: tables.length,
    failedTables,
    rowsRead: sum(({ rowsRead }) => rowsRead),
    rowsWritten: sum(({ rowsWritten }) => rowsWritten),
    rowsDeleted: sum(({ rowsDeleted }) => rowsDeleted),
    openDeadLetters: sum(({ openDeadLetters }) => openDeadLetters),
  };
}

const earliest = (times: readonly Date[]): Date | undefined =>
  times.reduce<Date | undefined>((first, time) => (first === undefined || time < first ? time : first), undefined);
const latest = (times: readonly Date[]): Date | undefined =>
  times.reduce<Date | undefined>((last, time) => (last === undefined || time > last ? time : last), undefined);
const toSecond = (time: Date): string => time.toISOString().replace(/\.\d+Z$/, 'Z');

export function dataAgeText({ isLate, intervalMinutes, sources }: DataAge): string {
  if (sources.length === 0) return `Nothing was ever loaded. The plan is a load every ${intervalMinutes} minutes.`;
  return [
    table<SourceAge>(
      [
        { header: 'Source', cell: ({ source }) => source },
        { header: 'As of', cell: ({ asOf }) => asOf ?? 'never loaded whole' },
        { header: 'Age', cell: ({ ageMinutes }) => (ageMinutes === null ? 'no data' : `${formatCount(ageMinutes)} min`) },
        { header: 'Next load due', cell: ({ nextRunDue }) => nextRunDue ?? 'no data' },
        {
          header: 'Last load',
          cell: ({ lastRunStatus, failedTables }) => (failedTables.length === 0 ? lastRunStatus : `failed: ${failedTables.join(', ')}`),
        },
        { header: 'Tables', cell: ({ tables }) => formatCount(tables) },
        { header: 'Rows read', cell: ({ rowsRead }) => formatCount(rowsRead) },
        { header: 'written', cell: ({ rowsWritten }) => formatCount(rowsWritten) },
        { header: 'deleted', cell: ({ rowsDeleted }) => formatCount(rowsDeleted) },
        { header: 'Refused rows open', cell: ({ openDeadLetters }) => formatCount(openDeadLetters) },
      ],
      sources,
    ),
    `${isLate ? 'Late: not every source keeps the plan' : 'On time'}; the plan is a load every ${intervalMinutes} minutes.`,
  ].join('\n');
}
