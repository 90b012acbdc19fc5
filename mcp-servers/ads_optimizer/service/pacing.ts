import {
  addDays,
  type Day,
  type DayRange,
  daysBetween,
  earlier,
  endOfMonth,
  startOfMonth,
  weekdayOf,
} from '../../../shared/domain/calendar_day.ts';
import { type Decimal, decimal, ratio, round, sum } from '../../../shared/domain/money.ts';
import type { PlanAndSpend, PlannedMonth } from '../repo/budget_plans.ts';
import { forecastSpend, type PacedDay } from './pacing_forecast.ts';
import { type WeekdayPattern, weekdayFactor, weekdayPattern } from './pacing_weekdays.ts';

export type PacingVerdict = 'on_track' | 'over' | 'under' | 'no_plan' | 'not_started' | 'ended' | 'no_data';

/** How a campaign's, or a channel's, spend stands against its plan. Money is exact where it was booked, and to the cent where it is estimated. */
export type Pace = {
  readonly verdict: PacingVerdict;
  /** Plan of the period's days on which the campaign runs; null without a plan. */
  readonly planned: Decimal | null;
  /** Plan of the days delivered so far. */
  readonly plannedToDate: Decimal | null;
  /** Null when nothing is known. */
  readonly delivered: Decimal | null;
  /** delivered ÷ plannedToDate: 1 is exactly on plan. */
  readonly paceIndex: Decimal | null;
  /** At the period's end, or the campaign's if that is earlier. Equal ends where nothing is left to happen. */
  readonly forecast: { readonly expected: Decimal; readonly low: Decimal; readonly high: Decimal } | null;
  /** |forecast − planned| of a campaign whose spend can still be changed. */
  readonly moneyAtRisk: Decimal | null;
  readonly daysLeft: number;
  /** Mean of the last seven complete days. */
  readonly recentDailyRate: Decimal | null;
  /** Spend a day that would land on plan; 0 when the plan is already spent. */
  readonly dailyRateToPlan: Decimal | null;
  /** Complete days the forecast was learned from. */
  readonly daysLearned: number;
};

/** What a pace is measured over. */
export type PaceWindow = {
  /** The days asked for, the future ones too. */
  readonly period: DayRange;
  /** Last complete day with loaded figures. */
  readonly asOf: Day;
  readonly today: Day;
  /** Days before asOf that the forecast may learn from. */
  readonly recent: DayRange;
};

type Run = { readonly startDate: Day; readonly endDate: Day; readonly status: string };

/** Off plan is further than this, and outside the forecast's interval. */
const TOLERANCE = 0.05;
export const INTERVAL_LEVEL = 0.9;
/** Eight weeks: enough for a weekday pattern, recent enough to be how the campaign spends now. */
export const LEARNED_DAYS = 56;
const RATE_DAYS = 7;
const LEARNING_PHASE_DAYS = 7;

