import { imageText } from '../../shared/ai/image_index.ts';
import { lexicalEmbedder } from '../../shared/ai/lexical_embedder.ts';
import { deadlineIn } from '../../shared/domain/deadline.ts';
import { DEVELOPMENT_QUERIES, HELD_OUT_QUERIES, LATER_DEVELOPMENT_QUERIES } from '../evals/image_queries.ts';
import { evaluateSearch, evaluationImages } from '../evals/search_evaluation.ts';
import type { Figure } from './figure.ts';

/** How well the lexical method finds the images of the seed, by kind of query: first on queries it was not improved on. */
export async function measureSearchQuality(): Promise<Figure[]> {
  const embedder = lexicalEmbedder(evaluationImages().map(imageText));
  const sets = [
    ['held out', HELD_OUT_QUERIES],
    ['development', DEVELOPMENT_QUERIES],
    ['later development', LATER_DEVELOPMENT_QUERIES],
  ] as const;
  const figures: Figure[] = [];
  for (const [name, labelled] of sets) {
    for (const { kind, queries, recallAt1, recallAt3, meanReciprocalRank } of await evaluateSearch(
      embedder,
      imageText,
      labelled,
      deadlineIn(60_000),
    )) {
      if (queries === 0) continue;
      const what = `lexical search, ${name}, ${kind}`;
      const note = `${queries} queries over 120 images`;
      figures.push({ what: `${what}: recall@1`, value: recallAt1, unit: 'ratio', goal: undefined, note });
      figures.push({ what: `${what}: recall@3`, value: recallAt3, unit: 'ratio', goal: undefined, note });
      figures.push({ what: `${what}: MRR`, value: meanReciprocalRank, unit: 'ratio', goal: undefined, note });
    }
  }
  return figures;
}
