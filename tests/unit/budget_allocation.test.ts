import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type AllocatedChannel,
  allocate,
  allocateForReturn,
  resultOf,
  spendsAt,
} from '../../mcp-servers/ads_optimizer/service/budget_allocation.ts';
import { curveThrough, marginalAt, resultAt, spendAtMarginal } from '../../mcp-servers/ads_optimizer/service/response_curve.ts';

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

const cents = (dollars: number) => fc.integer({ min: 0, max: dollars * 100 }).map((count) => count / 100);
const channel = fc
  .record({
    most: fc.double({ min: 10, max: 5000, noNaN: true }),
    half: fc.double({ min: 5, max: 500, noNaN: true }),
    steepness: fc.double({ min: 0.5, max: 1, noNaN: true }),
    // Money has cents.
    min: cents(50),
    room: cents(300),
  })
  .map(({ min, room, ...curve }): AllocatedChannel => ({ curve, min, max: min + room }));
const channels = fc.array(channel, { minLength: 1, maxLength: 6 });
const share = fc.integer({ min: 0, max: 1000 }).map((thousandths) => thousandths / 1000);
const budgetOf = (all: readonly AllocatedChannel[], part: number): number => {
  const lowest = sum(all.map(({ min }) => min));
  return lowest + part * (sum(all.map(({ max }) => max)) - lowest);
};

describe('the Hill curve', () => {
  it('is half of the most at the half-saturation spend, and concave', () => {
    const curve = { most: 200, half: 50, steepness: 0.8 };
    expect(resultAt(curve, 50)).toBeCloseTo(100, 10);
    expect(resultAt(curve, 0)).toBe(0);
    for (let spend = 1; spend < 500; spend++) expect(marginalAt(curve, spend + 1)).toBeLessThan(marginalAt(curve, spend));
  });

  it('goes through the point it was made for, with the elasticity asked for', () => {
    const curve = curveThrough({ spend: 80, result: 320, elasticity: 0.6 }, 0.9);
    expect(resultAt(curve, 80)).toBeCloseTo(320, 8);
    expect((marginalAt(curve, 80) * 80) / 320).toBeCloseTo(0.6, 8);
  });

  it('has the marginal return of its own difference quotient, which spendAtMarginal inverts', () => {
    const curve = { most: 900, half: 120, steepness: 0.93 };
    const marginal = marginalAt(curve, 70);
    expect(marginal).toBeCloseTo((resultAt(curve, 70.001) - resultAt(curve, 69.999)) / 0.002, 6);
    expect(spendAtMarginal(curve, marginal, 1, 1000)).toBeCloseTo(70, 5);
    expect(spendAtMarginal(curve, marginal, 80, 1000)).toBe(80);
  });
});

