import { describe, expect, it } from 'vitest';
import { erfc, normalCdf, normalDensity, normalQuantile, normalUpperTail, twoSidedP } from '../../shared/statistics/normal.ts';
import {
  differenceInterval,
  liftInterval,
  minimumDetectableLift,
  type Proportion,
  powerOf,
  splitTest,
  twoProportionTest,
  visitorsNeeded,
  wilsonInterval,
} from '../../shared/statistics/proportions.ts';

const of = (successes: number, trials: number): Proportion => ({ successes, trials });
/** Equal to so many parts of the value. */
const near = (value: number, expected: number, relative = 1e-13) => expect(Math.abs(value / expected - 1)).toBeLessThan(relative);

describe('the normal distribution', () => {
  // Abramowitz & Stegun, tables 26.1 and 7.1; tails from mpmath.
  it.each([
    [0.5, 0.691462461274013],
    [1, 0.841344746068543],
    [1.96, 0.97500210485178],
    [-3, 0.0013498980316300946],
    [-5, 2.866515718791939e-7],
    [-10, 7.619853024160525e-24],
    [-20, 2.7536241186062337e-89],
    [-37, 5.725571222524577e-300],
  ])('cdf(%f) = %f, the far tail too', (z, p) => near(normalCdf(z), p, 1e-12));

  it.each([
    [1, 0.157299207050285],
    [3, 2.209049699858544e-5],
    [10, 2.088487583762545e-45],
  ])('erfc(%f) = %f', (x, value) => near(erfc(x), value, 1e-12));

  // Wichura (1988), the check values of AS 241, and the usual table.
  it.each([
    [0.25, -0.6744897501960817],
    [0.001, -3.090232306167814],
    [1e-20, -9.262340089798409],
    [0.975, 1.959963984540054],
    [0.95, 1.644853626951473],
    [0.995, 2.575829303548901],
    [1e-300, -37.0470962993612],
  ])('quantile(%f) = %f', (p, z) => near(normalQuantile(p), z));

  it('quantile and cdf undo each other', () => {
    for (let z = -8; z <= 5; z += 0.037) expect(normalQuantile(normalCdf(z))).toBeCloseTo(z, 9);
    for (let z = 0; z < 8; z += 0.1) expect(normalUpperTail(z) + normalCdf(z)).toBeCloseTo(1, 14);
  });

  it('says what lies at and beyond its ends', () => {
    expect([normalQuantile(0), normalQuantile(1)]).toEqual([Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]);
    expect(() => normalQuantile(1.1)).toThrow(RangeError);
    expect(() => normalQuantile(Number.NaN)).toThrow(RangeError);
    expect(normalCdf(Number.NaN)).toBeNaN();
    expect([normalCdf(100), normalUpperTail(100), twoSidedP(0)]).toEqual([1, 0, 1]);
    expect(normalDensity(0)).toBeCloseTo(0.3989422804014327, 15);
  });
});

describe('proportions, against published numbers', () => {
  it.each([
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
  ])('Wilson of %i/%i (Newcombe 1998, part I, table I)', (x, n, low, high) => {
    const interval = wilsonInterval(of(x, n), 0.95);
    expect(interval.low).toBeCloseTo(low, 4);
    expect(interval.high).toBeCloseTo(high, 4);
  });

  it.each([
    [56, 70, 48, 80, 0.0524, 0.3339],
    [9, 10, 3, 10, 0.1705, 0.809],
    [6, 7, 2, 7, 0.0582, 0.8062],
    [5, 56, 0, 29, -0.0381, 0.1926],
    [0, 10, 0, 20, -0.1611, 0.2775],
    [0, 10, 0, 10, -0.2775, 0.2775],
    [10, 10, 0, 10, 0.6075, 1],
  ])('difference %i/%i − %i/%i (Newcombe 1998, part II, table II, method 10)', (x1, n1, x2, n2, low, high) => {
    const interval = differenceInterval(of(x1, n1), of(x2, n2), 0.95);
    expect(interval.low).toBeCloseTo(low, 4);
    expect(interval.high).toBeCloseTo(high, 4);
  });

  it('ratio, test: aspirin and heart attacks (Physicians’ Health Study; Agresti, Categorical Data Analysis: relative risk 1.82, 1.43 to 2.30, z 5.00)', () => {
    const [placebo, aspirin] = [of(189, 11_034), of(104, 11_037)];
    const interval = liftInterval(placebo, aspirin, 0.95);
    expect(1 + (interval?.low ?? 0)).toBeCloseTo(1.43, 2);
    expect(1 + (interval?.high ?? 0)).toBeCloseTo(2.31, 2);
    const test = twoProportionTest(placebo, aspirin);
    expect(test.z).toBeCloseTo(5, 2);
    expect(test.p).toBeCloseTo(5.7e-7, 8);
  });

  it('power and sample size (R, power.prop.test: its own examples, and the classical 1,094 an arm for 20 % against 25 %)', () => {
    expect(powerOf({ control: 0.5, treatment: 0.75 }, { control: 50, treatment: 50 })).toBeCloseTo(0.7401659, 6);
    expect(visitorsNeeded({ control: 0.5, treatment: 0.75 }, 0.5, 0.9) / 2).toBeCloseTo(76.7, 1);
    expect(visitorsNeeded({ control: 0.2, treatment: 0.25 }, 0.5) / 2).toBeCloseTo(1093.74, 2);
  });

  it('a split of 821,588 to 815,482 planned as halves (Kohavi, Tang & Xu 2020, ch. 3: p 1.8e-6)', () => {
    expect(splitTest({ control: 821_588, treatment: 815_482 }, 0.5).p).toBeCloseTo(1.8e-6, 7);
    expect(splitTest({ control: 700, treatment: 300 }, 0.3)).toEqual({ chiSquare: 0, p: 1 });
  });

  it('the minimum detectable lift is found with exactly 80 % power, and falls with more visitors', () => {
    const lifts = [2000, 5000, 20_000, 100_000].map((visitors) => {
      const trials = { control: visitors, treatment: visitors / 2 };
      const lift = minimumDetectableLift(0.03, trials) ?? Number.NaN;
      expect(powerOf({ control: 0.03, treatment: 0.03 * (1 + lift) }, trials)).toBeCloseTo(0.8, 6);
      return lift;
    });
    expect(lifts).toEqual(lifts.toSorted((one, other) => other - one));
    expect(minimumDetectableLift(0.03, { control: 20, treatment: 20 })).toBeNull();
    expect(minimumDetectableLift(0, { control: 2000, treatment: 2000 })).toBeNull();
  });

  it('no success or no variance is no number out of nowhere', () => {
    expect(liftInterval(of(0, 100), of(5, 100), 0.95)).toBeNull();
    expect(twoProportionTest(of(0, 100), of(0, 100))).toEqual({ z: 0, p: 1 });
    expect(visitorsNeeded({ control: 0.1, treatment: 0.1 }, 0.5)).toBe(Number.POSITIVE_INFINITY);
  });
});
