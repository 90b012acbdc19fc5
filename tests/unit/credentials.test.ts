import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { openCredential, rotatedCredential, sealCredential } from '../../shared/access/credentials.ts';
import { Secret } from '../../shared/access/secret.ts';
import { CredentialDocument } from '../../shared/sources/content_documents.ts';
import { sampleCertificate } from '../support/content_samples.ts';

const VALUE = 'sk-very-secret-value';
const at = new Date('2026-02-10T18:00:00Z');
const certificate = sampleCertificate('a'.repeat(64));
const next = sampleCertificate('b'.repeat(64));
const sealed = sealCredential({ service: 'openai', type: 'api_key', value: new Secret(VALUE), at }, certificate);

describe('a credential in credenciales_cifradas (S3)', () => {
  it('opens with the private key of its certificate', () => {
    expect(CredentialDocument.safeParse(sealed).success).toBe(true);
    expect(openCredential(sealed, [next, certificate]).reveal()).toBe(VALUE);
    expect(JSON.stringify(sealed)).not.toContain('secret');
  });

  it('is another one each time the same value is sealed', () => {
    const again = sealCredential({ service: 'openai', type: 'api_key', value: new Secret(VALUE), at }, certificate);
    expect(again.valor_cifrado).not.toBe(sealed.valor_cifrado);
    expect(again.clave_envuelta).not.toBe(sealed.clave_envuelta);
  });

  it('does not open without its certificate', () => {
    expect(() => openCredential(sealed, [next])).toThrow('its certificate is missing here');
  });

  it.each([
    ['moved to another service', { servicio_referencia: 'meta' }],
    ['said to be of another type', { tipo_credencial: 'refresh_token' as const }],
    [
      'with the key of another',
      { clave_envuelta: sealCredential({ service: 'a', type: 'api_key', value: new Secret('x'), at }, certificate).clave_envuelta },
    ],
    ['with a value that was altered', { valor_cifrado: sealed.valor_cifrado.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A')) }],
    ['under another certificate’s name', { huella_certificado: next.fingerprint }],
  ])('does not open %s', (_, change) => {
    expect(() => openCredential({ ...sealed, ...change }, [certificate, next])).toThrow('was altered, or moved');
  });

  it('has the same value under another key and certificate once it was rotated, and keeps when it was made', () => {
    const later = new Date('2026-06-01T00:00:00Z');
    const rotated = rotatedCredential(sealed, [certificate], next, later);
    expect(rotated).toMatchObject({
      huella_certificado: next.fingerprint,
      ultima_rotacion: later.toISOString(),
      createdAt: sealed.createdAt,
    });
    expect(rotated.valor_cifrado.split('.')[1]).not.toBe(sealed.valor_cifrado.split('.')[1]);
    expect(openCredential(rotated, [next]).reveal()).toBe(VALUE);
    expect(() => openCredential(rotated, [certificate])).toThrow('missing');
  });
});

describe('a secret', () => {
  it('is not shown by what shows values', () => {
    const secret = new Secret(VALUE);
    const shown = [
      `${secret}`,
      JSON.stringify({ secret }),
      inspect({ secret }, { depth: 9, showHidden: true }),
      String(secret),
      Object.values(secret),
    ];
    expect(shown.join()).not.toContain(VALUE);
    expect(secret.reveal()).toBe(VALUE);
  });
});
