import { listenToPostgres } from '../db/postgres_listener.ts';
import type { SqlDatabase, Statement } from '../db/sql_database.ts';
import { deadlineIn } from '../domain/deadline.ts';
import type { DataState, Freshness } from './freshness.ts';

const DATA_STATE: Statement = {
  name: 'data_state',
  text: `SELECT v.version::text AS version, w.database_name, w.as_of
           FROM etl.data_version v
           LEFT JOIN (SELECT database_name, min(as_of) AS as_of FROM etl.watermarks GROUP BY database_name) w ON true
          ORDER BY w.database_name`,
};

/** A load that found nothing new moves the watermarks without raising the version; so often are they read again. */
const READ_AGAIN_AFTER_MS = 15_000;
const READ_DEADLINE_MS = 2_000;
/** A hub that could not be asked is not asked again for so long: the calls of that time would only wait in turn for the same. */
const PAUSE_AFTER_FAILURE_MS = 250;

export type HubFreshness = Freshness & { readonly close: () => Promise<void> };

/**
 * The state of the hub's data, held in memory. A NOTIFY of the ETL makes it read the state anew; while the listening
 * connection is away every call reads it, so that no cached answer outlives the data it came from.
 */
export function createHubFreshness(hub: SqlDatabase, hubUrl: string, applicationName: string): HubFreshness {
  let held: DataState | undefined;
  let heldSince = 0;
  let outdated = true;
  let failedAt = Number.NEGATIVE_INFINITY;
  let reading: Promise<void> | undefined;

  const readNow = (): Promise<void> => {
    reading ??= (async () => {
      // Cleared before the query: a notification during it may tell of a commit the query does not see.
      outdated = false;
      try {
        held = await readState(hub);
        heldSince = performance.now();
      } catch {
        held = undefined;
        outdated = true;
        failedAt = performance.now();
      } finally {
        reading = undefined;
      }
    })();
    return reading;
  };

  const listener = listenToPostgres(hubUrl, {
    applicationName: `${applicationName} listener`,
    channel: 'data_version',
    onListening: () => {
      outdated = true;
    },
    onNotification: () => {
      outdated = true;
      void readNow();
    },
  });

  const known = (): DataState | undefined => {
    if (outdated || !listener.isListening()) return undefined;
    if (performance.now() - heldSince > READ_AGAIN_AFTER_MS) void readNow();
    return held;
  };

  return {
    async read() {
      const state = known();
      if (state !== undefined) return state;
      if (performance.now() - failedAt >= PAUSE_AFTER_FAILURE_MS) await readNow();
      return held;
    },
    known,
    close: () => listener.close(),
  };
}

async function readState(hub: SqlDatabase): Promise<DataState | undefined> {
  const rows = await hub.rows(
    DATA_STATE,
    [],
    (row) => ({ version: String(row.version), source: row.database_name, asOf: row.as_of }),
    deadlineIn(READ_DEADLINE_MS),
  );
  const [first] = rows;
  if (first === undefined) return undefined;
  const asOf = rows.flatMap(({ source, asOf }) => (typeof source === 'string' && asOf instanceof Date ? [[source, asOf] as const] : []));
  return { version: first.version, asOf: new Map(asOf) };
}
