import { textOf } from '../db/row.ts';
import type { SqlDatabase, Statement } from '../db/sql_database.ts';
import type { Deadline } from '../domain/deadline.ts';

/** Tells the version of the hub's data: another one after every load that brought something. */
export type DataVersion = (deadline: Deadline) => Promise<string>;

const DATA_VERSION: Statement = { name: 'data_version', text: 'SELECT version::text AS version FROM etl.data_version' };

export function openDataVersion(hub: SqlDatabase): DataVersion {
  return async (deadline) => (await hub.rows(DATA_VERSION, [], (row) => textOf(row, 'version'), deadline))[0] ?? '0';
}

/**
 * Keeps what is dear to work out for as long as a hub's data stays the same: in this process, the `most` results asked for last. The version
 * is read before the work begins, so that a result of older data is never taken for one of newer.
 */
export function keptByVersion<T>(most: number) {
  const ofHubs = new WeakMap<DataVersion, { readonly version: string; readonly results: Map<string, T> }>();
  return async (dataVersion: DataVersion, key: string, work: () => Promise<T>, deadline: Deadline): Promise<T> => {
    const version = await dataVersion(deadline);
    const before = ofHubs.get(dataVersion);
    const kept = before?.version === version ? before : { version, results: new Map<string, T>() };
    if (kept !== before) ofHubs.set(dataVersion, kept);
    const known = kept.results.get(key);
    const result = known ?? (await work());
    kept.results.delete(key); // the one asked for now is the last to go
    kept.results.set(key, result);
    const [oldest] = kept.results.keys();
    if (kept.results.size > most && oldest !== undefined) kept.results.delete(oldest);
    return result;
  };
}
