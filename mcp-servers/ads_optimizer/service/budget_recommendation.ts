import { formatUsd } from '../../../shared/domain/money.ts';
import { ToolError } from '../../../shared/domain/tool_error.ts';
import { randomOf } from '../../../shared/statistics/random.ts';
import { allocate, allocateForReturn, resultOf, spendsAt } from './budget_allocation.ts';
import { marginalAt, resultAt, spendAtMarginal } from './response_curve.ts';
import { type ChannelFit, fitResponse, type ResponseData } from './response_fit.ts';
import { type Objective, type ResponsePrior, sumOf } from './response_prior.ts';
import { type Interval, percentileInterval } from './statistics/bootstrap.ts';

/** USD over the horizon. */
export type ChannelLimit = { readonly min?: number | undefined; readonly max?: number | undefined };

export type BudgetQuestion = {
  readonly objective: Objective;
  /** USD over the horizon; without it as much as today. */
  readonly totalBudget?: number | undefined;
  readonly targetRoas?: number | undefined;
  readonly targetMarginalRoas?: number | undefined;
  readonly horizonDays: number;
  readonly maxChangePercent: number;
  readonly limits: ReadonlyMap<string, ChannelLimit>;
  /** Only this channel takes part. */
  readonly channelId?: string | undefined;
  /** What identifies the question: the same one over the same data draws the same numbers. */
  readonly seed: string;
};

export type RecommendedChannel = {
  readonly channel: string;
  readonly channelId: string;
  readonly today: number;
  readonly proposed: number;
  readonly todayPerDay: number;
  readonly proposedPerDay: number;
  readonly changePercent: number | null;
  readonly expectedToday: number;
  readonly expectedProposed: number;
  readonly marginalToday: number | null;
  readonly marginalTodayInterval: Interval | null;
  readonly marginalProposed: number | null;
  readonly elasticity: number;
  readonly pooledPercent: number;
  readonly days: number;
  readonly beyondObserved: boolean;
};

export type BudgetRecommendation = {
  readonly verdict: 'change' | 'no_change' | 'no_data';
  readonly objective: Objective;
  readonly horizonDays: number;
  readonly totalBudget: number | null;
  readonly channels: readonly RecommendedChannel[];
  readonly expected: {
    readonly today: number;
    readonly todayInterval: Interval | null;
    /** Today's split of the proposed budget: what the proposal is compared with. */
    readonly sameMix: number;
    readonly proposed: number;
    readonly proposedInterval: Interval | null;
    readonly difference: number;
    readonly differenceInterval: Interval | null;
    readonly chanceBetterPercent: number;
  } | null;
  readonly sensitivities: readonly string[];
  readonly carryover: number | null;
  /** Orders or conversions that the levels rest on. */
  readonly events: number;
};

/** Today's spend is the mean of so many last days. */
export const RECENT_DAYS = 14;
const DRAWS = 300;
/** A total that a target moves by less than this is today's. */
const SAME_TOTAL = 0.01;

/**
 * The best budget within the limits, by curves fitted to the data, and whether it is better than today's split of the same money beyond noise.
 * Throws ToolError invalid_input for limits, budgets and targets that cannot be met, with what could be.
 */
