import { describe, expect, it } from 'vitest';
import { ATTRIBUTION_MODELS, attribute } from '../../mcp-servers/ads_optimizer/service/attribution.ts';
import { creditsOf, type PathModel } from '../../mcp-servers/ads_optimizer/service/attribution_rules.ts';
import { largestRemainder } from '../../mcp-servers/ads_optimizer/service/largest_remainder.ts';
import { removalEffectsOf } from '../../mcp-servers/ads_optimizer/service/markov_removal.ts';
import type { PathTotals } from '../../mcp-servers/ads_optimizer/service/order_ways.ts';
import { FIRST_NODE } from '../../mcp-servers/ads_optimizer/service/path_codes.ts';
import { randomOf } from '../../shared/statistics/random.ts';

const shares = (model: PathModel, nodes: number, paths: readonly { nodes: readonly number[]; value: number }[]): readonly number[] => {
  const credits = creditsOf(
    model,
    nodes,
    paths.map(({ nodes: path, value }) => ({ nodes: path, orders: value, cents: 0 })),
  ).orders;
  const whole = credits.reduce((sum, credit) => sum + credit, 0n);
  return credits.map((credit) => Number((credit * 1_000_000_000n) / whole) / 1e9);
};

describe('Markov removal effects', () => {
  it('agrees with the published example of Bryl: C1>C2>C3 converts, C1 and C2>C3 do not', () => {
    const { conversion, effects } = removalEffectsOf(3, [
      { nodes: [0, 1, 2], orders: 1, idle: 0 },
      { nodes: [0], orders: 0, idle: 1 },
      { nodes: [1, 2], orders: 0, idle: 1 },
    ]);
    expect(conversion).toBeCloseTo(1 / 3, 12);
    expect(effects.map((effect) => effect.toFixed(10))).toEqual(['0.5000000000', '1.0000000000', '1.0000000000']);
  });

  it('agrees with the published example of Puzyrov: 0.8 converts; without one channel 0.2, without the other 0.4', () => {
    const { conversion, effects } = removalEffectsOf(2, [
      { nodes: [0], orders: 2, idle: 1 },
      { nodes: [1], orders: 1, idle: 0 },
      { nodes: [0, 1], orders: 1, idle: 0 },
    ]);
    expect(conversion).toBeCloseTo(0.8, 12);
    expect(effects[0]).toBeCloseTo(0.75, 12);
    expect(effects[1]).toBeCloseTo(0.5, 12);
  });

  it('is what following the chain without the node gives, loops included', () => {
    const paths = journeys('loops', 5, 60);
    const { conversion, effects } = removalEffectsOf(5, paths);
    for (let removed = 0; removed < 5; removed++) {
      expect(1 - followed(5, paths, removed) / conversion).toBeCloseTo(effects[removed] as number, 9);
    }
  });

  it('gives a node that no path visits nothing, and is the same whatever the nodes are called', () => {
    const paths = journeys('names', 4, 30);
    const { effects } = removalEffectsOf(5, paths);
    expect(effects[4]).toBe(0);
    const turned = removalEffectsOf(
      5,
      paths.map((path) => ({ ...path, nodes: path.nodes.map((node) => 4 - node) })),
    ).effects;
    for (const [node, effect] of effects.entries()) expect(turned[4 - node]).toBeCloseTo(effect, 12);
  });
});

type Journey = { readonly nodes: readonly number[]; readonly orders: number; readonly idle: number };

function journeys(key: string, nodes: number, count: number): readonly Journey[] {
  const random = randomOf(key);
  return Array.from({ length: count }, () => ({
    nodes: Array.from({ length: 1 + random.below(6) }, () => random.below(nodes)),
    orders: random.below(4),
    idle: 1 + random.below(6),
  }));
}

/** The chance of an order by iterating the chain, the removed node leading nowhere. */
function followed(nodes: number, paths: readonly Journey[], removed: number): number {
  const counts = Array.from({ length: nodes + 1 }, () => new Array<number>(nodes + 2).fill(0));
  const add = (from: number, to: number, count: number): void => {
    const row = counts[from] as number[];
    row[to] = (row[to] as number) + count;
  };
  for (const { nodes: path, orders, idle } of paths) {
    let from = nodes;
    for (const node of path) {
      add(from, node, orders + idle);
      from = node;
    }
    add(from, nodes, orders);
    add(from, nodes + 1, idle);
  }
  let chance = new Array<number>(nodes).fill(0);
  const step = (row: readonly number[], next: readonly number[]): number => {
    const total = row.reduce((sum, count) => sum + count, 0);
    return total === 0
      ? 0
      : row.reduce((sum, count, to) => sum + (count / total) * (to < nodes ? (next[to] as number) : to === nodes ? 1 : 0), 0);
  };
  for (let round = 0; round < 500; round++) {
    chance = chance.map((_, node) => (node === removed ? 0 : step(counts[node] as number[], chance)));
  }
  return step(counts[nodes] as number[], chance);
}

