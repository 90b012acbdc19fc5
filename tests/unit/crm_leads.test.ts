import { describe, expect, it } from 'vitest';
import type { FunnelCounts, StepCount } from '../../mcp-servers/crm_analyzer/repo/leads.ts';
import { cohortRange, followCohorts } from '../../mcp-servers/crm_analyzer/service/lead_cohorts.ts';
import { describeFunnel, followUpDays, lacksMoves } from '../../mcp-servers/crm_analyzer/service/lead_funnel.ts';
import { ofSteps } from '../../mcp-servers/crm_analyzer/service/lead_funnel_steps.ts';
import { withheld } from '../../mcp-servers/crm_analyzer/service/small_groups.ts';
import { LeadGrouping, LeadSource } from '../../mcp-servers/crm_analyzer/tools/lead_arguments.ts';
import { SMALLEST_GROUP } from '../../shared/access/smallest_group.ts';
import { randomOf } from '../../shared/statistics/random.ts';

describe('small groups are not told (S5)', () => {
  const sumOf = (sizes: readonly number[], is: readonly boolean[]): number =>
    sizes.reduce((sum, size, index) => sum + (is[index] === true ? size : 0), 0);

  it('by themselves, nor by what is left of the total', () => {
    expect(withheld([40, 12, 7, 3])).toEqual([false, false, true, true]);
    expect(withheld([40, 12, 3, 3])).toEqual([false, false, true, true]);
    expect(withheld([40, 12, 7])).toEqual([false, false, false]);
    expect(withheld([40, 12, 0])).toEqual([false, false, false]);
    expect(withheld([4])).toEqual([true]);
    expect(withheld([40, 12, 7], [false, false, true])).toEqual([false, false, true]);
    expect(withheld([40, 12, 2], [false, false, true])).toEqual([false, true, true]);
  });

  it('in any mixture of sizes', () => {
    const random = randomOf('small groups');
    for (let round = 0; round < 2000; round++) {
      const sizes = Array.from({ length: 1 + Math.floor(random.unit() * 8) }, () => Math.floor(random.unit() ** 3 * 30));
      const hidden = withheld(sizes);
      for (const [index, size] of sizes.entries()) {
        if (hidden[index] === false) expect(size === 0 || size >= SMALLEST_GROUP, String(sizes)).toBe(true);
      }
      const together = sumOf(sizes, hidden);
      const everybody = sizes.reduce((sum, size) => sum + size, 0);
      expect(together === 0 || together >= SMALLEST_GROUP || together === everybody, String(sizes)).toBe(true);
    }
  });
});

const step = (followed: number, moved: number, more: Partial<StepCount> = {}): StepCount => ({
  entered: followed,
  followed,
  followedCustomers: followed,
  moved,
  lost: followed - moved,
  late: 0,
  waiting: 0,
  ...more,
});
const counts = (...steps: readonly (readonly [number, number])[]): FunnelCounts => {
  const [one, two, three, four] = steps.map(([followed, moved]) => step(followed, moved)) as [StepCount, StepCount, StepCount, StepCount];
  return {
    leads: one.entered,
    customers: one.entered,
    won: four.moved,
    lost: 0,
    steps: { new: one, contacted: two, qualified: three, proposal: four },
  };
};

const read = (now: FunnelCounts, usual: FunnelCounts, mayIdentify = false) =>
  describeFunnel({
    scope: 'all leads',
    window: { from: '2026-10-01', to: '2026-10-31' },
    usualWindow: { from: '2025-10-01', to: '2026-09-30' },
    usualOf: 'leads of the company',
    counts: now,
    usual,
    times: ofSteps(() => ({ moves: 100, median: 1, p90: 3 })),
    days: ofSteps(() => 5),
    mayIdentify,
  });

