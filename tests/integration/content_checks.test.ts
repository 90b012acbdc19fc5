import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inspect } from 'node:util';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { generatedContent } from '../../database/generator/content_collections.ts';
import { DOCUMENT_CHECKS, prepareSource } from '../../database/postgresql/prepare_source.ts';
import { packageRoot } from '../../shared/config/package_root.ts';
import { deadlineIn } from '../../shared/domain/deadline.ts';
import { CONTENT_COLLECTIONS } from '../../shared/sources/content_collections.ts';
import type { ContentStore } from '../../shared/sources/content_store.ts';
import { openPostgresContentStore } from '../../shared/sources/postgres_content_store.ts';
import { mutations, sampleDocuments } from '../support/content_samples.ts';
import { campaignOf, clientOf, createEtlDatabases, type EtlDatabases, startEtlPostgres } from '../support/etl_databases.ts';
import type { ScratchPostgres } from '../support/scratch_postgres.ts';

let server: ScratchPostgres;
let databases: EtlDatabases;
let client: pg.Client;
const put = (collection: string, id: string, document: unknown) =>
  client.query(`INSERT INTO content.${collection} (id, document) VALUES ($1, $2)`, [id, JSON.stringify(document)]);

beforeAll(async () => {
  server = await startEtlPostgres();
  databases = await createEtlDatabases(server);
  client = new pg.Client({ connectionString: databases.urls.content });
  await client.connect();
});
afterAll(async () => {
  await client?.end();
  await server?.stop();
});

describe('PromptContent on PostgreSQL takes what a document must be (D1)', () => {
  it('keeps what was there before the rules, until it is written again', async () => {
    const [image] = sampleDocuments();
    await put('imagenes', 'IMG-OLD', { contentId: 'IMG-OLD' });
    await prepareSource(databases.urls.content, DOCUMENT_CHECKS);
    await prepareSource(databases.urls.content, DOCUMENT_CHECKS);
    await expect(client.query(`UPDATE content.imagenes SET document = document || '{"a": 1}'`)).rejects.toThrow('imagenes_document');
    await client.query('UPDATE content.imagenes SET document = $1', [JSON.stringify({ ...image?.document, contentId: 'IMG-OLD' })]);
    await client.query('DELETE FROM content.imagenes');
  });

  it.each(sampleDocuments())('$collection: takes what the schema takes, and nothing else', async ({ collection, id, document }) => {
    const { schema, idField } = CONTENT_COLLECTIONS[collection];
    const asked = [...mutations(document)];
    const { rows } = await client.query<{ takes: boolean }>(
      `SELECT content.takes_${collection}($1, a.document) AS takes FROM jsonb_array_elements($2::jsonb) WITH ORDINALITY AS a (document, place) ORDER BY place`,
      [id, JSON.stringify(asked)],
    );
    const different = asked.filter((each, place) => rows[place]?.takes !== (schema.safeParse(each).success && each[idField] === id));
    expect(different.map((each) => JSON.stringify(each))).toEqual([]);
    expect(rows).toHaveLength(asked.length);
    expect(asked.length).toBeGreaterThan(100);
    await put(collection, id, document);
    await expect(put(collection, id, document)).rejects.toThrow('duplicate key');
    await expect(put(collection, 'another', document)).rejects.toThrow(`${collection}_document`);
    await expect(put(collection, id, [])).rejects.toThrow(`${collection}_document`);
  });

  it('refuses a document of five million characters, whatever field they are in', async () => {
    const [image] = sampleDocuments();
    const metadata = { formato: 'jpg', aprobado: true, notas: 'a'.repeat(5_000_000) };
    await expect(put('imagenes', 'IMG-L', { ...image?.document, contentId: 'IMG-L', metadata })).rejects.toThrow('imagenes_document');
    await put('imagenes', 'IMG-L', { ...image?.document, contentId: 'IMG-L' });
  });

  it('refuses a second credential of the same service and type under another id, as the unique index of MongoDB does', async () => {
    const sample = sampleDocuments().find(({ collection }) => collection === 'credenciales_cifradas');
    await client.query('DELETE FROM content.credenciales_cifradas');
    await put('credenciales_cifradas', String(sample?.id), sample?.document);
    await expect(put('credenciales_cifradas', 'other', { ...sample?.document, id_credencial: 'other' })).rejects.toThrow('duplicate key');
  });

  it('takes all generated documents, in less than 1 ms each', async () => {
    const text = await readFile(join(packageRoot(), 'database/postgresql', DOCUMENT_CHECKS), 'utf8');
    expect(text).not.toContain('\\d');
    const collections = generatedContent(20_260_101, '2026-11-21', 'full').map(({ collection, documents }) => ({
      collection,
      made: documents(),
    }));
    let [milliseconds, count] = [0, 0];
    for (const { collection, made } of collections) {
      await client.query('CREATE TEMP TABLE made AS SELECT * FROM jsonb_to_recordset($1::jsonb) AS m (id text, document jsonb)', [
        JSON.stringify(made),
      ]);
      count += made.length;
      const started = performance.now();
      const { rows } = await client.query(`SELECT id FROM made WHERE NOT content.takes_${collection}(id, document)`);
      milliseconds += performance.now() - started;
      expect(rows).toEqual([]);
      await client.query('DROP TABLE made');
    }
    expect(milliseconds).toBeLessThan(count);
  });
});

