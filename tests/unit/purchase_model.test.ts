import { describe, expect, it } from 'vitest';
import {
  type BgNbd,
  bgNbdLogLikelihood,
  expectedBasket,
  expectedPurchases,
  fitBgNbd,
  fitGammaGamma,
  gammaGammaLogLikelihood,
  hypergeometric,
  lnGamma,
  minimize,
  type PurchaseCount,
  probabilityActive,
} from '../../mcp-servers/crm_analyzer/service/purchase_model.ts';
import { fitPurchases, type PurchaseHistory } from '../../mcp-servers/crm_analyzer/service/purchase_model_fit.ts';

/** What Fader, Hardie and Lee published for CDNOW: BG/NBD in weeks (2005), Gamma-Gamma (2013). */
const CDNOW: BgNbd = { r: 0.243, alpha: 4.414, a: 0.793, b: 2.426 };
const CDNOW_BASKETS = { p: 6.25, q: 3.74, v: 15.44 };

/** Numbers of 0 to 1 that are the same in every run (mulberry32). */
function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const exponential = (random: () => number): number => -Math.log(1 - random());

/** Marsaglia and Tsang (2000). */
function gamma(random: () => number, shape: number): number {
  if (shape < 1) return gamma(random, shape + 1) * random() ** (1 / shape);
  const d = shape - 1 / 3;
  for (;;) {
    const normal = Math.sqrt(2 * exponential(random)) * Math.cos(2 * Math.PI * random());
    const cube = (1 + normal / Math.sqrt(9 * d)) ** 3;
    if (cube > 0 && Math.log(1 - random()) < normal ** 2 / 2 + d - d * cube + d * Math.log(cube)) return d * cube;
  }
}

/** Customers who buy as the models say, as days of purchase up to `today`. */
function simulated(customers: number, { r, alpha, a, b }: BgNbd, today: number, seed: number): PurchaseHistory[] {
  const random = chance(seed);
  return Array.from({ length: customers }, () => {
    const rate = gamma(random, r) / alpha;
    const [one, other] = [gamma(random, a), gamma(random, b)];
    const stop = one / (one + other);
    const days = [Math.floor(random() * today * 0.6)];
    let at = days[0] ?? 0;
    // The first purchase is no chance to stop: the model counts from it.
    for (;;) {
      at += (exponential(random) / rate) * 7;
      if (at > today) break;
      days.push(Math.floor(at));
      if (random() < stop) break;
    }
    const { p, q, v } = CDNOW_BASKETS;
    const scale = gamma(random, q) / v;
    const cents = days.reduce((sum) => sum + Math.max(1, Math.round((gamma(random, p) / scale) * 100)), 0);
    return { days, cents };
  });
}

const countsOf = (histories: readonly PurchaseHistory[], today: number): PurchaseCount[] =>
  histories.map(({ days }) => ({
    x: days.length - 1,
    tx: ((days.at(-1) ?? 0) - (days[0] ?? 0)) / 7,
    T: (today - (days[0] ?? 0)) / 7,
    customers: 1,
  }));

describe('BG/NBD (T4)', () => {
  it('expects 1.226 purchases in 39 weeks of the published customer with x = 2, tx = 30.43, T = 38.86', () => {
    expect(expectedPurchases(CDNOW, 2, 30.43, 38.86, 39)).toBeCloseTo(1.226, 3);
  });

  it('lets nobody have stopped who bought once, and has the increasing frequency paradox', () => {
    expect(probabilityActive(CDNOW, 0, 0, 39)).toBe(1);
    const after = [5, 10, 15, 20].map((x) => probabilityActive(CDNOW, x, 30, 39));
    expect(after).toEqual(after.toSorted((one, other) => other - one));
  });

  it('gives probabilities that add up to one over purchase histories of one repeat order at most, by numerical integration', () => {
    // P(X(T) = 0) + ∫ density of the first repeat at s, then silence by stopping or not buying = P(X(T) ≤ 1), from the counting formula (8).
    const T = 10;
    const { r, alpha, a, b } = CDNOW;
    const likelihood = (x: number, tx: number): number => Math.exp(bgNbdLogLikelihood(CDNOW, [{ x, tx, T, customers: 1 }]));
    const steps = 4_000;
    let integral = 0;
    for (let step = 0; step < steps; step++) integral += likelihood(1, ((step + 0.5) * T) / steps) * (T / steps);
    const active = (alpha / (alpha + T)) ** r;
    const still = (b / (a + b)) * r * active * (T / (alpha + T));
    const stopped = (a / (a + b)) * (1 - active);
    expect(likelihood(0, 0)).toBeCloseTo(active, 10);
    expect(integral).toBeCloseTo(still + stopped, 5);
  });

  it('finds the parameters that customers were made with', () => {
    const truth = { r: 0.8, alpha: 8, a: 0.9, b: 2.5 };
    const counts = countsOf(simulated(12_000, truth, 700, 11), 700);
    const fitted = fitBgNbd(counts);
    expect(fitted.r / fitted.alpha).toBeCloseTo(truth.r / truth.alpha, 2);
    expect(fitted.a / (fitted.a + fitted.b)).toBeCloseTo(truth.a / (truth.a + truth.b), 1);
    expect(bgNbdLogLikelihood(fitted, counts)).toBeGreaterThanOrEqual(bgNbdLogLikelihood(truth, counts));
  });

  it('is the same for counts together as for customers one by one', () => {
    const one = { x: 2, tx: 10.5, T: 30 };
    expect(bgNbdLogLikelihood(CDNOW, [{ ...one, customers: 3 }])).toBeCloseTo(
      bgNbdLogLikelihood(
        CDNOW,
        Array.from({ length: 3 }, () => ({ ...one, customers: 1 })),
      ),
      10,
    );
  });

  it('expects more of whoever bought later, and never less of a longer time', () => {
    for (let tx = 1; tx < 30; tx += 4) {
      expect(expectedPurchases(CDNOW, 3, tx + 1, 39, 20)).toBeGreaterThan(expectedPurchases(CDNOW, 3, tx, 39, 20));
      expect(expectedPurchases(CDNOW, 3, tx, 39, 30)).toBeGreaterThan(expectedPurchases(CDNOW, 3, tx, 39, 20));
    }
    expect(expectedPurchases({ ...CDNOW, a: 1 }, 2, 30, 39, 39)).toBeCloseTo(expectedPurchases({ ...CDNOW, a: 1.0001 }, 2, 30, 39, 39), 3);
  });
});

