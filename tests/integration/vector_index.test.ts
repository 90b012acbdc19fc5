import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Embedder } from '../../shared/ai/embedder.ts';
import { exactVectorIndex } from '../../shared/ai/exact_vector_index.ts';
import { fingerprintFile } from '../../shared/ai/fingerprint_file.ts';
import { bringImageIndexInStep, type IndexedImage } from '../../shared/ai/image_index.ts';
import { NO_MODEL_USAGE } from '../../shared/ai/model_usage.ts';
import { pineconeVectorIndex } from '../../shared/ai/pinecone_vector_index.ts';
import type { VectorFilter, VectorIndex, VectorItem } from '../../shared/ai/vector_index.ts';
import { circuitBreaker } from '../../shared/cache/circuit_breaker.ts';
import { deadlineIn } from '../../shared/domain/deadline.ts';
import { outsideLimit } from '../../shared/gateway/outside_limit.ts';
import type { Outside } from '../../shared/gateway/outside_service.ts';
import { type PineconeEndpoint, startPineconeEndpoint } from '../support/pinecone_endpoint.ts';

const DIMENSIONS = 8;
const soon = () => deadlineIn(10_000);

let folder: string;
let endpoint: PineconeEndpoint;
let number = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'promptsales-vectors-'));
});
beforeEach(async () => {
  endpoint = await startPineconeEndpoint(DIMENSIONS);
});
afterEach(() => endpoint.stop());
afterAll(() => rm(folder, { recursive: true, force: true }));

const outside = (attemptMs = 2_000): Outside => ({
  redis: undefined,
  breaker: circuitBreaker({ redis: undefined, now: Date.now }),
  limit: outsideLimit(undefined, () => new Date()),
  retries: { attempts: 3, firstPauseMs: 10, attemptMs },
});
const pinecone = (more: { readonly namespace?: string; readonly apiKey?: string; readonly attemptMs?: number } = {}): VectorIndex =>
  pineconeVectorIndex(
    { apiKey: more.apiKey ?? endpoint.apiKey, host: endpoint.url, namespace: more.namespace ?? 'imagenes' },
    outside(more.attemptMs),
  );
const newPath = () => join(folder, `${++number}`, 'vectors.bin');
const exact = (path?: string, model = 'test') => exactVectorIndex({ dimensions: DIMENSIONS, model, path });

/** A direction of the plane of the first two numbers, in degrees. */
const at = (degrees: number): Float32Array => {
  const vector = new Float32Array(DIMENSIONS);
  vector[0] = Math.cos((degrees * Math.PI) / 180);
  vector[1] = Math.sin((degrees * Math.PI) / 180);
  return vector;
};
const item = (id: string, degrees: number, attributes: Partial<VectorItem['attributes']> = {}): VectorItem => ({
  id,
  vector: at(degrees),
  attributes: { category: 'moda', hashtags: [], campaignIds: [], clientIds: [], format: 'jpg', approved: true, ...attributes },
});
const ids = async (index: VectorIndex, degrees: number, filter?: VectorFilter, limit = 10) =>
  (await index.search(at(degrees), { limit, filter }, soon())).map(({ id }) => id);

