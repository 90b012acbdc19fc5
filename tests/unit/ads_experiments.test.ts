import { describe, expect, it } from 'vitest';
import { historyBefore, isoDay } from '../../database/generator/calendar.ts';
import { generateCampaigns } from '../../database/generator/campaigns.ts';
import { generateClients } from '../../database/generator/clients.ts';
import { generateExperiments } from '../../database/generator/experiments.ts';
import { randomStream } from '../../database/generator/random.ts';
import { SCALES } from '../../database/generator/scales.ts';
import type { Experiment, ExperimentDay } from '../../mcp-servers/ads_optimizer/repo/experiments.ts';
import { experimentData } from '../../mcp-servers/ads_optimizer/service/experiment_answer.ts';
import { type ExperimentReading, readExperiment } from '../../mcp-servers/ads_optimizer/service/experiment_reading.ts';
import { alwaysValid, type Look } from '../../mcp-servers/ads_optimizer/service/sequential.ts';
import { addDays } from '../../shared/domain/calendar_day.ts';

const TODAY = '2026-11-21';
const EXPERIMENT: Experiment = {
  experimentId: 'EXP-1',
  campaignId: 'CMP-1',
  campaignName: 'Verano',
  name: 'Botón – Verano',
  hypothesis: 'Vende más',
  metric: 'conversion_rate',
  allocation: '0.5000',
  startedOn: '2026-10-01',
  endedOn: '2026-10-20',
};

type Arms = Readonly<Record<string, readonly [visitors: number, successes: number]>>;
/** The same figures each day of the experiment. */
function days(arms: Arms, count = 20): readonly ExperimentDay[] {
  return Array.from({ length: count }, (_, index) => addDays(EXPERIMENT.startedOn, index)).flatMap((day) =>
    Object.entries(arms).map(([arm, [visitors, successes]]) => ({ experimentId: 'EXP-1', arm, day, visitors, successes })),
  );
}

describe('a reading that may be taken every day', () => {
  const looksOf = (key: string, rate: number, lift: number, visitors: number, share: number, count = 30): readonly Look[] => {
    const random = randomStream(11, key);
    let look: Look = { control: { successes: 0, trials: 0 }, treatment: { successes: 0, trials: 0 } };
    return Array.from({ length: count }, () => {
      const [c, t] = [random.poisson(visitors * (1 - share)), random.poisson(visitors * share)];
      look = {
        control: { trials: look.control.trials + c, successes: look.control.successes + random.poisson(c * rate) },
        treatment: { trials: look.treatment.trials + t, successes: look.treatment.successes + random.poisson(t * rate * (1 + lift)) },
      };
      return look;
    });
  };

  it.each([
    [0.034, 900, 0.5],
    [0.016, 900, 0.2],
    [0.034, 5000, 0.3],
    [0.1, 5000, 0.5],
  ])(
    'errs in at most one in twenty of 1,000 experiments without effect, looked at on 30 days (rate %f, %i visitors, share %f)',
    (rate, visitors, share) => {
      let called = 0;
      let fixedCalled = 0;
      for (let run = 0; run < 1000; run++) {
        const looks = looksOf(`null ${run}`, rate, 0, visitors, share);
        if (alwaysValid(looks).p <= 0.05) called++;
        if (looks.some(({ control, treatment }) => Math.abs(zOf(control, treatment)) > 1.96)) fixedCalled++;
      }
      expect(called / 1000).toBeLessThanOrEqual(0.05);
      // What it is for: the usual test, looked at every day, calls a winner far too often.
      expect(fixedCalled / 1000).toBeGreaterThan(0.15);
    },
  );

  const zOf = (control: Look['control'], treatment: Look['treatment']): number => {
    const pooled = (control.successes + treatment.successes) / (control.trials + treatment.trials);
    const deviation = Math.sqrt(pooled * (1 - pooled) * (1 / control.trials + 1 / treatment.trials));
    return (treatment.successes / treatment.trials - control.successes / control.trials) / deviation;
  };

  it('finds a lift of 30 % in most experiments within 30 days, on the right side', () => {
    const readings = Array.from({ length: 200 }, (_, run) => alwaysValid(looksOf(`lift ${run}`, 0.034, 0.3, 900, 0.5)));
    const found = readings.filter(({ p }) => p <= 0.05);
    expect(found.length).toBeGreaterThan(160);
    expect(found.every(({ ahead }) => ahead === 1)).toBe(true);
  });

  it('its interval holds the true difference on all 30 days in at least 95 % of 300 experiments', () => {
    let held = 0;
    for (let run = 0; run < 300; run++) {
      const looks = looksOf(`interval ${run}`, 0.034, 0.2, 1500, 0.5);
      const always = looks.every((_, index) => {
        const { interval } = alwaysValid(looks.slice(0, index + 1));
        return interval === null || (interval.low <= 0.0068 && interval.high >= 0.0068);
      });
      if (always) held++;
    }
    expect(held / 300).toBeGreaterThanOrEqual(0.95);
  });

  it('says nothing before ten successes an arm', () => {
    expect(alwaysValid([{ control: { successes: 9, trials: 100 }, treatment: { successes: 90, trials: 100 } }])).toEqual({
      p: 1,
      ahead: 0,
      interval: null,
    });
  });
});