export function recommendBudget(
  data: ResponseData,
  prior: ResponsePrior,
  question: BudgetQuestion,
  names: ReadonlyMap<string, string>,
): BudgetRecommendation {
  refuseContradictions(question);
  const fit = fitResponse(data, question.objective, prior, DRAWS, randomOf(question.seed));
  const channels = fit.channels.filter(({ channelId }) => question.channelId === undefined || channelId === question.channelId);
  const nothing = { objective: question.objective, horizonDays: question.horizonDays, channels: [], expected: null, sensitivities: [] };
  const today = channels.map(({ channelId }) => recentSpend(data, channelId));
  const events = channels.reduce((sum, channel) => sum + channel.events, 0);
  const spentToday = sum(today);
  if (spentToday <= 0 || events === 0) return { ...nothing, verdict: 'no_data', totalBudget: null, carryover: null, events };
  const nameOf = (channelId: string): string => names.get(channelId) ?? channelId;
  const boxes = channels.map((channel, i) => ({ curve: channel.curve, ...boxOf(channel, today[i] as number, question, nameOf) }));
  const spends = inCents(chosenSpends(boxes, spentToday, question), question.horizonDays);
  const total = sum(spends);
  const mix = today.map((spend) => (spend / spentToday) * total);
  const days = question.horizonDays;
  const drawn = channels[0]?.draws.map((_, draw) => channels.map((channel) => ({ curve: channel.draws[draw] ?? channel.curve }))) ?? [];
  const differences = drawn.map((curves) => days * (resultOf(curves, spends) - resultOf(curves, mix)));
  const differenceInterval = rounded(percentileInterval(differences));
  const difference = days * (resultOf(channels, spends) - resultOf(channels, mix));
  const isBetter = differenceInterval !== null && differenceInterval.low > 0;
  const isOtherTotal = isTargetSurelyElsewhere(question, drawn, today, total / spentToday);
  return {
    verdict: isBetter || isOtherTotal ? 'change' : 'no_change',
    objective: question.objective,
    horizonDays: days,
    totalBudget: cents(total * days),
    channels: channels.map((channel, i) => channelOf(channel, nameOf(channel.channelId), today[i] as number, spends[i] as number, days)),
    expected: {
      today: cents(days * resultOf(channels, today)),
      todayInterval: rounded(percentileInterval(drawn.map((curves) => days * resultOf(curves, today)))),
      sameMix: cents(days * resultOf(channels, mix)),
      proposed: cents(days * resultOf(channels, spends)),
      proposedInterval: rounded(percentileInterval(drawn.map((curves) => days * resultOf(curves, spends)))),
      difference: cents(difference),
      differenceInterval,
      chanceBetterPercent: Math.round((100 * differences.filter((value) => value > 0).length) / Math.max(1, differences.length)),
    },
    sensitivities: sensitivities(channels, today, differences, nameOf, question),
    carryover: question.objective === 'revenue' ? fit.carryover : null,
    events,
  };
}

function refuseContradictions({ objective, totalBudget, targetRoas, targetMarginalRoas }: BudgetQuestion): void {
  const given = [totalBudget, targetRoas, targetMarginalRoas].filter((one) => one !== undefined);
  if (given.length > 1) {
    throw new ToolError('invalid_input', 'More than one of totalBudget, targetRoas and targetMarginalRoas was given.', {
      remedy: 'Give one: a fixed budget, or a target that decides how much to spend.',
    });
  }
  if (objective === 'conversions' && totalBudget === undefined && given.length > 0) {
    throw new ToolError('invalid_input', 'A target ROAS is about revenue, and the objective is conversions.', {
      remedy: 'Leave objective out, or give totalBudget instead of the target.',
    });
  }
}

/** Mean spend a day of the last days, from the first of them on which anything ran. */
function recentSpend({ series }: ResponseData, channelId: string): number {
  const length = series.reduce((longest, { spend }) => Math.max(longest, spend.length), 0);
  let first = length;
  for (const { spend } of series) {
    const begun = spend.findIndex((value) => value > 0);
    if (begun >= 0) first = Math.min(first, begun);
  }
  const from = Math.max(first, length - RECENT_DAYS);
  if (from >= length) return 0;
  return series.reduce((total, one) => total + (one.channelId === channelId ? sumOf(one.spend.subarray(from)) : 0), 0) / (length - from);
}

