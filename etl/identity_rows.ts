import { CONTACT_HASH, type DataKeys, PERSONAL_DATA } from '../shared/access/data_keys.ts';
import { type DataKey, keyIdOf, openField, SealedValueError, sealField } from '../shared/access/envelope.ts';
import { type ContactHashes, contactHashes, identityPlace } from '../shared/access/identities.ts';
import { type PersonalData, personText } from '../shared/access/personal_data.ts';
import { BinaryCopyWriter } from '../shared/db/binary_copy.ts';
import { binaryCopyRows, type CopiedRow } from '../shared/db/binary_copy_rows.ts';
import { countOf, type Row, textOf } from '../shared/db/row.ts';
import type { SqlDatabase } from '../shared/db/sql_database.ts';
import { deadlineIn } from '../shared/domain/deadline.ts';
import type { RejectedRow } from '../shared/sources/change_source.ts';

/** What the people of a load are encrypted with, and where those that the hub knows already are. */
export type IdentityKeeper = {
  readonly hub: SqlDatabase;
  /** The data keys as they are now: a load asks for them itself, so that none goes on with a key that was retired before it began. */
  readonly openKeys: () => DataKeys;
};

/** A row of crm.identities. */
type Identity = { readonly sealed: string; readonly hashKey: string; readonly hashes: ContactHashes };

type Person = { readonly customerId: number; readonly person: PersonalData };

/** For keys and for the people of one chunk, each. */
const LOOK_UP_MS = 30_000;
const MS_PER_DAY = 86_400_000;
/** PostgreSQL counts days from 2000-01-01. */
const FIRST_DAY_MS = Date.UTC(2000, 0, 1);
/** What is read of a person. */
export const PERSON_COLUMNS = [
  { name: 'customer_id', type: 'bigint' },
  { name: 'first_name', type: 'text' },
  { name: 'last_name', type: 'text' },
  { name: 'email', type: 'text' },
  { name: 'phone', type: 'text' },
  { name: 'document', type: 'text' },
  { name: 'birth_date', type: 'date' },
] as const;

const KNOWN = {
  name: 'known_identities',
  text: `SELECT i.customer_id, i.sealed, i.hash_key, i.email_hash, i.phone_hash, i.document_hash
           FROM crm.identities i WHERE i.customer_id = ANY ($1::bigint[])`,
};
const IS_FILLED = { name: 'identities_are_filled', text: 'SELECT EXISTS (SELECT FROM crm.identities) AS is_filled' };

/** Whether the hub has identities that a load has to be compared with. To be asked before a load: a first one locks the table. */
export async function hasIdentities({ hub }: IdentityKeeper): Promise<boolean> {
  const [isFilled] = await hub.rows(IS_FILLED, [], (row) => row.is_filled === true, deadlineIn(LOOK_UP_MS));
  return isFilled === true;
}

/**
 * Turns a binary COPY stream of {@link PERSON_COLUMNS} into one of the columns of
 * crm.identities. A person whom the hub knows as just this one, which the value there tells when it is opened, keeps its row as it is, so that
 * it is not written again. A row that is no person is noted in `rejected` by its key alone. With `compare` false nothing is looked up.
 * Throws ToolError 'unavailable' when there is a row and no key to encrypt it with.
 */
export async function* identityRows(
  content: AsyncIterable<Uint8Array>,
  keeper: IdentityKeeper,
  { compare, rejected }: { readonly compare: boolean; readonly rejected: RejectedRow[] },
): AsyncGenerator<Uint8Array> {
  const writer = new BinaryCopyWriter();
  const keys = keeper.openKeys();
  for await (const rows of binaryCopyRows(content)) {
    const [dataKey, hashKey] = await activeKeys(keys);
    const people = rows.map((row) => readPerson(row, rejected)).filter((person) => person !== undefined);
    const kept = compare ? await unchanged(people, keeper.hub, keys) : undefined;
    for (const { customerId, person } of people) {
      writeIdentity(writer, customerId, kept?.get(customerId) ?? sealed(customerId, person, dataKey, hashKey));
      if (writer.full) yield writer.take();
    }
  }
  yield writer.end();
}

