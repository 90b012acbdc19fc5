import { type Random, randomOf } from '../../../shared/statistics/random.ts';
import { addPath, emptyTransitions, removalEffects } from './markov_removal.ts';
import type { PathTotals } from './order_ways.ts';
import { type Interval, percentileInterval } from './statistics/bootstrap.ts';

/** A path with its numbers as the models see it: nodes 0 … n − 1. */
export type SeenPath = Pick<PathTotals, 'orders' | 'cents' | 'squaredCents'> & { readonly nodes: readonly number[]; readonly idle: number };

const LEVEL = 0.9;
const MOST_DRAWS = 200;
const FEWEST_DRAWS = 80;
/** Paths times draws: about 100 ms. */
const MOST_WORK = 400_000;

/** How many resamples there is time for; 0 when they would be too few for an interval. */
export function resamplesFor(paths: number): number {
  const draws = Math.min(MOST_DRAWS, Math.floor(MOST_WORK / Math.max(1, paths)));
  return draws < FEWEST_DRAWS ? 0 : draws;
}

/**
 * 90 % intervals of each node's share of revenue, 0 to 1, under the Markov or the Shapley model, by a Poisson bootstrap over the paths:
 * every journey counts Poisson(1) times in a resample (N. Chamandy, O. Muralidharan, A. Najmi and S. Naidu, "Estimating uncertainty for
 * massive data streams", Google 2012), so that a path taken k times is drawn Poisson(k) times. `key` identifies the question.
 */
export function shareIntervals(
  nodes: number,
  paths: readonly SeenPath[],
  draws: number,
  key: string,
  model: 'markov' | 'shapley',
): readonly (Interval | null)[] {
  const random = randomOf(`${key} ${model}`);
  const resample = model === 'markov' ? markovWorth(nodes, paths, random) : shapleyWorth(nodes, paths, random);
  const shares: number[][] = Array.from({ length: nodes }, () => []);
  for (let draw = 0; draw < draws; draw++) pushShares(shares, resample());
  return shares.map((drawn) => percentileInterval(drawn, LEVEL));
}

/** What does not differ from one resample to the next is computed once: there are up to 400,000 paths times draws. */
function markovWorth(nodes: number, paths: readonly SeenPath[], random: Random): () => readonly number[] {
  const drawn = paths.map((path) => ({ nodes: path.nodes, orders: poissonOf(path.orders), idle: poissonOf(path.idle) }));
  return () => {
    const transitions = emptyTransitions(nodes);
    for (const path of drawn) {
      const [orders, idle] = [path.orders(random), path.idle(random)];
      if (orders + idle > 0) addPath(transitions, path.nodes, orders, idle);
    }
    return removalEffects(transitions).effects;
  };
}

function shapleyWorth(nodes: number, paths: readonly SeenPath[], random: Random): () => readonly number[] {
  const drawn = paths
    .filter(({ orders }) => orders > 0)
    .map((path) => ({ different: [...new Set(path.nodes)], orders: poissonOf(path.orders), cents: centsOf(path) }));
  return () => {
    const worth = new Array<number>(nodes).fill(0);
    for (const { different, orders, cents } of drawn) {
      const count = orders(random);
      if (count === 0) continue;
      const part = cents(count, random) / different.length;
      for (const node of different) worth[node] = (worth[node] as number) + part;
    }
    return worth;
  };
}

function pushShares(shares: readonly number[][], worth: readonly number[]): void {
  const total = worth.reduce((sum, value) => sum + value, 0);
  // A resample without a single order says nothing of shares.
  if (total === 0) return;
  for (const [node, value] of worth.entries()) shares[node]?.push(value / total);
}

/** The revenue of so many of a path's orders: they differ among themselves as much as those that are known do. */
function centsOf({ orders, cents, squaredCents }: SeenPath): (drawn: number, random: Random) => number {
  const mean = cents / orders;
  const variance = Math.max(0, squaredCents / orders - mean * mean);
  return (drawn, random) => {
    if (variance > 0) return Math.max(0, drawn * mean + Math.sqrt(drawn * variance) * random.normal());
    // A number is drawn all the same: the next path's must not depend on whether this one's orders happen to be equal.
    random.unit();
    return drawn * mean;
  };
}

/** Poisson of that mean: Knuth's multiplication (The Art of Computer Programming 2, 3.4.1), the normal approximation above 30. */
function poissonOf(mean: number): (random: Random) => number {
  if (mean === 0) return () => 0;
  if (mean > 30) return (random) => Math.max(0, Math.round(mean + Math.sqrt(mean) * random.normal()));
  const limit = Math.exp(-mean);
  return (random) => {
    let count = 0;
    for (let product = random.unit(); product > limit; product *= random.unit()) count++;
    return count;
  };
}
