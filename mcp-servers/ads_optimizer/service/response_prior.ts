import { type DeliverySeries, type ElasticityEstimate, elasticities } from './elasticity.ts';

/** Figures of one campaign on one channel by day of a window, sales included. */
export type ResponseSeries = DeliverySeries & {
  /** USD of the paid orders credited, on the day of the order. */
  readonly revenue: Float64Array;
  readonly orders: Float64Array;
  /** In how many places it is shown: spend for each says how near to saturation it is. */
  readonly places: number;
};

export type Objective = 'revenue' | 'conversions';

/** A value as it varies from campaign to campaign, on the scale that the fit uses. */
export type Spread = { readonly mean: number; readonly deviation: number };

/**
 * What other campaigns say beforehand of a channel's response: what a channel with few days is drawn towards (partial pooling).
 */
export type ResponsePrior = {
  /** Elasticity of one channel of one or several campaigns; a channel that few campaigns used has the one over all. */
  readonly elasticity: (series: readonly ResponseSeries[]) => Spread;
  /** Result for a dollar by channel; null where no campaign had any. */
  readonly returns: Readonly<Record<Objective, (channelId: string) => number | null>>;
  /** Standard deviation of the logarithm of a campaign's result for a dollar on a channel, against what campaign and channel lead to expect. */
  readonly returnDeviation: Readonly<Record<Objective, number>>;
  readonly campaigns: number;
};

/** What is assumed where nothing is known: the middle of the range, and a spread that covers it. */
const UNKNOWN_ELASTICITY: Spread = { mean: 0.55, deviation: 0.2 };
const UNKNOWN_RETURN_DEVIATION = 0.4;
/** Fewer estimates than this say nothing of a mean. */
const CAMPAIGNS_FOR_A_MEAN = 4;
/** Between campaigns of a channel, before it is estimated; and between channels. */
const USUAL_VARIANCE = 0.12 ** 2;
const CHANNEL_VARIANCE = 0.1 ** 2;
/** By how much elasticity falls when the logarithm of spend for each place rises by 1: half of the steepest that a Hill curve of h = 1 has. */
const USUAL_SLOPE = { mean: -0.125, deviation: 0.06 } as const;
const STEEPEST_SLOPE = -0.25;
/** No channel's id: ids hold no space. */
const OVERALL = 'over all';
/** Campaigns differ at least so much: a spread estimated as none is chance. */
const LEAST_DEVIATION = { elasticity: 0.08, returns: 0.15 } as const;
const FEWEST_CONVERSIONS = 20;
/** Orders differ in size as well as in number: a sum of n varies as one of n / 1.8 equal ones does (1 + the squared coefficient of variation). */
export const ORDER_SIZE_CHANCE = 1.8;

/** The part of the prior that takes time: each campaign's own estimate, by '<channel> <campaign>'. `weekday`: of the window's first day. */
export function campaignElasticities(series: readonly ResponseSeries[], weekday: number): ReadonlyMap<string, ElasticityEstimate> {
  return elasticities(series, ({ campaignId, channelId }) => `${channelId} ${campaignId}`, {
    weekday,
    start: UNKNOWN_ELASTICITY.mean,
    rounds: 1,
  });
}

/**
 * The prior from many campaigns' series: the mean over campaigns and how much they differ beyond chance, by the random effects estimate of
 * DerSimonian and Laird (1986). `estimates` are {@link campaignElasticities} of these series, of others too if that saves making them.
 */
