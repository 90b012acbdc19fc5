import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Document } from 'mongodb';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type CredentialsVerb, credentialsCommand } from '../../cli/commands/credentials.ts';
import { DOCUMENT_CHECKS, prepareSource } from '../../database/postgresql/prepare_source.ts';
import { makeCertificate, readCertificates } from '../../shared/access/certificates.ts';
import { openCredential } from '../../shared/access/credentials.ts';
import { Secret } from '../../shared/access/secret.ts';
import { deadlineIn } from '../../shared/domain/deadline.ts';
import { type CredentialStore, openCredentialStore } from '../../shared/sources/credential_store.ts';
import { sampleDocuments } from '../support/content_samples.ts';
import { createEtlDatabases, query, startEtlPostgres } from '../support/etl_databases.ts';
import { firstBatch, startMongoEndpoint } from '../support/mongo_endpoint.ts';
import type { ScratchPostgres } from '../support/scratch_postgres.ts';

const VALUE = 'sk-very-secret-value';
const soon = () => deadlineIn(10_000);
let server: ScratchPostgres;
let url: string;
let store: CredentialStore;
let folder: string;
let printed: string;

beforeAll(async () => {
  server = await startEtlPostgres();
  url = (await createEtlDatabases(server)).urls.content;
  await prepareSource(url, DOCUMENT_CHECKS);
  store = await openCredentialStore(url);
});
afterAll(async () => {
  await store?.close();
  await server?.stop();
});
beforeEach(async () => {
  await query(url, 'DELETE FROM content.credenciales_cifradas');
  folder = await mkdtemp(join(tmpdir(), 'promptsales-keys-'));
  printed = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += String(text);
    return true;
  });
});
afterEach(async () => {
  vi.restoreAllMocks();
  await rm(folder, { recursive: true });
  expect(printed).not.toContain('secret');
});

const certificate = (from: string) => makeCertificate(folder, { name: 'test', from: new Date(from), keyBits: 2_048 });
const command = (verb: CredentialsVerb, value = VALUE, now = '2026-03-01') =>
  credentialsCommand(verb, { service: 'openai', type: 'api_key' }, folder, store, async () => new Secret(value), new Date(now));
const openai = async () => {
  const found = await store.find('openai', 'api_key', soon());
  return found === undefined ? undefined : openCredential(found, await readCertificates(folder)).reveal();
};