describe('rules and Shapley', () => {
  const path = [{ nodes: [0, 1, 2, 1], value: 60 }];

  it('divides a path as each model says', () => {
    expect(shares('first_touch', 3, path)).toEqual([1, 0, 0]);
    expect(shares('last_touch', 3, path)).toEqual([0, 1, 0]);
    expect(shares('linear', 3, path)).toEqual([0.25, 0.5, 0.25]);
    expect(shares('position_based', 3, path)).toEqual([0.4, 0.5, 0.1]);
    expect(shares('shapley', 3, path).map((share) => share.toFixed(6))).toEqual(['0.333333', '0.333333', '0.333333']);
    expect(shares('position_based', 2, [{ nodes: [0, 1], value: 7 }])).toEqual([0.5, 0.5]);
  });

  it('is the Shapley value by its definition over all coalitions', () => {
    const random = randomOf('coalitions');
    const paths = Array.from({ length: 40 }, () => ({
      nodes: Array.from({ length: 1 + random.below(5) }, () => random.below(6)),
      value: 1 + random.below(50),
    }));
    const worth = (coalition: ReadonlySet<number>): number =>
      paths.filter(({ nodes }) => nodes.every((node) => coalition.has(node))).reduce((sum, { value }) => sum + value, 0);
    const values = shapleyByDefinition(6, worth);
    const whole = values.reduce((sum, value) => sum + value, 0);
    for (const [node, share] of shares('shapley', 6, paths).entries()) expect(share).toBeCloseTo((values[node] as number) / whole, 8);
  });

  it('has the textbook value in the glove game: 2/3 for the left glove, 1/6 for each right one', () => {
    const values = shapleyByDefinition(3, (coalition) => (coalition.has(0) && (coalition.has(1) || coalition.has(2)) ? 1 : 0));
    expect(values.map((value) => value.toFixed(10))).toEqual([2 / 3, 1 / 6, 1 / 6].map((value) => value.toFixed(10)));
    // The same game as what each coalition adds: {L, R1} and {L, R2} one each, all three together one less.
    const added = (nodes: readonly number[]): readonly bigint[] => creditsOf('shapley', 3, [{ nodes, orders: 1, cents: 0 }]).orders;
    const [one, other, all] = [added([0, 1]), added([0, 2]), added([0, 1, 2])];
    const whole = [0, 1, 2].map((node) => (one[node] ?? 0n) + (other[node] ?? 0n) - (all[node] ?? 0n));
    const unit = whole.reduce((sum, value) => sum + value, 0n);
    expect(whole.map((value) => Number((value * 6n) / unit))).toEqual([4, 1, 1]);
  });
});

/** Σ over coalitions without i of |S|! (n − |S| − 1)! / n! · (v(S ∪ i) − v(S)). */
function shapleyByDefinition(players: number, worth: (coalition: ReadonlySet<number>) => number): readonly number[] {
  const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1));
  return Array.from({ length: players }, (_, player) => {
    let value = 0;
    for (let bits = 0; bits < 2 ** players; bits++) {
      if ((bits >> player) & 1) continue;
      const coalition = new Set(Array.from({ length: players }, (_, i) => i).filter((i) => (bits >> i) & 1));
      const weight = (factorial(coalition.size) * factorial(players - coalition.size - 1)) / factorial(players);
      value += weight * (worth(new Set([...coalition, player])) - worth(coalition));
    }
    return value;
  });
}

