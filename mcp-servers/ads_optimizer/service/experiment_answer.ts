import { formatChange, formatCount, formatPercent, formatRatio, round } from '../../../shared/domain/money.ts';
import { table } from '../../../shared/domain/table.ts';
import type { Interval, Proportion } from '../../../shared/statistics/proportions.ts';
import {
  type Comparison,
  type ExperimentReading,
  type ExperimentVerdict,
  LEAST_EVENTS,
  PLANNING_LIFT,
  SIGNIFICANCE,
  SPLIT_SIGNIFICANCE,
} from './experiment_reading.ts';

const METHOD =
  'two-proportion z test; Newcombe (1998) interval of the difference, Katz (1978) of the lift; mSPRT (Johari et al. 2022) for looking while it runs; chi-square for the split (Fabijan et al. 2019)';

const ASSUMES: readonly string[] = [
  'each visitor counts once, in one arm',
  'visitors act independently of each other',
  'a finished experiment ended on a day set beforehand, not because of its result',
];

const P_DIGITS = 6;

/** A p value as answers carry it; below the last digit it is "at most" that, never 0. */
const pOf = (p: number): number => Math.max(10 ** -P_DIGITS, rounded(p, P_DIGITS));
const rounded = (value: number, digits: number): number => round(value, digits).toNumber() + 0;
const percentOf = (fraction: number, digits = 2): number => rounded(fraction * 100, digits);
const intervalOf = ({ low, high, level }: Interval, digits = 2): Interval => ({
  low: percentOf(low, digits),
  high: percentOf(high, digits),
  level,
});
/** Differences of small rates need a third digit. */
const POINT_DIGITS = 3;

/** The reading's figures in percent, as the answer's data carries them; arms without figures and what follows from them are null or absent. */
export function experimentData(reading: ExperimentReading) {
  const { comparison, window, days, verdict } = reading;
  return {
    verdict,
    sentence: verdictSentence(reading),
    nextStep: nextStep(reading),
    experiments: [experimentRow(reading)],
    arms: [...armRow('control', reading.control), ...armRow('treatment', reading.treatment)],
    ...comparisonData(comparison),
    basis: {
      window: window ?? null,
      days,
      visitors: (reading.control?.trials ?? 0) + (reading.treatment?.trials ?? 0),
      method: METHOD,
      assumes: [...ASSUMES],
    },
  };
}

type ExperimentData = ReturnType<typeof experimentData>;
type ExperimentRow = ReturnType<typeof experimentRow>;

function comparisonData(comparison: Comparison | undefined) {
  if (comparison === undefined) {
    return { differencePoints: null, liftPercent: null, test: null, sequential: null, sampleRatio: null, power: null, novelty: null };
  }
  const { difference, lift, test, sequential, split, power, novelty } = comparison;
  return {
    differencePoints: {
      value: percentOf(difference.value, POINT_DIGITS),
      at90: intervalOf(difference.at90, POINT_DIGITS),
      at95: intervalOf(difference.at95, POINT_DIGITS),
    },
    liftPercent: lift === null ? null : { value: percentOf(lift.value), at90: intervalOf(lift.at90), at95: intervalOf(lift.at95) },
    test: { z: rounded(test.z, 3), p: pOf(test.p) },
    sequential: {
      p: pOf(sequential.p),
      differencePoints: sequential.interval === null ? null : intervalOf(sequential.interval, POINT_DIGITS),
    },
    sampleRatio: {
      plannedPercent: percentOf(split.planned),
      observedPercent: percentOf(split.observed),
      chiSquare: rounded(split.chiSquare, 3),
      p: pOf(split.p),
      isAsPlanned: split.p >= SPLIT_SIGNIFICANCE,
    },
    power: {
      planningLiftPercent: percentOf(PLANNING_LIFT),
      powerPercent: percentOf(power.ofPlanningLift, 1),
      minimumDetectableLiftPercent: power.minimumDetectableLift === null ? null : percentOf(power.minimumDetectableLift, 1),
      moreDaysForObservedLift: power.daysForObservedLift,
      moreDaysForPlanningLift: power.daysForPlanningLift,
    },
    novelty:
      novelty === null
        ? null
        : {
            firstHalfPercent: percentOf(novelty.firstHalf),
            secondHalfPercent: percentOf(novelty.secondHalf),
            p: pOf(novelty.p),
            hasChanged: novelty.p < SIGNIFICANCE,
          },
  };
}

