import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { loadServers } from '../../cli/servers.ts';
import { documentRule } from '../../database/content/document_rule.ts';
import { generatedContent } from '../../database/generator/content_collections.ts';
import { validatorOf } from '../../database/mongodb/validator.ts';
import { contentRuleFiles } from '../../scripts/content_rules.ts';
import { packageRoot } from '../../shared/config/package_root.ts';
import { storedDocument } from '../../shared/sources/bson_document.ts';
import { COLLECTION_NAMES, CONTENT_COLLECTIONS, type ContentCollection } from '../../shared/sources/content_collections.ts';
import { contentReader } from '../../shared/sources/content_reader.ts';
import { mutations, type SampleDocument, sampleDocuments } from '../support/content_samples.ts';
import { mongoTakes, overTheWire } from '../support/mongo_validator.ts';

const Time = z.iso.datetime({ offset: true });

/** What a server would have of it; a text that is no time stays a text, which the driver's Date would read something into. */
function stored({ id, document }: Pick<SampleDocument, 'id'> & { readonly document: Readonly<Record<string, unknown>> }) {
  const fields = Object.entries(storedDocument(id, document)).map(([name, value]) => [
    name,
    value instanceof Date && !Time.safeParse(document[name]).success ? document[name] : value,
  ]);
  return overTheWire(Object.fromEntries(fields));
}

describe('one schema a document (D1)', () => {
  it('is what the files made from it say: node scripts/content_rules.ts makes it so', async () => {
    const files = await contentRuleFiles();
    expect(files.size).toBe(9);
    for (const [path, text] of files) expect(await readFile(join(packageRoot(), path), 'utf8'), path).toBe(text);
  });

  it('is refused where a database could not check it', () => {
    expect(() => documentRule(z.object({ a: z.string().refine((text) => text !== 'b') }))).toThrow('no database can check a refine()');
    expect(() => documentRule(z.object({ a: z.bigint() }))).toThrow('no database can check a bigint');
    expect(() => documentRule(z.object({ a: z.number().gt(3) }))).toThrow("'exclusiveMinimum' of a JSON Schema is not read yet");
  });

  it('takes every generated document, in the validator too', () => {
    for (const { collection, documents } of generatedContent(20_260_101, '2026-11-21', 'full')) {
      const validator = validatorOf(CONTENT_COLLECTIONS[collection]);
      for (const each of documents()) {
        const parsed = CONTENT_COLLECTIONS[collection].schema.safeParse(each.document);
        expect(parsed.success, `${collection} ${each.id} ${parsed.error}`).toBe(true);
        expect(mongoTakes(validator, stored(each)), `${collection} ${each.id}`).toBe(true);
      }
    }
  });

  it.each(sampleDocuments())('$collection: the validator of MongoDB takes what the schema takes, and nothing else', (sample) => {
    const { schema } = CONTENT_COLLECTIONS[sample.collection];
    const validator = validatorOf(CONTENT_COLLECTIONS[sample.collection]);
    expect(mongoTakes(validator, stored(sample))).toBe(true);
    expect(mongoTakes(validator, { ...stored(sample), _id: 'another' })).toBe(false);
    let [taken, refused] = [0, 0];
    const different: string[] = [];
    const { idField } = CONTENT_COLLECTIONS[sample.collection];
    for (const document of mutations(sample.document)) {
      const isTaken = schema.safeParse(document).success && document[idField] === sample.id;
      if (mongoTakes(validator, stored({ id: sample.id, document })) !== isTaken) different.push(`${isTaken} ${JSON.stringify(document)}`);
      if (isTaken) taken++;
      else refused++;
    }
    expect(different).toEqual([]);
    expect(taken).toBeGreaterThan(0);
    expect(refused).toBeGreaterThan(100);
  });

  it('has a collection for each of the eight', () => {
    expect(COLLECTION_NAMES).toHaveLength(8);
  });
});

