import type { ClientBase } from 'pg';
import { type Row, textOf } from '../db/row.ts';
import type { SqlDatabase } from '../db/sql_database.ts';
import type { Deadline } from '../domain/deadline.ts';
import type { Certificate } from './certificates.ts';
import { type DataKeys, openFields, unwrapWith, type WrappedKey } from './data_keys.ts';
import { newDataKey, sealField, unwrapDataKey, wrapDataKey } from './envelope.ts';

/** A data key as `promptsales keys status` shows it. */
export type StoredDataKey = WrappedKey & {
  readonly purpose: string;
  readonly createdAt: Date;
  /** Null: it is the active one. */
  readonly retiredAt: Date | null;
};

/** Every data key, by purpose, the active one first. The connection is the hub's owner's, here and below. */
export async function listDataKeys(owner: ClientBase): Promise<readonly StoredDataKey[]> {
  const { rows } = await owner.query<StoredDataKey>(
    `SELECT k.key_id AS "keyId", k.wrapped_key AS wrapped, k.certificate_fingerprint AS "certificateFingerprint", k.purpose,
            k.created_at AS "createdAt", k.retired_at AS "retiredAt"
       FROM access.data_keys k ORDER BY k.purpose, k.retired_at DESC NULLS FIRST, k.key_id`,
  );
  return rows;
}

/** Makes a data key the active one of its purpose and retires the one before it, in one transaction. Returns the new key's id. */
export function rotateDataKey(owner: ClientBase, purpose: string, certificate: Certificate): Promise<string> {
  return inTransaction(owner, async () => {
    const made = newDataKey();
    await owner.query('UPDATE access.data_keys SET retired_at = clock_timestamp() WHERE purpose = $1 AND retired_at IS NULL', [purpose]);
    await owner.query('INSERT INTO access.data_keys (key_id, purpose, wrapped_key, certificate_fingerprint) VALUES ($1, $2, $3, $4)', [
      made.keyId,
      purpose,
      wrapDataKey(made, certificate.publicKey),
      certificate.fingerprint,
    ]);
    await note(owner, 'data key made', made.keyId, { purpose, certificate: certificate.fingerprint });
    return made.keyId;
  });
}

/**
 * Wraps every data key under another certificate, in one transaction; no encrypted value changes, and processes that hold the keys go on.
 * Returns how many were wrapped anew. Throws ToolError 'unavailable' when a certificate that one is wrapped under is missing: then all stay
 * as they were.
 */
export function rewrapDataKeys(owner: ClientBase, certificates: readonly Certificate[], target: Certificate): Promise<number> {
  return inTransaction(owner, async () => {
    const old = (await listDataKeys(owner)).filter(({ certificateFingerprint }) => certificateFingerprint !== target.fingerprint);
    for (const stored of old) {
      const key = unwrapWith(certificates, stored);
      const wrapped = wrapDataKey(key, target.publicKey);
      // What could not be unwrapped again would be lost with the old certificate.
      if (!unwrapDataKey(key.keyId, wrapped, target.privateKey).key.equals(key.key)) throw new Error('a data key was wrapped wrongly');
      await owner.query('UPDATE access.data_keys SET wrapped_key = $2, certificate_fingerprint = $3 WHERE key_id = $1', [
        key.keyId,
        wrapped,
        target.fingerprint,
      ]);
    }
    if (old.length > 0) await note(owner, 'data keys wrapped anew', target.fingerprint, { keys: old.map(({ keyId }) => keyId) });
    return old.length;
  });
}

/** A column of encrypted values; names are SQL identifiers of lower-case letters, digits and underlines. */
export type SealedColumn = {
  /** With its schema, as in the values' place. */
  readonly table: string;
  readonly column: string;
  /** The primary key, which names the row in the values' place. */
  readonly row: string;
  readonly rowType: 'bigint' | 'text';
};