describe('the funnel beside the usual one', () => {
  const usual = counts([2000, 1700], [1700, 1000], [1000, 600], [600, 300]);

  it('the same rates are as usual, at any size', () => {
    const { steps, worst } = read(counts([200, 170], [170, 100], [100, 60], [60, 30]), usual);
    expect(steps.map(({ verdict }) => verdict)).toEqual(['usual', 'usual', 'usual', 'usual']);
    expect(worst).toBeNull();
  });

  it('a step that fell is worse, and says how many leads it cost; one that rose is better', () => {
    const { steps, worst } = read(counts([200, 170], [170, 60], [60, 55], [55, 27]), usual);
    expect(steps.map(({ verdict }) => verdict)).toEqual(['usual', 'worse', 'better', 'usual']);
    expect(worst).toBe('contacted → qualified');
    expect(steps[1]).toMatchObject({ conversionPercent: 35.3, usualPercent: 58.8, missing: 40, dropOff: 110 });
  });

  it('p and q as R gives them', () => {
    // p.adjust(c(prop.test(c(170, 1700), c(200, 2000), correct = FALSE)$p.value, …), "BH") for 60/170 against 1000/1700 and 55/60 against 600/1000:
    // z = -5.912 and 4.881, both times 4 over their rank; 27/55 against 300/600 is z = -0.128, p 0.898.
    const { steps } = read(counts([200, 170], [170, 60], [60, 55], [55, 27]), usual);
    expect(steps[3]?.q).toBe(1);
    expect(steps[1]?.q).toBeLessThan(0.0001);
    // Wilson at 90 %: 60 of 170 (z 1.6449): 29.5 to 41.5.
    expect(steps[1]).toMatchObject({ lowPercent: 29.5, highPercent: 41.5 });
  });

  it('says nothing where there is too little', () => {
    const { steps } = read(counts([12, 10], [10, 5], [5, 3], [3, 1]), usual);
    expect(steps.map(({ verdict }) => verdict)).toEqual(['cannot_say', 'cannot_say', 'cannot_say', 'cannot_say']);
    expect(steps[3]).toMatchObject({ followed: null, movedOn: null, conversionPercent: null, lost: null });
    expect(read(counts([12, 10], [10, 5], [5, 3], [3, 1]), usual, true).steps[3]).toMatchObject({ followed: 3, movedOn: 1 });
    expect(read(counts([4, 4], [4, 4], [4, 4], [4, 4]), usual)).toMatchObject({ status: 'too_few', leads: null, steps: [] });
    expect(read(counts([0, 0], [0, 0], [0, 0], [0, 0]), usual)).toMatchObject({ status: 'no_data', leads: 0, steps: [] });
  });

  it('chance alone is called worse in at most about one comparison in ten', () => {
    const random = randomOf('chance');
    const draw = (trials: number, rate: number): number =>
      Array.from({ length: trials }, () => random.unit() < rate).filter(Boolean).length;
    let called = 0;
    const rounds = 400;
    for (let round = 0; round < rounds; round++) {
      const now = counts([150, draw(150, 0.85)], [120, draw(120, 0.6)], [80, draw(80, 0.6)], [60, draw(60, 0.5)]);
      const before = counts([900, draw(900, 0.85)], [700, draw(700, 0.6)], [450, draw(450, 0.6)], [300, draw(300, 0.5)]);
      if (read(now, before).steps.some(({ verdict }) => verdict === 'worse' || verdict === 'better')) called += 1;
    }
    expect(called / rounds).toBeLessThan(0.14);
    expect(called).toBeGreaterThan(0);
  });
});

describe('how long a lead is given', () => {
  const times = (moves: number, p90: number | null) => ofSteps(() => ({ moves, median: p90, p90 }));

  it('the 90th percentile in whole days, at least one', () => {
    expect(followUpDays(times(100, 5.2), undefined)).toEqual(ofSteps(() => 6));
    expect(followUpDays(times(100, 0.2), undefined)).toEqual(ofSteps(() => 1));
  });

  it('of the wider circle where the client has too few', () => {
    expect(lacksMoves(times(29, 5))).toBe(true);
    expect(followUpDays(times(29, 5), times(500, 9))).toEqual(ofSteps(() => 9));
    expect(followUpDays({ ...times(100, 5), proposal: { moves: 0, median: null, p90: null } }, undefined).proposal).toBe(5);
    expect(followUpDays(times(0, null), times(0, null))).toEqual(ofSteps(() => 1));
  });
});

describe('cohorts', () => {
  it('are the whole months of the period, the last twelve, cut at today', () => {
    expect(cohortRange({ from: '2026-03-10', to: '2026-05-05' }, '2026-11-21')).toEqual({ from: '2026-03-01', to: '2026-05-31' });
    expect(cohortRange({ from: '2020-01-01', to: '2026-11-21' }, '2026-11-21')).toEqual({ from: '2025-12-01', to: '2026-11-21' });
  });

  it('tell an age only when all of the month have lived it', () => {
    const cohort = {
      month: '2026-09',
      leads: 10,
      customers: 10,
      contacted: [5, 6, 7, 8, 9, 10],
      qualified: [1, 1, 1, 1, 1, 1],
      proposal: [0, 0, 0, 0, 0, 0],
      won: [0, 0, 0, 0, 0, 0],
    };
    // The youngest were created on 30 September: 30 days later is 30 October, which is over on the 31st.
    expect(followCohorts([cohort], '2026-10-30', false)[0]?.contactedPercent).toEqual([]);
    expect(followCohorts([cohort], '2026-10-31', false)[0]?.contactedPercent).toEqual([50]);
    expect(followCohorts([cohort], '2026-11-30', false)[0]?.contactedPercent).toEqual([50, 60]);
    expect(followCohorts([{ ...cohort, customers: 4 }], '2026-11-30', false)[0]).toMatchObject({ leads: null, contactedPercent: [] });
    expect(followCohorts([{ ...cohort, customers: 4 }], '2026-11-30', true)[0]).toMatchObject({ leads: 10, contactedPercent: [50, 60] });
  });
});

describe('words of people', () => {
  it.each([
    ['Redes sociales', 'paid_social'],
    ['orgánico', 'organic'],
    ['EMAIL', 'email'],
    ['evento', 'event'],
    ['búsqueda', 'paid_search'],
  ])('the source %s is %s', (asked, source) => {
    expect(LeadSource.parse(asked)).toBe(source);
  });

  it.each([
    ['Campaña', 'campaign'],
    ['industria', 'industry'],
    ['región', 'region'],
    ['canal', 'channel'],
    ['cliente', 'client'],
  ])('by %s is by %s', (asked, group) => {
    expect(LeadGrouping.parse(asked)).toBe(group);
  });

  it('others are refused', () => {
    expect(() => LeadSource.parse('constructor')).toThrow();
    expect(() => LeadGrouping.parse(7)).toThrow();
  });
});
