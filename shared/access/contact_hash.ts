import { createHmac } from 'node:crypto';
import type { ContactKind } from '../domain/contact.ts';

/**
 * The 32 bytes a contact is looked up by: HMAC-SHA-256 under the installation's key of the kind, a zero byte, and the contact as
 * normalisedContact() writes it. Without the key nobody can try contacts out against the table. Throws RangeError for a key below 32 bytes.
 */
export function contactHash(kind: ContactKind, normalised: string, key: Uint8Array): Buffer {
  if (key.length < 32) throw new RangeError('the key of contact hashes has at least 32 bytes');
  return createHmac('sha256', key).update(`${kind}\0${normalised}`, 'utf8').digest();
}