describe('promptsales credentials (S3)', () => {
  it('sets a value, which opens for whoever has the certificate, and never prints it', async () => {
    await certificate('2026-01-01');
    expect(await command('set')).toBe(0);
    expect(await openai()).toBe(VALUE);
    expect(JSON.stringify(await query(url, 'SELECT document FROM content.credenciales_cifradas'))).not.toContain(VALUE);
    expect(await command('set', 'another-secret')).toBe(0);
    expect(await openai()).toBe('another-secret');
    expect(await command('list')).toBe(0);
    expect(printed).toContain('openai:api_key  since 2026-03-01');
  });

  it('wants a valid certificate', async () => {
    await expect(command('set')).rejects.toThrow('no valid certificate');
    await certificate('2020-01-01');
    await expect(command('set')).rejects.toThrow('no valid certificate');
  });

  it('rotates all to the newest certificate while readers go on; the older one is of no use any more', async () => {
    const old = await certificate('2026-01-01');
    await command('set');
    const before = await store.list(soon());
    const fresh = await certificate('2026-02-01');
    let [rotating, reads] = [true, 0];
    const readers = Array.from({ length: 2 }, async () => {
      while (rotating) {
        expect(await openai()).toBe(VALUE);
        reads++;
      }
    });
    for (let time = 0; time < 4; time++) expect(await command('rotate', VALUE, '2026-04-01')).toBe(0);
    rotating = false;
    await Promise.all(readers);
    expect(reads).toBeGreaterThan(2);
    expect((await store.list(soon())).map(({ huella_certificado }) => huella_certificado)).toEqual([fresh.fingerprint]);
    // Whoever read it before the rotation can still open what was read.
    expect(before.map((sealed) => openCredential(sealed, [fresh, old]).reveal())).toEqual([VALUE]);
    for (const end of ['crt', 'key']) await rm(join(folder, `${old.fingerprint.slice(0, 16)}.${end}`));
    expect(await openai()).toBe(VALUE);
  });

  it('rotates nothing while one does not open, and lists it', async () => {
    const old = await certificate('2026-01-01');
    await command('set');
    await certificate('2026-02-01');
    for (const end of ['crt', 'key']) await rm(join(folder, `${old.fingerprint.slice(0, 16)}.${end}`));
    await expect(command('rotate')).rejects.toThrow('its certificate is missing here');
    expect(await command('list')).toBe(1);
    expect(printed).toContain('DOES NOT OPEN');
  });

  it('does not overwrite what somebody else has set meanwhile', async () => {
    await certificate('2026-01-01');
    await command('set');
    const [before] = await store.list(soon());
    await command('set', 'another-secret');
    if (before === undefined) throw new Error('nothing was set');
    expect(await store.replace(before, before, soon())).toBe(false);
    expect(await store.add(before, soon())).toBe(false);
    expect(await openai()).toBe('another-secret');
  });

  it.each([
    ['in the clear', { valor_cifrado: VALUE }],
    ['beside the encrypted one', { valor: VALUE }],
  ])('cannot be kept %s: the database refuses the document', async (_, more) => {
    const sample = sampleDocuments().find(({ collection }) => collection === 'credenciales_cifradas');
    const document = JSON.stringify({ ...sample?.document, ...more });
    await expect(
      query(url, 'INSERT INTO content.credenciales_cifradas (id, document) VALUES ($1, $2)', [sample?.id, document]),
    ).rejects.toThrow('credenciales_cifradas_document');
  });
});

describe('credentials on MongoDB', () => {
  it('are read by id with a projection, added once, and replaced only where they are as they were', async () => {
    const sample = sampleDocuments().find(({ collection }) => collection === 'credenciales_cifradas');
    const endpoint = await startMongoEndpoint();
    const mongo = await openCredentialStore(endpoint.url);
    try {
      endpoint.answer((asked: Document, name) =>
        name === 'find'
          ? firstBatch(asked.find, [{ _id: sample?.id, ...sample?.document, createdAt: new Date() }])
          : { ok: 1, n: 1, nModified: 1 },
      );
      const found = await mongo.find('openai', 'api_key', soon());
      if (found === undefined) throw new Error('nothing was found');
      expect(endpoint.only('find').document).toMatchObject({
        filter: { _id: 'openai:api_key' },
        projection: expect.objectContaining({ valor_cifrado: expect.anything() }),
      });
      expect(await mongo.replace(found, { ...found, valor_cifrado: 'other' }, soon())).toBe(true);
      const [update] = endpoint.only('update').document.updates;
      expect(update.q).toEqual({ _id: 'openai:api_key', valor_cifrado: found.valor_cifrado });
      expect(update.u.$set).toMatchObject({ valor_cifrado: 'other', createdAt: expect.any(Date), ultima_rotacion: expect.any(Date) });
      expect(await mongo.list(soon())).toHaveLength(1);
      endpoint.answer(() => ({ ok: 1, n: 0, writeErrors: [{ index: 0, code: 11_000, errmsg: 'E11000' }] }));
      expect(await mongo.add(found, soon())).toBe(false);
    } finally {
      await mongo.close();
      await endpoint.stop();
    }
  });

  it('that are no credentials are refused without telling what is in them', async () => {
    const endpoint = await startMongoEndpoint();
    const mongo = await openCredentialStore(endpoint.url);
    try {
      endpoint.answer((asked: Document) => firstBatch(asked.find, [{ _id: 'openai:api_key', valor: VALUE }]));
      const error = await mongo.find('openai', 'api_key', soon()).catch((reason: unknown) => reason);
      expect(error).toMatchObject({ errorClass: 'internal' });
      expect(JSON.stringify(error)).not.toContain(VALUE);
    } finally {
      await mongo.close();
      await endpoint.stop();
    }
  });
});
