import type { ClientBase } from 'pg';
import { copyInto } from '../shared/db/binary_copy.ts';
import type { ChangeSet } from '../shared/sources/change_source.ts';
import { recordRefused, refuseRows, resolveLetters } from './dead_letters.ts';
import type { LoadCounts, LoadOptions } from './load_contract.ts';
import { rebuildRollUp } from './roll_up.ts';
import type { IdentityStream, RowStream } from './stream.ts';
import { columnList } from './table_sql.ts';

/** What triggers keep sales.journeys from. */
const JOURNEY_FACTS: ReadonlySet<string> = new Set(['crm.orders', 'ads.touches']);

/** Whether a first load can go straight into the target. */
export async function isEmptyTable(client: ClientBase, stream: RowStream | IdentityStream): Promise<boolean> {
  const { rows } = await client.query<{ filled: boolean }>(`SELECT EXISTS (SELECT FROM ${stream.table}) AS filled`);
  return rows[0]?.filled === false;
}

/**
 * Copies a whole source table into an empty target: the bytes pass through as they come, the rows arrive frozen, indexes are built
 * afterwards. Errors: a unique or not-null violation (SQLSTATE class 23) when the source holds what the target cannot; such rows have to be
 * looked at one by one, in a stage.
 */
export async function loadEmptyTable(
  client: ClientBase,
  stream: RowStream | IdentityStream,
  set: ChangeSet<Uint8Array>,
  options: LoadOptions,
): Promise<LoadCounts> {
  // Orders and touches write journeys in common, each reading the other's table: whoever comes second must not have locked its own yet.
  if (JOURNEY_FACTS.has(stream.table)) await client.query(`SELECT pg_advisory_xact_lock('sales.journeys'::regclass::oid::bigint)`);
  await client.query('SELECT etl.defer_indexes($1::regclass)', [stream.table]);
  const copied = await copyInto(client, `COPY ${stream.table} (${columnList(stream)}) FROM STDIN (FORMAT binary, FREEZE)`, set.content);
  await recordRefused(client, stream, set.rejected, options.runId);
  const refused = await refuseRows(client, stream, stream.table, stream.checks, options.runId);
  await client.query('SELECT etl.restore_indexes($1::regclass)', [stream.table]);
  await resolveLetters(client, stream, options.runId, 'all');
  if (stream.rollUp !== undefined) {
    await rebuildRollUp(client, stream.table, stream.rollUp, options.timeZone, true);
  }
  const rejected = set.rejected.length + refused.length;
  return { read: copied + set.rejected.length, written: copied - refused.length, unchanged: 0, deleted: 0, rejected };
}
