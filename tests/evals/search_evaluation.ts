import { historyBefore } from '../../database/generator/calendar.ts';
import { generateImages } from '../../database/generator/images.ts';
import { INDUSTRIES } from '../../database/generator/industries.ts';
import type { Embedder } from '../../shared/ai/embedder.ts';
import type { Deadline } from '../../shared/domain/deadline.ts';
import { type Labelled, type LabelledQueries, QUERY_KINDS, type QueryKind } from './image_queries.ts';

/** The seed of the settings; the day does not change which image has which id. */
const SEED = 20_260_101;
const DAY = '2026-01-01';

/** An image of the seed, as far as it is searched by. */
export type EvalImage = {
  readonly contentId: string;
  readonly description: string;
  readonly hashtags: readonly string[];
  readonly category: string;
};

/** The 120 images of the default seed. */
export function evaluationImages(): readonly EvalImage[] {
  return generateImages(SEED, historyBefore(DAY)).map(({ contentId, description, hashtags, industry }) => ({
    contentId,
    description,
    hashtags: hashtags.map((tag) => `#${tag}`),
    category: INDUSTRIES[industry]?.name ?? '',
  }));
}

/** The content ids a labelled query should find. Throws when the beginning of a scene fits no image, or several. */
export function relevantIds(images: readonly EvalImage[], [query, ...scenes]: Labelled): ReadonlySet<string> {
  return new Set(
    scenes.map((scene) => {
      const found = images.filter(({ description }) => description.startsWith(scene));
      const [only] = found;
      if (only === undefined || found.length > 1) throw new Error(`'${scene}' of the query '${query}' begins ${found.length} descriptions`);
      return only.contentId;
    }),
  );
}

/** How well a ranking answers the queries of a kind; all three between 0 and 1. */
export type SearchQuality = {
  readonly kind: QueryKind | 'all';
  readonly queries: number;
  /** Mean over the queries of: relevant images among the first k ÷ the most there could be (k, or fewer when fewer are relevant). */
  readonly recallAt1: number;
  readonly recallAt3: number;
  /** Mean of 1 ÷ the rank of the first relevant image. */
  readonly meanReciprocalRank: number;
};

/** Ranks all images for each query by cosine, and measures by kind and over all; `textOf` is what is embedded of an image. */
export async function evaluateSearch(
  embedder: Embedder,
  textOf: (image: EvalImage) => string,
  labelled: LabelledQueries,
  deadline: Deadline,
): Promise<readonly SearchQuality[]> {
  const images = evaluationImages();
  const { vectors } = await embedder.embed(images.map(textOf), deadline);
  const byKind = await Promise.all(
    QUERY_KINDS.map(async (kind) => {
      const queries = labelled[kind];
      const asked = await embedder.embed(
        queries.map(([query]) => query),
        deadline,
      );
      return queries.map((query, index) => {
        const question = asked.vectors[index] ?? new Float32Array(embedder.dimensions);
        const ranked = images
          .map(({ contentId }, image) => ({ contentId, score: dot(question, vectors[image]) }))
          .sort((one, other) => other.score - one.score)
          .map(({ contentId }) => contentId);
        return { kind, ...measureRanking(ranked, relevantIds(images, query)) };
      });
    }),
  );
  return [...QUERY_KINDS.map((kind, index) => mean(kind, byKind[index] ?? [])), mean('all', byKind.flat())];
}

type Measured = Pick<SearchQuality, 'recallAt1' | 'recallAt3' | 'meanReciprocalRank'>;

/** The measures of one ranking. */
export function measureRanking(ranked: readonly string[], relevant: ReadonlySet<string>): Measured {
  const recallAt = (k: number): number => ranked.slice(0, k).filter((id) => relevant.has(id)).length / Math.min(k, relevant.size);
  const first = ranked.findIndex((id) => relevant.has(id));
  return { recallAt1: recallAt(1), recallAt3: recallAt(3), meanReciprocalRank: first < 0 ? 0 : 1 / (first + 1) };
}

function mean(kind: SearchQuality['kind'], measured: readonly Measured[]): SearchQuality {
  const of = (name: keyof Measured): number => measured.reduce((sum, one) => sum + one[name], 0) / Math.max(1, measured.length);
  return {
    kind,
    queries: measured.length,
    recallAt1: of('recallAt1'),
    recallAt3: of('recallAt3'),
    meanReciprocalRank: of('meanReciprocalRank'),
  };
}

function dot(one: Float32Array, other: Float32Array | undefined): number {
  let sum = 0;
  for (let index = 0; index < one.length; index++) sum += (one[index] ?? 0) * (other?.[index] ?? 0);
  return sum;
}
