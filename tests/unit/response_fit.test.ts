import { beforeAll, describe, expect, it } from 'vitest';
import { recommendBudget } from '../../mcp-servers/ads_optimizer/service/budget_recommendation.ts';
import { elasticities } from '../../mcp-servers/ads_optimizer/service/elasticity.ts';
import { resultAt } from '../../mcp-servers/ads_optimizer/service/response_curve.ts';
import { fitResponse, LEAD_DAYS } from '../../mcp-servers/ads_optimizer/service/response_fit.ts';
import { type ResponsePrior, type ResponseSeries, responsePrior } from '../../mcp-servers/ads_optimizer/service/response_prior.ts';
import { blockCounts, percentileInterval } from '../../mcp-servers/ads_optimizer/service/statistics/bootstrap.ts';
import { quantileAmong, quantileOf } from '../../shared/statistics/quantile.ts';
import { type Random, randomOf } from '../../shared/statistics/random.ts';
import { companyWithPrior, coverageOf, evaluateClients, METHODS } from '../support/budget_evaluation.ts';
import type { SimulatedCompany } from '../support/simulated_clients.ts';

const DAYS = 90 + LEAD_DAYS;

function poisson(random: Random, mean: number): number {
  let [count, product] = [0, random.unit()];
  for (const limit = Math.exp(-mean); product > limit; product *= random.unit()) count++;
  return count;
}

/** A channel whose conversions and orders follow spend to the power `elasticity`, orders two days later at most; demand moves spend too. */
function simulated(channelId: string, elasticity: number, random: Random, perDay = 12): ResponseSeries {
  const series = {
    campaignId: 'CMP-1',
    channelId,
    place: '',
    places: 1,
    spend: new Float64Array(DAYS),
    conversions: new Float64Array(DAYS),
    revenue: new Float64Array(DAYS),
    orders: new Float64Array(DAYS),
  };
  for (let day = 0; day < DAYS; day++) {
    const demand = 1 + 0.3 * Math.sin(day / 9);
    const spend = 100 * demand * Math.exp(0.4 * random.normal());
    const mean = perDay * demand * (spend / 100 / demand) ** elasticity * demand ** elasticity;
    series.spend[day] = spend;
    series.conversions[day] = poisson(random, mean);
    for (let orders = poisson(random, mean); orders > 0; orders--) {
      const late = day + random.below(3);
      if (late >= DAYS) continue;
      series.orders[late]! += 1;
      series.revenue[late]! += 50 * Math.exp(0.5 * random.normal() - 0.125);
    }
  }
  return series;
}

describe('elasticities', () => {
  const truth = { a: 0.3, b: 0.6, c: 0.9 } as const;
  const random = randomOf('known elasticities');
  const series = Object.entries(truth).map(([channelId, elasticity]) => simulated(channelId, elasticity, random, 60));
  const estimates = elasticities(series, ({ channelId }) => channelId, { weekday: 0, start: 0.55, rounds: 3 });

  it.each(Object.entries(truth))('finds that of channel %s, %f, within what its standard error allows', (channelId, elasticity) => {
    const estimate = estimates.get(channelId)!;
    expect(estimate.standardError).toBeLessThan(0.08);
    expect(Math.abs(estimate.elasticity - elasticity)).toBeLessThan(3 * estimate.standardError);
  });

  it('does not follow a day on which tracking broke', () => {
    const broken = series.map((one) => ({ ...one, conversions: one.conversions.map((value, day) => (day === 50 ? value * 30 : value)) }));
    const robust = elasticities(broken, ({ channelId }) => channelId, { weekday: 0, start: 0.55, rounds: 3 });
    for (const [channelId, { elasticity }] of robust)
      expect(Math.abs(elasticity - estimates.get(channelId)!.elasticity)).toBeLessThan(0.15);
  });

  it('says nothing of a channel without conversions', () => {
    const silent = series.map((one) => ({ ...one, conversions: new Float64Array(DAYS) }));
    expect(elasticities(silent, ({ channelId }) => channelId, { weekday: 0, start: 0.55, rounds: 3 }).size).toBe(0);
  });
});

describe('response curves', () => {
  it('recover what a day brings, whatever the delay of orders', () => {
    const random = randomOf('levels');
    const series = [simulated('a', 0.5, random), simulated('b', 0.7, random)];
    const fit = fitResponse({ series, delivery: series, weekday: 0 }, 'revenue', responsePrior([], new Map()), 50, randomOf('fit'));
    expect(fit.carryover).toBeGreaterThan(0);
    for (const channel of fit.channels) {
      // 12 orders of 50 dollars at 100 dollars of spend.
      expect(resultAt(channel.curve, 100)).toBeGreaterThan(600 * 0.85);
      expect(resultAt(channel.curve, 100)).toBeLessThan(600 * 1.15);
    }
  });

  it('are drawn towards other campaigns where own days say little, and say so', () => {
    const random = randomOf('pooling');
    const few = [simulated('a', 0.5, random, 0.2)];
    const many = [simulated('a', 0.5, random, 60)];
    const prior = responsePrior([], new Map());
    const pooled = (series: readonly ResponseSeries[]): number =>
      fitResponse({ series, delivery: series, weekday: 0 }, 'conversions', prior, 10, randomOf('fit')).channels[0]!.pooledShare;
    expect(pooled(few)).toBeGreaterThan(0.5);
    expect(pooled(many)).toBeLessThan(0.3);
  });
});