/** Measures a whole campaign, or a channel of it with the campaign's weekday pattern. */
export function measurePace(spend: PlanAndSpend, run: Run, window: PaceWindow, patternOfCampaign?: WeekdayPattern): Pace {
  const { period, asOf, today } = window;
  const recent = recentDays(spend, run, window);
  const own = weekdayPattern(recent);
  const pattern = patternOfCampaign ?? own;
  const days = overlap(period, { from: run.startDate, to: run.endDate });
  const plan = spreadPlan(spend.plan, run, pattern);
  const hasPlan = spend.plan.some(({ planned }) => decimal(planned).gt(0));
  const planned = days === undefined || !hasPlan ? null : plan.of(days);
  const past = days === undefined ? undefined : overlap(days, { from: days.from, to: asOf });
  const plannedToDate = planned === null ? null : past === undefined ? decimal(0) : plan.of(past);
  const isKnown = spend.daysKnown > 0 || spend.recent.length > 0;
  const delivered = spend.delivered === null ? (isKnown ? decimal(0) : null) : decimal(spend.delivered);
  const isOver = run.endDate <= asOf || run.status === 'completed';
  const left = days === undefined || isOver ? undefined : overlap(days, { from: addDays(asOf, 1), to: days.to });
  const daysLeft = left === undefined ? 0 : daysBetween(left.from, left.to) + 1;
  const { rest, learned } = forecastRest(recent, own, run, plan, left);
  const forecast =
    delivered === null || rest === undefined
      ? null
      : { expected: delivered.plus(rest.expected), low: delivered.plus(rest.low), high: delivered.plus(rest.high) };
  const verdict = verdictOf({ run, today, asOf, days, isOver, isKnown, planned, forecast });
  return {
    verdict,
    planned: cents(planned),
    plannedToDate: cents(plannedToDate),
    delivered,
    paceIndex: delivered === null || plannedToDate === null ? null : ratio(delivered, plannedToDate),
    forecast,
    moneyAtRisk:
      planned === null || forecast === null || verdict === 'not_started'
        ? null
        : isOver
          ? decimal(0)
          : cents(forecast.expected.minus(planned).abs()),
    daysLeft,
    recentDailyRate: isKnown && !isOver ? recentRate(spend, asOf) : null,
    dailyRateToPlan: planned === null || daysLeft === 0 ? null : cents(atLeastZero(planned.minus(delivered ?? 0)).div(daysLeft)),
    daysLearned: learned,
  };
}

const cents = <Value extends Decimal | null>(value: Value): Value => (value === null ? value : (round(value) as Value));
const atLeastZero = (value: Decimal): Decimal => (value.isNegative() ? decimal(0) : value);

function overlap(one: DayRange, other: DayRange): DayRange | undefined {
  const range = { from: one.from > other.from ? one.from : other.from, to: earlier(one.to, other.to) };
  return range.from <= range.to ? range : undefined;
}

type SpentDay = { readonly day: Day; readonly spend: number };

/** Each recent complete day of the campaign's run; one without spend is a zero. */
function recentDays({ recent }: PlanAndSpend, run: Run, window: PaceWindow): readonly SpentDay[] {
  const range = overlap(window.recent, { from: run.startDate, to: earlier(run.endDate, window.asOf) });
  const [first] = recent;
  if (range === undefined || first === undefined) return [];
  const spends = new Map(recent.map(({ day, spend }) => [day, Number(spend)]));
  // A campaign that went live after its first planned day had no spend to learn from before.
  return eachDay({ from: range.from > first.day ? range.from : first.day, to: range.to }).map((day) => ({
    day,
    spend: spends.get(day) ?? 0,
  }));
}

function eachDay({ from, to }: DayRange): readonly Day[] {
  return Array.from({ length: Math.max(0, daysBetween(from, to) + 1) }, (_, index) => addDays(from, index));
}

type SpreadPlan = {
  /** Plan of some days; whole months are exact. */
  readonly of: (days: DayRange) => Decimal;
  /** Plan of one day; 0 without one. */
  readonly ofDay: (day: Day) => number;
};

/** A month's plan belongs to the days on which the campaign runs in it, each by its weekday. */
function spreadPlan(months: readonly PlannedMonth[], run: Run, pattern: WeekdayPattern): SpreadPlan {
  const weightOf = ({ from, to }: DayRange): number => {
    const [first, days] = [weekdayOf(from) - 1, daysBetween(from, to) + 1];
    let weight = 0;
    for (let i = 0; i < days; i++) weight += pattern[(first + i) % 7] ?? 1;
    return weight;
  };
  const spread = new Map(
    months.flatMap(({ month, planned }) => {
      const days = overlap({ from: month, to: endOfMonth(month) }, { from: run.startDate, to: run.endDate });
      return days === undefined ? [] : [[month, { days, planned, weight: weightOf(days) }] as const];
    }),
  );
  return {
    of: (asked) =>
      sum(
        [...spread.values()].map(({ days, planned, weight }) => {
          const part = overlap(days, asked);
          if (part === undefined) return decimal(0);
          if (part.from === days.from && part.to === days.to) return decimal(planned);
          return decimal(planned).times(weightOf(part)).div(weight);
        }),
      ),
    ofDay: (day) => {
      const month = spread.get(startOfMonth(day));
      return month === undefined ? 0 : (Number(month.planned) * weekdayFactor(pattern, day)) / month.weight;
    },
  };
}

