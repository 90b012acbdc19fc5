import type { Embedder } from '../../../shared/ai/embedder.ts';
import { exactVectorIndex } from '../../../shared/ai/exact_vector_index.ts';
import { bringImageIndexInStep, type Fingerprint, type IndexedImage, imageText } from '../../../shared/ai/image_index.ts';
import { lexicalEmbedder } from '../../../shared/ai/lexical_embedder.ts';
import { type ModelUsage, NO_MODEL_USAGE } from '../../../shared/ai/model_usage.ts';
import type { VectorFilter, VectorHit, VectorIndex } from '../../../shared/ai/vector_index.ts';
import type { RedisConnection } from '../../../shared/cache/redis_connection.ts';
import { writeContentCards } from '../../../shared/content/content_cards.ts';
import { readCampaignSearch, readOpenSearch, writeCampaignSearch, writeOpenSearch } from '../../../shared/content/content_searches.ts';
import { canonicalHash } from '../../../shared/domain/canonical_json.ts';
import type { Deadline } from '../../../shared/domain/deadline.ts';
import type { HubImage } from './images.ts';

export type ImageQuestion = {
  readonly description: string;
  readonly images: readonly HubImage[];
  readonly filter: VectorFilter;
  /** The campaign that the search is for, when it is for one. */
  readonly campaignId: string | undefined;
  readonly limit: number;
};

/** What a search found, best first, and how it was ranked. */
export type FoundImages = {
  readonly method: 'semantic' | 'lexical';
  readonly model: string;
  readonly hits: readonly VectorHit[];
  /** Images that passed the filter. */
  readonly searched: number;
  readonly usage: ModelUsage;
  /** What placing the description took, in milliseconds; 0 when the search was remembered. */
  readonly durationMs: number;
  readonly warnings: readonly string[];
};

export type ImageSearch = { readonly find: (question: ImageQuestion, deadline: Deadline) => Promise<FoundImages> };

/** How images are ranked: what places texts, and the index of the images so placed. */
type Ranking = { readonly embedder: Embedder; readonly index: VectorIndex };

/**
 * Finds images by their descriptions: by meaning where a model is configured and the images have been indexed with it, else by the words
 * they share. Searches are remembered in content:search:*, the images found in content:by_id:*; a search that is remembered asks no model.
 */
export function openImageSearch({
  semantic,
  redis,
}: {
  readonly semantic: Ranking | undefined;
  readonly redis: RedisConnection | undefined;
}): ImageSearch {
  let lexical: { readonly corpus: string; readonly search: Promise<Ranking> } | undefined;

  /** The lexical index of just these images, made anew when they changed: milliseconds for some hundred of them. */
  const lexicalOf = (images: readonly IndexedImage[], corpus: string, deadline: Deadline): Promise<Ranking> => {
    if (lexical?.corpus !== corpus) lexical = { corpus, search: lexicalSearch(images, deadline) };
    return lexical.search;
  };

  return {
    async find({ description, images, filter, campaignId, limit }, deadline) {
      const warnings: string[] = [];
      const isIndexed = semantic !== undefined && (await semantic.index.count(deadline)) > 0;
      if (semantic !== undefined && !isIndexed) {
        warnings.push('An embedding model is configured, but the images have not been indexed with it: run `promptsales index run`.');
      }
      const known = images.map(indexed);
      const corpus = canonicalHash(known);
      const { embedder, index } = semantic !== undefined && isIndexed ? semantic : await lexicalOf(known, corpus, deadline);
      const about = { method: embedder.method, model: embedder.model, searched: known.filter(passes(filter)).length, warnings };
      const query = { description, filter, limit, model: embedder.model, of: corpus };

      const before = await remembered(redis, campaignId, query);
      if (before !== undefined) return { ...about, hits: before, usage: NO_MODEL_USAGE, durationMs: 0 };
      const begun = performance.now();
      const { vectors, usage } = await embedder.embed([description], deadline);
      const durationMs = Math.round(performance.now() - begun);
      const [vector] = vectors;
      const hits = vector === undefined ? [] : await index.search(vector, { limit, filter }, deadline);
      const byId = new Map(images.map((image) => [image.contentId, image]));
      await remember(redis, campaignId, query, hits, byId);
      return { ...about, hits, usage, durationMs };
    },
  };
}

async function lexicalSearch(images: readonly IndexedImage[], deadline: Deadline): Promise<Ranking> {
  const embedder = lexicalEmbedder(images.map((image) => imageText(image)));
  const index = exactVectorIndex({ dimensions: embedder.dimensions, model: embedder.model });
  // Made for these images and thrown away with them: there is nothing to remember.
  const fingerprints = { read: async () => new Map<string, Fingerprint>(), write: async () => undefined };
  await bringImageIndexInStep(images, { embedder, index, fingerprints }, deadline);
  return { embedder, index };
}

/** An image as the index knows it. */
export function indexed({ contentId, description, hashtags, category, format, approved, campaigns }: HubImage): IndexedImage {
  return {
    contentId,
    description,
    hashtags,
    category,
    format,
    approved,
    campaignIds: campaigns.map(({ campaignId }) => campaignId),
    clientIds: [...new Set(campaigns.map(({ clientId }) => clientId))],
  };
}

/** Whether an image passes a filter, by the rule of {@link VectorFilter}. */
function passes({ categories, hashtags, campaignIds, clientIds, formats, approved }: VectorFilter): (image: IndexedImage) => boolean {
  const some = (wanted: readonly string[] | undefined, values: readonly string[]) =>
    wanted === undefined || wanted.some((value) => values.includes(value));
  return (image) =>
    some(categories, [image.category]) &&
    some(hashtags, image.hashtags) &&
    some(campaignIds, image.campaignIds) &&
    some(clientIds, image.clientIds) &&
    some(formats, [image.format]) &&
    (approved === undefined || approved === image.approved);
}

async function remembered(
  redis: RedisConnection | undefined,
  campaignId: string | undefined,
  query: object,
): Promise<readonly VectorHit[] | undefined> {
  if (campaignId !== undefined) {
    const matches = await readCampaignSearch(redis, { campaignId, query });
    return matches !== undefined && matches.length > 0
      ? matches.map(({ contentId, similarity }) => ({ id: contentId, score: similarity }))
      : undefined;
  }
  const result = await readOpenSearch(redis, query);
  return result?.images.map(({ id, score }) => ({ id, score }));
}

async function remember(
  redis: RedisConnection | undefined,
  campaignId: string | undefined,
  query: object,
  hits: readonly VectorHit[],
  images: ReadonlyMap<string, HubImage>,
): Promise<void> {
  // A similarity is between 0 and 1; what points the other way is as far as can be.
  const found = hits.flatMap(({ id, score }) => {
    const image = images.get(id);
    return image === undefined ? [] : [{ image, score: Math.min(1, Math.max(0, score)) }];
  });
  await Promise.all([
    campaignId === undefined
      ? writeOpenSearch(redis, query, {
          images: found.map(({ image: { contentId: id, url, hashtags }, score }) => ({ id, url, hashtags, score })),
          searchedAt: new Date(),
        })
      : writeCampaignSearch(
          redis,
          { campaignId, query },
          found.map(({ image, score: similarity }) => ({ contentId: image.contentId, similarity })),
        ),
    writeContentCards(
      redis,
      found.map(({ image }) => ({
        ...image,
        campaignId: image.campaigns[0]?.campaignId ?? '',
        clientId: image.campaigns[0]?.clientId ?? '',
      })),
    ),
  ]);
}
