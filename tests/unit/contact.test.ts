import { createHmac, createSecretKey } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { customerReferences } from '../../mcp-servers/crm_analyzer/service/customer_reference.ts';
import { contactHash } from '../../shared/access/contact_hash.ts';
import { looksLikeContact, normalisedContact } from '../../shared/domain/contact.ts';

describe('two ways of writing a contact are the same contact', () => {
  it.each([
    ['email', ' Ana.Mora@Example.COM ', 'ana.mora@example.com'],
    ['phone', '+506 8888-7777', '50688887777'],
    ['phone', '00506 8888 7777', '50688887777'],
    ['phone', '(506) 8888.7777', '50688887777'],
    ['document', '1-0234-0567', '102340567'],
    ['document', ' 12.345.678-k ', '12345678K'],
    ['document', 'B12345678', 'B12345678'],
  ] as const)('%s %s', (kind, written, normalised) => {
    expect(normalisedContact(kind, written)).toBe(normalised);
    expect(normalisedContact(kind, normalised)).toBe(normalised);
  });

  it.each([
    ['email', 'ana.mora'],
    ['email', 'ana mora@example.com'],
    ['phone', '12345'],
    ['phone', '1234567890123456'],
    ['phone', 'call 8888 7777'],
    ['document', '12-3'],
    ['document', 'María Mora'],
    ['document', 'ana@example.com'],
  ] as const)('no %s: %s', (kind, written) => {
    expect(normalisedContact(kind, written)).toBeUndefined();
  });

  it('is looked up by a hash that needs the key and differs by kind', () => {
    const keyOf = (byte: number) => ({ keyId: '0123456789abcdef', key: createSecretKey(Buffer.alloc(32, byte)) });
    const key = keyOf(7);
    const hash = contactHash('phone', '50688887777', key);
    expect(hash).toEqual(
      createHmac('sha256', Buffer.alloc(32, 7))
        .update(Buffer.from('phone\0' + '50688887777'))
        .digest(),
    );
    expect(hash).not.toEqual(contactHash('document', '50688887777', key));
    expect(hash).not.toEqual(contactHash('phone', '50688887777', keyOf(8)));
  });
});

describe('what a text that names a customer can be', () => {
  it.each([
    ['4711', ['id']],
    ['50688887777', ['id', 'document', 'phone']],
    ['+506 8888 7777', ['phone']],
    ['1-0234-0567', ['document', 'phone']],
    ['ana@example.com', ['email']],
    ['María Mora', []],
    ['@', []],
  ])('%s', (text, kinds) => {
    expect(customerReferences(text).map(({ kind }) => kind)).toEqual(kinds);
  });
});

describe('a text that is not repeated in a message, because it looks like a contact', () => {
  it.each(['ana@example.com', '+506 8888 7777', '1-0234-0567', 'B12345678', '12.345.678-k'])('%s', (text) => {
    expect(looksLikeContact(text)).toBe(true);
  });

  it.each(['Navidad 2026', 'CMP-NAVIDAD-2026-001', 'CLI-0007', 'Café Tarrazú', '4711', 'Black Friday 24/11/2026'])('is not %s', (text) => {
    expect(looksLikeContact(text)).toBe(false);
  });
});