describe('content_generator on checked documents', () => {
  const soon = () => deadlineIn(10_000);
  const day = '2026-02-10';
  const at = new Date('2026-02-10T18:00:00.250Z');
  let store: ContentStore;

  beforeAll(async () => {
    await client.query('DELETE FROM content.campanas; DELETE FROM content.clientes');
    await put('campanas', 'CMP-1', campaignOf(1));
    await put('clientes', 'CLI-1', clientOf(1, ['PLAN-1']));
    await prepareSource(databases.urls.content, 'content/content_generator.sql');
    await client.query(`CREATE ROLE writer LOGIN PASSWORD 'writer' IN ROLE promptsales_content`);
    store = await openPostgresContentStore(server.url(new URL(databases.urls.content).pathname.slice(1), 'writer'));
  });
  afterAll(() => store?.close());

  it('counts, gives back, and saves versions: what it leaves is right', async () => {
    const asked = { reservationId: 'R-1', clientId: 'CLI-1', feature: 'generacion_contenido', amount: 2, today: day } as const;
    const reserved = await store.reserve(asked, soon());
    if (reserved.outcome !== 'reserved') throw new Error(reserved.outcome);
    expect(await store.settle(reserved.reservation, 1, soon())).toBe(true);
    const campaign = await store.campaign('CMP-1', soon());
    if (campaign === undefined) throw new Error('no campaign');
    const versions = [{ contentId: 'IMG-2', platform: 'instagram', type: 'mensaje', messageId: 'M-1', text: 'Corré', hashtags: ['#a'] }];
    const saved = { campaignId: 'CMP-1', versions, images: ['IMG-2'], expectedUpdatedAt: campaign.updatedAt, at };
    expect(await store.saveVersions(saved, soon())).toMatchObject({ outcome: 'saved', addedVersions: 1 });
    for (const collection of ['campanas', 'clientes']) {
      const { rows } = await client.query(`SELECT content.takes_${collection}(id, document) AS takes FROM content.${collection}`);
      expect(rows).toEqual([{ takes: true }]);
    }
  });

  it('is told that a document breaks the rules, and nothing of what is in it', async () => {
    await client.query('ALTER TABLE content.clientes DROP CONSTRAINT clientes_document');
    await put('clientes', 'CLI-OLD', { ...clientOf(1, ['PLAN-1']), clientId: 'CLI-OLD', phone: 7 });
    await prepareSource(databases.urls.content, DOCUMENT_CHECKS);
    const asked = { reservationId: 'R-2', clientId: 'CLI-OLD', feature: 'generacion_contenido', amount: 2, today: day } as const;
    const error = await store.reserve(asked, soon()).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ errorClass: 'internal', message: expect.stringContaining('breaks its rules') });
    expect(inspect(error, { depth: 9 })).not.toContain('empresa1');
  });
});