describe('the design of the collections', () => {
  const scripts = (name: string) => readFile(join(packageRoot(), 'database/mongodb/scripts', name), 'utf8');

  it.each(COLLECTION_NAMES)('%s shows an example that its schema takes, and each of its indexes', async (name) => {
    const text = await readFile(join(packageRoot(), 'database/mongodb/design', `${name}.md`), 'utf8');
    const { schema } = CONTENT_COLLECTIONS[name];
    expect(schema.safeParse(JSON.parse(/```json\n([\s\S]*?)```/.exec(text)?.[1] ?? '')).error).toBeUndefined();
    const indexes = (JSON.parse(await scripts('0002_indexes.json')) as { createIndexes: string; indexes: { name: string }[] }[])
      .filter(({ createIndexes }) => createIndexes === name)
      .flatMap((command) => command.indexes.map((index) => index.name));
    const shown = [...(text.split('## Indexes')[1] ?? '').matchAll(/^\| `(\w+)` \| `/gm)].map(([, index]) => index);
    expect(shown.sort()).toEqual(['_id_', ...indexes].sort());
  });

  it('has a unique index wherever two documents may not be alike, as PostgreSQL has', async () => {
    type Index = { readonly key: object; readonly unique?: boolean };
    const commands = JSON.parse(await scripts('0002_indexes.json')) as { createIndexes: string; indexes: Index[] }[];
    const unique = commands.flatMap(({ createIndexes: name, indexes }) =>
      indexes.filter((index) => index.unique).map(({ key }) => [name, Object.keys(key)]),
    );
    const wanted = Object.entries<ContentCollection>(CONTENT_COLLECTIONS).flatMap(([name, { unique: fields }]) =>
      fields ? [[name, fields]] : [],
    );
    expect(unique).toEqual(wanted);
    expect(wanted).not.toEqual([]);
  });
});

describe('what others wrote is not trusted', () => {
  const image = sampleDocuments().find(({ collection }) => collection === 'imagenes')?.document ?? {};
  const takes = (more: object) => CONTENT_COLLECTIONS.imagenes.schema.safeParse({ ...image, ...more }).success;

  it.each([
    ['a script for an address', { url_imagen: 'javascript:alert(1)' }],
    ['data for an address', { url_thumbnail: 'data:image/svg+xml,<svg onload=alert(1)>' }],
    ['an address without TLS', { url_imagen: 'http://media.example/1.jpg' }],
    ['an address with a login', { url_imagen: 'https://a:b@media.example/1.jpg' }],
    ['an address that ends an attribute', { url_imagen: 'https://media.example/1.jpg" onerror="alert(1)' }],
    ['an address of 3,000 characters', { url_imagen: `https://media.example/${'a'.repeat(3_000)}` }],
    ['a tag in its description', { descripcion: 'Playa <img src=x onerror=alert(1)>' }],
    ['a description of 6,000 characters', { descripcion: 'a'.repeat(6_000) }],
    ['101 hashtags', { hashtags: Array(101).fill('#a') }],
    ['a tag for a hashtag', { hashtags: ['<script>alert(1)</script>'] }],
    ['a tag in its category', { categoria: 'moda<img src=x onerror=alert(1)>' }],
  ])('an image with %s is refused', (_, more) => {
    expect(takes(more)).toBe(false);
  });

  it('a document of five million characters is refused by the validator and by whoever reads it, wherever they stand in it', () => {
    const large = { ...image, metadata: { formato: 'jpg', aprobado: true, notas: 'a'.repeat(5_000_000) } };
    const id = String(image.contentId);
    expect(mongoTakes(validatorOf(CONTENT_COLLECTIONS.imagenes), stored({ id, document: large }))).toBe(false);
    const refused: string[] = [];
    const reader = contentReader({ onRefused: ({ reason }) => refused.push(reason) });
    expect(reader.readable('imagenes', CONTENT_COLLECTIONS.imagenes.schema, [{ id, document: large }])).toEqual([]);
    expect(refused).toEqual(['it is larger than 4,000,000 bytes']);
  });

  it('an image whose description compares numbers or sends love is taken', () => {
    expect(takes({ descripcion: 'Hecho con <3, 5 < 6', url_imagen: 'https://cdn.example:8443/a/b.jpg?w=200&h=100#x' })).toBe(true);
  });
});

describe('the documents of mcp_servers', () => {
  it('name every tool of every server', async () => {
    const servers = await loadServers();
    const documents =
      generatedContent(1, '2026-11-21', 'small')
        .find(({ collection }) => collection === 'mcp_servers')
        ?.documents() ?? [];
    const told = Object.fromEntries(documents.map(({ id, document }) => [id, document.tools]));
    expect(told).toEqual(Object.fromEntries(servers.map(({ face }) => [face.name, face.tools.map(({ tool }) => tool.name)])));
  });
});