describe.each([
  ['in this process', () => exact()],
  ['in a file', () => exact(newPath())],
  ['at Pinecone', () => pinecone()],
])('a vector index %s', (_, open) => {
  let index: VectorIndex;
  beforeEach(() => {
    index = open();
  });

  it('finds nothing when it is empty', async () => {
    expect(await ids(index, 0)).toEqual([]);
    expect(await index.count(soon())).toBe(0);
    await index.remove(['IMG-1'], soon());
  });

  it('ranks by the cosine, nearest first, as many as asked for', async () => {
    await index.upsert([item('far', 170), item('near', 10), item('nearest', 1), item('across', 90)], soon());
    const hits = await index.search(at(0), { limit: 3 }, soon());
    expect(hits.map(({ id }) => id)).toEqual(['nearest', 'near', 'across']);
    expect(hits[1]?.score).toBeCloseTo(Math.cos(Math.PI / 18), 5);
    expect(hits[2]?.score).toBeCloseTo(0, 5);
    expect(await ids(index, 0, undefined, 0)).toEqual([]);
    expect(await index.count(soon())).toBe(4);
  });

  it('replaces an item with the same id, its attributes too', async () => {
    await index.upsert([item('a', 0, { category: 'moda', hashtags: ['#playa'] }), item('b', 50)], soon());
    await index.upsert([item('a', 90, { category: 'hogar' })], soon());
    await index.upsert([item('a', 90, { category: 'hogar' })], soon());
    expect(await index.count(soon())).toBe(2);
    expect(await ids(index, 0)).toEqual(['b', 'a']);
    expect(await ids(index, 0, { categories: ['hogar'] })).toEqual(['a']);
    expect(await ids(index, 0, { hashtags: ['#playa'] })).toEqual([]);
  });

  it('forgets what is removed, and leaves the others', async () => {
    await index.upsert([item('a', 0, { category: 'x' }), item('b', 10, { category: 'x' }), item('c', 20, { category: 'y' })], soon());
    await index.remove(['a', 'unknown'], soon());
    expect(await ids(index, 0)).toEqual(['b', 'c']);
    expect(await ids(index, 0, { categories: ['x'] })).toEqual(['b']);
    expect(await ids(index, 0, { categories: ['y'] })).toEqual(['c']);
    await index.remove(['b', 'c'], soon());
    expect(await index.count(soon())).toBe(0);
  });

  it('applies filters in the search, not after it: the nearest that pass, however many are nearer', async () => {
    const others = Array.from({ length: 150 }, (_, place) => item(`other-${place}`, place / 10, { approved: false }));
    await index.upsert([...others, item('wanted', 120)], soon());
    expect(await ids(index, 0, { approved: true }, 1)).toEqual(['wanted']);
  });

  it('takes every field of a filter together, and any value of a field', async () => {
    await index.upsert(
      [
        item('a', 1, { category: 'moda', hashtags: ['#verano', '#lino'], campaignIds: ['CMP-1'], clientIds: ['CLI-1'], format: 'jpg' }),
        item('b', 2, { category: 'hogar', hashtags: ['#verano'], campaignIds: ['CMP-1', 'CMP-2'], clientIds: ['CLI-1'], format: 'png' }),
        item('c', 3, { category: 'salud', clientIds: ['CLI-2'], format: 'webp', approved: false }),
      ],
      soon(),
    );
    expect(await ids(index, 0, {})).toEqual(['a', 'b', 'c']);
    expect(await ids(index, 0, { categories: ['moda', 'salud'] })).toEqual(['a', 'c']);
    expect(await ids(index, 0, { hashtags: ['#verano', '#nieve'] })).toEqual(['a', 'b']);
    expect(await ids(index, 0, { campaignIds: ['CMP-2'] })).toEqual(['b']);
    expect(await ids(index, 0, { clientIds: ['CLI-1'], formats: ['jpg'] })).toEqual(['a']);
    expect(await ids(index, 0, { approved: false })).toEqual(['c']);
    expect(await ids(index, 0, { hashtags: ['#verano'], approved: false })).toEqual([]);
    expect(await ids(index, 0, { categories: [] })).toEqual([]);
    expect(await ids(index, 0, { categories: ['unknown'] })).toEqual([]);
  });

  it('gives back the vectors of the ids it has', async () => {
    await index.upsert([item('a', 33), item('b', 44)], soon());
    const vectors = await index.vectors(['a', 'unknown'], soon());
    expect([...vectors.keys()]).toEqual(['a']);
    for (const [place, value] of at(33).entries()) expect(vectors.get('a')?.[place]).toBeCloseTo(value, 6);
  });

  it('does nothing for a caller that has gone', async () => {
    const gone = deadlineIn(10_000, AbortSignal.abort(new Error('gone')));
    await expect(index.upsert([item('a', 0)], gone)).rejects.toThrow('gone');
    await expect(index.search(at(0), { limit: 1 }, gone)).rejects.toThrow('gone');
    expect(await index.count(soon())).toBe(0);
  });

  it('refuses a vector of another size', async () => {
    const wrong = { ...item('a', 0), vector: new Float32Array(3).fill(1) };
    await expect(index.upsert([wrong], soon())).rejects.toMatchObject({ name: 'ToolError', errorClass: 'internal' });
    await expect(index.search(wrong.vector, { limit: 1 }, soon())).rejects.toMatchObject({ errorClass: 'internal' });
  });
});

