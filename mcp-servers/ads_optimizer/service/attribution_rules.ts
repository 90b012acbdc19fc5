/** Models that decide from the order of touches alone, and Shapley's, which decides from which nodes were there. */
export type PathModel = 'first_touch' | 'last_touch' | 'linear' | 'position_based' | 'shapley';

/** A path and what it brought, in whole units. */
export type ValuedPath = { readonly nodes: readonly number[]; readonly value: number };

/** No path is longer; the least common multiple of 1 … 20 times 5 then divides by every share there is. */
const LONGEST = 20;
const DENOMINATORS = [...Array.from({ length: LONGEST }, (_, i) => i + 1), ...Array.from({ length: LONGEST }, (_, i) => 5 * (i + 1))];
const COMMON = 5n * 232_792_560n;

/**
 * What every node is credited with, exactly, as multiples of one unit (5 · lcm(1 … 20) to the whole): the same for all nodes and models, so
 * that credits can be compared and divided without rounding. Paths have at least one touch and at most {@link LONGEST}.
 *
 * - first_touch, last_touch: all to one end.
 * - linear: the same to every touch.
 * - position_based: 40 % to the first, 40 % to the last, 20 % over those between; two touches get a half each.
 * - shapley: the value of the game whose coalition is worth what the paths bring that need no node outside it. L. S. Shapley, "A value for
 *   n-person games" (1953); K. Zhao, S. H. Mahboobi and S. R. Bagheri, "Shapley value methods for attribution modeling in online
 *   advertising" (2018): the sum over 2ⁿ coalitions is then each path's value divided equally over its different nodes. Exact for any
 *   number of nodes.
 */
export function creditsOf(model: PathModel, nodeCount: number, paths: Iterable<ValuedPath>): readonly bigint[] {
  // By denominator, because sums of whole values stay exact in a double and a BigInt for every touch would not stay fast.
  const sums = new Map(DENOMINATORS.map((denominator) => [denominator, new Float64Array(nodeCount)]));
  const credit = (node: number, value: number, numerator: number, denominator: number): void => {
    const column = sums.get(denominator);
    if (column === undefined) throw new RangeError(`A path has more than ${LONGEST} touches`);
    column[node] = (column[node] as number) + value * numerator;
  };
  for (const { nodes, value } of paths) creditPath(model, nodes, value, credit);
  return Array.from({ length: nodeCount }, (_, node) =>
    [...sums].reduce((total, [denominator, column]) => total + BigInt(column[node] as number) * (COMMON / BigInt(denominator)), 0n),
  );
}

type Credit = (node: number, value: number, numerator: number, denominator: number) => void;

function creditPath(model: PathModel, nodes: readonly number[], value: number, credit: Credit): void {
  const [first, last] = [nodes[0], nodes.at(-1)];
  if (first === undefined || last === undefined) throw new RangeError('A path has no touch');
  switch (model) {
    case 'first_touch':
      credit(first, value, 1, 1);
      return;
    case 'last_touch':
      credit(last, value, 1, 1);
      return;
    case 'linear':
      for (const node of nodes) credit(node, value, 1, nodes.length);
      return;
    case 'position_based': {
      if (nodes.length < 3) {
        for (const node of nodes) credit(node, value, 1, nodes.length);
        return;
      }
      credit(first, value, 2, 5);
      credit(last, value, 2, 5);
      for (const node of nodes.slice(1, -1)) credit(node, value, 1, 5 * (nodes.length - 2));
      return;
    }
    case 'shapley': {
      const different = new Set(nodes);
      for (const node of different) credit(node, value, 1, different.size);
      return;
    }
  }
}
