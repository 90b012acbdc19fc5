import type { ClientBase } from 'pg';
import { copyInto } from '../shared/db/binary_copy.ts';
import { peekCopy } from './copy_chunks.ts';
import { recordRefused, refuseRows, resolveLetters } from './dead_letters.ts';
import { type DocumentOutcome, documentRows } from './document_rows.ts';
import type { Changes, Loaded, LoadOptions } from './load_contract.ts';
import { noteTouchedGroups, rebuildRollUp, refreshTouchedGroups } from './roll_up.ts';
import { shownCampaigns } from './shown_campaigns.ts';
import type { Check, Stream } from './stream.ts';
import { assignments, columnList, differs, keyText, sameKey } from './table_sql.ts';

/** So many bad rows that something else must be wrong. */
class TooManyRejected extends Error {
  override readonly name = 'TooManyRejected';
}

const MOST_REJECTED = 10_000;
/** From this share of the target on, MERGE beats INSERT … ON CONFLICT, which locks and logs each row it then leaves alone. */
const MERGE_SHARE = 0.05;
/** When a load touches this share of a roll-up's groups, the whole is computed anew. */
const REBUILD_SHARE = 0.2;
/** The planner's guess about a temporary table is good enough below. */
const ANALYZE_FROM_ROWS = 1_000;

/**
 * Brings changes in through a temporary table: bad rows to the dead letters, of several versions of a row the last, then only what
 * differs into the target, then the deletions. `rebuild`: compute the stream's roll-up anew whatever changed.
 */
export async function loadThroughStage(client: ClientBase, changes: Changes, options: LoadOptions, rebuild: boolean): Promise<Loaded> {
  const { stream, set } = changes;
  const outcome: DocumentOutcome = { loadedIds: [], refused: [] };
  const content = changes.kind === 'rows' ? changes.set.content : documentRows(changes.stream, changes.set.content, outcome);
  const { isEmpty, chunks } = await peekCopy(content);
  const nothingElse = set.deletedKeys.length + set.rejected.length + outcome.loadedIds.length + outcome.refused.length === 0;
  if (isEmpty && nothingElse && set.mode === 'delta' && !rebuild) {
    return { counts: { read: 0, written: 0, unchanged: 0, deleted: 0, rejected: 0 }, campaigns: [] };
  }

  await client.query(`CREATE TEMP TABLE stage ON COMMIT DROP AS SELECT ${columnList(stream)} FROM ${stream.table} WITH NO DATA`);
  const staged = await copyInto(client, `COPY stage FROM STDIN (FORMAT binary)`, chunks);
  if (staged >= ANALYZE_FROM_ROWS) {
    await client.query('ANALYZE stage');
  }
  await keepLastVersions(client, stream);
  const refusedBefore = [...set.rejected, ...outcome.refused];
  await recordRefused(client, stream, refusedBefore, options.runId);
  const refusedKeys = [
    ...refusedBefore.map((row) => row.key),
    ...(await refuseRows(client, stream, 'stage', checksOf(stream), options.runId)),
  ];
  if (refusedKeys.length > MOST_REJECTED) {
    throw new TooManyRejected(
      `${refusedKeys.length} rows were refused, more than ${MOST_REJECTED}: nothing was changed, the source needs a look`,
    );
  }

  const hasGone = await noteGone(client, changes, outcome, refusedKeys);
  const rollUp = changes.kind === 'rows' ? changes.stream.rollUp : undefined;
  const touched =
    rollUp === undefined
      ? 0
      : await noteTouchedGroups(
          client,
          { facts: stream.table, sameKey: sameKey(stream), differs: differs(stream, 's'), hasGone },
          rollUp,
          options.timeZone,
        );
  const campaigns = await shownCampaigns(client, stream, hasGone);
  const isLarge = staged >= MERGE_SHARE * (await estimatedRows(client, stream.table));
  const written = isLarge ? await merge(client, stream) : await upsert(client, stream);
  const deleted = hasGone ? await deleteGone(client, stream, options.runId) : 0;
  if (rollUp !== undefined) {
    if (rebuild || touched >= Math.max(1, REBUILD_SHARE * (await estimatedRows(client, rollUp.table)))) {
      await rebuildRollUp(client, stream.table, rollUp, options.timeZone, false);
    } else if (touched > 0) {
      await refreshTouchedGroups(client, stream.table, rollUp, options.timeZone);
    }
  }
  await resolveLetters(
    client,
    stream,
    options.runId,
    set.mode === 'snapshot' ? 'all' : { keys: [...outcome.loadedIds, ...deletedKeyTexts(changes)] },
  );

  const read = staged + refusedBefore.length;
  return { counts: { read, written, unchanged: read - written - refusedKeys.length, deleted, rejected: refusedKeys.length }, campaigns };
}

/** A row without a value that the hub requires is refused like one that breaks a rule. */
function checksOf(stream: Stream): Check[] {
  const missing = stream.columns
    .filter((column) => !column.nullable)
    .map(({ name }) => ({ reason: `${name} is missing`, refuses: `s.${name} IS NULL` }));
  return [...missing, ...stream.checks];
}

