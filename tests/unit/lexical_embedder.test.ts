import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { imageText } from '../../shared/ai/image_index.ts';
import { LEXICAL_CONCEPTS } from '../../shared/ai/lexical_concepts.ts';
import { lexicalEmbedder } from '../../shared/ai/lexical_embedder.ts';
import { LEXICAL_TOPICS } from '../../shared/ai/lexical_topics.ts';
import { deadlineIn } from '../../shared/domain/deadline.ts';
import { DEVELOPMENT_QUERIES, HELD_OUT_QUERIES, LATER_DEVELOPMENT_QUERIES, QUERY_KINDS } from '../evals/image_queries.ts';
import { evaluateSearch, evaluationImages, measureRanking, relevantIds } from '../evals/search_evaluation.ts';

const DOCUMENTS = [
  'Gato dormido en un sillón de ratán junto al jardín',
  'Perro labrador salta en el parque para atrapar un disco',
  'Surfista entra al mar con la tabla bajo el brazo',
  'Barista vierte leche y dibuja una hoja sobre el café',
];
const embedder = lexicalEmbedder(DOCUMENTS);

const vectorOf = async (text: string, by = embedder): Promise<Float32Array> => {
  const { vectors } = await by.embed([text], deadlineIn(5_000));
  return vectors[0] ?? new Float32Array();
};
const nearness = async (one: string, other: string): Promise<number> => {
  const [first, second] = [await vectorOf(one), await vectorOf(other)];
  return first.reduce((sum, value, index) => sum + value * (second[index] ?? 0), 0);
};
/** The document nearest to a query. */
const nearest = async (query: string): Promise<string | undefined> => {
  const scores = await Promise.all(DOCUMENTS.map(async (document) => ({ document, score: await nearness(query, document) })));
  return scores.sort((one, other) => other.score - one.score)[0]?.document;
};

describe('the lexical embedder (DESIGN §8)', () => {
  it('is called lexical, fits the index of the semantic one, and costs nothing', async () => {
    expect(embedder).toMatchObject({ method: 'lexical', dimensions: 1536 });
    expect(embedder.model).toMatch(/^lexical-2\//);
    const { vectors, usage } = await embedder.embed(DOCUMENTS, deadlineIn(5_000));
    expect(vectors).toHaveLength(DOCUMENTS.length);
    expect(usage).toMatchObject({ tokens: 0, costUsd: '0' });
  });

  it('gives unit length and the same vector again for any text, even an empty one', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 200 }), async (text) => {
        const vector = await vectorOf(text);
        expect(vector).toHaveLength(1536);
        expect(Math.hypot(...vector)).toBeCloseTo(1, 5);
        expect(await vectorOf(text, lexicalEmbedder(DOCUMENTS))).toEqual(vector);
      }),
      { numRuns: 50 },
    );
  });

  it('names the documents its weights come from, whatever their order', () => {
    expect(lexicalEmbedder([...DOCUMENTS].reverse()).model).toBe(embedder.model);
    expect(lexicalEmbedder(DOCUMENTS.slice(1)).model).not.toBe(embedder.model);
  });

  it.each([
    ['another form of the words', 'gatos que duermen en sillones', DOCUMENTS[0]],
    ['without accents, in capitals', 'SILLON DE RATAN', DOCUMENTS[0]],
    ['misspelt', 'labradro en el parqe', DOCUMENTS[1]],
    ['another word for the same', 'minino en la butaca', DOCUMENTS[0]],
    ['English', 'surfer walking into the ocean', DOCUMENTS[2]],
    ['what such a scene is called', 'siesta de una mascota', DOCUMENTS[0]],
    ['what such a scene is called in English', 'water sport', DOCUMENTS[2]],
    ['English and Spanish mixed', 'coffee con latte art', DOCUMENTS[3]],
  ])('finds a description by %s', async (_, query, document) => {
    expect(await nearest(query)).toBe(document);
  });

  it('lets a rare word count more than one that all documents hold', async () => {
    const all = lexicalEmbedder(['foto de un zorro', 'foto de un tapir', 'foto de un pizote']);
    const [question, rare, common] = await Promise.all(['foto tapir', 'tapir', 'foto'].map((text) => vectorOf(text, all)));
    const product = (one?: Float32Array, other?: Float32Array) =>
      one?.reduce((sum, value, index) => sum + value * (other?.[index] ?? 0), 0) ?? 0;
    expect(product(question, rare)).toBeGreaterThan(product(question, common));
  });

  it('stops when the caller has gone', async () => {
    await expect(embedder.embed(['a'], deadlineIn(5_000, AbortSignal.abort(new Error('gone'))))).rejects.toThrow('gone');
  });
});