describe('largest remainders', () => {
  it('divides without remainder, and nobody is more than one away from the exact share', () => {
    expect(largestRemainder(100n, [1n, 1n, 1n])).toEqual([34n, 33n, 33n]);
    const random = randomOf('parts');
    for (let round = 0; round < 200; round++) {
      const weights = Array.from({ length: 1 + random.below(9) }, () => BigInt(random.below(1000)));
      const whole = weights.reduce((sum, weight) => sum + weight, 0n);
      if (whole === 0n) continue;
      const amount = BigInt(random.below(1_000_000));
      const parts = largestRemainder(amount, weights);
      expect(parts.reduce((sum, part) => sum + part, 0n)).toBe(amount);
      for (const [i, part] of parts.entries()) {
        const away = part * whole - amount * (weights[i] as bigint);
        expect(away > -whole && away < whole).toBe(true);
      }
    }
  });

  it('refuses to divide something by nothing', () => {
    expect(() => largestRemainder(1n, [0n])).toThrow(RangeError);
    expect(largestRemainder(0n, [0n, 0n])).toEqual([0n, 0n]);
  });
});

describe('attribution', () => {
  const NODES = ['a', 'b', 'c'].map((id) => ({ id, name: id.toUpperCase() }));
  const totals = (nodes: readonly number[], orders: number, cents: number): PathTotals => ({
    codes: nodes.map((node) => FIRST_NODE + node),
    orders,
    cents,
    squaredCents: (cents * cents) / orders,
    creditedToNone: 0,
    creditedToEarlier: 0,
    creditedElsewhere: 0,
    cut: 0,
  });
  const answerOf = (paths: readonly PathTotals[]) => {
    const decayed = new Map<number, { orders: bigint; cents: bigint }>();
    for (const { codes, orders, cents } of paths) {
      const code = codes[0] as number;
      const before = decayed.get(code) ?? { orders: 0n, cents: 0n };
      decayed.set(code, { orders: before.orders + BigInt(orders), cents: before.cents + BigInt(cents) });
    }
    return attribute(
      {
        sold: { orders: 1000, cents: 9_000_000 },
        paths,
        decayed: [...decayed].map(([code, credit]) => ({ code, ...credit })),
        idle: [{ codes: [FIRST_NODE], customers: 5 }],
      },
      {
        by: 'channel',
        models: ATTRIBUTION_MODELS,
        nodes: NODES,
        window: { from: '2026-01-01', to: '2026-01-31' },
        halfLifeDays: 7,
        key: 'test',
      },
    );
  };

  it('gives every model the same sums, to the cent and to the hundredth of an order', () => {
    const random = randomOf('sums');
    const paths = Array.from({ length: 50 }, () =>
      totals(
        Array.from({ length: 1 + random.below(6) }, () => random.below(3)),
        1 + random.below(7),
        random.below(100_000),
      ),
    );
    const { distributed, credits } = answerOf(paths);
    for (const model of ATTRIBUTION_MODELS) {
      const rows = credits.filter((row) => row.model === model);
      expect(Math.round(rows.reduce((sum, { revenue }) => sum + revenue, 0) * 100)).toBe(Math.round(distributed.revenue * 100));
      expect(Math.round(rows.reduce((sum, { orders }) => sum + orders, 0) * 100)).toBe(distributed.orders * 100);
    }
  });

  it('agrees between all models where every path has one touch, but for Markov, which counts who did not buy', () => {
    const { credits } = answerOf([totals([0], 3, 3000), totals([1], 1, 1234)]);
    for (const model of ATTRIBUTION_MODELS.filter((name) => name !== 'markov')) {
      expect(credits.filter((row) => row.model === model).map(({ id, revenue, orders }) => [id, revenue, orders])).toEqual([
        ['a', 30, 3],
        ['b', 12.34, 1],
      ]);
    }
    const markov = credits.filter((row) => row.model === 'markov');
    expect(markov.map(({ id, orders }) => [id, orders])).toEqual([
      ['a', 3],
      ['b', 1],
    ]);
  });

  it('answers the same for the same question, with intervals about the figures', () => {
    const paths = [totals([0, 1], 40, 400_000), totals([1], 30, 250_000), totals([2, 0], 25, 100_000)];
    expect(answerOf(paths)).toEqual(answerOf(paths));
    const [row] = answerOf(paths).credits.filter(({ model, id }) => model === 'shapley' && id === 'a');
    expect(row?.low).toBeLessThan(row?.revenue as number);
    expect(row?.high).toBeGreaterThan(row?.revenue as number);
  });

  it('says no data when nothing was sold after a touch', () => {
    const { status, credits, withoutTouch } = answerOf([]);
    expect(status).toBe('no_data');
    expect(credits).toEqual([]);
    expect(withoutTouch).toEqual({ orders: 1000, revenue: 90_000 });
  });
});