describe('Gamma-Gamma (T4)', () => {
  it.each([
    [2, 22.35, 24.65],
    [1, 11.77, 18.91],
    [0, 0, 35.17],
    [7, 73.74, 71.46],
    [2, 25.55, 27.28],
  ])('expects of %i orders of %d dollars on average what Hardie published: %d', (orders, mean, expected) => {
    expect(Math.abs(expectedBasket(CDNOW_BASKETS, orders, mean) - expected)).toBeLessThan(0.1);
  });

  it('is a density over means', () => {
    let integral = 0;
    for (let step = 0; step < 200_000; step++) {
      integral += Math.exp(gammaGammaLogLikelihood(CDNOW_BASKETS, [{ orders: 2, mean: (step + 0.5) * 0.01 }])) * 0.01;
    }
    expect(integral).toBeCloseTo(1, 3);
  });

  it('finds the parameters that baskets were made with', () => {
    const baskets = simulated(8_000, { r: 0.8, alpha: 8, a: 0.9, b: 2.5 }, 700, 5).map(({ days, cents }) => ({
      orders: days.length,
      mean: cents / 100 / days.length,
    }));
    const fitted = fitGammaGamma(baskets);
    const mean = (model: typeof fitted): number => (model.p * model.v) / (model.q - 1);
    expect(mean(fitted) / mean(CDNOW_BASKETS)).toBeCloseTo(1, 1);
    expect(gammaGammaLogLikelihood(fitted, baskets)).toBeGreaterThanOrEqual(gammaGammaLogLikelihood(CDNOW_BASKETS, baskets));
  });
});

describe('the fit of a scope', () => {
  it('predicts in a holdout, within a tenth and by tenths, what customers made by the model did', () => {
    const fitted = fitPurchases(simulated(8_000, { r: 0.8, alpha: 8, a: 0.9, b: 2.5 }, 700, 3), 700);
    if (fitted.kind !== 'fitted') throw new Error(fitted.why);
    const { calibration } = fitted;
    expect(calibration.holdoutDays).toBe(182);
    expect(calibration.predicted / calibration.actual).toBeGreaterThan(0.9);
    expect(calibration.predicted / calibration.actual).toBeLessThan(1.1);
    expect(calibration.tenths.reduce((sum, { customers }) => sum + customers, 0)).toBe(calibration.customers);
    const top = calibration.tenths.at(-1);
    expect(top?.actual).toBeGreaterThan(calibration.actual / 4);
  });

  it('says that it cannot say when customers, repeat orders or days are too few', () => {
    const once = Array.from({ length: 400 }, (_, index) => ({ days: [index], cents: 1_000 }));
    expect(fitPurchases(once, 500)).toMatchObject({ kind: 'too_few', why: expect.stringContaining('0 of them again') });
    expect(fitPurchases([], 500).kind).toBe('too_few');
    const recent = Array.from({ length: 400 }, () => ({ days: [480, 490], cents: 1_000 }));
    expect(fitPurchases(recent, 500)).toMatchObject({ kind: 'too_few', why: expect.stringContaining('20 days') });
  });
});

describe('the mathematics underneath', () => {
  it('knows Γ and ₂F₁ where they have closed forms', () => {
    expect(lnGamma(0.5)).toBeCloseTo(Math.log(Math.PI) / 2, 12);
    expect(lnGamma(10)).toBeCloseTo(Math.log(362_880), 11);
    expect(hypergeometric(1, 1, 2, 0.5)).toBeCloseTo(2 * Math.LN2, 12);
    expect(hypergeometric(0.3, 2, 2, 0.9)).toBeCloseTo(0.1 ** -0.3, 10);
  });

  it('finds the bottom of Rosenbrock’s valley', () => {
    const [x = 0, y = 0] = minimize(([u = 0, w = 0]) => (1 - u) ** 2 + 100 * (w - u * u) ** 2, [-1.2, 1], 0.5, 1_000, 1e-14);
    expect(x).toBeCloseTo(1, 4);
    expect(y).toBeCloseTo(1, 4);
  });
});