export function responsePrior(
  series: readonly ResponseSeries[],
  estimates: ReadonlyMap<string, Pick<ElasticityEstimate, 'elasticity' | 'standardError' | 'conversions'>>,
): ResponsePrior {
  const known = series.flatMap((one): Estimate[] => {
    const estimate = estimates.get(`${one.channelId} ${one.campaignId}`);
    if (estimate === undefined || estimate.conversions < FEWEST_CONVERSIONS) return [];
    return [{ channelId: one.channelId, intensity: intensityOf(one), value: estimate.elasticity, variance: estimate.standardError ** 2 }];
  });
  const elasticity = elasticityPrior(known);
  const returns = { revenue: returnsOf(series, 'revenue'), conversions: returnsOf(series, 'conversions') };
  return {
    elasticity,
    returns: {
      revenue: (channelId) => returns.revenue.byChannel.get(channelId) ?? null,
      conversions: (channelId) => returns.conversions.byChannel.get(channelId) ?? null,
    },
    returnDeviation: { revenue: returns.revenue.deviation, conversions: returns.conversions.deviation },
    campaigns: new Set(series.map(({ campaignId }) => campaignId)).size,
  };
}

type Estimate = { readonly channelId: string; readonly intensity: number; readonly value: number; readonly variance: number };

/** The logarithm of mean daily spend for each place. */
function intensityOf({ spend, places }: ResponseSeries): number {
  const days = spend.reduce((count, value) => count + (value > 0 ? 1 : 0), 0);
  return Math.log(Math.max(0.01, sumOf(spend) / Math.max(1, days) / Math.max(1, places)));
}

/**
 * Elasticity as other campaigns have it: a mean for each channel, falling with the spend for each place (random effects meta-regression, the
 * spread between campaigns by the method of moments after DerSimonian and Laird 1986). Channels' means are drawn towards the mean over all.
 */
function elasticityPrior(estimates: readonly Estimate[]): (series: readonly ResponseSeries[]) => Spread {
  const first = fitted(estimates, USUAL_VARIANCE);
  if (first === undefined) return () => UNKNOWN_ELASTICITY;
  // What is left beyond chance, and the same fit once more weighed by it.
  const weights = estimates.map(({ variance }) => 1 / (variance + USUAL_VARIANCE));
  const all = weights.reduce((sum, weight) => sum + weight, 0);
  const excess = estimates.reduce(
    (sum, one, i) => sum + ((weights[i] as number) / all) * ((one.value - first.at(one.channelId, one.intensity)) ** 2 - one.variance),
    0,
  );
  const between = Math.max(LEAST_DEVIATION.elasticity, Math.min(0.25, Math.sqrt(Math.max(0, excess))));
  const { at, uncertainty } = fitted(estimates, between ** 2) ?? first;
  return (series) => {
    const spends = series.map(({ spend }) => sumOf(spend));
    const total = spends.reduce((sum, value) => sum + value, 0);
    let [mean, squares] = [0, 0];
    for (const [i, one] of series.entries()) {
      const share = total > 0 ? (spends[i] as number) / total : 1 / series.length;
      mean += share * at(one.channelId, intensityOf(one));
      squares += share ** 2;
    }
    const deviation = Math.sqrt(between ** 2 * squares + uncertainty(series[0]?.channelId ?? ''));
    return { mean: Math.max(0.1, Math.min(0.92, mean)), deviation };
  };
}

type FittedElasticity = {
  readonly at: (channelId: string, intensity: number) => number;
  /** Variance of a channel's mean. */
  readonly uncertainty: (channelId: string) => number;
};

