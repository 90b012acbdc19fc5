import { randomStream } from '../../database/generator/random.ts';
import { exactVectorIndex } from '../../shared/ai/exact_vector_index.ts';
import type { VectorItem } from '../../shared/ai/vector_index.ts';
import { deadlineIn } from '../../shared/domain/deadline.ts';
import type { Figure } from './figure.ts';

const VECTORS = 10_000;
const DIMENSIONS = 1536;
const QUESTIONS = 60;

/** How long the exact index takes for the ten nearest of 10,000 vectors of 1536 numbers, in this process. */
export async function measureVectorSearch(): Promise<Figure[]> {
  const random = randomStream(7, 'vectors to search');
  const vector = () => Float32Array.from({ length: DIMENSIONS }, () => random.unit() - 0.5);
  const items = Array.from({ length: VECTORS }, (_, number): VectorItem => {
    const attributes = {
      category: `c${number % 12}`,
      hashtags: [],
      campaignIds: [],
      clientIds: [],
      format: 'jpg',
      approved: number % 7 > 0,
    };
    return { id: `IMG-${number}`, vector: vector(), attributes };
  });
  const index = exactVectorIndex({ dimensions: DIMENSIONS, model: 'bench' });
  const deadline = deadlineIn(300_000);
  await index.upsert(items, deadline);

  const timed = async (filter: Parameters<typeof index.search>[1]['filter']) => {
    const durations: number[] = [];
    for (let question = 0; question < QUESTIONS; question++) {
      const asked = vector();
      const begun = performance.now();
      await index.search(asked, { limit: 10, filter }, deadline);
      durations.push(performance.now() - begun);
    }
    // The first ones are slower: the loop is not compiled yet.
    const sorted = durations.slice(10).sort((one, other) => one - other);
    const at = (share: number): number => sorted[Math.floor(share * sorted.length)] ?? Number.NaN;
    return { p50: at(0.5), p95: at(0.95) };
  };
  const all = await timed(undefined);
  const some = await timed({ categories: ['c3'], approved: true });
  const note = `10 nearest of ${VECTORS} × ${DIMENSIONS}, ${QUESTIONS - 10} questions`;
  return [
    { what: 'exact vector search, p50', value: all.p50, unit: 'ms', goal: 30, note },
    { what: 'exact vector search, p95', value: all.p95, unit: 'ms', goal: 30, note },
    {
      what: 'exact vector search, one category, approved, p50',
      value: some.p50,
      unit: 'ms',
      goal: undefined,
      note: `p95 ${some.p95.toFixed(1)} ms`,
    },
  ];
}
