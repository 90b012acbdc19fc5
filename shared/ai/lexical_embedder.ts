import { hash } from 'node:crypto';
import snowball from 'snowball-stemmers';
import { wordsOf } from '../domain/fold.ts';
import type { Embedder } from './embedder.ts';
import { LEXICAL_CONCEPTS } from './lexical_concepts.ts';
import { LEXICAL_TOPICS } from './lexical_topics.ts';
import { NO_MODEL_USAGE } from './model_usage.ts';

/**
 * The method and its version. Vectors weighted by other documents still compare: an index that is searched while it is made again belongs
 * to the method, and only what is made again depends on the documents too.
 */
const LEXICAL_MODEL = 'lexical-2';

/** As many as OpenAI's text-embedding-3-small gives, so that both fit one index. */
const LEXICAL_DIMENSIONS = 1536;

/** What a shared stem, concept, wider concept, topic and word of letters count against each other; chosen on the development queries. */
const WEIGHTS = { stem: 0.7, concept: 2, wider: 1, topic: 2, letters: 0.6 };

const STOP_WORDS = new Set(
  [
    'a al ante bajo con contra como cual de del desde donde el ella ellos en entre era es esa ese eso esta este esto fue ha hasta la las le les',
    'lo los mas me mi muy no nos o para pero por que se ser si sin sobre son su sus tan te tu un una unas uno unos y ya',
    'about an and are as at be by for from has have her his i in into is it its my of on or our she he that the their them they this to',
    'was we were which while who with you your',
  ]
    .join(' ')
    .split(' '),
);

const spanish = snowball.newStemmer('spanish');
const english = snowball.newStemmer('english');

/** A word and its stems in both languages. */
type Stemmed = { readonly word: string; readonly spanishStem: string; readonly englishStem: string };

type Concept = { readonly name: string; readonly wider: readonly string[] };

/** Concepts by the folded word or expression, and by its stem. */
type Lexicon = { readonly words: ReadonlyMap<string, readonly Concept[]>; readonly stems: ReadonlyMap<string, readonly Concept[]> };

/** Read when a text is first placed, because a server starts without. */
const lexicons = once(() => ({ concepts: readLexicon(LEXICAL_CONCEPTS), topics: readLexicon(LEXICAL_TOPICS) }));

/**
 * Places texts by the words and letters they share: no model, no cost, the same vector for the same text everywhere. It is what answers
 * when no model of meaning is configured, and is never called semantic.
 *
 * A text's features are the Spanish and English stems of its words, the concepts of {@link LEXICAL_CONCEPTS} they belong to (which is
 * how an English query meets a Spanish description, and 'minino' meets 'gato'), the wider concepts of those, the topics of
 * {@link LEXICAL_TOPICS} they go with (which is how 'mascota haciendo la siesta' meets a kitten on a keyboard), and the 3- to 5-letter
 * pieces of each word (which is how misspelt, inflected and unknown words meet). Each counts by how rare it is among `documents`,
 * ln((1 + n) / (1 + documents with it)) + 1, and is added with a sign to one of 1536 places, both taken from a hash of it (feature
 * hashing: Weinberger and others, 2009). The sum is scaled to unit length; a text without a word has its length in the first place.
 *
 * `model` is {@link LEXICAL_MODEL} and a hash of the documents: with others the weights are others, and the vectors are to be made again.
 */
export function lexicalEmbedder(documents: readonly string[]): Embedder {
  const holding = new Map<string, number>();
  for (const document of documents) {
    for (const feature of featuresOf(document).keys()) holding.set(feature, (holding.get(feature) ?? 0) + 1);
  }
  const rarity = (feature: string): number => Math.log((1 + documents.length) / (1 + (holding.get(feature) ?? 0))) + 1;
  const corpus = hash('sha256', JSON.stringify([...new Set(documents)].sort()), 'base64url').slice(0, 12);

  const vectorOf = (text: string): Float32Array => {
    const sums = new Float64Array(LEXICAL_DIMENSIONS);
    for (const [feature, weight] of featuresOf(text)) {
      const { place, sign } = placeOf(feature);
      sums[place] = (sums[place] ?? 0) + sign * weight * rarity(feature);
    }
    const length = Math.sqrt(sums.reduce((squares, value) => squares + value * value, 0));
    if (length === 0) sums[0] = 1;
    return Float32Array.from(sums, (value) => (length === 0 ? value : value / length));
  };

  return {
    method: 'lexical',
    model: `${LEXICAL_MODEL}/${corpus}`,
    dimensions: LEXICAL_DIMENSIONS,
    embed: async (texts, deadline) => {
      const vectors = texts.map((text) => {
        deadline.signal.throwIfAborted();
        return vectorOf(text);
      });
      return { vectors, usage: NO_MODEL_USAGE };
    },
  };
}

