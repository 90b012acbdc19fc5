import type { ClientBase } from 'pg';
import type { RejectedRow } from '../shared/sources/change_source.ts';
import type { Check, Stream } from './stream.ts';
import { keyText } from './table_sql.ts';

// A row that is refused again while its letter is open is the same letter with the newer reason.
const SAME_LETTER = `ON CONFLICT (database_name, table_name, row_key) WHERE resolved_at IS NULL
  DO UPDATE SET run_id = excluded.run_id, reason = excluded.reason, row_data = excluded.row_data, rejected_at = clock_timestamp()`;

/**
 * Moves the rows that a check refuses from `table` (the stage, or the target of a first load) to the dead letters and returns their keys.
 */
export async function refuseRows(
  client: ClientBase,
  stream: Stream,
  table: string,
  checks: readonly Check[],
  runId: string,
): Promise<string[]> {
  if (checks.length === 0) {
    return [];
  }
  const anyRefuses = checks.map((check) => `(${check.refuses})`).join(' OR ');
  const { rows } = await client.query<{ found: boolean }>(`SELECT EXISTS (SELECT FROM ${table} s WHERE ${anyRefuses}) AS found`);
  if (rows[0]?.found !== true) {
    return [];
  }
  const refused: string[] = [];
  for (const check of checks) {
    const moved = await client.query<{ row_key: string }>(
      `WITH refused AS (DELETE FROM ${table} s WHERE ${check.refuses} RETURNING s.*)
       INSERT INTO etl.dead_letters (run_id, database_name, table_name, row_key, reason, row_data)
       SELECT $1::bigint, $2, $3, ${keyText(stream, 'refused')}, $4, to_jsonb(refused) FROM refused
       ${SAME_LETTER} RETURNING row_key`,
      [runId, stream.database, stream.table, check.reason],
    );
    refused.push(...moved.rows.map((row) => row.row_key));
  }
  return refused;
}

/** Writes dead letters for what could not even be staged. */
export async function recordRefused(client: ClientBase, stream: Stream, refused: readonly RejectedRow[], runId: string): Promise<void> {
  if (refused.length === 0) {
    return;
  }
  await client.query(
    `INSERT INTO etl.dead_letters (run_id, database_name, table_name, row_key, reason, row_data)
     SELECT DISTINCT ON (r.key) $1::bigint, $2, $3, r.key, r.reason, coalesce(r.data, 'null')
       FROM jsonb_to_recordset($4::jsonb) AS r (key text, reason text, data jsonb)
     ${SAME_LETTER}`,
    // A NUL, the one character that jsonb cannot hold, is shown as the replacement character.
    [runId, stream.database, stream.table, JSON.stringify(refused).replaceAll(/(?<!\\)((?:\\\\)*)\\u0000/g, '$1\ufffd')],
  );
}

/**
 * Closes the open letters that this run made good: of a snapshot all that it did not refuse again, of a delta those whose row came
 * (it is in `stage`) or is named in `keys`.
 */
export async function resolveLetters(
  client: ClientBase,
  stream: Stream,
  runId: string,
  scope: 'all' | { readonly keys: readonly string[] },
): Promise<void> {
  const of = 'database_name = $1 AND table_name = $2 AND resolved_at IS NULL AND run_id <> $3::bigint';
  const values = [stream.database, stream.table, runId];
  const { rows } = await client.query<{ found: boolean }>(`SELECT EXISTS (SELECT FROM etl.dead_letters WHERE ${of}) AS found`, values);
  if (rows[0]?.found !== true) {
    return;
  }
  if (scope === 'all') {
    await client.query(`UPDATE etl.dead_letters SET resolved_at = clock_timestamp() WHERE ${of}`, values);
  } else {
    await client.query(
      `UPDATE etl.dead_letters SET resolved_at = clock_timestamp()
        WHERE ${of} AND (row_key = ANY ($4::text[]) OR row_key IN (SELECT ${keyText(stream, 's')} FROM stage s))`,
      [...values, scope.keys],
    );
  }
}