describe('the verdict', () => {
  const verdict = (arms: Arms, more: Partial<Experiment> = {}, count = 20) => {
    const reading = readExperiment({ ...EXPERIMENT, ...more }, days(arms, count), TODAY);
    return [reading.verdict, reading.obstacle];
  };

  it.each<[string, Arms, Partial<Experiment>, readonly [string, string | undefined]]>([
    ['a clear winner', { control: [500, 15], treatment: [500, 22] }, {}, ['treatment_better', undefined]],
    ['a clear loser', { control: [500, 22], treatment: [500, 15] }, {}, ['control_better', undefined]],
    ['nothing found', { control: [500, 15], treatment: [500, 16] }, {}, ['no_difference_found', undefined]],
    ['a running one that is not clear', { control: [500, 15], treatment: [500, 18] }, { endedOn: null }, ['not_yet', undefined]],
    ['a running one that is clear', { control: [500, 15], treatment: [500, 30] }, { endedOn: null }, ['treatment_better', undefined]],
    ['a running one with its end set', { control: [500, 15], treatment: [500, 18] }, { endedOn: TODAY }, ['not_yet', undefined]],
    ['a broken split', { control: [500, 15], treatment: [440, 30] }, {}, ['cannot_say', 'sample_ratio']],
    [
      'a split as planned, though uneven',
      { control: [700, 21], treatment: [300, 14] },
      { allocation: '0.3000' },
      ['treatment_better', undefined],
    ],
    ['an arm missing', { control: [500, 15] }, {}, ['cannot_say', 'arm_missing']],
    ['no days', {}, {}, ['cannot_say', 'no_data']],
    ['an arm without visitors', { control: [500, 15], treatment: [0, 0] }, {}, ['cannot_say', 'arm_missing']],
    ['no successes', { control: [500, 0], treatment: [500, 3] }, {}, ['cannot_say', 'too_few_successes']],
    ['no failures', { control: [500, 500], treatment: [500, 480] }, {}, ['cannot_say', 'too_few_successes']],
    ['no split at all', { control: [500, 15], treatment: [500, 15] }, { allocation: '1.0000' }, ['cannot_say', 'bad_allocation']],
    ['not begun', {}, { startedOn: '2026-12-01', endedOn: null }, ['cannot_say', 'not_started']],
  ])('%s', (_, arms, more, expected) => {
    expect(verdict(arms, more)).toEqual(expected);
  });

  it('a running one of which the usual test is significant is still not called', () => {
    const reading = readExperiment({ ...EXPERIMENT, endedOn: null }, days({ control: [1000, 30], treatment: [1000, 34] }), TODAY);
    expect(reading.comparison?.test.p).toBeLessThan(0.05);
    expect(reading.verdict).toBe('not_yet');
  });

  it('swapping the arms mirrors the result', () => {
    const arms: Arms = { control: [700, 24], treatment: [300, 14] };
    const mirrored: Arms = { control: [300, 14], treatment: [700, 24] };
    const one = readExperiment({ ...EXPERIMENT, allocation: '0.3000' }, days(arms), TODAY);
    const other = readExperiment({ ...EXPERIMENT, allocation: '0.7000' }, days(mirrored), TODAY);
    const [a, b] = [one.comparison, other.comparison];
    expect([one.verdict, other.verdict].sort()).toEqual(['control_better', 'treatment_better']);
    expect(a?.difference.value).toBeCloseTo(-(b?.difference.value ?? 0), 12);
    expect(a?.difference.at95.low).toBeCloseTo(-(b?.difference.at95.high ?? 0), 12);
    expect((1 + (a?.lift?.at90.low ?? 0)) * (1 + (b?.lift?.at90.high ?? 0))).toBeCloseTo(1, 10);
    expect(a?.test.p).toBeCloseTo(b?.test.p ?? 0, 12);
    expect(a?.sequential.p).toBeCloseTo(b?.sequential.p ?? 0, 12);
    expect(a?.split.p).toBeCloseTo(b?.split.p ?? 0, 9);
  });

  it('notices a lift that wears off, and calls a steady one steady', () => {
    const early = days({ control: [1000, 30], treatment: [1000, 60] }).filter(({ day }) => day <= '2026-10-10');
    const late = days({ control: [1000, 30], treatment: [1000, 31] }).filter(({ day }) => day > '2026-10-10');
    const fading = experimentData(readExperiment(EXPERIMENT, [...early, ...late], TODAY));
    expect(fading.novelty).toMatchObject({ firstHalfPercent: 100, secondHalfPercent: 3.33, hasChanged: true });
    expect(fading.nextStep).toContain('may wear off');
    const steady = experimentData(readExperiment(EXPERIMENT, days({ control: [1000, 30], treatment: [1000, 40] }), TODAY));
    expect(steady.novelty?.hasChanged).toBe(false);
    expect(steady.nextStep).not.toContain('wear off');
  });

  it('tells how many more days are needed, none once there are enough', () => {
    const of = (visitors: number, successes: number) =>
      experimentData(
        readExperiment({ ...EXPERIMENT, endedOn: null }, days({ control: [visitors, successes], treatment: [visitors, successes] }), TODAY),
      ).power;
    expect(of(1000, 30)?.moreDaysForPlanningLift).toBeGreaterThan(20);
    expect(of(100_000, 3000)?.moreDaysForPlanningLift).toBe(0);
    expect(of(100, 3)?.moreDaysForPlanningLift).toBeNull();
    expect(of(1000, 30)?.moreDaysForObservedLift).toBeNull();
  });
});

