import { twoSidedP } from '../../../shared/statistics/normal.ts';
import {
  differenceInterval,
  type Interval,
  liftInterval,
  logRatio,
  minimumDetectableLift,
  type Proportion,
  powerOf,
  splitTest,
  twoProportionTest,
  visitorsNeeded,
} from '../../../shared/statistics/proportions.ts';
import type { Experiment, ExperimentDay } from '../repo/experiments.ts';
import { type AlwaysValidReading, alwaysValid, type Look } from './sequential.ts';

export type ExperimentVerdict = 'treatment_better' | 'control_better' | 'no_difference_found' | 'not_yet' | 'cannot_say';

/** What an experiment's numbers say. Rates, differences and lifts are fractions: 0.1 is ten percent. */
export type ExperimentReading = {
  readonly experiment: Experiment;
  readonly state: 'not_started' | 'running' | 'finished';
  readonly verdict: ExperimentVerdict;
  /** What keeps a verdict from being given; undefined when one is. */
  readonly obstacle: Obstacle | undefined;
  readonly control: Proportion | undefined;
  readonly treatment: Proportion | undefined;
  /** First and last day with figures; undefined without any. */
  readonly window: { readonly from: string; readonly to: string } | undefined;
  readonly days: number;
  /** Undefined when an arm has no visitor. */
  readonly comparison: Comparison | undefined;
};

export type Obstacle = 'not_started' | 'no_data' | 'arm_missing' | 'bad_allocation' | 'sample_ratio' | 'too_few_successes';

export type Comparison = {
  readonly difference: { readonly value: number; readonly at90: Interval; readonly at95: Interval };
  /** Null when an arm has no success. */
  readonly lift: { readonly value: number; readonly at90: Interval; readonly at95: Interval } | null;
  readonly test: { readonly z: number; readonly p: number };
  readonly sequential: AlwaysValidReading;
  readonly split: { readonly planned: number; readonly observed: number; readonly chiSquare: number; readonly p: number };
  readonly power: {
    /** Chance that a test of this size finds a treatment that is PLANNING_LIFT better. */
    readonly ofPlanningLift: number;
    /** Smallest lift that it finds with 80 %; null beyond a doubling. */
    readonly minimumDetectableLift: number | null;
    /** Further days, at the visitors a day so far, until the observed lift would be found with 80 %; null when it is zero or out of reach. */
    readonly daysForObservedLift: number | null;
    readonly daysForPlanningLift: number | null;
  };
  /** Whether the lift of the second half of the days differs from the first's; null when a half is too thin to say. */
  readonly novelty: { readonly firstHalf: number; readonly secondHalf: number; readonly p: number } | null;
};

/** Significance of every verdict, two-sided. */
export const SIGNIFICANCE = 0.05;
/**
 * Below this the split of visitors is not what was planned, and whatever broke it may have made the result: A. Fabijan et al., "Diagnosing sample ratio mismatch
 * in online controlled experiments", KDD 2019, use 0.0005.
 */
export const SPLIT_SIGNIFICANCE = 0.0005;
/** Successes, and failures, that each arm needs before the normal approximation carries anything. */
export const LEAST_EVENTS = 10;
/** The effect that power is told for: one a marketer would act on. Power at the observed effect says no more than p does (Hoenig & Heisey 2001). */
export const PLANNING_LIFT = 0.1;
const LEAST_DAYS_A_HALF = 4;
/** No experiment is planned for longer. */
const LONGEST_DAYS = 365;

/**
 * Reads an experiment from its complete days. A finished one is judged by the test at its end, a running one only by the reading that stays valid however often
 * one looks. `today` decides whether it runs.
 */
export function readExperiment(experiment: Experiment, rows: readonly ExperimentDay[], today: string): ExperimentReading {
  const days = [...new Set(rows.map(({ day }) => day))].sort();
  const [first, last] = [days[0], days.at(-1)];
  const control = armOf(rows, 'control');
  const treatment = armOf(rows, 'treatment');
  const share = Number(experiment.allocation);
  const state = stateOf(experiment, today);
  const comparison =
    control === undefined || treatment === undefined || control.trials === 0 || treatment.trials === 0 || !(share > 0 && share < 1)
      ? undefined
      : compareArms(control, treatment, share, days, rows);
  const obstacle = obstacleOf(state, control, treatment, share, comparison);
  return {
    experiment,
    state,
    verdict: obstacle === undefined && comparison !== undefined ? verdictOf(state, comparison) : 'cannot_say',
    obstacle,
    control,
    treatment,
    window: first === undefined || last === undefined ? undefined : { from: first, to: last },
    days: days.length,
    comparison,
  };
}

function stateOf({ startedOn, endedOn }: Experiment, today: string): ExperimentReading['state'] {
  if (startedOn > today) return 'not_started';
  return endedOn === null || endedOn >= today ? 'running' : 'finished';
}

