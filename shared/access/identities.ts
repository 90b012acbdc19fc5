import { CONTACT_KINDS, type ContactKind, normalisedContact } from '../domain/contact.ts';
import { contactHash } from './contact_hash.ts';
import type { DataKey, FieldPlace } from './envelope.ts';
import type { PersonalData } from './personal_data.ts';

/** Where the hub keeps who its customers are, encrypted. */
export const IDENTITIES = { table: 'crm.identities', column: 'sealed', row: 'customer_id', rowType: 'bigint' } as const;

/** Where a customer's encrypted identity stands. */
export function identityPlace(customerId: number | string): FieldPlace {
  return { table: IDENTITIES.table, column: IDENTITIES.column, row: String(customerId) };
}

/** What a person can be found by: a hash for each kind of contact, null where the person has no such contact. */
export type ContactHashes = Readonly<Record<ContactKind, Uint8Array | null>>;

export function contactHashes(person: PersonalData, key: DataKey): ContactHashes {
  const [email = null, phone = null, document = null] = CONTACT_KINDS.map((kind) => {
    const normalised = normalisedContact(kind, person[kind]);
    return normalised === undefined ? null : contactHash(kind, normalised, key);
  });
  return { email, phone, document };
}
