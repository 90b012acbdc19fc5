/** Figures of one campaign on one channel in one place, by day of a window; a day without spend holds 0. */
export type DeliverySeries = {
  readonly campaignId: string;
  readonly channelId: string;
  /** '' where places are not told apart. */
  readonly place: string;
  /** USD. */
  readonly spend: Float64Array;
  /** As the platform counts them, on the day of the click. */
  readonly conversions: Float64Array;
};

/** What the days say of a group of series: how many percent more a percent more spend brings. */
export type ElasticityEstimate = {
  readonly elasticity: number;
  /** Of the estimate, robust to overdispersion. */
  readonly standardError: number;
  /** By day: the score at the estimate and its slope. Resampling days resamples the estimate. */
  readonly score: Float64Array;
  readonly information: Float64Array;
  readonly conversions: number;
};

/** A day's conversions further than this from what is expected, in standard deviations, count as if they were so far (Huber 1964). */
const HUBER_BOUND = 4;
/** So many series side by side tell a day that was good for all of them from one on which more was spent. */
const SERIES_FOR_A_DAY_EFFECT = 3;
const SWEEPS = 5;

type Cells = {
  readonly count: number;
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly day: Int32Array;
  /** Index of the key each cell's estimate belongs to. */
  readonly key: Int32Array;
  /** Nuisance effects, each of a kind. */
  readonly effects: readonly [Effect, ...Effect[]];
};

/** The group of each cell, and how many groups there are. */
type Effect = { readonly group: Int32Array; readonly groups: number };

/**
 * Estimates by key (of {@link keyOf}) from the differences between days: Poisson pseudo maximum likelihood of conversions on the logarithm of
 * spend (Gourieroux, Monfort and Trognon 1984; Santos Silva and Tenreyro 2006), which is right for multiplicative noise of any spread. Effects
 * of the series, of the channel's weekday and of the campaign's day (of its week, where fewer than three series run side by side) are taken
 * out of both sides, so that a season that raises spend and demand together is not taken for an effect of spend. The robust weight bounds
 * days with broken tracking.
 * `weekday` is that of the window's first day, any numbering; `start` an elasticity near the answer. Keys without information are left out.
 */
export function elasticities(
  series: readonly DeliverySeries[],
  keyOf: (one: DeliverySeries) => string,
  { weekday, start, rounds }: { readonly weekday: number; readonly start: number; readonly rounds: number },
): ReadonlyMap<string, ElasticityEstimate> {
  const keys = new Map<string, number>();
  const days = series.reduce((longest, { spend }) => Math.max(longest, spend.length), 0);
  const cells = cellsOf(series, keyOf, keys, days, weekday);
  const at = new Float64Array(keys.size).fill(start);
  const score = Array.from(at, () => new Float64Array(days));
  const information = Array.from(at, () => new Float64Array(days));
  const conversions = new Float64Array(keys.size);
  for (let round = 0; round < rounds; round++) {
    const expected = fittedMeans(cells, at);
    const residualX = withoutEffects(cells, expected);
    const dispersion = dispersionOf(cells, expected);
    for (const values of [...score, ...information]) values.fill(0);
    conversions.fill(0);
    for (let i = 0; i < cells.count; i++) {
      const [key, day, mean, x] = [cells.key[i] as number, cells.day[i] as number, expected[i] as number, residualX[i] as number];
      const bound = HUBER_BOUND * Math.sqrt(dispersion * Math.max(1, mean));
      const residual = Math.max(-bound, Math.min(bound, (cells.y[i] as number) - mean));
      (score[key] as Float64Array)[day] = ((score[key] as Float64Array)[day] as number) + x * residual;
      (information[key] as Float64Array)[day] = ((information[key] as Float64Array)[day] as number) + x * x * mean;
      conversions[key] = (conversions[key] as number) + (cells.y[i] as number);
    }
    if (round === rounds - 1) break;
    for (let key = 0; key < at.length; key++) {
      const known = sumOf(information[key] as Float64Array);
      // A step is never larger than the whole range.
      if (known > 0) at[key] = Math.max(-0.5, Math.min(1.5, (at[key] as number) + sumOf(score[key] as Float64Array) / known));
    }
  }
  const estimates = new Map<string, ElasticityEstimate>();
  for (const [name, key] of keys) {
    const [scores, slopes] = [score[key] as Float64Array, information[key] as Float64Array];
    const known = sumOf(slopes);
    if (!(known > 1e-9)) continue;
    const step = sumOf(scores) / known;
    const spread = scores.reduce((sum, value, day) => sum + (value - step * (slopes[day] as number)) ** 2, 0);
    estimates.set(name, {
      elasticity: (at[key] as number) + step,
      // Never below what counting alone leaves open: few days may agree by chance.
      standardError: Math.max(Math.sqrt(spread) / known, 1 / Math.sqrt(known)),
      score: scores.map((value, day) => value - step * (slopes[day] as number)),
      information: slopes,
      conversions: conversions[key] as number,
    });
  }
  return estimates;
}