type Rest = { readonly expected: string; readonly low: string; readonly high: string };
const NOTHING_LEFT: Rest = { expected: '0', low: '0', high: '0' };

/** Spend of the days that are left. A paused campaign spends nothing more. Undefined with too few days to learn from. */
function forecastRest(
  recent: readonly SpentDay[],
  pattern: WeekdayPattern,
  run: Run,
  plan: SpreadPlan,
  left: DayRange | undefined,
): { readonly rest: Rest | undefined; readonly learned: number } {
  if (left === undefined || run.status === 'paused') return { rest: NOTHING_LEFT, learned: 0 };
  const past = afterLearningPhase(recent, run);
  const coming = eachDay(left);
  const plans = [...past.map(({ day }) => plan.ofDay(day)), ...coming.map((day) => plan.ofDay(day))];
  // Spend follows the plan from month to month where every month has one; else it goes on as it is.
  const usual = plans.every((amount) => amount > 0) ? plan.ofDay : (day: Day) => weekdayFactor(pattern, day);
  const paced: readonly PacedDay[] = past.map((day) => ({ usual: usual(day.day), spend: day.spend }));
  const forecast = forecastSpend(paced, coming.map(usual), INTERVAL_LEVEL);
  if (forecast === undefined) return { rest: undefined, learned: past.length };
  const { expected, interval } = forecast;
  return { rest: { expected: expected.toFixed(2), low: interval.low.toFixed(2), high: interval.high.toFixed(2) }, learned: forecast.days };
}

/** Platforms spend less while they learn, in a campaign's first week; it is left out as soon as two weeks beside it are known. */
function afterLearningPhase(past: readonly SpentDay[], { startDate }: Run): readonly SpentDay[] {
  const from = addDays(startDate, LEARNING_PHASE_DAYS);
  const settled = past.filter(({ day }) => day >= from);
  return settled.length >= 2 * LEARNING_PHASE_DAYS ? settled : past;
}

function recentRate({ recent }: PlanAndSpend, asOf: Day): Decimal {
  const from = addDays(asOf, 1 - RATE_DAYS);
  return round(sum(recent.filter(({ day }) => day >= from && day <= asOf).map(({ spend }) => spend)).div(RATE_DAYS));
}

function verdictOf(known: {
  readonly run: Run;
  readonly today: Day;
  readonly asOf: Day;
  readonly days: DayRange | undefined;
  readonly isOver: boolean;
  readonly isKnown: boolean;
  readonly planned: Decimal | null;
  readonly forecast: Pace['forecast'];
}): PacingVerdict {
  const { run, today, asOf, days, isOver, isKnown, planned, forecast } = known;
  if (run.startDate >= today || run.status === 'scheduled' || run.status === 'draft') return 'not_started';
  if (days === undefined) return isOver ? 'ended' : 'not_started';
  if (!isKnown || run.startDate > asOf) return 'no_data';
  if (planned === null) return 'no_plan';
  if (isOver) return 'ended';
  if (forecast === null) return 'no_data';
  if (forecast.low.gt(planned) && forecast.expected.gt(planned.times(1 + TOLERANCE))) return 'over';
  if (forecast.high.lt(planned) && forecast.expected.lt(planned.times(1 - TOLERANCE))) return 'under';
  return 'on_track';
}

/** The campaign as a whole: the sum of its channels, exactly. */
export function wholeOf(channels: readonly PlanAndSpend[]): PlanAndSpend {
  const months = Map.groupBy(
    channels.flatMap(({ plan }) => plan),
    ({ month }) => month,
  );
  const days = Map.groupBy(
    channels.flatMap(({ recent }) => recent),
    ({ day }) => day,
  );
  const inOrder = (one: string, other: string): number => (one < other ? -1 : 1);
  const known = channels.flatMap(({ delivered }) => (delivered === null ? [] : [delivered]));
  return {
    plan: [...months.keys()]
      .sort(inOrder)
      .map((month) => ({ month, planned: sum((months.get(month) ?? []).map(({ planned }) => planned)).toFixed() })),
    delivered: known.length === 0 ? null : sum(known).toFixed(),
    daysKnown: Math.max(0, ...channels.map(({ daysKnown }) => daysKnown)),
    recent: [...days.keys()].sort(inOrder).map((day) => ({ day, spend: sum((days.get(day) ?? []).map(({ spend }) => spend)).toFixed() })),
  };
}

