import type { ClientBase } from 'pg';
import { type Row, textOf } from '../db/row.ts';
import type { SqlDatabase } from '../db/sql_database.ts';
import type { Deadline } from '../domain/deadline.ts';
import { CONTACT_HASH, type DataKeys, openFields, PERSONAL_DATA } from './data_keys.ts';
import { reencryptColumn } from './data_keys_rotation.ts';
import { contactHashes, IDENTITIES, identityPlace } from './identities.ts';
import { personOf } from './personal_data.ts';

/** Values of people that are not under the active keys. */
export type RetiredValues = { readonly sealed: number; readonly hashed: number };

const BATCH_ROWS = 1_000;

/** How many values each data key has: of the table's encrypted texts and of its rows with hashes. */
export async function valuesByKey(owner: ClientBase): Promise<ReadonlyMap<string, number>> {
  const { rows } = await owner.query<{ key_id: string; values: number }>(
    `SELECT key_id, sum(values)::float8 AS values
       FROM (SELECT substr(sealed, 4, 16) AS key_id, count(*) AS values FROM crm.identities GROUP BY 1
             UNION ALL SELECT hash_key, count(*) FROM crm.identities GROUP BY 1) used
      GROUP BY key_id`,
  );
  return new Map(rows.map((row) => [row.key_id, row.values]));
}

export type RotationStep = { readonly what: 'encrypted' | 'hashed'; readonly done: number };

/**
 * Brings all identities under the active keys: encrypted anew, then hashed anew. Reads and lookups go on, under the keys before and the new
 * ones. Can be stopped at any time and started again; who has been changed meanwhile stays as that load wrote it. Returns how many values it
 * wrote. Throws ToolError 'unavailable' when a key cannot be unwrapped here.
 */
export async function renewIdentities(
  hub: SqlDatabase,
  keys: DataKeys,
  options: { readonly batchRows?: number; readonly onStep?: (step: RotationStep) => void; readonly deadline: Deadline },
): Promise<RetiredValues> {
  const { batchRows = BATCH_ROWS, onStep = () => {}, deadline } = options;
  const sealed = await reencryptColumn(hub, IDENTITIES, keys, {
    purpose: PERSONAL_DATA,
    batchRows,
    onBatch: (done) => onStep({ what: 'encrypted', done }),
    deadline,
  });
  const hashed = await rehash(hub, keys, batchRows, (done) => onStep({ what: 'hashed', done }), deadline);
  return { sealed, hashed };
}

const HASHED_BEFORE = {
  name: 'identities_hashed_before',
  text: `SELECT i.customer_id::text AS row, i.sealed FROM crm.identities i
          WHERE i.hash_key <> $1 AND ($2::bigint IS NULL OR i.customer_id > $2) ORDER BY i.customer_id LIMIT $3`,
};
// Whose value has changed is somebody else by now, and hashed by who wrote it.
const HASH_AGAIN = {
  name: 'hash_identities_again',
  text: `UPDATE crm.identities i
            SET hash_key = $1, email_hash = n.email_hash, phone_hash = n.phone_hash, document_hash = n.document_hash
           FROM unnest($2::bigint[], $3::text[], $4::bytea[], $5::bytea[], $6::bytea[]) AS n (row, sealed, email_hash, phone_hash, document_hash)
          WHERE i.customer_id = n.row AND i.sealed = n.sealed RETURNING 1 AS one`,
};

async function rehash(
  hub: SqlDatabase,
  keys: DataKeys,
  batchRows: number,
  onBatch: (done: number) => void,
  deadline: Deadline,
): Promise<number> {
  const active = await keys.active(CONTACT_HASH, deadline);
  let done = 0;
  let after: string | null = null;
  for (;;) {
    const values: readonly unknown[] = [active.keyId, after, batchRows];
    const batch: readonly { readonly row: string; readonly sealed: string }[] = await hub.rows(
      HASHED_BEFORE,
      values,
      (found: Row) => ({ row: textOf(found, 'row'), sealed: textOf(found, 'sealed') }),
      deadline,
    );
    const last = batch.at(-1);
    if (last === undefined) return done;
    const fields = batch.map(({ row, sealed }) => ({ sealed, place: identityPlace(row) }));
    const hashes = (await openFields(fields, keys, deadline)).map((text) => contactHashes(personOf(text), active));
    const written = await hub.rows(
      HASH_AGAIN,
      [
        active.keyId,
        batch.map(({ row }) => row),
        batch.map(({ sealed }) => sealed),
        hashes.map(({ email }) => email),
        hashes.map(({ phone }) => phone),
        hashes.map(({ document }) => document),
      ],
      () => 1,
      deadline,
    );
    done += written.length;
    after = last.row;
    onBatch(done);
  }
}
