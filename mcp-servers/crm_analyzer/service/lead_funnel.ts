import type { DayRange } from '../../../shared/domain/calendar_day.ts';
import { formatCount, formatPercent, toAnswerNumber } from '../../../shared/domain/money.ts';
import { table } from '../../../shared/domain/table.ts';
import { qValues } from '../../../shared/statistics/multiple_testing.ts';
import { type Proportion, twoProportionTest, wilsonInterval } from '../../../shared/statistics/proportions.ts';
import type { FunnelCounts, StepCount, StepDays, StepTime, StepTimes } from '../repo/leads.ts';
import { FUNNEL, ofSteps, STEPS, type Step } from './lead_funnel_steps.ts';
import { percentOf } from './lead_metrics_percent.ts';
import { isSmall } from './small_groups.ts';

const INTERVAL_LEVEL = 0.9;
const FALSE_DISCOVERIES = 0.1;
/** Below so many moves their 90th percentile says little. */
const ENOUGH_MOVES = 30;
/** The two-proportion test is a normal approximation: it wants so many expected in each of its four cells. */
const EXPECTED_IN_CELL = 5;
const SHORTEST_DAYS = 1;

/** What a step is in comparison with other times. */
export type StepVerdict = 'worse' | 'usual' | 'better' | 'cannot_say';

export type FunnelStep = {
  readonly from: Step;
  readonly to: string;
  /** Got to the stage, and to the next one, by now. */
  readonly entered: number | null;
  readonly reachedNext: number | null;
  /** Entered too lately to be judged. */
  readonly tooYoung: number | null;
  /** Entered at least `followDays` ago; of these, got to the next stage within as many days. */
  readonly followed: number | null;
  readonly movedOn: number | null;
  readonly conversionPercent: number | null;
  /** Wilson's 90 % interval. */
  readonly lowPercent: number | null;
  readonly highPercent: number | null;
  /** followed − movedOn = lost + waiting + late. */
  readonly dropOff: number | null;
  readonly lost: number | null;
  readonly waiting: number | null;
  readonly late: number | null;
  readonly followDays: number;
  readonly medianDays: number | null;
  readonly p90Days: number | null;
  readonly usualPercent: number | null;
  readonly usualFollowed: number;
  readonly q: number | null;
  readonly verdict: StepVerdict;
  /** Leads fewer than usual moved on (usual rate × followed − movedOn), where it is worse. */
  readonly missing: number | null;
};

export type LeadFunnel = {
  readonly status: 'data' | 'no_data' | 'too_few';
  readonly scope: string;
  readonly leads: number | null;
  readonly won: number | null;
  readonly lost: number | null;
  readonly steps: readonly FunnelStep[];
  /** The step that is worse than usual and costs most leads: 'contacted → qualified'. */
  readonly worst: string | null;
  readonly basis: {
    readonly window: DayRange;
    readonly usualWindow: DayRange;
    readonly usualOf: string;
    readonly usualLeads: number;
    readonly method: string;
    readonly assumes: readonly string[];
  };
};

/** Whether some step was taken too seldom for its own follow-up time. */
export const lacksMoves = (times: StepTimes): boolean => STEPS.some((step) => times[step].moves < ENOUGH_MOVES);

/**
 * Days a lead is given to move on: the 90th percentile of those who did at usual times, whole days, at least one; of the wider circle
 * where too few did. A step nobody took, in either, is given the longest of the others.
 */
export function followUpDays(usual: StepTimes, wider: StepTimes | undefined): StepDays {
  const read = (step: Step): number | null => {
    const own = usual[step];
    const chosen = own.moves >= ENOUGH_MOVES || wider === undefined || wider[step].moves < own.moves ? own : wider[step];
    return chosen.p90 === null ? null : Math.max(SHORTEST_DAYS, Math.ceil(chosen.p90));
  };
  const found = ofSteps(read);
  const longest = Math.max(SHORTEST_DAYS, ...STEPS.map((step) => found[step] ?? 0));
  return ofSteps((step) => found[step] ?? longest);
}

export type FunnelRead = {
  readonly scope: string;
  readonly window: DayRange;
  readonly usualWindow: DayRange;
  readonly usualOf: string;
  readonly counts: FunnelCounts;
  readonly usual: FunnelCounts;
  /** How long the asked leads took. */
  readonly times: StepTimes;
  readonly days: StepDays;
  readonly mayIdentify: boolean;
};

