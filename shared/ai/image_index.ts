import type { Usage } from '../cache/result_cache.ts';
import { canonicalHash } from '../domain/canonical_json.ts';
import type { Deadline } from '../domain/deadline.ts';
import { sum } from '../domain/money.ts';
import type { Embedder } from './embedder.ts';
import type { VectorAttributes, VectorIndex } from './vector_index.ts';

/** An image as the index needs it: what it shows in words, and what it can be filtered by. */
export type IndexedImage = { readonly contentId: string; readonly description: string } & VectorAttributes;

/** What an image looked like when it was indexed: hashes of what its vector depends on, and of what it is filtered by. */
export type Fingerprint = { readonly text: string; readonly attributes: string };

/** Where the fingerprints of what is in the index are kept, by content id. What cannot be read counts as nothing indexed. */
export type FingerprintStore = {
  readonly read: () => Promise<ReadonlyMap<string, Fingerprint>>;
  readonly write: (fingerprints: ReadonlyMap<string, Fingerprint>) => Promise<void>;
};

/** What bringing the index in step did: images by what happened to them, and what the embedding took. */
export type IndexReport = {
  /** New, or their text is another, or their vector was lost. */
  readonly embedded: number;
  /** Only what they are filtered by is another: the vector stayed. */
  readonly updated: number;
  readonly removed: number;
  readonly unchanged: number;
  readonly tokens: number;
  /** Dollars as decimal text. */
  readonly costUsd: string;
};

/** What there is to do before the index is in step. */
export type IndexPlan<Image> = {
  readonly embed: readonly Image[];
  readonly update: readonly Image[];
  readonly remove: readonly string[];
  readonly unchanged: number;
};

/** Images of one step; after each the fingerprints are kept, so that at most this many are embedded again after a crash. */
const IMAGES_PER_STEP = 256;

/** What is embedded of an image. Hashtags are for filters: they name a trade rather than a scene, and made the ranking worse. */
export function imageText({ description, category }: Pick<IndexedImage, 'description' | 'category'>): string {
  return `${description}. ${category}`;
}

/** Compares the images with what was indexed. Vectors of another model count as changed texts. */
export function planImageIndex<Image extends IndexedImage>(
  images: readonly Image[],
  indexed: ReadonlyMap<string, Fingerprint>,
  model: string,
): IndexPlan<Image> {
  const there = new Set(images.map(({ contentId }) => contentId));
  const stateOf = (image: Image): 'embed' | 'update' | 'unchanged' => {
    const now = fingerprintOf(image, model);
    const before = indexed.get(image.contentId);
    if (before?.text !== now.text) return 'embed';
    return before.attributes === now.attributes ? 'unchanged' : 'update';
  };
  const { embed = [], update = [], unchanged = [] } = Object.groupBy(images, stateOf);
  return { embed, update, remove: [...indexed.keys()].filter((id) => !there.has(id)), unchanged: unchanged.length };
}

/**
 * Brings the index in step with the images: removes what is gone, embeds what is new or says something else, and gives what is only
 * filtered otherwise its new attributes. Ended at any point and started again it goes on where it was; run twice it does nothing the
 * second time. An index that lost everything (its file was torn, its namespace deleted) is filled again. One run at a time: the caller
 * holds a lock. Throws what embedder and index throw, with everything done until then kept.
 */
export async function bringImageIndexInStep(
  images: readonly IndexedImage[],
  { embedder, index, fingerprints }: { readonly embedder: Embedder; readonly index: VectorIndex; readonly fingerprints: FingerprintStore },
  deadline: Deadline,
): Promise<IndexReport> {
  const known = await fingerprints.read();
  // Zero and not 'fewer than known': an index elsewhere may count late what was written a moment ago.
  const lost = known.size > 0 && (await index.count(deadline)) === 0;
  const indexed = new Map(lost ? [] : known);
  const plan = planImageIndex(images, indexed, embedder.model);
  if (plan.remove.length > 0) {
    await index.remove(plan.remove, deadline);
    for (const id of plan.remove) indexed.delete(id);
    await fingerprints.write(indexed);
  }

  let usage: Pick<Usage, 'tokens' | 'costUsd'> = { tokens: 0, costUsd: '0' };
  let embedded = 0;
  const put = async (some: readonly { readonly image: IndexedImage; readonly vector: Float32Array }[]) => {
    await index.upsert(
      some.map(({ image, vector }) => ({ id: image.contentId, vector, attributes: attributesOf(image) })),
      deadline,
    );
    for (const { image } of some) indexed.set(image.contentId, fingerprintOf(image, embedder.model));
    await fingerprints.write(indexed);
  };
  const embedAndPut = async (some: readonly IndexedImage[]) => {
    const made = await embedder.embed(some.map(imageText), deadline);
    usage = { tokens: usage.tokens + made.usage.tokens, costUsd: sum([usage.costUsd, made.usage.costUsd]).toFixed() };
    await put(some.flatMap((image, place) => withVector(image, made.vectors[place])));
    embedded += some.length;
  };

  for (const some of steps(plan.embed)) await embedAndPut(some);
  let updated = 0;
  for (const some of steps(plan.update)) {
    const vectors = await index.vectors(
      some.map(({ contentId }) => contentId),
      deadline,
    );
    const found = some.flatMap((image) => withVector(image, vectors.get(image.contentId)));
    if (found.length > 0) await put(found);
    updated += found.length;
    const missing = some.filter(({ contentId }) => !vectors.has(contentId));
    if (missing.length > 0) await embedAndPut(missing);
  }
  return { embedded, updated, removed: plan.remove.length, unchanged: plan.unchanged, ...usage };
}

function fingerprintOf(image: IndexedImage, model: string): Fingerprint {
  return { text: canonicalHash({ model, text: imageText(image) }), attributes: canonicalHash(attributesOf(image)) };
}

/** Lists in one order: the order in which campaigns come does not make an image another. */
function attributesOf({ category, hashtags, campaignIds, clientIds, format, approved }: IndexedImage): VectorAttributes {
  const inOrder = (values: readonly string[]): readonly string[] => [...new Set(values)].sort();
  return { category, hashtags: inOrder(hashtags), campaignIds: inOrder(campaignIds), clientIds: inOrder(clientIds), format, approved };
}

function withVector(image: IndexedImage, vector: Float32Array | undefined) {
  return vector === undefined ? [] : [{ image, vector }];
}

function steps<T>(all: readonly T[]): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(all.length / IMAGES_PER_STEP) }, (_, step) =>
    all.slice(step * IMAGES_PER_STEP, (step + 1) * IMAGES_PER_STEP),
  );
}