describe('on generated experiments, whose true lift is known', () => {
  const history = historyBefore(TODAY);
  const campaigns = generateCampaigns(5, history, generateClients(5, SCALES.full.clients), { ...SCALES.full.campaigns, count: 300 });
  const generated = generateExperiments(5, history, campaigns, 600).map((experiment) => {
    const of: Experiment = {
      ...EXPERIMENT,
      experimentId: experiment.experimentId,
      metric: experiment.metric,
      allocation: (experiment.allocation / 10_000).toFixed(4),
      startedOn: isoDay(history, experiment.startedOn),
      endedOn: experiment.endedOn === null ? null : isoDay(history, experiment.endedOn),
    };
    const rows = experiment.days.map((day) => ({ ...day, experimentId: experiment.experimentId, day: isoDay(history, day.day) }));
    return { trueLift: experiment.trueLift, reading: readExperiment(of, rows, TODAY) };
  });
  const called = ({ verdict }: ExperimentReading): boolean => verdict === 'treatment_better' || verdict === 'control_better';

  it('calls a winner in at most 7 % of those without effect, in at most 5 % of the running ones', () => {
    const idle = generated.filter(({ trueLift }) => trueLift === 0);
    const wrong = idle.filter(({ reading }) => called(reading));
    expect(idle.length).toBeGreaterThan(150);
    expect(wrong.length / idle.length).toBeLessThan(0.07);
    const running = idle.filter(({ reading }) => reading.state === 'running');
    expect(running.length).toBeGreaterThan(20);
    expect(running.filter(({ reading }) => called(reading)).length / running.length).toBeLessThanOrEqual(0.05);
  });

  it('of those with an effect it calls the wrong arm in less than 1 %', () => {
    const effective = generated.filter(({ trueLift }) => trueLift !== 0);
    const wrong = effective.filter(({ trueLift, reading }) => called(reading) && (reading.verdict === 'treatment_better') !== trueLift > 0);
    expect(wrong.length / effective.length).toBeLessThan(0.01);
    const strong = generated.filter(({ trueLift, reading }) => trueLift >= 0.3 && reading.state === 'finished');
    expect(strong.filter(({ reading }) => reading.verdict === 'treatment_better').length / strong.length).toBeGreaterThan(0.6);
  });

  it('its intervals hold the true lift as often as they say', () => {
    const lifts = generated.flatMap(({ trueLift, reading }) =>
      reading.comparison?.lift ? [{ trueLift, lift: reading.comparison.lift }] : [],
    );
    const held = (level: 'at90' | 'at95'): number =>
      lifts.filter(({ trueLift, lift }) => lift[level].low <= trueLift && trueLift <= lift[level].high).length / lifts.length;
    expect(held('at90')).toBeGreaterThan(0.87);
    expect(held('at90')).toBeLessThan(0.93);
    expect(held('at95')).toBeGreaterThan(0.93);
    expect(held('at95')).toBeLessThan(0.975);
  });
});
