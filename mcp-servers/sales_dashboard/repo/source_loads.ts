import { countOf, optionalTextOf, optionalTimeOf, type Row, textOf } from '../../../shared/db/row.ts';
import type { SqlDatabase, Statement } from '../../../shared/db/sql_database.ts';
import type { Deadline } from '../../../shared/domain/deadline.ts';

/** How one table of the hub was last loaded. */
export type TableLoad = {
  /** 'PromptAds'. */
  readonly source: string;
  /** 'ads.campaigns'. */
  readonly table: string;
  /** The source's clock when it was last read with success; null when it never was. */
  readonly asOf: Date | null;
  readonly lastRunStatus: string | null;
  readonly lastRunStartedAt: Date | null;
  readonly lastRunFinishedAt: Date | null;
  readonly rowsRead: number;
  /** Inserted or updated. */
  readonly rowsWritten: number;
  readonly rowsDeleted: number;
  readonly openDeadLetters: number;
};

export type SourceLoads = {
  /** Minutes between two loads, as they are planned. */
  readonly intervalMinutes: number;
  readonly tables: (deadline: Deadline) => Promise<readonly TableLoad[]>;
};

// A superseded run did nothing because another runner was quicker: it says nothing about the table.
const TABLE_LOADS: Statement = {
  name: 'table_loads',
  text: `
  WITH loaded AS (
    SELECT database_name, table_name FROM etl.watermarks
    UNION  -- a table whose first load fails has no watermark; its runs are among the latest
    SELECT database_name, table_name FROM etl.runs WHERE run_id > (SELECT max(run_id) - 200 FROM etl.runs)
  )
  SELECT l.database_name, l.table_name, w.as_of, r.status, r.started_at, r.finished_at,
         coalesce(r.rows_read, 0) AS rows_read, coalesce(r.rows_written, 0) AS rows_written, coalesce(r.rows_deleted, 0) AS rows_deleted,
         (SELECT count(*) FROM etl.dead_letters d
           WHERE d.database_name = l.database_name AND d.table_name = l.table_name AND d.resolved_at IS NULL) AS dead_letters
    FROM loaded l
    LEFT JOIN etl.watermarks w USING (database_name, table_name)
    LEFT JOIN LATERAL (
      SELECT r.status, r.started_at, r.finished_at, r.rows_read, r.rows_written, r.rows_deleted
        FROM etl.runs r
       WHERE r.database_name = l.database_name AND r.table_name = l.table_name AND r.status <> 'superseded'
       ORDER BY r.run_id DESC LIMIT 1
    ) r ON true
   ORDER BY l.database_name, l.table_name`,
};

export function openSourceLoads(hub: SqlDatabase, intervalMinutes: number): SourceLoads {
  return { intervalMinutes, tables: (deadline) => hub.rows(TABLE_LOADS, [], toTableLoad, deadline) };
}

function toTableLoad(row: Row): TableLoad {
  return {
    source: textOf(row, 'database_name'),
    table: textOf(row, 'table_name'),
    asOf: optionalTimeOf(row, 'as_of'),
    lastRunStatus: optionalTextOf(row, 'status'),
    lastRunStartedAt: optionalTimeOf(row, 'started_at'),
    lastRunFinishedAt: optionalTimeOf(row, 'finished_at'),
    rowsRead: countOf(row, 'rows_read'),
    rowsWritten: countOf(row, 'rows_written'),
    rowsDeleted: countOf(row, 'rows_deleted'),
    openDeadLetters: countOf(row, 'dead_letters'),
  };
}
