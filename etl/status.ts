import type pg from 'pg';
import { streams } from './streams.ts';

/** Where one stream stands. */
export type StreamStatus = {
  readonly database: string;
  readonly table: string;
  /** The source's clock when it was last read; undefined when it never was. */
  readonly asOf: Date | undefined;
  readonly ageSeconds: number | undefined;
  readonly lastRun:
    | { readonly status: string; readonly startedAt: Date; readonly ms: number | undefined; readonly error: string | undefined }
    | undefined;
  /** Rows that were refused and have not come right since. */
  readonly openDeadLetters: number;
};

type StatusRow = {
  readonly as_of: Date | null;
  readonly age_seconds: number | null;
  readonly status: string | null;
  readonly started_at: Date | null;
  readonly ms: number | null;
  readonly error: string | null;
  readonly dead_letters: string;
};

/** Where every stream stands, in the order of the streams. */
export async function readStatus(hub: pg.Pool): Promise<StreamStatus[]> {
  const { rows } = await hub.query<StatusRow>(
    `SELECT w.as_of, extract(epoch FROM clock_timestamp() - w.as_of)::float8 AS age_seconds,
            r.status, r.started_at, extract(epoch FROM r.finished_at - r.started_at)::float8 * 1000 AS ms, r.error,
            (SELECT count(*) FROM etl.dead_letters d
              WHERE d.database_name = s.database_name AND d.table_name = s.table_name AND d.resolved_at IS NULL) AS dead_letters
       FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS s (database_name, table_name, ordinal)
       LEFT JOIN etl.watermarks w USING (database_name, table_name)
       LEFT JOIN LATERAL (SELECT * FROM etl.runs r WHERE r.database_name = s.database_name AND r.table_name = s.table_name
                           ORDER BY r.run_id DESC LIMIT 1) r ON true
      ORDER BY s.ordinal`,
    [streams.map((stream) => stream.database), streams.map((stream) => stream.table)],
  );
  return rows.map((row, index) => ({
    database: streams[index]?.database ?? '',
    table: streams[index]?.table ?? '',
    asOf: row.as_of ?? undefined,
    ageSeconds: row.age_seconds ?? undefined,
    lastRun:
      row.status === null || row.started_at === null
        ? undefined
        : {
            status: row.status,
            startedAt: row.started_at,
            ms: row.ms === null ? undefined : Math.round(row.ms),
            error: row.error ?? undefined,
          },
    openDeadLetters: Number(row.dead_letters),
  }));
}

/** Whether the hub misses a stream or has one whose data is older than so many minutes. */
export async function isOlderThan(hub: pg.Pool, minutes: number): Promise<boolean> {
  const status = await readStatus(hub);
  return status.some((stream) => stream.ageSeconds === undefined || stream.ageSeconds > minutes * 60);
}