describe('allocation of a fixed budget', () => {
  it('is what trying every split on a grid finds', () => {
    const all: AllocatedChannel[] = [
      { curve: { most: 400, half: 60, steepness: 1 }, min: 10, max: 90 },
      { curve: { most: 250, half: 20, steepness: 0.8 }, min: 0, max: 80 },
      { curve: { most: 900, half: 300, steepness: 0.9 }, min: 5, max: 60 },
    ];
    const budget = 120;
    let best = { result: 0, spends: [0, 0, 0] };
    for (let first = 10; first <= 90; first += 0.5) {
      for (let second = 0; second <= 80; second += 0.5) {
        const third = budget - first - second;
        if (third < 5 || third > 60) continue;
        const result = resultOf(all, [first, second, third]);
        if (result > best.result) best = { result, spends: [first, second, third] };
      }
    }
    const spends = allocate(all, budget);
    expect(resultOf(all, spends)).toBeGreaterThanOrEqual(best.result);
    for (const [i, spend] of spends.entries()) expect(Math.abs(spend - best.spends[i]!)).toBeLessThan(1);
  });

  it('keeps every limit and spends the budget', () => {
    fc.assert(
      fc.property(channels, share, (all, part) => {
        const budget = budgetOf(all, part);
        const spends = allocate(all, budget);
        expect(sum(spends)).toBeCloseTo(budget, 6);
        for (const [i, { min, max }] of all.entries()) {
          expect(spends[i]).toBeGreaterThanOrEqual(min);
          expect(spends[i]).toBeLessThanOrEqual(max);
        }
      }),
    );
  });

  it('cannot be bettered by moving money from one channel to another', () => {
    fc.assert(
      fc.property(channels, share, (all, part) => {
        const spends = allocate(all, budgetOf(all, part));
        const result = resultOf(all, spends);
        for (const [from] of all.entries()) {
          for (const [to] of all.entries()) {
            const step = Math.min(0.5, spends[from]! - all[from]!.min, all[to]!.max - spends[to]!);
            if (from === to || step <= 0) continue;
            const moved = spends.map((spend, i) => spend + (i === to ? step : 0) - (i === from ? step : 0));
            expect(resultOf(all, moved)).toBeLessThanOrEqual(result * (1 + 1e-7));
          }
        }
      }),
    );
  });

  it('shares alike between equal channels beside one that may have nothing', () => {
    const curve = { most: 10, half: 5, steepness: 0.5 };
    const spends = allocate(
      [
        { curve, min: 0, max: 8 },
        { curve, min: 0, max: 8 },
        { curve, min: 0, max: 0 },
      ],
      10,
    );
    expect(spends.map((spend) => Math.round(spend * 1e6) / 1e6)).toEqual([5, 5, 0]);
  });

  it('never brings less with more budget', () => {
    fc.assert(
      fc.property(channels, share, share, (all, one, other) => {
        const [less, more] = [Math.min(one, other), Math.max(one, other)].map((part) => resultOf(all, allocate(all, budgetOf(all, part))));
        expect(more).toBeGreaterThanOrEqual(less! * (1 - 1e-9));
      }),
    );
  });

  it('does not depend on the order of the channels', () => {
    fc.assert(
      fc.property(channels, share, (all, part) => {
        const budget = budgetOf(all, part);
        const there = resultOf(all, allocate(all, budget));
        const back = [...all].reverse();
        expect(resultOf(back, allocate(back, budget))).toBeCloseTo(there, 4);
      }),
    );
  });

  it('scales with the currency', () => {
    fc.assert(
      fc.property(channels, share, (all, part) => {
        const scaled = all.map(({ curve, min, max }) => ({ curve: { ...curve, half: curve.half * 500 }, min: min * 500, max: max * 500 }));
        const budget = budgetOf(all, part);
        const [one, other] = [resultOf(all, allocate(all, budget)), resultOf(scaled, allocate(scaled, budget * 500))];
        expect(other / Math.max(1e-9, one)).toBeCloseTo(one > 0 ? 1 : 0, 6);
      }),
    );
  });
});

describe('allocation for a target', () => {
  const all: AllocatedChannel[] = [
    { curve: { most: 400, half: 60, steepness: 1 }, min: 0, max: 500 },
    { curve: { most: 250, half: 20, steepness: 0.9 }, min: 0, max: 500 },
  ];

  it('spends as much as the overall return allows, and no more', () => {
    const spends = allocateForReturn(all, 3)!;
    expect(resultOf(all, spends) / sum(spends)).toBeCloseTo(3, 4);
    const more = allocate(all, sum(spends) * 1.01);
    expect(resultOf(all, more) / sum(more)).toBeLessThan(3);
  });

  it('spends until the last dollar of each channel brings the target', () => {
    const spends = spendsAt(all, 1.5);
    for (const [i, spend] of spends.entries()) expect(marginalAt(all[i]!.curve, spend)).toBeCloseTo(1.5, 6);
  });

  it('has none when not even the least spend returns so much', () => {
    expect(
      allocateForReturn(
        all.map((one) => ({ ...one, min: 400 })),
        3,
      ),
    ).toBeUndefined();
  });
});