describe('on a simulated company whose true curves are known', () => {
  let company: SimulatedCompany;
  let prior: ResponsePrior;
  beforeAll(() => {
    ({ company, prior } = companyWithPrior(201));
  });

  it('90 % intervals hold the truth for 85 to 95 % of the channels of 300 campaigns', () => {
    const coverage = coverageOf(company, prior, 300);
    expect(coverage.channels).toBeGreaterThan(800);
    for (const held of [coverage.marginal, coverage.level]) {
      expect(held).toBeGreaterThan(0.85);
      expect(held).toBeLessThan(0.95);
    }
  }, 30_000);

  it('splits better than proportional, equal and last-ROAS, and "change" means better nine times in ten', () => {
    const outcomes = evaluateClients(company, prior, 30, 100);
    const mean = (method: (typeof METHODS)[number]): number =>
      outcomes.reduce((sum, { regret }) => sum + regret[method], 0) / outcomes.length;
    for (const method of METHODS.slice(1)) expect(mean('recommend_budget')).toBeLessThan(mean(method));
    const changes = outcomes.filter(({ verdict }) => verdict === 'change');
    expect(changes.length).toBeGreaterThan(10);
    expect(changes.filter(({ isTrulyBetter }) => isTrulyBetter).length).toBeGreaterThanOrEqual(0.9 * changes.length);
  });

  it('answers alike twice, and alike whatever the order of the rows', () => {
    const [campaign] = company.campaigns.filter(({ series }) => series.length > 2);
    const ask = (series: readonly ResponseSeries[]) =>
      recommendBudget(
        { series, delivery: series, weekday: 0 },
        prior,
        { objective: 'revenue', horizonDays: 30, maxChangePercent: 30, limits: new Map(), seed: 'twice' },
        new Map(),
      );
    const { series } = campaign!;
    expect(ask(series)).toEqual(ask(series));
    const [there, back] = [ask(series), ask([...series].reverse())];
    expect(back.verdict).toBe(there.verdict);
    expect(back.expected!.difference).toBeCloseTo(there.expected!.difference, 0);
  });

  it('says no_change when channels are the same', () => {
    const random = randomOf('twins');
    const one = simulated('a', 0.6, random);
    const answer = recommendBudget(
      { series: [one, { ...one, channelId: 'b' }], delivery: [one, { ...one, channelId: 'b' }], weekday: 0 },
      responsePrior([], new Map()),
      { objective: 'revenue', horizonDays: 30, maxChangePercent: 30, limits: new Map(), seed: 'twins' },
      new Map(),
    );
    expect(answer.verdict).toBe('no_change');
  });
});

describe('resampling', () => {
  it('draws as many days as there are, in blocks', () => {
    const random = randomOf('blocks');
    for (let i = 0; i < 50; i++) {
      const counts = blockCounts(60, 7, random);
      expect(counts.reduce((sum, count) => sum + count, 0)).toBe(60);
      const borders = counts.reduce((changes, count, day) => changes + (count === counts[(day + 59) % 60] ? 0 : 1), 0);
      expect(borders).toBeLessThanOrEqual(2 * Math.ceil(60 / 7));
    }
  });

  it('has the quantiles of definition 7, as R: quantile(c(1, 2, 4, 8, 16), c(.05, .25, .9))', () => {
    const values = [1, 2, 4, 8, 16];
    expect([0.05, 0.25, 0.9].map((part) => quantileOf(values, part))).toEqual([1.2, 2, 12.8].map((value) => expect.closeTo(value, 10)));
    expect(percentileInterval(values, 0.5)).toEqual({ low: 2, high: 8, level: 0.5 });
    expect(percentileInterval([1, Number.NaN])).toBeNull();
  });

  it('has the same quantiles of values in any order, equal ones among them', () => {
    const random = randomOf('unordered');
    for (const length of [0, 1, 2, 3, 10, 1_000]) {
      const values = Float64Array.from({ length }, () => random.below(1 + length / 2));
      const sorted = values.slice().sort();
      for (const share of [0, 0.1, 0.5, 0.9, 1]) expect(quantileAmong(values, share)).toBe(quantileOf(sorted, share));
    }
  });

  it('gives the same numbers for the same key, others for another, of the right mean and spread', () => {
    const draws = (key: string): readonly number[] => {
      const random = randomOf(key);
      return Array.from({ length: 4000 }, () => random.normal());
    };
    expect(draws('a')).toEqual(draws('a'));
    expect(draws('a')).not.toEqual(draws('b'));
    const values = draws('a');
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(Math.abs(mean)).toBeLessThan(0.05);
    expect(Math.abs(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length - 1)).toBeLessThan(0.08);
  });
});
