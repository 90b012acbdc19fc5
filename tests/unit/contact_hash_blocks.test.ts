import { createHash, createSecretKey } from 'node:crypto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { contactHash } from '../../shared/access/contact_hash.ts';

/** crm.set_contact_hash_key keeps two blocks of the key and crm.contact_hash hashes twice with them: this is the same arithmetic, step by step. */
it('contact hashes of PromptCRM on SQL Server, made of two prepared blocks, are the servers’ own', () => {
  const sha256 = (...parts: readonly Uint8Array[]) => createHash('sha256').update(Buffer.concat(parts)).digest();
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 64 }), fc.string({ unit: 'grapheme' }), (key, contact) => {
      const padded = Buffer.concat([key, Buffer.alloc(64 - key.length)]);
      const [inner, outer] = [54, 92].map((mask) => padded.map((byte) => byte ^ mask));
      if (inner === undefined || outer === undefined) throw new Error('two blocks');
      const hash = sha256(outer, sha256(inner, Buffer.from('email'), Buffer.of(0), Buffer.from(contact, 'utf8')));
      expect(hash).toEqual(contactHash('email', contact, { keyId: 'k', key: createSecretKey(key) }));
    }),
  );
});
