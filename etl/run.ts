import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { systemClock } from '../shared/domain/clock.ts';
import { ToolError } from '../shared/domain/tool_error.ts';
import type { BoardsReport } from './campaign_boards.ts';
import type { EtlConnections } from './connections.ts';
import { hasIdentities, identityRows, PERSON_COLUMNS } from './identity_rows.ts';
import { load } from './load.ts';
import type { Changes, LoadCounts, Loaded, TouchedCampaigns } from './load_contract.ts';
import type { BatchReport, RunReport } from './report.ts';
import type { Stream } from './stream.ts';
import { streams as allStreams } from './streams.ts';

export type RunOptions = {
  readonly connections: EtlConnections;
  /** The business time zone. */
  readonly timeZone: string;
  /** The business day, 'YYYY-MM-DD'; the clock's by default. */
  readonly today?: (() => string) | undefined;
  /** Only these; all by default. */
  readonly streams?: readonly Stream[];
  /** Read the whole of each table even where its changes could be read. */
  readonly snapshot?: boolean;
  /** When it aborts, streams under way are finished and no other is begun. */
  readonly signal?: AbortSignal;
  readonly onRun?: ((report: RunReport) => void) | undefined;
};

// Two: on a loopback one stream keeps two processes busy (the source's and the hub's), and waits between its steps.
const AT_ONCE = 2;
const NO_ROWS: LoadCounts = { read: 0, written: 0, unchanged: 0, deleted: 0, rejected: 0 };
const INTEGRITY_VIOLATION = /^23/;

