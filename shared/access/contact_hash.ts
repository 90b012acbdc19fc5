import { createHmac } from 'node:crypto';
import type { ContactKind } from '../domain/contact.ts';
import type { DataKey } from './envelope.ts';

/**
 * The 32 bytes a contact is looked up by: HMAC-SHA-256 under a data key, of the kind, a zero byte, and the contact as normalisedContact()
 * writes it. Without the key nobody can try contacts out against the table.
 */
export function contactHash(kind: ContactKind, normalised: string, { key }: DataKey): Buffer {
  return createHmac('sha256', key).update(`${kind}\0${normalised}`, 'utf8').digest();
}
