/** A way through nodes (0 … n − 1), how many took it and bought, and how many took it and did not. */
export type CountedPath = { readonly nodes: readonly number[]; readonly orders: number; readonly idle: number };

export type RemovalEffects = {
  /** Chance that a journey ends in an order. */
  readonly conversion: number;
  /** By node: part of that chance which is lost when the node leads nowhere, 0 to 1. */
  readonly effects: readonly number[];
};

/** Steps between nodes; row n is the start, column n an order, column n + 1 the end without one. */
export type Transitions = { readonly nodes: number; readonly counts: Float64Array };

export function emptyTransitions(nodes: number): Transitions {
  return { nodes, counts: new Float64Array((nodes + 1) * (nodes + 2)) };
}

/** Counts a path's steps `converting` times with an order at its end and `idle` times without. */
export function addPath({ nodes, counts }: Transitions, path: readonly number[], converting: number, idle: number): void {
  const width = nodes + 2;
  const all = converting + idle;
  let row = nodes * width;
  for (let i = 0; i < path.length; i++) {
    const node = path[i] as number;
    counts[row + node] = (counts[row + node] as number) + all;
    row = node * width;
  }
  counts[row + nodes] = (counts[row + nodes] as number) + converting;
  counts[row + nodes + 1] = (counts[row + nodes + 1] as number) + idle;
}

/**
 * Removal effects of a first-order Markov chain over the journeys: E. Anderl, I. Becker, F. von Wangenheim and J. H. Schumann, "Mapping the
 * customer journey", International Journal of Research in Marketing 33 (2016) 457-474; what ChannelAttribution's markov_model() simulates is
 * solved here. With N = (I − Q)⁻¹, the chance of ever being at node j is N[start, j] / N[j, j], so that removing j loses that times the
 * chance of an order from j: one inverse gives all effects.
 */
export function removalEffects({ nodes, counts }: Transitions): RemovalEffects {
  const width = nodes + 2;
  const totals = new Float64Array(nodes + 1);
  for (let at = 0; at < counts.length; at++) {
    const row = Math.floor(at / width);
    totals[row] = (totals[row] as number) + (counts[at] as number);
  }
  const probability = (from: number, to: number): number => {
    const total = totals[from] as number;
    return total === 0 ? 0 : (counts[from * width + to] as number) / total;
  };
  const fundamental = inverse(nodes, (row, column) => (row === column ? 1 : 0) - probability(row, column));
  const at = (row: number, column: number): number => fundamental[row * nodes + column] as number;
  const all = Array.from({ length: nodes }, (_, node) => node);
  const orderFrom = all.map((node) => all.reduce((sum, via) => sum + at(node, via) * probability(via, nodes), 0));
  const visits = all.map((node) => all.reduce((sum, first) => sum + probability(nodes, first) * at(first, node), 0));
  const conversion = all.reduce((sum, node) => sum + probability(nodes, node) * (orderFrom[node] as number), 0);
  return {
    conversion,
    effects: all.map((node) =>
      conversion === 0 ? 0 : ((visits[node] as number) / at(node, node)) * ((orderFrom[node] as number) / conversion),
    ),
  };
}

export function removalEffectsOf(nodes: number, paths: readonly CountedPath[]): RemovalEffects {
  const transitions = emptyTransitions(nodes);
  for (const { nodes: path, orders, idle } of paths) addPath(transitions, path, orders, idle);
  return removalEffects(transitions);
}

/** Gauss-Jordan with partial pivoting. I − Q is invertible where every node is left for good, which every counted path's end sees to. */
function inverse(size: number, entry: (row: number, column: number) => number): Float64Array {
  const left = Float64Array.from({ length: size * size }, (_, at) => entry(Math.floor(at / size), at % size));
  const right = Float64Array.from({ length: size * size }, (_, at) => (Math.floor(at / size) === at % size ? 1 : 0));
  const swap = (matrix: Float64Array, one: number, other: number): void => {
    const kept = matrix.slice(one * size, (one + 1) * size);
    matrix.copyWithin(one * size, other * size, (other + 1) * size);
    matrix.set(kept, other * size);
  };
  for (let column = 0; column < size; column++) {
    let pivot = column;
    for (let row = column + 1; row < size; row++) {
      if (Math.abs(left[row * size + column] as number) > Math.abs(left[pivot * size + column] as number)) pivot = row;
    }
    if (pivot !== column) {
      swap(left, pivot, column);
      swap(right, pivot, column);
    }
    const divisor = left[column * size + column] as number;
    for (let i = 0; i < size; i++) {
      left[column * size + i] = (left[column * size + i] as number) / divisor;
      right[column * size + i] = (right[column * size + i] as number) / divisor;
    }
    for (let row = 0; row < size; row++) {
      const factor = left[row * size + column] as number;
      if (row === column || factor === 0) continue;
      for (let i = 0; i < size; i++) {
        left[row * size + i] = (left[row * size + i] as number) - factor * (left[column * size + i] as number);
        right[row * size + i] = (right[row * size + i] as number) - factor * (right[column * size + i] as number);
      }
    }
  }
  return right;
}