describe('the word lists', () => {
  const lines = (list: string) => list.split('\n').filter((line) => line !== '');

  it.each([
    ['concepts', LEXICAL_CONCEPTS],
    ['topics', LEXICAL_TOPICS],
  ])('hold %s as texts are read: lower case without accents, expressions of at most four words', (_, list) => {
    for (const line of lines(list)) {
      for (const word of line.replace(/[|>]/g, ' ').trim().split(/ +/)) {
        expect(word, line).toMatch(/^[a-z0-9]+(_[a-z0-9]+){0,3}$/);
      }
    }
  });

  it('name every topic once, in both languages', () => {
    const names = lines(LEXICAL_TOPICS).map((line) => line.split(' ')[0]);
    expect(names.length).toBeGreaterThan(100);
    expect(new Set(names).size).toBe(names.length);
    for (const line of lines(LEXICAL_TOPICS)) expect(line).toMatch(/^[^|>]+ \| [^|>]+$/);
  });
});

describe('the labelled queries', () => {
  const images = evaluationImages();
  const sets = { development: DEVELOPMENT_QUERIES, 'held out': HELD_OUT_QUERIES };

  it('are at least 150, each once, each kind in both sets, and name scenes that exist', () => {
    const all = [...Object.values(sets), LATER_DEVELOPMENT_QUERIES].flatMap((set) => QUERY_KINDS.flatMap((kind) => set[kind]));
    expect(all.length).toBeGreaterThanOrEqual(150);
    expect(new Set(all.map(([query]) => query)).size).toBe(all.length);
    for (const labelled of all) expect(relevantIds(images, labelled).size).toBe(labelled.length - 1);
    for (const set of Object.values(sets)) for (const kind of QUERY_KINDS) expect(set[kind].length).toBeGreaterThanOrEqual(40);
  });

  it('between them ask for nearly every image', () => {
    const all = Object.values(sets).flatMap((set) => QUERY_KINDS.flatMap((kind) => set[kind]));
    expect(new Set(all.flatMap((labelled) => [...relevantIds(images, labelled)])).size).toBeGreaterThanOrEqual(115);
  });

  it('are measured as recall among what could be found, and the rank of the first', () => {
    const ranked = ['a', 'b', 'c', 'd'];
    expect(measureRanking(ranked, new Set(['b', 'd']))).toEqual({ recallAt1: 0, recallAt3: 0.5, meanReciprocalRank: 0.5 });
    expect(measureRanking(ranked, new Set(['a', 'b']))).toEqual({ recallAt1: 1, recallAt3: 1, meanReciprocalRank: 1 });
    expect(measureRanking(ranked, new Set(['x']))).toEqual({ recallAt1: 0, recallAt3: 0, meanReciprocalRank: 0 });
  });

  it('show that what was reached is kept: held-out recall by kind', async () => {
    const measured = await evaluateSearch(lexicalEmbedder(images.map(imageText)), imageText, HELD_OUT_QUERIES, deadlineIn(60_000));
    const of = (asked: string) => measured.find(({ kind }) => kind === asked);
    expect(of('lexical')?.recallAt1).toBeGreaterThanOrEqual(0.98);
    expect(of('cross')?.recallAt1).toBeGreaterThanOrEqual(0.95);
    expect(of('paraphrase')?.recallAt1).toBeGreaterThanOrEqual(0.44);
    expect(of('paraphrase')?.recallAt3).toBeGreaterThanOrEqual(0.7);
  });
});
