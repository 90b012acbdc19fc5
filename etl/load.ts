import type { ClientBase } from 'pg';
import { isEmptyTable, loadEmptyTable } from './first_load.ts';
import type { Changes, LoadCounts, Loaded, LoadOptions } from './load_contract.ts';
import { loadThroughStage } from './staged_load.ts';
import type { Stream } from './stream.ts';

type Claim = { readonly zoneChanged: boolean };

const LOCK_NOT_AVAILABLE = '55P03';

/**
 * Brings the changes of one stream into the hub in one transaction: rows, deletions, dead letters, roll-ups, watermark, run record and
 * data version become visible together or not at all. 'superseded' when another runner holds the stream or has moved it on: then
 * nothing was changed. `client` is used by nobody else meanwhile; on an error its transaction has been rolled back.
 */
export async function load(client: ClientBase, changes: Changes, options: LoadOptions): Promise<Loaded | 'superseded'> {
  await client.query(`BEGIN;
    SET LOCAL idle_in_transaction_session_timeout = '10min';
    SET LOCAL work_mem = '64MB';
    SET LOCAL maintenance_work_mem = '256MB';
    SET LOCAL random_page_cost = 1.1`); // a delta finds its rows by index: with the default of 4 it was read against the whole table, 950 ms instead of 100
  try {
    const claim = await claimStream(client, changes.stream, options);
    if (claim === undefined) {
      await client.query('ROLLBACK');
      return 'superseded';
    }
    const loaded: Loaded =
      changes.kind === 'rows' && changes.set.mode === 'snapshot' && !options.alwaysStage && (await isEmptyTable(client, changes.stream))
        ? { counts: await loadEmptyTable(client, changes.stream, changes.set, options), campaigns: 'unlisted' }
        : await loadThroughStage(client, changes, options, claim.zoneChanged);
    await finishRun(client, changes, options, loaded.counts);
    await client.query('COMMIT');
    return loaded;
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {}); // a lost connection has rolled back already
    if (isLockNotAvailable(error)) {
      return 'superseded';
    }
    throw error;
  }
}

/**
 * Locks the stream's watermark and compares it with where the reader started: the one decision between two runners. Undefined when
 * the stream has moved on; a lock that another holds is error 55P03.
 */
async function claimStream(client: ClientBase, stream: Stream, options: LoadOptions): Promise<Claim | undefined> {
  const name = [stream.database, stream.table];
  if (options.standsAt === null) {
    // Held by another's first load until it commits, if there is one.
    await client.query(`SET LOCAL lock_timeout = '100ms'`);
    await client.query(
      `INSERT INTO etl.watermarks (database_name, table_name, position, as_of, run_id) VALUES ($1, $2, '', 'epoch', $3::bigint) ON CONFLICT DO NOTHING`,
      [...name, options.runId],
    );
    await client.query('SET LOCAL lock_timeout = 0');
  }
  const { rows } = await client.query<{ position: string; roll_up_zone: string | null }>(
    'SELECT position, roll_up_zone FROM etl.watermarks WHERE database_name = $1 AND table_name = $2 FOR UPDATE NOWAIT',
    name,
  );
  const watermark = rows[0];
  if (watermark === undefined || watermark.position !== (options.standsAt ?? '')) {
    return undefined;
  }
  return { zoneChanged: stream.kind === 'rows' && stream.rollUp !== undefined && watermark.roll_up_zone !== options.timeZone };
}

/** Moves the watermark, closes the run's record (and those of runs that died), and raises the data version: last, since all streams share that row. */
async function finishRun(client: ClientBase, { stream, set }: Changes, options: LoadOptions, counts: LoadCounts): Promise<void> {
  const rollUpZone = stream.kind === 'rows' && stream.rollUp !== undefined ? options.timeZone : null;
  await client.query({
    name: 'etl_finish_run',
    text: `WITH watermark AS (
        UPDATE etl.watermarks SET position = $4, as_of = $5, run_id = $3, roll_up_zone = $6, updated_at = clock_timestamp()
         WHERE database_name = $1 AND table_name = $2),
      abandoned AS (
        UPDATE etl.runs SET status = 'failed', error = 'ended without a report', finished_at = clock_timestamp()
         WHERE database_name = $1 AND table_name = $2 AND status = 'running' AND run_id < $3::bigint),
      finished AS (
        UPDATE etl.runs SET status = 'done', mode = $7, position_to = $4, finished_at = clock_timestamp(),
               rows_read = $8, rows_written = $9, rows_unchanged = $10, rows_deleted = $11, rows_rejected = $12
         WHERE run_id = $3::bigint)
      SELECT etl.raise_data_version()`,
    values: [
      stream.database,
      stream.table,
      options.runId,
      set.position,
      set.asOf,
      rollUpZone,
      set.mode,
      counts.read,
      counts.written,
      counts.unchanged,
      counts.deleted,
      counts.rejected,
    ],
  });
}

function isLockNotAvailable(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === LOCK_NOT_AVAILABLE;
}
