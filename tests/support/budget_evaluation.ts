import { recommendBudget } from '../../mcp-servers/ads_optimizer/service/budget_recommendation.ts';
import { marginalAt, resultAt } from '../../mcp-servers/ads_optimizer/service/response_curve.ts';
import { fitResponse } from '../../mcp-servers/ads_optimizer/service/response_fit.ts';
import { campaignElasticities, type ResponsePrior, responsePrior } from '../../mcp-servers/ads_optimizer/service/response_prior.ts';
import { percentileInterval } from '../../mcp-servers/ads_optimizer/service/statistics/bootstrap.ts';
import { randomOf } from '../../shared/statistics/random.ts';
import { type SimulatedCampaign, type SimulatedCompany, simulateCompany } from './simulated_clients.ts';

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** Splits a budget by weights as far as limits of each part allow. */
function split(weights: readonly number[], budget: number, min: readonly number[], max: readonly number[]): readonly number[] {
  let [low, high] = [0, (1e3 * budget) / Math.min(...weights.filter((weight) => weight > 0), 1)];
  const at = (scale: number): readonly number[] => weights.map((weight, i) => Math.min(max[i]!, Math.max(min[i]!, scale * weight)));
  for (let i = 0; i < 200; i++) {
    const middle = (low + high) / 2;
    if (sum(at(middle)) > budget) high = middle;
    else low = middle;
  }
  return at(low);
}

/** The true optimum, by bisection on the true marginal return. */
function optimum(
  campaign: SimulatedCampaign,
  ids: readonly string[],
  budget: number,
  min: readonly number[],
  max: readonly number[],
): readonly number[] {
  const marginal = (id: string, spend: number): number => (campaign.truth(id, spend * 1.001) - campaign.truth(id, spend)) / (spend * 0.001);
  const at = (price: number): readonly number[] =>
    ids.map((id, i) => {
      let [low, high] = [min[i]!, max[i]!];
      for (let step = 0; step < 40; step++) {
        const middle = (low + high) / 2;
        if (marginal(id, middle) > price) low = middle;
        else high = middle;
      }
      return low;
    });
  let [low, high] = [1e-4, 1e4];
  for (let i = 0; i < 45; i++) {
    const middle = Math.sqrt(low * high);
    if (sum(at(middle)) > budget) low = middle;
    else high = middle;
  }
  return at(high);
}

export const METHODS = ['recommend_budget', 'proportional', 'equal', 'last ROAS'] as const;
export type Method = (typeof METHODS)[number];

export type ClientOutcome = {
  /** Share of the best possible revenue that each method misses. */
  readonly regret: Readonly<Record<Method, number>>;
  readonly verdict: string;
  /** Whether the proposal truly beats today's split, and whether the interval of the difference holds the truth. */
  readonly isTrulyBetter: boolean;
  readonly isWithin: boolean;
};

/** The largest campaign of each simulated client with two channels or more: how good each way to split today's money is, by the true curves. */
export function evaluateClients(
  company: SimulatedCompany,
  prior: ResponsePrior,
  maxChangePercent: number,
  count: number,
): readonly ClientOutcome[] {
  const ofClient = new Map<number, SimulatedCampaign>();
  const spentBy = ({ series }: SimulatedCampaign): number => sum(series.map(({ spend }) => sum([...spend])));
  for (const campaign of company.campaigns) {
    const known = ofClient.get(campaign.client);
    if (campaign.series.length >= 2 && (known === undefined || spentBy(known) < spentBy(campaign))) ofClient.set(campaign.client, campaign);
  }
  return [...ofClient.values()].slice(0, count).flatMap((campaign) => {
    const recommended = recommendBudget(
      { series: campaign.series, delivery: campaign.delivery, weekday: company.weekday },
      prior,
      { objective: 'revenue', horizonDays: 30, maxChangePercent, limits: new Map(), seed: campaign.campaignId },
      new Map(),
    );
    if (recommended.expected === null) return [];
    const { channels, expected } = recommended;
    const ids = channels.map(({ channelId }) => channelId);
    const today = channels.map((channel) => channel.today / 30);
    const [min, max] = [
      today.map((t) => t * Math.max(0.001, 1 - maxChangePercent / 100)),
      today.map((t) => t * (1 + maxChangePercent / 100)),
    ];
    const budget = sum(today);
    const last = ids.map((id) => {
      const series = campaign.series.find(({ channelId }) => channelId === id)!;
      const spent = sum([...series.spend.subarray(-30)]);
      return spent > 0 ? sum([...series.revenue.subarray(-30)]) / spent : 0;
    });
    const revenue = (spends: readonly number[]): number => sum(ids.map((id, i) => campaign.truth(id, spends[i]!)));
    const best = revenue(optimum(campaign, ids, budget, min, max));
    const proposed = channels.map((channel) => channel.proposed / 30);
    const missed = (spends: readonly number[]): number => Math.max(0, 1 - revenue(spends) / best);
    const gain = 30 * (revenue(proposed) - revenue(today));
    const interval = expected.differenceInterval!;
    return [
      {
        regret: {
          recommend_budget: missed(proposed),
          proportional: missed(today),
          equal: missed(
            split(
              ids.map(() => 1),
              budget,
              min,
              max,
            ),
          ),
          'last ROAS': sum(last) > 0 ? missed(split(last, budget, min, max)) : missed(today),
        },
        verdict: recommended.verdict,
        isTrulyBetter: gain > 0,
        isWithin: gain >= interval.low && gain <= interval.high,
      },
    ];
  });
}

export type Coverage = {
  readonly channels: number;
  readonly marginal: number;
  readonly level: number;
  readonly slowestMs: number;
  readonly meanMs: number;
};

/** How often the 90 % intervals of marginal return and of the day's revenue hold the truth, over so many campaigns of a company. */
export function coverageOf(company: SimulatedCompany, prior: ResponsePrior, campaigns: number, draws = 200): Coverage {
  let [channels, marginal, level, slowestMs, total] = [0, 0, 0, 0, 0];
  const measured = company.campaigns.slice(0, campaigns);
  for (const campaign of measured) {
    const started = performance.now();
    const data = { series: campaign.series, delivery: campaign.delivery, weekday: company.weekday };
    const fit = fitResponse(data, 'revenue', prior, draws, randomOf(campaign.campaignId));
    const took = performance.now() - started;
    slowestMs = Math.max(slowestMs, took);
    total += took;
    for (const { channelId, meanSpend, draws: curves } of fit.channels) {
      const truth = campaign.truth(channelId, meanSpend);
      const slope = (campaign.truth(channelId, meanSpend * 1.01) - campaign.truth(channelId, meanSpend * 0.99)) / (meanSpend * 0.02);
      const within = (values: readonly number[], value: number): boolean => {
        const interval = percentileInterval(values);
        return interval !== null && value >= interval.low && value <= interval.high;
      };
      channels++;
      if (
        within(
          curves.map((curve) => marginalAt(curve, meanSpend)),
          slope,
        )
      )
        marginal++;
      if (
        within(
          curves.map((curve) => resultAt(curve, meanSpend)),
          truth,
        )
      )
        level++;
    }
  }
  return { channels, marginal: marginal / channels, level: level / channels, slowestMs, meanMs: total / measured.length };
}

/** A simulated company with what its campaigns say together. */
export function companyWithPrior(seed: number): { readonly company: SimulatedCompany; readonly prior: ResponsePrior } {
  const company = simulateCompany(seed);
  const series = company.campaigns.flatMap((campaign) => campaign.series);
  return { company, prior: responsePrior(series, campaignElasticities(series, company.weekday)) };
}