/** Limits of a channel in USD a day: the step from today within the limits asked for. A channel without spend today needs a limit to get any. */
function boxOf(
  { channelId }: ChannelFit,
  today: number,
  { limits, maxChangePercent, horizonDays }: BudgetQuestion,
  nameOf: (channelId: string) => string,
): { readonly min: number; readonly max: number } {
  const limit = limits.get(channelId) ?? {};
  const asked = { min: (limit.min ?? 0) / horizonDays, max: limit.max === undefined ? undefined : limit.max / horizonDays };
  const refuse = (message: string, remedy: string): never => {
    throw new ToolError('invalid_input', `${nameOf(channelId)}: ${message}`, { remedy });
  };
  if (asked.max !== undefined && asked.min > asked.max) refuse('min is above max.', 'Give a min that is at most the max.');
  if (today <= 0) return { min: asked.min, max: asked.max ?? asked.min };
  const step = { min: Math.max(0, today * (1 - maxChangePercent / 100)), max: today * (1 + maxChangePercent / 100) };
  const [min, max] = [Math.max(asked.min, step.min), Math.min(asked.max ?? Number.POSITIVE_INFINITY, step.max)];
  if (min > max * (1 + 1e-9)) {
    refuse(
      `the limits asked for lie outside a step of ${maxChangePercent} %.`,
      `Within ${horizonDays} days the step allows ${formatUsd(cents(step.min * horizonDays))} to ${formatUsd(cents(step.max * horizonDays))}; a larger maxChangePercent allows more.`,
    );
  }
  return { min, max: Math.max(min, max) };
}

type Box = { readonly curve: ChannelFit['curve']; readonly min: number; readonly max: number };

function chosenSpends(boxes: readonly Box[], spentToday: number, question: BudgetQuestion): readonly number[] {
  const { targetRoas, targetMarginalRoas, horizonDays, totalBudget } = question;
  const [lowest, highest] = [sum(boxes.map(({ min }) => min)), sum(boxes.map(({ max }) => max))];
  if (targetMarginalRoas !== undefined) return spendsAt(boxes, targetMarginalRoas);
  if (targetRoas !== undefined) {
    const spends = allocateForReturn(boxes, targetRoas);
    if (spends !== undefined) return spends;
    const best = resultOf(boxes, allocate(boxes, lowest)) / lowest;
    throw new ToolError('invalid_input', `A ROAS of ${targetRoas} cannot be reached within the limits.`, {
      remedy: `The least spend they allow returns about ${best.toFixed(2)} a dollar: ask for less, or for a larger maxChangePercent.`,
    });
  }
  const budget = totalBudget === undefined ? spentToday : totalBudget / horizonDays;
  if (budget < lowest * (1 - 1e-9) || budget > highest * (1 + 1e-9)) {
    // Without totalBudget only the limits asked for can be in the way.
    throw new ToolError(
      'invalid_input',
      `${formatUsd(cents(budget * horizonDays))} over ${horizonDays} days does not fit the limits of the channels together.`,
      {
        remedy: `Possible is ${formatUsd(cents(lowest * horizonDays))} to ${formatUsd(cents(highest * horizonDays))} (today's pace: ${formatUsd(cents(spentToday * horizonDays))}); a larger maxChangePercent allows more.`,
      },
    );
  }
  return allocate(boxes, budget);
}

/** Spends a day such that each channel's horizon is whole cents and the sum is the total's, the rest going to the largest. */
function inCents(spends: readonly number[], days: number): readonly number[] {
  const whole = spends.map((spend) => Math.round(spend * days * 100));
  const rest = Math.round(sum(spends) * days * 100) - sum(whole);
  const largest = whole.indexOf(Math.max(...whole));
  return whole.map((value, i) => (i === largest ? value + rest : value) / 100 / days);
}

/** Whether nine draws in ten agree that the target lies on the side of today's spend that the proposal goes to. */
function isTargetSurelyElsewhere(
  { targetRoas, targetMarginalRoas }: BudgetQuestion,
  drawn: readonly (readonly { readonly curve: ChannelFit['curve'] }[])[],
  today: readonly number[],
  ratio: number,
): boolean {
  if ((targetRoas === undefined && targetMarginalRoas === undefined) || Math.abs(ratio - 1) < SAME_TOTAL) return false;
  const spent = sum(today);
  const above = drawn.filter((curves) =>
    targetRoas !== undefined
      ? resultOf(curves, today) > targetRoas * spent
      : curves.reduce((total, { curve }, i) => total + marginalOrZero(curve, today[i] as number) * (today[i] as number), 0) >
        (targetMarginalRoas as number) * spent,
  ).length;
  return (ratio > 1 ? above : drawn.length - above) >= 0.9 * drawn.length;
}