const METHOD =
  'A step is judged on leads that entered its stage at least followDays ago, by whether they moved on within as many days; the same for the usual leads. Two-proportion test, q by Benjamini and Hochberg over the steps; worse or better: q ≤ 0.1. Intervals: Wilson, 90 %.';
const ASSUMES = [
  'followDays = 90th percentile of the days that moving on took at usual times',
  'A stage that was passed over counts as reached',
  'Leads move on independently of each other',
];

/** The funnel of some leads beside the usual one. Of fewer than five customers, in all or in a step, nothing is told but that, unless the caller may see persons. */
export function describeFunnel(read: FunnelRead): LeadFunnel {
  const { counts, usual, mayIdentify, scope, window, usualWindow, usualOf } = read;
  const tooFew = !mayIdentify && isSmall(counts.customers);
  const hidesUsual = !mayIdentify && isSmall(usual.customers);
  const basis = { window, usualWindow, usualOf, usualLeads: hidesUsual ? 0 : usual.leads, method: METHOD, assumes: ASSUMES };
  if (counts.leads === 0 || tooFew) {
    const none = tooFew ? null : 0;
    return { status: tooFew ? 'too_few' : 'no_data', scope, leads: none, won: none, lost: none, steps: [], worst: null, basis };
  }
  const usualOfStep = (step: Step): StepCount | undefined => {
    const count = usual.steps[step];
    return !mayIdentify && isSmall(count.followedCustomers) ? undefined : count;
  };
  const isTold = (step: Step): boolean => mayIdentify || !isSmall(counts.steps[step].followedCustomers);
  const tests = STEPS.map((step) => {
    const before = usualOfStep(step);
    return before === undefined || !isTold(step) ? null : compareRates(rateOf(counts.steps[step]), rateOf(before));
  });
  const q = qValues(tests.flatMap((test) => (test === null ? [] : [test.p])));
  let tested = 0;
  const qOfStep = tests.map((test) => (test === null ? null : (q[tested++] ?? null)));
  const steps = STEPS.map((step, index) => {
    const next = STEPS[index + 1];
    const reachedNext = next === undefined ? counts.won : counts.steps[next].entered;
    return stepRow(
      step,
      counts.steps[step],
      read.times[step],
      reachedNext,
      read.days[step],
      usualOfStep(step),
      tests[index] ?? null,
      qOfStep[index] ?? null,
      isTold(step),
    );
  });
  const worst = steps
    .filter(({ verdict }) => verdict === 'worse')
    .sort((one, other) => (other.missing ?? 0) - (one.missing ?? 0))
    .at(0);
  return {
    status: 'data',
    scope,
    leads: counts.leads,
    won: counts.won,
    lost: counts.lost,
    steps,
    worst: worst === undefined ? null : `${worst.from} → ${worst.to}`,
    basis,
  };
}

const rateOf = ({ moved, followed }: StepCount): Proportion => ({ successes: moved, trials: followed });

/** The test of a rate against the usual one; null where there is too little for it. */
function compareRates(now: Proportion, usual: Proportion): { readonly z: number; readonly p: number } | null {
  if (now.trials === 0 || usual.trials === 0) return null;
  const pooled = (now.successes + usual.successes) / (now.trials + usual.trials);
  const least = Math.min(now.trials, usual.trials) * Math.min(pooled, 1 - pooled);
  return least < EXPECTED_IN_CELL ? null : twoProportionTest(now, usual);
}

const HUNDREDTHS = (share: number): number => toAnswerNumber(String(100 * share), 1);