function cellsOf(
  series: readonly DeliverySeries[],
  keyOf: (one: DeliverySeries) => string,
  keys: Map<string, number>,
  days: number,
  weekday: number,
): Cells {
  let count = 0;
  for (const { spend } of series) for (const value of spend) if (value > 0) count++;
  const cells = { x: new Float64Array(count), y: new Float64Array(count), day: new Int32Array(count), key: new Int32Array(count) };
  const groups = { series: new Int32Array(count), weekday: new Int32Array(count), time: new Int32Array(count) };
  const indexOf = (names: Map<string, number>, name: string): number => {
    const known = names.get(name) ?? names.size;
    names.set(name, known);
    return known;
  };
  const channels = new Map<string, number>();
  const beside = new Map<string, number>();
  for (const { campaignId } of series) beside.set(campaignId, (beside.get(campaignId) ?? 0) + 1);
  // By campaign, the number of each day's effect (of its week's), 0 where it has none yet: a name for each took a third of the whole estimate.
  const timesOf = new Map<string, Int32Array>();
  let times = 0;
  let i = 0;
  for (const [index, one] of series.entries()) {
    const key = indexOf(keys, keyOf(one));
    const channel = indexOf(channels, one.channelId);
    const span = (beside.get(one.campaignId) ?? 0) >= SERIES_FOR_A_DAY_EFFECT ? 1 : 7;
    const own = timesOf.get(one.campaignId) ?? new Int32Array(days);
    timesOf.set(one.campaignId, own);
    for (let day = 0; day < one.spend.length; day++) {
      const spend = one.spend[day] as number;
      if (!(spend > 0)) continue;
      const piece = Math.floor(day / span);
      if (own[piece] === 0) own[piece] = ++times;
      cells.x[i] = Math.log(spend);
      cells.y[i] = one.conversions[day] as number;
      cells.day[i] = day;
      cells.key[i] = key;
      groups.series[i] = index;
      groups.weekday[i] = channel * 7 + ((weekday + day) % 7);
      groups.time[i] = (own[piece] as number) - 1;
      i++;
    }
  }
  return {
    ...cells,
    count,
    effects: [
      { group: groups.weekday, groups: channels.size * 7 },
      { group: groups.time, groups: times },
      { group: groups.series, groups: series.length },
    ],
  };
}

/** What a value of each cell adds up to in each group. */
function groupSums({ group, groups }: Effect, values: Float64Array): Float64Array {
  const sums = new Float64Array(groups);
  for (let i = 0; i < values.length; i++) {
    const at = group[i] as number;
    sums[at] = (sums[at] as number) + (values[i] as number);
  }
  return sums;
}

/**
 * Expected conversions of each cell with the effects fitted: iterative proportional fitting (Deming and Stephan 1940). The pass that fits one
 * effect adds up for the next.
 */
function fittedMeans({ count, x, y, key, effects }: Cells, elasticity: Float64Array): Float64Array {
  const mean = new Float64Array(count);
  for (let i = 0; i < count; i++) mean[i] = Math.exp((elasticity[key[i] as number] as number) * (x[i] as number));
  const seen = effects.map((effect) => groupSums(effect, y));
  let expected = groupSums(effects[0], mean);
  for (let step = 0; step < SWEEPS * effects.length; step++) {
    const { group } = effects[step % effects.length] as Effect;
    const next = effects[(step + 1) % effects.length] as Effect;
    const observed = seen[step % effects.length] as Float64Array;
    const coming = new Float64Array(next.groups);
    for (let i = 0; i < count; i++) {
      const at = group[i] as number;
      const all = expected[at] as number;
      const fitted = all > 0 ? ((mean[i] as number) * (observed[at] as number)) / all : 0;
      mean[i] = fitted;
      const then = next.group[i] as number;
      coming[then] = (coming[then] as number) + fitted;
    }
    expected = coming;
  }
  return mean;
}

/** The logarithm of spend without what the effects explain of it, each cell weighing as much as it is expected to bring. */
function withoutEffects({ count, x, effects }: Cells, weight: Float64Array): Float64Array {
  const rest = x.slice();
  const weights = effects.map((effect) => groupSums(effect, weight));
  let sums = groupSums(
    effects[0],
    rest.map((value, i) => (weight[i] as number) * value),
  );
  for (let step = 0; step < SWEEPS * effects.length; step++) {
    const { group } = effects[step % effects.length] as Effect;
    const next = effects[(step + 1) % effects.length] as Effect;
    const weighed = weights[step % effects.length] as Float64Array;
    const means = sums.map((sum, at) => ((weighed[at] as number) > 0 ? sum / (weighed[at] as number) : 0));
    const coming = new Float64Array(next.groups);
    for (let i = 0; i < count; i++) {
      const left = (rest[i] as number) - (means[group[i] as number] as number);
      rest[i] = left;
      const then = next.group[i] as number;
      coming[then] = (coming[then] as number) + (weight[i] as number) * left;
    }
    sums = coming;
  }
  return rest;
}

/** How many times the Poisson variance the conversions spread with; at least 1. */
function dispersionOf({ count, y }: Cells, mean: Float64Array): number {
  let sum = 0;
  let expected = 0;
  for (let i = 0; i < count; i++) {
    const squared = ((y[i] as number) - (mean[i] as number)) ** 2;
    sum += Math.min(squared, HUBER_BOUND ** 2 * Math.max(1, mean[i] as number));
    expected += mean[i] as number;
  }
  return expected > 0 ? Math.max(1, sum / expected) : 1;
}

function sumOf(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}