const marginalOrZero = (curve: ChannelFit['curve'], spend: number): number => (spend > 0 ? marginalAt(curve, spend) : 0);

function channelOf(fit: ChannelFit, channel: string, today: number, proposed: number, days: number): RecommendedChannel {
  return {
    channel,
    channelId: fit.channelId,
    today: cents(today * days),
    proposed: cents(proposed * days),
    todayPerDay: cents(today),
    proposedPerDay: cents(proposed),
    changePercent: today > 0 ? Math.round((proposed / today - 1) * 1000) / 10 + 0 : null,
    expectedToday: cents(days * resultAt(fit.curve, today)),
    expectedProposed: cents(days * resultAt(fit.curve, proposed)),
    marginalToday: today > 0 ? fine(marginalAt(fit.curve, today)) : null,
    marginalTodayInterval: today > 0 ? rounded(percentileInterval(fit.draws.map((curve) => marginalAt(curve, today))), fine) : null,
    marginalProposed: proposed > 0 ? fine(marginalAt(fit.curve, proposed)) : null,
    elasticity: fine(fit.elasticity),
    pooledPercent: Math.round(100 * fit.pooledShare),
    days: fit.days,
    beyondObserved: proposed > fit.highestSpend,
  };
}

/** What would change the answer. */
function sensitivities(
  channels: readonly ChannelFit[],
  today: readonly number[],
  differences: readonly number[],
  nameOf: (channelId: string) => string,
  { horizonDays }: BudgetQuestion,
): readonly string[] {
  const told: string[] = [];
  const running = channels
    .map((fit, i) => ({ fit, spend: today[i] as number }))
    .filter(({ spend }) => spend > 0)
    .map(({ fit, spend }) => ({ fit, spend, marginal: marginalAt(fit.curve, spend) }))
    .sort((one, other) => other.marginal - one.marginal || (one.fit.channelId < other.fit.channelId ? -1 : 1));
  const [best, second] = running;
  if (best !== undefined && second !== undefined) {
    const until = spendAtMarginal(best.fit.curve, second.marginal, best.spend, best.spend * 1000);
    told.push(
      `${nameOf(best.fit.channelId)} brings the most for the next dollar until ${formatUsd(cents(until * horizonDays))}; from there ${nameOf(second.fit.channelId)} at today's spend does.`,
    );
    const explained = running
      .map(({ fit, spend }) => ({
        channelId: fit.channelId,
        share:
          correlation(
            fit.draws.map((curve) => marginalAt(curve, spend)),
            differences,
          ) ** 2,
      }))
      .sort((one, other) => other.share - one.share || (one.channelId < other.channelId ? -1 : 1));
    const [least] = explained;
    if (least !== undefined && least.share > 0) {
      told.push(
        `Most of the difference's uncertainty (${Math.round(100 * least.share)} %) is that of ${nameOf(least.channelId)}'s marginal return: a test that varies its spend would tell the most.`,
      );
    }
  }
  const pooled = channels.filter(({ pooledShare }) => pooledShare > 0.5);
  if (pooled.length > 0) {
    told.push(
      `How fast returns diminish rests mostly on other campaigns for ${pooled.map(({ channelId }) => nameOf(channelId)).join(', ')}: own days vary too little to tell.`,
    );
  }
  return told;
}

function correlation(one: readonly number[], other: readonly number[]): number {
  const [a, b] = [sum(one) / one.length, sum(other) / other.length];
  let [products, squares, others] = [0, 0, 0];
  for (let i = 0; i < one.length; i++) {
    const [x, y] = [(one[i] as number) - a, (other[i] as number) - b];
    products += x * y;
    squares += x * x;
    others += y * y;
  }
  return squares > 0 && others > 0 ? products / Math.sqrt(squares * others) : 0;
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
// An estimate, not a booking: rounded for reading. The sum with 0 turns -0 into 0.
const cents = (value: number): number => Math.round(value * 100) / 100 + 0;
const fine = (value: number): number => Math.round(value * 10_000) / 10_000 + 0;
const rounded = (interval: Interval | null, digits = cents): Interval | null =>
  interval === null ? null : { low: digits(interval.low), high: digits(interval.high), level: interval.level };