/** Of several staged versions of one row, only the last to arrive counts: a heap filled by one COPY lies in the order of arrival. */
async function keepLastVersions(client: ClientBase, stream: Stream): Promise<void> {
  const key = stream.key.join(', ');
  const { rows } = await client.query<{ found: boolean }>(`SELECT EXISTS (SELECT FROM stage GROUP BY ${key} HAVING count(*) > 1) AS found`);
  if (rows[0]?.found === true) {
    await client.query(`DELETE FROM stage WHERE ctid IN (
      SELECT place FROM (SELECT ctid AS place, row_number() OVER (PARTITION BY ${key} ORDER BY ctid DESC) AS age FROM stage) versions WHERE age > 1)`);
  }
}

/**
 * Notes the keys of what is gone from the source in the temporary table `gone`; false when nothing can be. A key that was refused is
 * not gone: the hub keeps the last good version of its row.
 */
async function noteGone(client: ClientBase, changes: Changes, outcome: DocumentOutcome, refusedKeys: readonly string[]): Promise<boolean> {
  const { stream, set } = changes;
  const notStaged = `NOT EXISTS (SELECT FROM stage s WHERE ${sameKey(stream)})`;
  const create = 'CREATE TEMP TABLE gone ON COMMIT DROP AS';
  const key = stream.key.map((name) => `t.${name}`).join(', ');
  if (changes.kind === 'documents') {
    // A document's rows are replaced as a whole, and those of a document that is gone are gone.
    const column = `t.${changes.stream.documentKey}`;
    const concerned = set.mode === 'snapshot' ? `${column} <> ALL ($1::text[])` : `${column} = ANY ($1::text[])`;
    const ids = set.mode === 'snapshot' ? refusedKeys : [...outcome.loadedIds, ...deletedKeyTexts(changes)];
    await client.query(`${create} SELECT ${key} FROM ${stream.table} t WHERE ${concerned} AND ${notStaged}`, [ids]);
  } else if (set.mode === 'snapshot') {
    const keepRefused = refusedKeys.length === 0 ? 'cardinality($1::text[]) = 0' : `${keyText(stream, 't')} <> ALL ($1::text[])`;
    await client.query(`${create} SELECT ${key} FROM ${stream.table} t WHERE ${notStaged} AND ${keepRefused}`, [refusedKeys]);
  } else if (set.deletedKeys.length > 0) {
    const types = stream.key.map((name) => `${name} ${stream.columns.find((column) => column.name === name)?.type ?? 'text'}`).join(', ');
    await client.query(`${create} SELECT DISTINCT ${key} FROM jsonb_to_recordset($1::jsonb) AS t (${types}) WHERE ${notStaged}`, [
      JSON.stringify(set.deletedKeys),
    ]);
  } else {
    return false;
  }
  return true;
}

function deletedKeyTexts(changes: Changes): string[] {
  const names = changes.kind === 'documents' ? ['id'] : changes.stream.key;
  return changes.set.deletedKeys.map((key) => names.map((name) => String(key[name])).join('/'));
}

async function estimatedRows(client: ClientBase, table: string): Promise<number> {
  const { rows } = await client.query<{ rows: number }>(
    'SELECT greatest(reltuples, 0)::float8 AS rows FROM pg_class WHERE oid = $1::regclass',
    [table],
  );
  return rows[0]?.rows ?? 0;
}

async function upsert(client: ClientBase, stream: Stream): Promise<number> {
  const columns = columnList(stream);
  const { rowCount } = await client.query(
    `INSERT INTO ${stream.table} AS t (${columns}) SELECT ${columns} FROM stage
     ON CONFLICT (${stream.key.join(', ')}) DO UPDATE SET ${assignments(stream, 'excluded')} WHERE ${differs(stream, 'excluded')}`,
  );
  return rowCount ?? 0;
}

async function merge(client: ClientBase, stream: Stream): Promise<number> {
  const values = stream.columns.map((column) => `s.${column.name}`).join(', ');
  const { rowCount } = await client.query(
    `MERGE INTO ${stream.table} t USING stage s ON ${sameKey(stream)}
     WHEN MATCHED AND ${differs(stream, 's')} THEN UPDATE SET ${assignments(stream, 's')}
     WHEN NOT MATCHED THEN INSERT (${columnList(stream)}) VALUES (${values})`,
  );
  return rowCount ?? 0;
}

/** Deletes what `gone` names and leaves a tombstone for each row that was there. */
async function deleteGone(client: ClientBase, stream: Stream, runId: string): Promise<number> {
  const { rowCount } = await client.query(
    `WITH deleted AS (DELETE FROM ${stream.table} t USING gone s WHERE ${sameKey(stream)} RETURNING ${keyText(stream, 't')} AS row_key)
     INSERT INTO etl.tombstones (database_name, table_name, row_key, run_id) SELECT $1, $2, row_key, $3::bigint FROM deleted`,
    [stream.database, stream.table, runId],
  );
  return rowCount ?? 0;
}