/** The features of a text, and what each weighs before its rarity. A feature met again counts no more. */
function featuresOf(text: string): ReadonlyMap<string, number> {
  const features = new Map<string, number>();
  const add = (feature: string, weight: number) => features.set(feature, Math.max(weight, features.get(feature) ?? 0));
  const { concepts, topics } = lexicons();
  const words = wordsOf(text);
  for (const [position, word] of words.entries()) {
    for (const length of [2, 3, 4]) {
      const expression = words.slice(position, position + length).join('_');
      for (const concept of concepts.words.get(expression) ?? []) addConcept(concept, add);
      for (const { name } of topics.words.get(expression) ?? []) add(`topic ${name}`, WEIGHTS.topic);
    }
    if (STOP_WORDS.has(word)) continue;
    const stemmed = { word, spanishStem: spanish.stem(word), englishStem: english.stem(word) };
    const { spanishStem, englishStem } = stemmed;
    add(`es ${spanishStem}`, WEIGHTS.stem);
    if (englishStem !== spanishStem) add(`en ${englishStem}`, WEIGHTS.stem / 2);
    for (const concept of holding(concepts, stemmed)) addConcept(concept, add);
    for (const { name } of holding(topics, stemmed)) add(`topic ${name}`, WEIGHTS.topic);
    const pieces = lettersOf(word);
    for (const piece of pieces) add(`letters ${piece}`, WEIGHTS.letters / Math.sqrt(pieces.length));
  }
  return features;
}

/** The lines of a lexicon that hold a word: itself, else its Spanish stem, else its English one. */
function holding({ words, stems }: Lexicon, { word, spanishStem, englishStem }: Stemmed): readonly Concept[] {
  return words.get(word) ?? stems.get(`es ${spanishStem}`) ?? stems.get(`en ${englishStem}`) ?? [];
}

function addConcept({ name, wider }: Concept, add: (feature: string, weight: number) => void): void {
  add(`concept ${name}`, WEIGHTS.concept);
  for (const one of wider) add(`concept ${one}`, WEIGHTS.wider);
}

/** The pieces of 3 to 5 letters of a word between marks of its ends: 'mar' → '<ma', 'mar', 'ar>', '<mar', 'mar>', '<mar>'. */
function lettersOf(word: string): readonly string[] {
  const marked = `<${word}>`;
  return [3, 4, 5].flatMap((length) =>
    Array.from({ length: Math.max(0, marked.length - length + 1) }, (_, start) => marked.slice(start, start + length)),
  );
}

/** Where a feature goes and with which sign: from FNV-1a (32 bits) of it, stirred by the last step of MurmurHash3. */
function placeOf(feature: string): { readonly place: number; readonly sign: 1 | -1 } {
  let bits = 0x811c9dc5;
  for (let index = 0; index < feature.length; index++) bits = Math.imul(bits ^ feature.charCodeAt(index), 0x01000193);
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  bits = (bits ^ (bits >>> 16)) >>> 0;
  return { place: (bits >>> 1) % LEXICAL_DIMENSIONS, sign: (bits & 1) === 0 ? 1 : -1 };
}

/** Computes a value when it is first asked for. */
function once<T>(compute: () => T): () => T {
  let computed: { readonly value: T } | undefined;
  return () => {
    computed ??= { value: compute() };
    return computed.value;
  };
}

/** Reads the lines `Spanish words | English words > wider concepts`. */
function readLexicon(lines: string): Lexicon {
  const words = new Map<string, Concept[]>();
  const stems = new Map<string, Concept[]>();
  const put = (map: Map<string, Concept[]>, key: string, concept: Concept) => {
    const held = map.get(key);
    if (held === undefined) map.set(key, [concept]);
    else if (!held.includes(concept)) held.push(concept);
  };
  for (const line of lines.split('\n')) {
    const [own = '', wider = ''] = line.split('>');
    const [inSpanish = [], inEnglish = []] = own.split('|').map((part) => part.trim().split(' ').filter(Boolean));
    const name = inSpanish[0];
    if (name === undefined) continue;
    const concept: Concept = { name, wider: wider.trim().split(' ').filter(Boolean) };
    for (const word of [...inSpanish, ...inEnglish]) put(words, word, concept);
    for (const word of inSpanish) put(stems, `es ${spanish.stem(word)}`, concept);
    for (const word of inEnglish) put(stems, `en ${english.stem(word)}`, concept);
  }
  return { words, stems };
}