function stepRow(
  step: Step,
  count: StepCount,
  time: StepTime,
  reachedNext: number,
  followDays: number,
  usual: StepCount | undefined,
  test: { readonly z: number } | null,
  q: number | null,
  isTold: boolean,
): FunnelStep {
  const usualPercent = usual === undefined ? null : percentOf(usual.moved, usual.followed);
  const named = {
    from: step,
    to: FUNNEL[STEPS.indexOf(step) + 1] ?? 'won',
    followDays,
    usualPercent,
    usualFollowed: usual?.followed ?? 0,
  };
  if (!isTold) {
    return {
      ...named,
      entered: null,
      reachedNext: null,
      tooYoung: null,
      followed: null,
      movedOn: null,
      conversionPercent: null,
      lowPercent: null,
      highPercent: null,
      dropOff: null,
      lost: null,
      waiting: null,
      late: null,
      medianDays: null,
      p90Days: null,
      q: null,
      verdict: 'cannot_say',
      missing: null,
    };
  }
  const { entered, followed, moved } = count;
  const interval = followed === 0 ? null : wilsonInterval({ successes: moved, trials: followed }, INTERVAL_LEVEL);
  const isOff = test !== null && q !== null && q <= FALSE_DISCOVERIES;
  const verdict: StepVerdict = test === null ? 'cannot_say' : isOff ? (test.z < 0 ? 'worse' : 'better') : 'usual';
  return {
    ...named,
    entered,
    reachedNext,
    tooYoung: entered - followed,
    followed,
    movedOn: moved,
    conversionPercent: percentOf(moved, followed),
    lowPercent: interval === null ? null : HUNDREDTHS(interval.low),
    highPercent: interval === null ? null : HUNDREDTHS(interval.high),
    dropOff: followed - moved,
    lost: count.lost,
    waiting: count.waiting,
    late: count.late,
    medianDays: time.median,
    p90Days: time.p90,
    q: q === null ? null : toAnswerNumber(String(q), 4),
    verdict,
    missing: verdict === 'worse' && usual !== undefined ? Math.round((usual.moved / usual.followed) * followed - moved) : null,
  };
}

const VERDICTS: Readonly<Record<StepVerdict, string>> = { worse: 'WORSE', usual: 'as usual', better: 'better', cannot_say: 'cannot say' };

/** The same figures as a table. */
export function leadFunnelText({ status, scope, leads, won, lost, steps, worst, basis }: LeadFunnel): string {
  if (status === 'no_data') return `No leads of ${scope} in this period.`;
  if (status === 'too_few') return `${scope}: <5 customers, not broken down.`;
  const count = (value: number | null): string => (value === null ? '<5' : formatCount(value));
  const days = (value: number | null): string => (value === null ? '' : String(value));
  const worse = steps.find(({ from, to }) => worst === `${from} → ${to}`);
  return [
    `${scope}: ${formatCount(leads)} leads, ${formatCount(won)} won, ${formatCount(lost)} lost.`,
    worse === undefined
      ? 'No step is worse than usual.'
      : `Worst: ${worst}, ${formatPercent(worse.conversionPercent, 1)} instead of the usual ${formatPercent(worse.usualPercent, 1)}: ${formatCount(worse.missing)} leads fewer moved on.`,
    table<FunnelStep>(
      [
        { header: 'Step', cell: ({ from, to }) => `${from} → ${to}` },
        { header: 'Entered', cell: ({ entered }) => count(entered) },
        { header: 'Next reached', cell: ({ reachedNext, entered }) => (entered === null ? '' : count(reachedNext)) },
        { header: 'Too young', cell: ({ tooYoung, entered }) => (entered === null ? '' : count(tooYoung)) },
        { header: 'Followed', cell: ({ followed }) => count(followed) },
        { header: 'Moved on', cell: ({ movedOn, followed }) => (followed === null ? '' : count(movedOn)) },
        {
          header: 'Conversion (90 % interval)',
          cell: ({ conversionPercent: rate, lowPercent: low, highPercent: high }) =>
            rate === null ? 'no data' : `${formatPercent(rate, 1)} (${low} to ${high})`,
        },
        {
          header: 'Usual',
          cell: ({ usualPercent, usualFollowed }) => `${formatPercent(usualPercent, 1)} of ${formatCount(usualFollowed)}`,
        },
        { header: 'Verdict (q)', cell: ({ verdict, q }) => (q === null ? VERDICTS[verdict] : `${VERDICTS[verdict]} (${q})`) },
        {
          header: 'Drop-off: lost, waiting, late',
          cell: ({ dropOff, lost: gone, waiting, late }) => (dropOff === null ? '' : `${dropOff}: ${gone}, ${waiting}, ${late}`),
        },
        { header: 'Follow days', cell: ({ followDays }) => String(followDays) },
        { header: 'Median days', cell: ({ medianDays }) => days(medianDays) },
        { header: '90 % within', cell: ({ p90Days }) => days(p90Days) },
      ],
      steps,
    ),
    `Usual: ${basis.usualOf}, ${formatCount(basis.usualLeads)} leads, ${basis.usualWindow.from} to ${basis.usualWindow.to}.`,
    `${basis.method} ${basis.assumes.join('; ')}.`,
  ].join('\n');
}