/** One round: brings the changes of every stream into the hub, each in a transaction of its own. A stream that fails does not stop the others. */
export async function runOnce(options: RunOptions): Promise<BatchReport> {
  const batchId = randomUUID();
  const started = performance.now();
  const waiting = [...(options.streams ?? allStreams)];
  const runs: RunReport[] = [];
  const touched: TouchedCampaigns[] = [];
  const worker = async (): Promise<void> => {
    for (let stream = waiting.shift(); stream !== undefined && options.signal?.aborted !== true; stream = waiting.shift()) {
      const { report, campaigns } = await runStream(stream, batchId, options);
      runs.push(report);
      touched.push(campaigns);
      options.onRun?.(report);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  const ms = elapsed(started);
  const boards = await refreshBoards(touched, options);
  return { batchId, ms, runs, failed: runs.filter((run) => run.status === 'failed').length, boards };
}

/** After the commits: what they changed, where readers look first. Undefined without a Redis. */
async function refreshBoards(touched: readonly TouchedCampaigns[], options: RunOptions): Promise<BoardsReport | undefined> {
  const { timeZone, today = systemClock(timeZone).today } = options;
  return await options.connections.boards?.refresh({
    changed: touched.some((campaigns) => campaigns === 'unlisted' || campaigns.length > 0),
    touched: new Set(touched.filter((campaigns) => campaigns !== 'unlisted').flat()),
    today: today(),
    timeZone,
  });
}

async function runStream(
  stream: Stream,
  batchId: string,
  options: RunOptions,
): Promise<{ readonly report: RunReport; readonly campaigns: TouchedCampaigns }> {
  const { hub, lastSync } = options.connections;
  const started = performance.now();
  const report = { database: stream.database, table: stream.table, error: undefined };
  let runId: string | undefined;
  try {
    const begun = await beginRun(hub, stream, batchId);
    runId = begun.runId;
    const { loaded, changes } = await readAndLoad(stream, begun, options);
    if (loaded === 'superseded') {
      await endRun(hub, runId, 'superseded', null);
      return { report: { ...report, ...NO_ROWS, mode: changes.set.mode, status: 'superseded', ms: elapsed(started) }, campaigns: [] };
    }
    const done: RunReport = { ...report, ...loaded.counts, mode: changes.set.mode, status: 'done', ms: elapsed(started) };
    await lastSync?.record(done, changes.set.position, changes.set.asOf);
    return { report: done, campaigns: loaded.campaigns };
  } catch (error) {
    const message = describe(error);
    if (runId !== undefined) {
      await endRun(hub, runId, 'failed', message).catch(() => {}); // the hub is away; the next run closes the record
    }
    return { report: { ...report, ...NO_ROWS, mode: undefined, status: 'failed', ms: elapsed(started), error: message }, campaigns: [] };
  }
}

type Begun = { readonly runId: string; readonly position: string | null };

async function readAndLoad(
  stream: Stream,
  begun: Begun,
  options: RunOptions,
): Promise<{ loaded: Loaded | 'superseded'; changes: Changes }> {
  try {
    return await attempt(stream, begun, options, false);
  } catch (error) {
    // Rows that cannot pass straight into an empty table are looked at one by one.
    if (begun.position === null && INTEGRITY_VIOLATION.test(sqlState(error))) {
      return await attempt(stream, begun, options, true);
    }
    throw error;
  }
}

async function attempt(
  stream: Stream,
  begun: Begun,
  options: RunOptions,
  alwaysStage: boolean,
): Promise<{ loaded: Loaded | 'superseded'; changes: Changes }> {
  const changes = await readChanges(stream, begun, options);
  try {
    const client = await options.connections.hub.connect();
    let broken: Error | undefined;
    client.on('error', ignore);
    try {
      const loaded = await load(client, changes, { runId: begun.runId, standsAt: begun.position, timeZone: options.timeZone, alwaysStage });
      return { loaded, changes };
    } catch (error) {
      broken = error instanceof Error ? error : new Error(String(error));
      throw error;
    } finally {
      client.removeListener('error', ignore);
      client.release(broken);
    }
  } finally {
    await changes.set.close();
  }
}

async function readChanges(stream: Stream, begun: Begun, { connections, snapshot = false }: RunOptions): Promise<Changes> {
  const { sources, identities } = connections;
  const position = snapshot ? null : begun.position;
  const request = { table: stream.source, columns: stream.columns, key: stream.key };
  switch (stream.kind) {
    case 'rows':
      return { kind: 'rows', stream, set: await sources[stream.database].readChanges(request, position) };
    case 'documents':
      return { kind: 'documents', stream, set: await sources[stream.database].readChanges(request, position) };
    case 'identities': {
      // Of a table that was never loaded nothing is asked: another runner may be filling it, and holds it locked.
      const compare = begun.position !== null && (await hasIdentities(identities));
      const set = await sources[stream.database].readChanges({ ...request, columns: PERSON_COLUMNS }, position);
      const rejected = [...set.rejected];
      return { kind: 'rows', stream, set: { ...set, rejected, content: identityRows(set.content, identities, { compare, rejected }) } };
    }
  }
}

async function beginRun(hub: pg.Pool, stream: Stream, batchId: string): Promise<Begun> {
  const { rows } = await hub.query<{ run_id: string; position_from: string | null }>({
    name: 'etl_begin_run',
    text: `INSERT INTO etl.runs (batch_id, database_name, table_name, status, position_from)
           VALUES ($1, $2, $3, 'running', (SELECT position FROM etl.watermarks WHERE database_name = $2 AND table_name = $3))
           RETURNING run_id, position_from`,
    values: [batchId, stream.database, stream.table],
  });
  const row = rows[0];
  if (row === undefined) {
    throw new Error('the hub did not record the run');
  }
  return { runId: row.run_id, position: row.position_from };
}

async function endRun(hub: pg.Pool, runId: string, status: 'failed' | 'superseded', error: string | null): Promise<void> {
  await hub.query('UPDATE etl.runs SET status = $2, error = $3, finished_at = clock_timestamp() WHERE run_id = $1::bigint', [
    runId,
    status,
    error,
  ]);
}

function describe(error: unknown): string {
  const message =
    error instanceof AggregateError ? error.errors.map(describe).join('; ') : error instanceof Error ? error.message : String(error);
  if (error instanceof ToolError) {
    return [message, error.remedy].filter((part) => part !== undefined).join(' ');
  }
  const state = sqlState(error);
  return state === '' ? message : `${message} (${state})`;
}

function sqlState(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

// A broken connection also fails the query that waits on it, which is where it is dealt with.
function ignore(): void {}

function elapsed(since: number): number {
  return Math.round(performance.now() - since);
}