function armRow(arm: string, totals: Proportion | undefined) {
  if (totals === undefined) return [];
  const { trials, successes } = totals;
  return [{ arm, visitors: trials, successes, ratePercent: trials === 0 ? null : percentOf(successes / trials, POINT_DIGITS) }];
}

function experimentRow({ experiment, state, verdict, comparison }: ExperimentReading) {
  const { experimentId, name, metric, startedOn, endedOn } = experiment;
  const lift = comparison?.lift ?? null;
  return {
    experimentId,
    name,
    metric,
    state,
    startedOn,
    endedOn,
    verdict,
    liftPercent: lift === null ? null : percentOf(lift.value),
    p: comparison === undefined ? null : pOf(comparison.test.p),
    alwaysValidP: comparison === undefined ? null : pOf(comparison.sequential.p),
  };
}

/** Several experiments of one campaign, a line each; no reading of any is told. */
export function experimentListData(readings: readonly ExperimentReading[], campaign: string) {
  const count = (verdict: ExperimentVerdict): number => readings.filter((reading) => reading.verdict === verdict).length;
  const days = readings.flatMap(({ window }) => (window === undefined ? [] : [window.from, window.to])).sort();
  const [from, to] = [days[0], days.at(-1)];
  return {
    verdict: null,
    sentence:
      readings.length === 0
        ? `No data: ${campaign} has no experiments.`
        : `${campaign} has ${readings.length} experiments: the treatment is better in ${count('treatment_better')}, the control in ${count('control_better')}, ${count('no_difference_found')} found no difference, ${count('not_yet')} need more time, ${count('cannot_say')} cannot be judged.`,
    nextStep: null,
    experiments: readings.map(experimentRow),
    arms: [],
    ...comparisonData(undefined),
    basis: {
      window: from === undefined || to === undefined ? null : { from, to },
      days: Math.max(0, ...readings.map(({ days: number }) => number)),
      visitors: readings.reduce((sum, { control, treatment }) => sum + (control?.trials ?? 0) + (treatment?.trials ?? 0), 0),
      method: METHOD,
      assumes: [...ASSUMES],
    },
  };
}

const percentText = (fraction: number): string => formatPercent(percentOf(fraction, POINT_DIGITS), POINT_DIGITS);
const liftText = ({ value, at95 }: NonNullable<Comparison['lift']>): string =>
  `${formatChange(percentOf(value), 2)} (95 % interval ${formatChange(percentOf(at95.low), 2)} to ${formatChange(percentOf(at95.high), 2)})`;

/** What the experiment says, in one sentence for a marketer. */
function verdictSentence(reading: ExperimentReading): string {
  const { verdict, obstacle, experiment, comparison, control, treatment, state } = reading;
  const counted = (arm: Proportion | undefined): string => formatCount(arm?.successes ?? 0);
  switch (obstacle) {
    case 'not_started':
      return `Nothing can be said: the experiment starts on ${experiment.startedOn}.`;
    case 'no_data':
      return 'No data, which is not zero: no visitor of either arm has been loaded.';
    case 'arm_missing':
      return `Nothing can be said: the ${control === undefined || control.trials === 0 ? 'control' : 'treatment'} arm has no visitors, so there is nothing to compare with.`;
    case 'bad_allocation':
      return `Nothing can be said: the planned share of the treatment is ${experiment.allocation}, which is no split.`;
    case 'sample_ratio':
      return comparison === undefined
        ? ''
        : `Nothing can be said: ${percentText(comparison.split.observed)} of the visitors got the treatment where ${percentText(comparison.split.planned)} were planned, far beyond chance. What broke the split may have made the difference too.`;
    case 'too_few_successes':
      return `Nothing can be said yet: an arm has fewer than ${LEAST_EVENTS} successes (control ${counted(control)}, treatment ${counted(treatment)}) or failures.`;
    case undefined:
      break;
  }
  if (comparison === undefined || comparison.lift === null || control === undefined || treatment === undefined) return '';
  const rates = `${percentText(treatment.successes / treatment.trials)} against ${percentText(control.successes / control.trials)}, a lift of ${liftText(comparison.lift)}`;
  const stillRuns = state === 'running' ? ' It still runs; the reading stays valid although one looks every day.' : '';
  const turned = turnedAround(reading) ? ' On the last day the other arm was ahead: look at the days before acting.' : '';
  switch (verdict) {
    case 'treatment_better':
      return `The treatment is better: ${rates}.${stillRuns}${turned}`;
    case 'control_better':
      return `The control is better; the treatment harms: ${rates}.${stillRuns}${turned}`;
    case 'no_difference_found':
      return `No difference was found: ${rates}. That is not proof that there is none.`;
    case 'not_yet':
      return `Too early to say: ${rates} so far, and it still runs. A winner declared now would too often be chance.`;
    case 'cannot_say':
      return '';
  }
}