function activeKeys(keys: DataKeys): Promise<[DataKey, DataKey]> {
  const deadline = deadlineIn(LOOK_UP_MS);
  return Promise.all([keys.active(PERSONAL_DATA, deadline), keys.active(CONTACT_HASH, deadline)]);
}

function sealed(customerId: number, person: PersonalData, dataKey: DataKey, hashKey: DataKey): Identity {
  return {
    sealed: sealField(personText(person), identityPlace(customerId), dataKey),
    hashKey: hashKey.keyId,
    hashes: contactHashes(person, hashKey),
  };
}

/** The identities of those people who are in the hub just as they are here. What cannot be opened there is not: it is encrypted anew. */
async function unchanged(people: readonly Person[], hub: SqlDatabase, keys: DataKeys): Promise<ReadonlyMap<number, Identity>> {
  const deadline = deadlineIn(LOOK_UP_MS);
  const known = new Map(await hub.rows(KNOWN, [people.map(({ customerId }) => customerId)], toIdentity, deadline));
  const keyIds = new Set([...known.values()].map((identity) => keyIdOf(identity.sealed) ?? ''));
  const found = new Map(
    await Promise.all([...keyIds].map(async (id) => [id, await keys.byId(id, deadline).catch(() => undefined)] as const)),
  );
  const same = new Map<number, Identity>();
  for (const { customerId, person } of people) {
    const identity = known.get(customerId);
    const key = identity === undefined ? undefined : found.get(keyIdOf(identity.sealed) ?? '');
    if (identity === undefined || key === undefined) continue;
    if (opened(identity.sealed, customerId, key) === personText(person)) same.set(customerId, identity);
  }
  return same;
}

function opened(value: string, customerId: number, key: DataKey): string | undefined {
  try {
    return openField(value, identityPlace(customerId), key);
  } catch (error) {
    if (error instanceof SealedValueError) return undefined;
    throw error;
  }
}

function toIdentity(row: Row): [number, Identity] {
  const hash = (name: string): Uint8Array | null => (row[name] instanceof Uint8Array ? row[name] : null);
  return [
    countOf(row, 'customer_id'),
    {
      sealed: textOf(row, 'sealed'),
      hashKey: textOf(row, 'hash_key'),
      hashes: { email: hash('email_hash'), phone: hash('phone_hash'), document: hash('document_hash') },
    },
  ];
}

function writeIdentity(writer: BinaryCopyWriter, customerId: number, identity: Identity): void {
  writer.row(6).int8(customerId).text(identity.sealed).text(identity.hashKey);
  for (const hash of [identity.hashes.email, identity.hashes.phone, identity.hashes.document]) {
    if (hash === null) writer.null();
    else writer.bytes(hash);
  }
}

/** Undefined for a row that is no person. Nothing of it is told but its key and which value is wrong. */
function readPerson([id = null, ...fields]: CopiedRow, rejected: RejectedRow[]): Person | undefined {
  const [firstName = null, lastName = null, email = null, phone = null, document = null, birthDay = null] = fields;
  const refuse = (reason: string): undefined => {
    rejected.push({ key: id === null ? '' : String(id.readBigInt64BE()), reason, data: null });
    return undefined;
  };
  if (id === null) return refuse('customer_id is missing');
  if (firstName === null) return refuse('first_name is missing');
  if (email === null) return refuse('email is missing');
  if (phone === null) return refuse('phone is missing');
  if (document === null) return refuse('document is missing');
  const born = birthDay === null ? undefined : new Date(FIRST_DAY_MS + birthDay.readInt32BE() * MS_PER_DAY);
  if (Number.isNaN(born?.getTime())) return refuse('birth_date is not a day of the calendar');
  return {
    customerId: Number(id.readBigInt64BE()),
    person: {
      firstName: firstName.toString('utf8'),
      lastName: lastName?.toString('utf8') ?? null,
      email: email.toString('utf8'),
      phone: phone.toString('utf8'),
      document: document.toString('utf8'),
      birthDate: born?.toISOString().slice(0, 10) ?? null,
    },
  };
}