/** Least squares with weights 1 / (variance + between). Undefined of too few. */
function fitted(estimates: readonly Estimate[], between: number): FittedElasticity | undefined {
  if (estimates.length < CAMPAIGNS_FOR_A_MEAN) return undefined;
  const groups = new Map<string, { weight: number; value: number; intensity: number }>();
  const add = (name: string, weight: number, { value, intensity }: Estimate): void => {
    const sums = groups.get(name) ?? { weight: 0, value: 0, intensity: 0 };
    groups.set(name, { weight: sums.weight + weight, value: sums.value + weight * value, intensity: sums.intensity + weight * intensity });
  };
  for (const one of estimates) {
    add(one.channelId, 1 / (one.variance + between), one);
    add(OVERALL, 1 / (one.variance + between), one);
  }
  let [products, squares] = [0, 0];
  for (const one of estimates) {
    const group = groups.get(one.channelId);
    if (group === undefined) continue;
    const off = one.intensity - group.intensity / group.weight;
    products += (off * (one.value - group.value / group.weight)) / (one.variance + between);
    squares += off ** 2 / (one.variance + between);
  }
  // The usual slope counts as an observation, with its own spread; a Hill curve's elasticity never falls faster than by a quarter of h.
  const slope = (products + USUAL_SLOPE.mean / USUAL_SLOPE.deviation ** 2) / (squares + 1 / USUAL_SLOPE.deviation ** 2);
  const bounded = Math.max(STEEPEST_SLOPE, Math.min(0, slope));
  const means = [...groups].map(([name, { weight, value, intensity }]) => ({ name, weight, base: (value - bounded * intensity) / weight }));
  const overall = means.find(({ name }) => name === OVERALL) ?? { weight: 1, base: UNKNOWN_ELASTICITY.mean };
  const known = new Map(
    means.map(({ name, weight, base }) => {
      const own = weight / (weight + 1 / CHANNEL_VARIANCE);
      return [name, { base: own * base + (1 - own) * overall.base, variance: 1 / (weight + 1 / CHANNEL_VARIANCE) }] as const;
    }),
  );
  const unknown = { base: overall.base, variance: CHANNEL_VARIANCE + 1 / overall.weight };
  return {
    at: (channelId, intensity) => (known.get(channelId) ?? unknown).base + bounded * intensity,
    uncertainty: (channelId) => (known.get(channelId) ?? unknown).variance,
  };
}

/** Result for a dollar by channel over all campaigns, and how far single ones are from campaign × channel, chance taken off. */
function returnsOf(
  series: readonly ResponseSeries[],
  objective: Objective,
): { readonly byChannel: ReadonlyMap<string, number>; readonly deviation: number } {
  const totals = series.map((one) => {
    const result = sumOf(one[objective]);
    const count = objective === 'revenue' ? sumOf(one.orders) : result;
    return { ...one, spent: sumOf(one.spend), result, count };
  });
  const channels = new Map<string, { spent: number; result: number }>();
  for (const { channelId, spent, result } of totals) {
    const sums = channels.get(channelId) ?? { spent: 0, result: 0 };
    channels.set(channelId, { spent: sums.spent + spent, result: sums.result + result });
  }
  const byChannel = new Map<string, number>();
  for (const [channelId, { spent, result }] of channels) if (spent > 0 && result > 0) byChannel.set(channelId, result / spent);
  const campaigns = new Map<string, { expected: number; result: number; parts: number }>();
  for (const { campaignId, channelId, spent, result } of totals) {
    const sums = campaigns.get(campaignId) ?? { expected: 0, result: 0, parts: 0 };
    campaigns.set(campaignId, {
      expected: sums.expected + spent * (byChannel.get(channelId) ?? 0),
      result: sums.result + result,
      parts: sums.parts + 1,
    });
  }
  let [squares, chance, count] = [0, 0, 0];
  for (const { campaignId, channelId, spent, result, count: events } of totals) {
    const campaign = campaigns.get(campaignId);
    const rate = byChannel.get(channelId);
    if (campaign === undefined || rate === undefined || campaign.parts < 2 || events < FEWEST_CONVERSIONS || spent <= 0) continue;
    squares += Math.log(result / ((spent * rate * campaign.result) / campaign.expected)) ** 2;
    chance += (objective === 'revenue' ? ORDER_SIZE_CHANCE : 1) / events;
    count++;
  }
  const deviation = count < 8 ? UNKNOWN_RETURN_DEVIATION : Math.sqrt(Math.max(0, (squares - chance) / count));
  return { byChannel, deviation: Math.max(LEAST_DEVIATION.returns, Math.min(1, deviation)) };
}

export function sumOf(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}