/** An arm's totals; undefined when it has no day. */
function armOf(rows: readonly ExperimentDay[], arm: string): Proportion | undefined {
  const own = rows.filter((row) => row.arm === arm);
  if (own.length === 0) return undefined;
  return {
    successes: own.reduce((count, { successes }) => count + successes, 0),
    trials: own.reduce((count, { visitors }) => count + visitors, 0),
  };
}

function obstacleOf(
  state: ExperimentReading['state'],
  control: Proportion | undefined,
  treatment: Proportion | undefined,
  share: number,
  comparison: Comparison | undefined,
): Obstacle | undefined {
  if (state === 'not_started') return 'not_started';
  if (control === undefined && treatment === undefined) return 'no_data';
  if (!(share > 0 && share < 1)) return 'bad_allocation';
  if (control === undefined || treatment === undefined || comparison === undefined) return 'arm_missing';
  if (comparison.split.p < SPLIT_SIGNIFICANCE) return 'sample_ratio';
  const rarest = Math.min(...[control, treatment].flatMap(({ successes, trials }) => [successes, trials - successes]));
  return rarest < LEAST_EVENTS ? 'too_few_successes' : undefined;
}

function verdictOf(state: ExperimentReading['state'], { difference, test, sequential }: Comparison): ExperimentVerdict {
  if (state === 'running') {
    if (sequential.p > SIGNIFICANCE) return 'not_yet';
    return sequential.ahead > 0 ? 'treatment_better' : 'control_better';
  }
  if (test.p > SIGNIFICANCE) return 'no_difference_found';
  return difference.value > 0 ? 'treatment_better' : 'control_better';
}

function compareArms(
  control: Proportion,
  treatment: Proportion,
  share: number,
  days: readonly string[],
  rows: readonly ExperimentDay[],
): Comparison {
  const controlRate = control.successes / control.trials;
  const treatmentRate = treatment.successes / treatment.trials;
  const trials = { control: control.trials, treatment: treatment.trials };
  const total = control.trials + treatment.trials;
  const [lift90, lift95] = [liftInterval(treatment, control, 0.9), liftInterval(treatment, control, 0.95)];
  const furtherDays = (rate: number): number | null => {
    const needed = visitorsNeeded({ control: controlRate, treatment: rate }, share) / (total / days.length) - days.length;
    return needed > LONGEST_DAYS || Number.isNaN(needed) ? null : Math.max(0, Math.ceil(needed));
  };
  const planned = Math.min(1, controlRate * (1 + PLANNING_LIFT));
  return {
    difference: {
      value: treatmentRate - controlRate,
      at90: differenceInterval(treatment, control, 0.9),
      at95: differenceInterval(treatment, control, 0.95),
    },
    lift: lift90 === null || lift95 === null ? null : { value: treatmentRate / controlRate - 1, at90: lift90, at95: lift95 },
    test: twoProportionTest(treatment, control),
    sequential: alwaysValid(looksOf(days, rows)),
    split: { planned: share, observed: treatment.trials / total, ...splitTest(trials, share) },
    power: {
      ofPlanningLift: powerOf({ control: controlRate, treatment: planned }, trials),
      minimumDetectableLift: minimumDetectableLift(controlRate, trials),
      daysForObservedLift: furtherDays(treatmentRate),
      daysForPlanningLift: furtherDays(planned),
    },
    novelty: noveltyOf(days, rows),
  };
}

/** Both arms to the end of each day. */
function looksOf(days: readonly string[], rows: readonly ExperimentDay[]): readonly Look[] {
  const byDay = Map.groupBy(rows, ({ day }) => day);
  let look: Look = { control: { successes: 0, trials: 0 }, treatment: { successes: 0, trials: 0 } };
  return days.map((day) => {
    const today = byDay.get(day) ?? [];
    look = { control: plus(look.control, armOf(today, 'control')), treatment: plus(look.treatment, armOf(today, 'treatment')) };
    return look;
  });
}

const plus = (one: Proportion, other: Proportion | undefined): Proportion =>
  other === undefined ? one : { successes: one.successes + other.successes, trials: one.trials + other.trials };

/** Compares the logarithms of the two halves' rate ratios: independent, each nearly normal. */
function noveltyOf(days: readonly string[], rows: readonly ExperimentDay[]): Comparison['novelty'] {
  const half = Math.floor(days.length / 2);
  const middle = days[half];
  if (half < LEAST_DAYS_A_HALF || middle === undefined) return null;
  const [first, second] = [rows.filter(({ day }) => day < middle), rows.filter(({ day }) => day >= middle)].map((part) => {
    const [control, treatment] = [armOf(part, 'control'), armOf(part, 'treatment')];
    if (control === undefined || treatment === undefined) return null;
    return Math.min(control.successes, treatment.successes) < LEAST_EVENTS ? null : logRatio(treatment, control);
  });
  if (first === null || second === null || first === undefined || second === undefined) return null;
  const z = (second.value - first.value) / Math.hypot(first.standardError, second.standardError);
  return { firstHalf: Math.expm1(first.value), secondHalf: Math.expm1(second.value), p: twoSidedP(z) };
}
