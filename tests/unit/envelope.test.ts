import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type FieldPlace,
  keyIdOf,
  newDataKey,
  openField,
  SealedValueError,
  sealField,
  unwrapDataKey,
  wrapDataKey,
} from '../../shared/access/envelope.ts';

const PLACE: FieldPlace = { table: 'crm.customers', column: 'email', row: '4711' };
const SECRET = 'maria@example.com';
const key = newDataKey();
const pair = generateKeyPairSync('rsa', { modulusLength: 2_048 });
const otherPair = generateKeyPairSync('rsa', { modulusLength: 2_048 });

/** The error, which is always the same and shows nothing of what it is about. */
const refused = (open: () => unknown): void => {
  expect(open).toThrow(new SealedValueError('An encrypted value cannot be opened: it was altered, moved, or encrypted with another key.'));
};

describe('an encrypted value (S3)', () => {
  it('is read back as it was, whatever the text and the place', () => {
    const text = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 200 }), fc.constantFrom('', '\0', '👩‍👩‍👧', 'é'.repeat(10_000)));
    fc.assert(
      fc.property(text, fc.string(), fc.string(), fc.string(), (plain, table, column, row) => {
        const place = { table, column, row };
        // UTF-8 has no way to write half a surrogate pair.
        fc.pre(plain.isWellFormed());
        const sealed = sealField(plain, place, key);
        expect(openField(sealed, place, key)).toBe(plain);
        expect(keyIdOf(sealed)).toBe(key.keyId);
      }),
    );
  });

  it('says its form and its key, and nothing of its text', () => {
    const sealed = sealField(SECRET, PLACE, key);
    expect(sealed).toMatch(/^v1\.[0-9a-f]{16}\.[\w-]{16}\.[\w-]+$/);
    expect(sealed).not.toContain(SECRET);
    expect(Buffer.from(sealed.split('.')[3] ?? '', 'base64url').toString('latin1')).not.toContain('maria');
  });

  it('is another one each time', () => {
    const sealed = new Set(Array.from({ length: 1_000 }, () => sealField(SECRET, PLACE, key)));
    expect(sealed.size).toBe(1_000);
    expect(new Set([...sealed].map((value) => value.split('.')[2])).size).toBe(1_000);
  });

  // Of three lengths in a row two end in a base64url letter of which not all bits are read.
  it.each([SECRET, `${SECRET}.`, `${SECRET}.c`])('does not open when any one of its characters is another: %s', (text) => {
    const sealed = sealField(text, PLACE, key);
    for (let at = 0; at < sealed.length; at += 1) {
      for (const other of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_. é') {
        if (sealed[at] !== other) refused(() => openField(`${sealed.slice(0, at)}${other}${sealed.slice(at + 1)}`, PLACE, key));
      }
    }
  });

  it('does not open when any one bit of its bytes is another, or bytes are missing or more', () => {
    const [version, keyId, iv = '', closed = ''] = sealField(SECRET, PLACE, key).split('.');
    const altered = (text: string, change: (bytes: Buffer) => Uint8Array): string =>
      Buffer.from(change(Buffer.from(text, 'base64url'))).toString('base64url');
    const flipped = (text: string, bit: number): string =>
      altered(text, (bytes) => bytes.map((byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte)));
    for (let bit = 0; bit < Buffer.from(iv, 'base64url').length * 8; bit += 1) {
      refused(() => openField([version, keyId, flipped(iv, bit), closed].join('.'), PLACE, key));
    }
    const bytes = Buffer.from(closed, 'base64url').length;
    for (let bit = 0; bit < bytes * 8; bit += 1) {
      refused(() => openField([version, keyId, iv, flipped(closed, bit)].join('.'), PLACE, key));
    }
    for (let length = 0; length < bytes; length += 1) {
      refused(() => openField([version, keyId, iv, altered(closed, (all) => all.subarray(0, length))].join('.'), PLACE, key));
    }
    refused(() => openField([version, keyId, iv, altered(closed, (all) => Buffer.concat([all, Buffer.of(0)]))].join('.'), PLACE, key));
  });

  it('cannot be moved to another row, column or table', () => {
    const sealed = sealField(SECRET, PLACE, key);
    for (const moved of [{ row: '4712' }, { column: 'phone' }, { table: 'crm.leads' }, { column: 'email"', row: '4711' }]) {
      refused(() => openField(sealed, { ...PLACE, ...moved }, key));
    }
    // What stands between the names counts: these two places have the same letters.
    refused(() => openField(sealField(SECRET, { table: 'a', column: 'bc', row: '1' }, key), { table: 'ab', column: 'c', row: '1' }, key));
  });

  it('does not open with another key, nor with another key of the same id', () => {
    const sealed = sealField(SECRET, PLACE, key);
    refused(() => openField(sealed, PLACE, newDataKey()));
    refused(() => openField(sealed, PLACE, { ...newDataKey(), keyId: key.keyId }));
  });

  it.each(['', 'v1', SECRET, 'v2.0123456789abcdef.AAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAA', `${'v1.0123456789abcdef.'}..`])(
    'is not what merely looks like one: "%s"',
    (text) => {
      refused(() => openField(text, PLACE, key));
    },
  );

  it('is closed with an initial value that no other has', () => {
    const values = Array.from({ length: 5_000 }, () => sealField('same', PLACE, key).split('.')[2]);
    expect(new Set(values).size).toBe(values.length);
  });

  it('is told from plain text', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(keyIdOf(text)).toBeUndefined();
      }),
    );
  });
});

describe('a data key (S3)', () => {
  it('is 256 bits, wrapped under a public key and unwrapped with its private key only', () => {
    expect(key.key.symmetricKeySize).toBe(32);
    const wrapped = wrapDataKey(key, pair.publicKey);
    expect(unwrapDataKey(key.keyId, wrapped, pair.privateKey).key.equals(key.key)).toBe(true);
    expect(() => unwrapDataKey(key.keyId, wrapped, otherPair.privateKey)).toThrow(SealedValueError);
  });

  it('cannot be passed off as another one', () => {
    const wrapped = wrapDataKey(key, pair.publicKey);
    expect(() => unwrapDataKey('0123456789abcdef', wrapped, pair.privateKey)).toThrow(SealedValueError);
  });

  it('does not unwrap when a byte of it is another', () => {
    const wrapped = Buffer.from(wrapDataKey(key, pair.publicKey), 'base64url');
    for (const at of [0, 1, 100, wrapped.length - 1]) {
      const altered = Buffer.from(wrapped.map((byte, index) => (index === at ? byte ^ 1 : byte)));
      expect(() => unwrapDataKey(key.keyId, altered.toString('base64url'), pair.privateKey)).toThrow(SealedValueError);
    }
  });

  it('does not show itself when it is printed', () => {
    const bytes = key.key.export();
    const printed = JSON.stringify(key) + String(key.key);
    expect(printed).not.toContain(bytes.toString('base64url'));
    expect(printed).not.toContain(bytes.toString('hex'));
  });
});
