/** Models that decide from the order of touches alone, and Shapley's, which decides from which nodes were there. */
export type PathModel = 'first_touch' | 'last_touch' | 'linear' | 'position_based' | 'shapley';

/** A path and what it brought, in whole units. */
export type ValuedPath = { readonly nodes: readonly number[]; readonly orders: number; readonly cents: number };

/** Credits by node, as whole numbers of a unit that is the same for all of them. */
export type Credits = { readonly orders: readonly bigint[]; readonly cents: readonly bigint[] };

/** No path is longer; the least common multiple of 1 … 20 times 5 then divides by every share there is. */
const LONGEST = 20;
const DENOMINATORS = [
  ...new Set([...Array.from({ length: LONGEST }, (_, i) => i + 1), ...Array.from({ length: LONGEST }, (_, i) => 5 * (i + 1))]),
];
/** Where a denominator's sums are. */
const PLACES = Array.from({ length: 5 * LONGEST + 1 }, (_, denominator) => DENOMINATORS.indexOf(denominator));
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
export function creditsOf(model: PathModel, nodeCount: number, paths: Iterable<ValuedPath>): Credits {
  // By denominator, because sums of whole values stay exact in a double and a BigInt for every touch would not stay fast.
  const sums = DENOMINATORS.map(() => ({ orders: new Float64Array(nodeCount), cents: new Float64Array(nodeCount) }));
  const lastPath = new Int32Array(nodeCount).fill(-1);
  const distinct: number[] = [];
  const credit = (
    { orders, cents }: ValuedPath,
    nodes: readonly number[],
    from: number,
    to: number,
    times: number,
    denominator: number,
  ) => {
    const column = sums[PLACES[denominator] ?? -1];
    if (column === undefined) throw new RangeError(`A path has more than ${LONGEST} touches`);
    for (let i = from; i < to; i++) {
      const node = nodes[i] as number;
      column.orders[node] = (column.orders[node] as number) + orders * times;
      column.cents[node] = (column.cents[node] as number) + cents * times;
    }
  };
  let index = 0;
  for (const path of paths) {
    const { nodes } = path;
    const { length } = nodes;
    if (length === 0) throw new RangeError('A path has no touch');
    if (model === 'first_touch') {
      credit(path, nodes, 0, 1, 1, 1);
    } else if (model === 'last_touch') {
      credit(path, nodes, length - 1, length, 1, 1);
    } else if (model === 'shapley') {
      // Each node once: a Set for every path took half of the time.
      distinct.length = 0;
      for (let i = 0; i < length; i++) {
        const node = nodes[i] as number;
        if (lastPath[node] === index) continue;
        lastPath[node] = index;
        distinct.push(node);
      }
      credit(path, distinct, 0, distinct.length, 1, distinct.length);
    } else if (model === 'linear' || length < 3) {
      credit(path, nodes, 0, length, 1, length);
    } else {
      credit(path, nodes, 0, 1, 2, 5);
      credit(path, nodes, length - 1, length, 2, 5);
      credit(path, nodes, 1, length - 1, 1, 5 * (length - 2));
    }
    index++;
  }
  const wholeOf = (what: 'orders' | 'cents'): readonly bigint[] =>
    Array.from({ length: nodeCount }, (_, node) =>
      sums.reduce((total, columns, at) => {
        const sum = columns[what][node] as number;
        return sum === 0 ? total : total + BigInt(sum) * (COMMON / BigInt(DENOMINATORS[at] as number));
      }, 0n),
    );
  return { orders: wholeOf('orders'), cents: wholeOf('cents') };
}