/**
 * Encrypts anew what is not under the active key yet, a batch at a time in the primary key's order. Can be stopped at any time and started
 * again: it goes on with what is left. A value that somebody else writes meanwhile stays theirs. Reads go on: the keys before still open.
 * Returns how many values were encrypted anew; none when all are under the active key, which is the proof that a retired key is of no use
 * any more. Throws when a value cannot be opened; those of its batch stay as they are.
 */
export async function reencryptColumn(
  hub: SqlDatabase,
  place: SealedColumn,
  keys: DataKeys,
  options: {
    readonly purpose: string;
    readonly batchRows?: number | undefined;
    /** Told after each batch how many values have been encrypted anew. */
    readonly onBatch?: ((done: number) => void) | undefined;
    readonly deadline: Deadline;
  },
): Promise<number> {
  const { purpose, batchRows = 1_000, onBatch = () => {}, deadline } = options;
  const { table, column, row, rowType } = checked(place);
  const active = await keys.active(purpose, deadline);
  const left = {
    name: `sealed_before:${table}.${column}`,
    text: `SELECT t.${row}::text AS row, t.${column} AS sealed FROM ${table} t
            WHERE t.${column} NOT LIKE $1 AND ($2::${rowType} IS NULL OR t.${row} > $2) ORDER BY t.${row} LIMIT $3`,
  };
  const replace = {
    name: `seal_again:${table}.${column}`,
    text: `UPDATE ${table} t SET ${column} = n.sealed_now
             FROM unnest($1::${rowType}[], $2::text[], $3::text[]) AS n (row, sealed_before, sealed_now)
            WHERE t.${row} = n.row AND t.${column} = n.sealed_before RETURNING 1 AS one`,
  };
  let replaced = 0;
  let after: string | null = null;
  for (;;) {
    const values: readonly unknown[] = [`v1.${active.keyId}.%`, after, batchRows];
    const batch: readonly { readonly row: string; readonly sealed: string }[] = await hub.rows(
      left,
      values,
      (found: Row) => ({ row: textOf(found, 'row'), sealed: textOf(found, 'sealed') }),
      deadline,
    );
    const last = batch.at(-1);
    if (last === undefined) return replaced;
    const fields = batch.map((found) => ({ sealed: found.sealed, place: { table, column, row: found.row } }));
    const texts = await openFields(fields, keys, deadline);
    const resealed = texts.map((text, index) => sealField(text, { table, column, row: batch[index]?.row ?? '' }, active));
    const rows = await hub.rows(replace, [batch.map((b) => b.row), batch.map((b) => b.sealed), resealed], () => 1, deadline);
    replaced += rows.length;
    after = last.row;
    onBatch(replaced);
  }
}

function checked(place: SealedColumn): SealedColumn {
  const { table, column, row } = place;
  if (!/^[a-z_]\w*\.[a-z_]\w*$/.test(table) || ![column, row].every((name) => /^[a-z_]\w*$/.test(name))) {
    throw new RangeError('not the names of a table and its columns');
  }
  return place;
}

/** What is done to the keys stands in the audit; the keys do not. */
async function note(owner: ClientBase, action: string, subject: string, details: Readonly<Record<string, unknown>>): Promise<void> {
  await owner.query('INSERT INTO access.audit (actor, action, subject, details) VALUES (current_user, $1, $2, $3)', [
    action,
    subject,
    JSON.stringify(details),
  ]);
}

/** One change of the keys at a time; who reads them does not wait. */
async function inTransaction<Result>(owner: ClientBase, work: () => Promise<Result>): Promise<Result> {
  await owner.query('BEGIN');
  try {
    await owner.query('LOCK TABLE access.data_keys IN SHARE ROW EXCLUSIVE MODE');
    const result = await work();
    await owner.query('COMMIT');
    return result;
  } catch (error) {
    await owner.query('ROLLBACK').catch(() => undefined); // the first error is the one to tell
    throw error;
  }
}