/** Whether the arm that won earlier is behind by now. */
function turnedAround({ state, verdict, comparison }: ExperimentReading): boolean {
  if (state !== 'running' || comparison === undefined) return false;
  const { value } = comparison.difference;
  return (verdict === 'treatment_better' && value < 0) || (verdict === 'control_better' && value > 0);
}

/** What to do with the verdict. */
function nextStep(reading: ExperimentReading): string {
  const { obstacle, verdict, comparison, state } = reading;
  switch (obstacle) {
    case 'not_started':
      return 'Ask again when it has run some days.';
    case 'no_data':
      return 'Check that both variants are served and measured; get_data_freshness says when the figures were last loaded.';
    case 'arm_missing':
      return 'Check that both variants are served and measured, then start again.';
    case 'bad_allocation':
      return 'Correct the planned share in PromptAds (between 0 and 1).';
    case 'sample_ratio':
      return 'Find what broke the split (redirects, bots, a late start of one arm), mend it and run the experiment anew.';
    case 'too_few_successes':
      return state === 'running' ? 'Let it run on.' : 'Run it again with more visitors, or on an event that happens more often.';
    case undefined:
      break;
  }
  const caution =
    comparison?.novelty !== undefined && comparison.novelty !== null && comparison.novelty.p < SIGNIFICANCE
      ? ' The lift changed from the first half to the second: it may wear off, so watch it.'
      : '';
  const missing = comparison?.power.minimumDetectableLift ?? null;
  switch (verdict) {
    case 'treatment_better':
      return `Give the treatment to everybody.${caution}`;
    case 'control_better':
      return `Keep the control and stop the treatment.${caution}`;
    case 'no_difference_found':
      return `Keep whichever is cheaper. ${missing === null ? 'This test was too small to find even a doubling.' : `A lift below about ${formatPercent(percentOf(missing, 1), 1)} would mostly have been missed; to look for one, run longer.`}${caution}`;
    case 'not_yet':
      return `${waitText(comparison)}${caution}`;
    case 'cannot_say':
      return 'Let it run on.';
  }
}

function waitText(comparison: Comparison | undefined): string {
  const days = comparison?.power.daysForPlanningLift ?? null;
  const planned = formatPercent(percentOf(PLANNING_LIFT));
  if (days === null)
    return `Let it run on. With these visitors a day a lift of ${planned} is not found within a year: test a bolder change, or give it more traffic.`;
  if (days === 0) return `Let it run to its planned end: it already has the visitors that find a lift of ${planned} with 80 % power.`;
  return `Let it run on: about ${formatCount(days)} more days for 80 % power to find a lift of ${planned}.`;
}

const intervalText = (interval: Interval, digits: number): string =>
  `${formatRatio(interval.low, digits)} to ${formatRatio(interval.high, digits)}`;
const pText = (p: number | null): string => (p === null ? 'no data' : formatRatio(p, P_DIGITS));