describe('the exact index', () => {
  it('finds what comparing everything finds, after any additions and removals', async () => {
    const change = fc.record({
      id: fc.integer({ min: 0, max: 40 }),
      degrees: fc.integer({ min: 0, max: 3599 }),
      kind: fc.constantFrom('x', 'y', 'gone'),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 120 }), fc.constantFrom(undefined, 'x', 'y'), async (changes, category) => {
        const index = exact();
        const expected = new Map<string, VectorItem>();
        for (const { id, degrees, kind } of changes) {
          const changed = item(`${id}`, degrees / 20, { category: kind });
          if (kind === 'gone') expected.delete(changed.id);
          else expected.set(changed.id, changed);
          await (kind === 'gone' ? index.remove([changed.id], soon()) : index.upsert([changed], soon()));
        }
        const hits = await index.search(
          at(0),
          { limit: 5, filter: category === undefined ? undefined : { categories: [category] } },
          soon(),
        );
        const scores = [...expected.values()]
          .filter(({ attributes }) => category === undefined || attributes.category === category)
          .map(({ vector }) => vector[0] ?? 0)
          .sort((one, other) => other - one)
          .slice(0, 5);
        expect(hits).toHaveLength(scores.length);
        for (const [place, { id, score }] of hits.entries()) {
          expect(score).toBeCloseTo(scores[place] ?? Number.NaN, 5);
          expect(expected.get(id)?.vector[0]).toBeCloseTo(score, 5);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('is there again after a restart, and another process sees what this one wrote', async () => {
    const path = newPath();
    const [writer, reader] = [exact(path), exact(path)];
    await writer.upsert([item('a', 0, { hashtags: ['#mar'] }), item('b', 90)], soon());
    expect(await ids(reader, 0, { hashtags: ['#mar'] })).toEqual(['a']);
    await writer.remove(['a'], soon());
    expect(await ids(reader, 0)).toEqual(['b']);
    expect(await ids(exact(path), 0)).toEqual(['b']);
  });

  it('leaves one whole file, with every change that was answered, when many come at once', async () => {
    const path = newPath();
    const index = exact(path);
    await Promise.all(Array.from({ length: 30 }, (_, place) => index.upsert([item(`${place}`, place)], soon())));
    expect(await exact(path).count(soon())).toBe(30);
    expect(await readdir(join(path, '..'))).toEqual(['vectors.bin']);
  });

  it.each([
    ['torn', (path: string) => truncate(path, 150)],
    ['empty', (path: string) => truncate(path, 0)],
    ['foreign', (path: string) => writeFile(path, 'this is a letter to my grandmother, and no file of vectors at all')],
    [
      'changed on the disk',
      async (path: string) => {
        const bytes = await readFile(path);
        bytes[bytes.length - 40] = (bytes[bytes.length - 40] ?? 0) ^ 1;
        await writeFile(path, bytes);
      },
    ],
  ])('takes a %s file for none and writes a new one', async (_, harm) => {
    const path = newPath();
    await exact(path).upsert([item('a', 0), item('b', 20)], soon());
    await harm(path);
    const index = exact(path);
    expect(await index.count(soon())).toBe(0);
    await index.upsert([item('c', 0)], soon());
    expect(await ids(exact(path), 0)).toEqual(['c']);
  });

  it('does not mix the vectors of two models', async () => {
    const path = newPath();
    await exact(path, 'one').upsert([item('a', 0)], soon());
    expect(await exact(path, 'another').count(soon())).toBe(0);
  });

  it('keeps nothing of changes that could not be written, and says so to each', async () => {
    // As long as a name may be nearly: what is written beside the file first has a longer one.
    const index = exact(join(folder, 'v'.repeat(240)));
    const outcomes = await Promise.allSettled(['a', 'b', 'c'].map((id) => index.upsert([item(id, 0)], soon())));
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(await index.count(soon())).toBe(0);
    expect(await ids(index, 0)).toEqual([]);
  });

  it('fails with what was written before it, when that fails', async () => {
    const index = exact(join(folder, 'w'.repeat(240)));
    const first = index.upsert([item('a', 0)], soon());
    const later: Promise<unknown>[] = [];
    for (let turn = 0; turn < 5; turn++) {
      await new Promise((resolve) => setImmediate(resolve));
      later.push(index.upsert([item(`later-${turn}`, 0)], soon()));
    }
    const outcomes = await Promise.allSettled([first, ...later]);
    expect(outcomes.every(({ status }) => status === 'rejected')).toBe(true);
    expect(await index.count(soon())).toBe(0);
  });

  it('refuses a vector without a direction', async () => {
    for (const value of [0, Number.NaN, Number.POSITIVE_INFINITY]) {
      const vector = new Float32Array(DIMENSIONS).fill(value);
      await expect(exact().upsert([{ ...item('a', 0), vector }], soon())).rejects.toMatchObject({ errorClass: 'internal' });
    }
  });
});

describe('the index at Pinecone', () => {
  it('sends at most 100 records a request, the key in the header only', async () => {
    await pinecone().upsert(
      Array.from({ length: 250 }, (_, place) => item(`IMG-${place}`, place)),
      soon(),
    );
    const upserts = endpoint.requests.filter(({ route }) => route === 'POST /vectors/upsert');
    expect(upserts.length).toBe(Math.ceil(250 / 64));
    expect(upserts.every(({ apiKey }) => apiKey === endpoint.apiKey)).toBe(true);
    expect(await pinecone().count(soon())).toBe(250);
  });

  it('keeps a request of full-sized vectors below the 2 MB that Pinecone takes', async () => {
    const large = await startPineconeEndpoint(1536);
    try {
      const index = pineconeVectorIndex({ apiKey: large.apiKey, host: large.url, namespace: 'imagenes' }, outside());
      const vector = Float32Array.from({ length: 1536 }, (_, place) => -Math.abs(Math.sin(place + 1)) / 1e4);
      await index.upsert(
        Array.from({ length: 100 }, (_, place) => ({ ...item(`IMG-${place}`, 0), vector })),
        soon(),
      );
      expect(Math.max(...large.requests.map(({ bytes }) => bytes))).toBeLessThan(2_000_000);
      expect(await index.count(soon())).toBe(100);
    } finally {
      await large.stop();
    }
  });

  it('keeps namespaces apart', async () => {
    await pinecone({ namespace: 'one' }).upsert([item('a', 0)], soon());
    expect(await ids(pinecone({ namespace: 'two' }), 0)).toEqual([]);
    expect(await pinecone({ namespace: 'two' }).count(soon())).toBe(0);
    expect(await pinecone({ namespace: 'one' }).count(soon())).toBe(1);
  });

  it('counts what the index says and not what was sent: a write shows late', async () => {
    endpoint.delayWrites(1_000);
    const index = pinecone();
    await index.upsert([item('a', 0)], soon());
    expect(await index.count(soon())).toBe(0);
    await expect.poll(() => index.count(soon()), { timeout: 5_000 }).toBe(1);
  });

  it.each([
    ['429', [{ status: 429, retryAfter: '0' }]],
    ['500 and 503', [{ status: 500 }, { status: 503 }]],
    ['a lost connection', ['reset', 'reset']],
    ['an answer that cannot be read', [{ status: 200, body: '<html>' }]],
  ] as const)('asks again after %s', async (_, disturbances) => {
    const index = pinecone();
    await index.upsert([item('a', 0)], soon());
    const before = endpoint.requests.length;
    endpoint.disturb(...disturbances);
    expect(await ids(index, 0)).toEqual(['a']);
    expect(endpoint.requests.length - before).toBe(disturbances.length + 1);
  });

  it('gives up with when to ask again', async () => {
    endpoint.disturb({ status: 429, retryAfter: '30' });
    await expect(pinecone().search(at(0), { limit: 1 }, deadlineIn(1_000))).rejects.toMatchObject({
      errorClass: 'rate_limited',
      retryAfterSeconds: 30,
    });
    endpoint.disturb({ status: 503 }, { status: 503 }, { status: 503 });
    await expect(pinecone().count(soon())).rejects.toMatchObject({ errorClass: 'unavailable' });
  });

  it('says that the key is wrong, without showing it, and does not ask again', async () => {
    const apiKey = 'pcsk-secret-of-somebody';
    const error = await pinecone({ apiKey })
      .count(soon())
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ errorClass: 'internal' });
    expect(JSON.stringify([error, (error as Error).cause, (error as Error).stack])).not.toContain(apiKey);
    expect(endpoint.requests).toHaveLength(1);
  });

  it('stops at the deadline', async () => {
    endpoint.disturb('silence');
    const begun = performance.now();
    await expect(pinecone({ attemptMs: 5_000 }).search(at(0), { limit: 1 }, deadlineIn(200))).rejects.toMatchObject({
      errorClass: 'timeout',
    });
    expect(performance.now() - begun).toBeLessThan(2_000);
  });

  it('is not loaded before it is asked', async () => {
    const source = await readFile(new URL('../../shared/ai/pinecone_vector_index.ts', import.meta.url), 'utf8');
    expect(source).not.toMatch(/^import (?!type)[^\n]*@pinecone-database/m);
  });
});

describe.each([
  ['exact', () => exact(newPath())],
  ['Pinecone', () => pinecone()],
])('keeping the %s index in step with the images', (_, open) => {
  let index: VectorIndex;
  let path: string;
  let texts: string[];
  let failAfter: number;

  /** A model that places a text by its length, ten tokens and a thousandth of a cent each; it fails when it was asked too often. */
  const embedder = (model = 'by-length'): Embedder => ({
    method: 'semantic',
    model,
    dimensions: DIMENSIONS,
    embed: async (asked) => {
      if (texts.length >= failAfter) throw new Error('the model went away');
      texts.push(...asked);
      return {
        vectors: asked.map((text) => at(text.length)),
        usage: {
          ...NO_MODEL_USAGE,
          tokens: 10 * asked.length,
          inputTokens: 10 * asked.length,
          costUsd: `0.${String(asked.length).padStart(5, '0')}`,
        },
      };
    },
  });
  const image = (id: number, more: Partial<IndexedImage> = {}): IndexedImage => ({
    contentId: `IMG-${id}`,
    description: `Foto ${'x'.repeat(id)}`,
    category: 'moda',
    hashtags: ['#a', '#b'],
    campaignIds: [],
    clientIds: [],
    format: 'jpg',
    approved: true,
    ...more,
  });
  const run = (images: readonly IndexedImage[], model?: string) =>
    bringImageIndexInStep(images, { embedder: embedder(model), index, fingerprints: fingerprintFile(path) }, soon());

  beforeEach(() => {
    index = open();
    path = join(folder, `${++number}`, 'fingerprints.json');
    texts = [];
    failAfter = Number.POSITIVE_INFINITY;
  });

  it('embeds what is new, once, and says what it took to the last digit', async () => {
    const images = [image(1), image(2), image(3)];
    const nothing = { embedded: 0, updated: 0, removed: 0, tokens: 0, costUsd: '0' };
    expect(await run(images)).toEqual({ embedded: 3, updated: 0, removed: 0, unchanged: 0, tokens: 30, costUsd: '0.00003' });
    expect(await run(images)).toEqual({ ...nothing, unchanged: 3 });
    expect(texts).toHaveLength(3);
    expect(await index.count(soon())).toBe(3);
    expect(await run([...images, image(4)])).toMatchObject({ embedded: 1, unchanged: 3, tokens: 10 });
  });

  it('embeds a changed text again, gives changed attributes without embedding, and removes what is gone', async () => {
    await run([image(1), image(2), image(3), image(4)]);
    texts.length = 0;
    const report = await run([
      image(1, { description: 'Otra foto' }),
      image(2, { approved: false, campaignIds: ['CMP-1'] }),
      image(3, { hashtags: ['#b', '#a'] }),
    ]);
    expect(report).toEqual({ embedded: 1, updated: 1, removed: 1, unchanged: 1, tokens: 10, costUsd: '0.00001' });
    expect(texts).toEqual(['Otra foto. moda']);
    expect(await ids(index, 0, { campaignIds: ['CMP-1'], approved: false })).toEqual(['IMG-2']);
    expect((await index.search(at('Foto xx. moda'.length), { limit: 1 }, soon()))[0]).toMatchObject({ id: 'IMG-2' });
    expect(await index.count(soon())).toBe(3);
  });

  it('embeds everything again for another model', async () => {
    await run([image(1), image(2)]);
    expect(await run([image(1), image(2)], 'another')).toMatchObject({ embedded: 2, unchanged: 0 });
  });

  it('goes on where it was when it was ended', async () => {
    const images = Array.from({ length: 600 }, (_, id) => image(id));
    failAfter = 500;
    await expect(run(images)).rejects.toThrow('the model went away');
    expect(texts).toHaveLength(512);
    failAfter = Number.POSITIVE_INFINITY;
    expect(await run(images)).toMatchObject({ embedded: 88, unchanged: 512 });
    expect(await index.count(soon())).toBe(600);
  });

  it('fills an index that lost everything, and one whose fingerprints are lost', async () => {
    await run([image(1), image(2)]);
    await index.remove(['IMG-1', 'IMG-2'], soon());
    expect(await run([image(1), image(2)])).toMatchObject({ embedded: 2 });
    await writeFile(path, '{"format":"image-fing');
    expect(await run([image(1), image(2)])).toMatchObject({ embedded: 2 });
    expect(await index.count(soon())).toBe(2);
  });

  it('embeds again an image whose vector alone was lost, when its attributes change', async () => {
    await run([image(1), image(2)]);
    await index.remove(['IMG-1'], soon());
    expect(await run([image(1, { approved: false }), image(2, { approved: false })])).toMatchObject({ embedded: 1, updated: 1 });
    expect(await index.count(soon())).toBe(2);
  });
});