/**
 * The channels of a campaign, with forecasts drawn to the campaign's own so that they add up to it (top-down by forecast proportions: Hyndman & Athanasopoulos, §11.2).
 * What rounding to the cent leaves over goes to the largest.
 */
export function measureChannels(channels: readonly PlanAndSpend[], whole: Pace, run: Run, window: PaceWindow): readonly Pace[] {
  const pattern = weekdayPattern(recentDays(wholeOf(channels), run, window));
  const paces = channels.map((channel) => measurePace(channel, run, window, pattern));
  const rests = paces.map(({ forecast, delivered }) =>
    forecast === null || delivered === null ? null : forecast.expected.minus(delivered),
  );
  const together = rests.every((rest) => rest !== null) ? sum(rests) : null;
  const scale =
    together === null || whole.forecast === null || whole.delivered === null
      ? null
      : (ratio(whole.forecast.expected.minus(whole.delivered), together) ?? decimal(1));
  const scaled = paces.map((pace): Pace => {
    const { forecast, delivered } = pace;
    if (scale === null || forecast === null || delivered === null) return pace;
    const drawn = (value: Decimal): Decimal => round(delivered.plus(value.minus(delivered).times(scale)));
    return { ...pace, forecast: { expected: drawn(forecast.expected), low: drawn(forecast.low), high: drawn(forecast.high) } };
  });
  const settled = settleCents(settleCents(scaled, whole.planned, 'planned'), whole.plannedToDate, 'plannedToDate');
  return scale === null || whole.forecast === null
    ? settled
    : settleForecast(settled, whole.forecast.expected).map((pace) => again(pace, run, window));
}

/** The largest channel takes the cents that rounding left between the channels and the campaign. */
function settleCents(paces: readonly Pace[], whole: Decimal | null, figure: 'planned' | 'plannedToDate'): readonly Pace[] {
  const over = whole?.minus(sum(paces.map((pace) => pace[figure] ?? 0)));
  if (over === undefined || over.isZero()) return paces;
  const largest = largestOf(paces.map((pace) => pace[figure]));
  return paces.map((pace, index) => (index === largest ? { ...pace, [figure]: (pace[figure] ?? decimal(0)).plus(over) } : pace));
}

function settleForecast(paces: readonly Pace[], whole: Decimal): readonly Pace[] {
  const over = whole.minus(sum(paces.map(({ forecast }) => forecast?.expected ?? 0)));
  const largest = largestOf(paces.map(({ forecast }) => forecast?.expected ?? null));
  return paces.map((pace, index) =>
    index === largest && pace.forecast !== null
      ? { ...pace, forecast: { ...pace.forecast, expected: pace.forecast.expected.plus(over) } }
      : pace,
  );
}

function largestOf(values: readonly (Decimal | null)[]): number {
  return values.reduce((best: number, value, index) => {
    const than = values[best];
    return value !== null && (than === null || than === undefined || value.gt(than)) ? index : best;
  }, 0);
}

/** What follows from a forecast, once it has been drawn to the campaign's. */
function again(pace: Pace, run: Run, { today, asOf, period }: PaceWindow): Pace {
  const { planned, forecast } = pace;
  if (planned === null || forecast === null || !['on_track', 'over', 'under'].includes(pace.verdict)) return pace;
  const days = overlap(period, { from: run.startDate, to: run.endDate });
  return {
    ...pace,
    verdict: verdictOf({ run, today, asOf, days, isOver: false, isKnown: true, planned, forecast }),
    moneyAtRisk: forecast.expected.minus(planned).abs(),
  };
}