/** The answer's figures as lines of text. */
export function experimentText(data: ExperimentData, hypothesis: string): string {
  const { differencePoints, liftPercent, test, sequential, sampleRatio, power, novelty, basis } = data;
  const [row] = data.experiments;
  return [
    `Verdict: ${data.verdict}. ${data.sentence}`,
    `Next step: ${data.nextStep}`,
    ...(row === undefined
      ? []
      : [`${row.name} (${row.experimentId}), ${row.metric}, ${row.state}, ${row.startedOn} to ${row.endedOn ?? 'open'}`]),
    `Hypothesis: ${hypothesis}`,
    ...(data.arms.length === 0 ? [] : [armTable(data.arms)]),
    ...(differencePoints === null
      ? []
      : [
          `Difference in points: ${formatRatio(differencePoints.value, POINT_DIGITS)}; 90 %: ${intervalText(differencePoints.at90, POINT_DIGITS)}; 95 %: ${intervalText(differencePoints.at95, POINT_DIGITS)}`,
        ]),
    ...(liftPercent === null
      ? []
      : [
          `Lift in percent: ${formatRatio(liftPercent.value)}; 90 %: ${intervalText(liftPercent.at90, 2)}; 95 %: ${intervalText(liftPercent.at95, 2)}`,
        ]),
    ...(test === null ? [] : [`At a set end: z ${formatRatio(test.z, 3)}, p ${pText(test.p)}`]),
    ...(sequential === null
      ? []
      : [
          `However often one looks: p ${pText(sequential.p)}${sequential.differencePoints === null ? '' : `, difference 95 %: ${intervalText(sequential.differencePoints, POINT_DIGITS)}`}`,
        ]),
    ...(sampleRatio === null
      ? []
      : [
          `Split: ${formatPercent(sampleRatio.observedPercent)} in the treatment, planned ${formatPercent(sampleRatio.plannedPercent)}; chi-square ${formatRatio(sampleRatio.chiSquare, 3)}, p ${pText(sampleRatio.p)}: ${sampleRatio.isAsPlanned ? 'as planned' : 'not as planned'}`,
        ]),
    ...(power === null ? [] : [powerLine(power)]),
    ...(novelty === null
      ? []
      : [
          `Lift in the first half ${formatPercent(novelty.firstHalfPercent)}, in the second ${formatPercent(novelty.secondHalfPercent)}; p ${pText(novelty.p)}: ${novelty.hasChanged ? 'it changed' : 'no sign of novelty'}`,
        ]),
    basisLine(basis),
  ].join('\n');
}

function powerLine(power: NonNullable<ExperimentData['power']>): string {
  const days = (count: number | null): string => (count === null ? 'out of reach within a year' : formatCount(count));
  return [
    `Power to find a lift of ${formatPercent(power.planningLiftPercent)}: ${formatPercent(power.powerPercent, 1)}`,
    `smallest lift found with 80 %: ${power.minimumDetectableLiftPercent === null ? 'more than a doubling' : formatPercent(power.minimumDetectableLiftPercent, 1)}`,
    `more days for 80 %: ${days(power.moreDaysForObservedLift)} for the observed lift, ${days(power.moreDaysForPlanningLift)} for ${formatPercent(power.planningLiftPercent)}`,
  ].join('; ');
}

function armTable(arms: ExperimentData['arms']): string {
  return table(
    [
      { header: 'Arm', cell: ({ arm }) => arm },
      { header: 'Visitors', cell: ({ visitors }) => formatCount(visitors) },
      { header: 'Successes', cell: ({ successes }) => formatCount(successes) },
      { header: 'Rate', cell: ({ ratePercent }) => formatPercent(ratePercent, POINT_DIGITS) },
    ],
    arms,
  );
}

/** The list of a campaign's experiments as text. */
export function experimentListText({ sentence, experiments, basis }: ReturnType<typeof experimentListData>): string {
  if (experiments.length === 0) return sentence;
  return [
    sentence,
    table<ExperimentRow>(
      [
        { header: 'Experiment', cell: ({ name, experimentId }) => `${name} (${experimentId})` },
        { header: 'Metric', cell: ({ metric }) => metric },
        { header: 'State', cell: ({ state }) => state },
        { header: 'From', cell: ({ startedOn }) => startedOn },
        { header: 'To', cell: ({ endedOn }) => endedOn ?? 'open' },
        { header: 'Verdict', cell: ({ verdict }) => verdict },
        { header: 'Lift', cell: ({ liftPercent }) => formatChange(liftPercent, 2) },
        { header: 'p at a set end', cell: ({ p }) => pText(p) },
        { header: 'p however often one looks', cell: ({ alwaysValidP }) => pText(alwaysValidP) },
      ],
      experiments,
    ),
    basisLine(basis),
  ].join('\n');
}

function basisLine({ window, days, visitors, method, assumes }: ExperimentData['basis']): string {
  const when =
    window === null
      ? 'no days'
      : `${window.from} to ${window.to}, ${formatCount(days)} days with figures, ${formatCount(visitors)} visitors`;
  return `Basis: ${when}. Method: ${method}. Assumes: ${assumes.join('; ')}.`;
}
