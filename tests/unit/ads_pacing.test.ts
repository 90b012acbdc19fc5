import { beforeAll, describe, expect, it } from 'vitest';
import { historyBefore, isoDay } from '../../database/generator/calendar.ts';
import { generateCampaigns } from '../../database/generator/campaigns.ts';
import { generateClients } from '../../database/generator/clients.ts';
import { emptyMetricBlock, fillMetricBlock, plannedMonths } from '../../database/generator/metrics.ts';
import { randomStream } from '../../database/generator/random.ts';
import { SCALES } from '../../database/generator/scales.ts';
import type { PlanAndSpend } from '../../mcp-servers/ads_optimizer/repo/budget_plans.ts';
import { LEARNED_DAYS, measureChannels, measurePace, type PaceWindow, wholeOf } from '../../mcp-servers/ads_optimizer/service/pacing.ts';
import { pacingPage } from '../../mcp-servers/ads_optimizer/service/pacing_answer.ts';
import { forecastSpend, studentQuantile } from '../../mcp-servers/ads_optimizer/service/pacing_forecast.ts';
import { uncutPeriod } from '../../mcp-servers/ads_optimizer/service/pacing_period.ts';
import { EVEN_WEEK, weekdayFactor, weekdayPattern } from '../../mcp-servers/ads_optimizer/service/pacing_weekdays.ts';
import { addDays, type Day, type DayRange, daysBetween, endOfMonth, startOfMonth } from '../../shared/domain/calendar_day.ts';
import { sum } from '../../shared/domain/money.ts';
import { resolvePeriod } from '../../shared/domain/periods.ts';

const TODAY = '2026-11-21';
const NOVEMBER: DayRange = { from: '2026-11-01', to: '2026-11-30' };
const RUN = { startDate: '2026-09-01', endDate: '2026-12-31', status: 'active' };
const PLAN = ['2026-09-01', '2026-10-01', '2026-11-01', '2026-12-01'].map((month) => ({ month, planned: '3000.00' }));

function windowAt(asOf: Day, period: DayRange): PaceWindow {
  return { period, asOf, today: addDays(asOf, 1), recent: { from: addDays(asOf, 1 - LEARNED_DAYS), to: asOf } };
}
const AT = windowAt('2026-11-20', NOVEMBER);

/** Spend on each day from the campaign's first to `to`. */
function spending(
  spendOn: (day: Day) => number,
  { to = '2026-11-20', from = RUN.startDate, period = NOVEMBER, plan = PLAN } = {},
): PlanAndSpend {
  const all = Array.from({ length: daysBetween(from, to) + 1 }, (_, index) => addDays(from, index)).map((day) => ({
    day,
    spend: spendOn(day).toFixed(2),
  }));
  const inPeriod = all.filter(({ day }) => day >= period.from && day <= period.to);
  return {
    plan,
    delivered: inPeriod.length === 0 ? null : sum(inPeriod.map(({ spend }) => spend)).toFixed(2),
    daysKnown: inPeriod.length,
    recent: all.filter(({ day }) => day > addDays(to, -LEARNED_DAYS)),
  };
}

describe('the verdict on pacing', () => {
  it.each([
    ['on_track', 100, 3000, 1, 100],
    ['over', 130, 3900, 1.3, 40],
    ['under', 70, 2100, 0.7, 160],
  ] as const)('%s when $%i a day are spent of 100 planned', (verdict, daily, forecast, index, toPlan) => {
    const pace = measurePace(
      spending(() => daily),
      RUN,
      AT,
    );
    expect(pace).toMatchObject({ verdict, daysLeft: 10 });
    expect(pace.planned?.toNumber()).toBe(3000);
    expect(pace.plannedToDate?.toNumber()).toBe(2000);
    expect(pace.delivered?.toNumber()).toBe(daily * 20);
    expect(pace.paceIndex?.toNumber()).toBeCloseTo(index, 10);
    expect(pace.forecast?.expected.toNumber()).toBeCloseTo(forecast, 1);
    expect(pace.moneyAtRisk?.toNumber()).toBeCloseTo(Math.abs(forecast - 3000), 1);
    expect(pace.recentDailyRate?.toNumber()).toBe(daily);
    expect(pace.dailyRateToPlan?.toNumber()).toBe(toPlan);
  });

  it('no plan, not started, ended, paused and no data are said, not guessed', () => {
    const usual = spending(() => 130);
    expect(measurePace({ ...usual, plan: [] }, RUN, AT)).toMatchObject({
      verdict: 'no_plan',
      planned: null,
      paceIndex: null,
      moneyAtRisk: null,
    });
    const future = { ...RUN, startDate: '2026-12-01' };
    const nothing = { plan: PLAN, delivered: null, daysKnown: 0, recent: [] };
    expect(measurePace(nothing, future, AT)).toMatchObject({ verdict: 'not_started', delivered: null });
    expect(measurePace(nothing, RUN, AT)).toMatchObject({ verdict: 'no_data', delivered: null, forecast: null });
    const over = measurePace(usual, { ...RUN, endDate: '2026-11-20' }, AT);
    expect(over).toMatchObject({ verdict: 'ended', daysLeft: 0, dailyRateToPlan: null });
    expect(over.planned?.toNumber()).toBe(3000);
    expect(measurePace(nothing, { ...RUN, endDate: '2026-10-10' }, AT).verdict).toBe('ended');
    const paused = measurePace(usual, { ...RUN, status: 'paused' }, AT);
    expect(paused.forecast?.high.toNumber()).toBe(2600);
    expect(paused.verdict).toBe('under');
  });

  it('a closed month is judged by what was spent, to the cent', () => {
    const october = { from: '2026-10-01', to: '2026-10-31' };
    const pace = measurePace(
      spending(() => 120.01, { period: october }),
      RUN,
      { ...AT, period: october },
    );
    expect(pace).toMatchObject({ verdict: 'over', daysLeft: 0 });
    expect(pace.forecast?.expected.toFixed(2)).toBe('3720.31');
    expect(pace.forecast?.low.toFixed(2)).toBe('3720.31');
  });

  it('figures that end before yesterday leave the later days to the forecast', () => {
    const pace = measurePace(
      spending(() => 100, { to: '2026-11-17' }),
      RUN,
      windowAt('2026-11-17', NOVEMBER),
    );
    expect(pace.daysLeft).toBe(13);
    expect(pace.delivered?.toNumber()).toBe(1700);
    expect(pace.forecast?.expected.toNumber()).toBeCloseTo(3000, 1);
  });

  it('too few days carry no forecast', () => {
    const run = { ...RUN, startDate: '2026-11-16' };
    const pace = measurePace(
      spending(() => 100, { from: '2026-11-16' }),
      run,
      AT,
    );
    expect(pace).toMatchObject({ verdict: 'no_data', forecast: null });
    expect(pace.delivered?.toNumber()).toBe(500);
  });

  it('follows the plan from month to month, to the end of the campaign', () => {
    const plan = PLAN.map(({ month, planned }) => ({ month, planned: month === '2026-12-01' ? '6200.00' : planned }));
    const whole = { from: RUN.startDate, to: RUN.endDate };
    const pace = measurePace(
      spending((day) => (day < '2026-11-01' && day >= '2026-10-01' ? 3000 / 31 : 100), { period: whole, plan }),
      RUN,
      { ...AT, period: whole },
    );
    expect(pace.verdict).toBe('on_track');
    expect(pace.planned?.toNumber()).toBe(15_200);
    expect(pace.forecast?.expected.toNumber()).toBeCloseTo(15_200, -1);
  });

  it('spreads the plan over days by the weekdays of the spend', () => {
    const weekendsOff = measurePace(
      spending((day) => ([0, 6].includes(new Date(`${day}T00:00:00Z`).getUTCDay()) ? 10 : 136)),
      RUN,
      AT,
    );
    // 1 to 20 November 2026 holds 15 working days of 21.
    expect(weekendsOff.plannedToDate?.toNumber()).toBeGreaterThan(2080);
    expect(weekendsOff.verdict).toBe('on_track');
  });
});

describe('channels and campaign', () => {
  const factor: Readonly<Record<string, number>> = { a: 61.337, b: 30.111, c: 21.777 };
  const channels = Object.values(factor).map((daily, index) =>
    spending((day) => daily * (1 + 0.2 * Math.sin(daysBetween('2026-01-01', day) * (index + 1))), {
      plan: PLAN.map(({ month }) => ({ month, planned: ['1500.01', '900.02', '599.97'][index] ?? '0' })),
    }),
  );
  const whole = wholeOf(channels);
  const total = measurePace(whole, RUN, AT);
  const paces = measureChannels(channels, total, RUN, AT);

  it('add up to the cent: plan, plan to date, delivered and forecast', () => {
    for (const figure of ['planned', 'plannedToDate', 'delivered'] as const) {
      expect(sum(paces.map((pace) => pace[figure] ?? 0)).toFixed(2)).toBe(total[figure]?.toFixed(2));
    }
    expect(sum(paces.map(({ forecast }) => forecast?.expected ?? 0)).toFixed(2)).toBe(total.forecast?.expected.toFixed(2));
  });

  it('their order changes nothing', () => {
    const turned = channels.toReversed();
    expect(measurePace(wholeOf(turned), RUN, AT)).toEqual(total);
    expect(measureChannels(turned, total, RUN, AT).toReversed()).toEqual(paces);
  });

  it('each has its own verdict', () => {
    expect(paces.map(({ verdict }) => verdict)).toEqual(['over', 'on_track', 'over']);
  });
});

describe('a table of campaigns', () => {
  const campaign = (id: string, more = {}) => ({ campaignId: id, name: id, clientId: 'CLI', clientName: 'Client', ...RUN, ...more });
  const paced = [
    ['C1', 100],
    ['C2', 130],
    ['C3', 70],
    ['C4', 50],
    ['C5', 100],
  ].map(([id, daily]) => ({
    campaign: campaign(String(id)),
    pace: measurePace(
      spending(() => Number(daily)),
      RUN,
      AT,
    ),
  }));
  const ended = {
    campaign: campaign('C0'),
    pace: measurePace(
      spending(() => 10),
      { ...RUN, endDate: '2026-11-20' },
      AT,
    ),
  };
  const asked = { window: NOVEMBER, asOf: '2026-11-20', learned: null, filters: {} };

  it('has most money at risk first, what is over last, and its pages hold each campaign once', () => {
    const seen: string[] = [];
    let after: Parameters<typeof pacingPage>[1]['after'];
    for (;;) {
      const page = pacingPage([...paced, ended], { ...asked, limit: 2, after });
      seen.push(...page.data.campaigns.map(({ campaignId }) => campaignId));
      expect(page.total).toBe(6);
      if (page.position === undefined) break;
      after = page.position;
    }
    expect(seen).toEqual(['C4', 'C2', 'C3', 'C1', 'C5', 'C0']);
  });

  it('says how many are off plan and by how much together', () => {
    expect(pacingPage([...paced, ended], { ...asked, limit: 10, after: undefined }).data.sentence).toBe(
      'Of 6 campaigns 1 will spend more than planned and 2 less, $3,300.00 together; 2 are on track; 1 ended.',
    );
    expect(pacingPage([], { ...asked, limit: 10, after: undefined }).data.sentence).toMatch(/^No data, which is not zero/);
  });
});

describe('the forecast', () => {
  it('holds the sum in 85 to 95 % of 300 simulated campaigns, at a nominal 90 %', () => {
    const week = [1.1, 1.05, 1, 1, 1.1, 0.85, 0.9];
    for (const { drift, noise, known, coming } of [
      { drift: 0, noise: 0.25, known: 49, coming: 10 },
      { drift: 0.005, noise: 0.15, known: 28, coming: 10 },
      { drift: 0.01, noise: 0.2, known: 42, coming: 14 },
    ]) {
      const random = randomStream(3, `pacing ${drift} ${noise}`);
      let held = 0;
      for (let run = 0; run < 300; run++) {
        let level = 1000;
        const days = Array.from({ length: known + coming }, (_, index) => {
          const day = addDays('2026-01-01', index + (run % 7));
          level *= Math.exp(drift * random.normal());
          return { day, spend: level * weekdayFactor(week, day) * Math.exp(noise * random.normal() - noise ** 2 / 2) };
        });
        const [past, future] = [days.slice(0, known), days.slice(known)];
        const pattern = weekdayPattern(past);
        const forecast = forecastSpend(
          past.map(({ day, spend }) => ({ usual: weekdayFactor(pattern, day), spend })),
          future.map(({ day }) => weekdayFactor(pattern, day)),
        );
        const truth = future.reduce((total, { spend }) => total + spend, 0);
        if (forecast !== undefined && forecast.interval.low <= truth && truth <= forecast.interval.high) held++;
      }
      expect(held / 300, `drift ${drift}, noise ${noise}`).toBeGreaterThanOrEqual(0.85);
      expect(held / 300, `drift ${drift}, noise ${noise}`).toBeLessThanOrEqual(0.95);
    }
  });

  it('one odd day does not move it, a lasting change does', () => {
    const noise = (index: number): number => 100 + 5 * Math.sin(index * 7);
    const of = (change: (index: number) => number) =>
      forecastSpend(
        Array.from({ length: 40 }, (_, index) => ({ usual: 1, spend: change(index) })),
        Array.from({ length: 10 }, () => 1),
      )?.expected ?? Number.NaN;
    const usual = of(noise);
    expect(Math.abs(of((index) => (index === 35 ? 2000 : noise(index))) / usual - 1)).toBeLessThan(0.03);
    expect(of((index) => (index >= 33 ? 2 : 1) * noise(index)) / usual).toBeGreaterThan(1.85);
  });

  it('Student quantiles (Abramowitz & Stegun, table 26.10)', () => {
    expect(studentQuantile(0.95, 6)).toBeCloseTo(1.943, 3);
    expect(studentQuantile(0.95, 13)).toBeCloseTo(1.771, 3);
    expect(studentQuantile(0.95, 40)).toBeCloseTo(1.684, 3);
  });

  it('learns no weekdays from less than two weeks', () => {
    expect(
      weekdayPattern(
        spending((day) => Number(day.slice(8)))
          .recent.slice(0, 12)
          .map(({ day, spend }) => ({ day, spend: Number(spend) })),
      ),
    ).toEqual(EVEN_WEEK);
  });
});

describe('on generated campaigns, cut in the middle', () => {
  const held = new Map<string, { runs: number; hits: number; error: number }>();
  beforeAll(() => {
    const history = historyBefore(TODAY);
    const campaigns = generateCampaigns(7, history, generateClients(7, 60), {
      ...SCALES.full.campaigns,
      count: 300,
      flagships: SCALES.small.campaigns.flagships,
    });
    const block = emptyMetricBlock();
    for (const campaign of campaigns) {
      if (campaign.status !== 'completed' || campaign.end - campaign.start < 20) continue;
      fillMetricBlock(block, 7, history, campaign);
      const cents = new Map<Day, number>();
      for (let row = 0; row < block.rows; row++) {
        const day = isoDay(history, block.day[row] as number);
        cents.set(day, (cents.get(day) ?? 0) + (block.spendCents[row] as number));
      }
      const months = Map.groupBy(plannedMonths(history, campaign), ({ month }) => month);
      const plan = [...months].map(([month, parts]) => ({
        month,
        planned: (parts.reduce((total, part) => total + part.cents, 0) / 100).toFixed(2),
      }));
      const run = { startDate: isoDay(history, campaign.start), endDate: isoDay(history, campaign.end), status: 'active' };
      for (const part of [0.4, 0.6, 0.8]) {
        const asOf = isoDay(history, campaign.start + Math.floor((campaign.end - campaign.start) * part));
        for (const [kind, period] of [
          ['campaign', { from: run.startDate, to: run.endDate }],
          ['month', { from: startOfMonth(asOf), to: endOfMonth(asOf) }],
        ] as const) {
          const known = [...cents].filter(([day]) => day <= asOf).sort();
          const inside = (days: readonly (readonly [Day, number])[]) => days.filter(([day]) => day >= period.from && day <= period.to);
          const total = (days: readonly (readonly [Day, number])[]) => days.reduce((spend, [, own]) => spend + own, 0) / 100;
          const window = windowAt(asOf, period);
          const pace = measurePace(
            {
              plan,
              delivered: total(inside(known)).toFixed(2),
              daysKnown: inside(known).length,
              recent: known.filter(([day]) => day >= window.recent.from).map(([day, spend]) => ({ day, spend: (spend / 100).toFixed(2) })),
            },
            run,
            window,
          );
          if (pace.forecast === null || pace.daysLeft === 0) continue;
          const truth = total(inside([...cents]));
          const so = held.get(kind) ?? { runs: 0, hits: 0, error: 0 };
          held.set(kind, {
            runs: so.runs + 1,
            hits: so.hits + (pace.forecast.low.lte(truth) && pace.forecast.high.gte(truth) ? 1 : 0),
            error: so.error + Math.abs(pace.forecast.expected.toNumber() - truth) / truth,
          });
        }
      }
    }
  });

  it.each(['campaign', 'month'])('the %s’s interval holds the truth in 85 to 95 %%, and the forecast is within 4 %% on average', (kind) => {
    const { runs, hits, error } = held.get(kind) ?? { runs: 0, hits: 0, error: 0 };
    expect(runs).toBeGreaterThan(300);
    expect(hits / runs).toBeGreaterThanOrEqual(0.85);
    expect(hits / runs).toBeLessThanOrEqual(0.95);
    expect(error / runs).toBeLessThan(0.04);
  });
});

describe('the period a forecast goes to the end of', () => {
  const clock = { today: () => TODAY, timeZone: 'America/Costa_Rica' };
  const life = { from: RUN.startDate, to: RUN.endDate };
  const read = (asked: { period?: string; startDate?: string; endDate?: string }) =>
    uncutPeriod(asked, resolvePeriod(asked, clock, { default: 'this month', campaign: life }), life);

  it.each([
    [{}, '2026-11-01', '2026-11-30'],
    [{ period: 'este mes' }, '2026-11-01', '2026-11-30'],
    [{ period: 'este trimestre' }, '2026-10-01', '2026-12-31'],
    [{ period: 'this week' }, '2026-11-16', '2026-11-22'],
    [{ period: 'el mes pasado' }, '2026-10-01', '2026-10-31'],
    [{ period: 'toda la campaña' }, RUN.startDate, RUN.endDate],
    [{ startDate: '2026-11-10', endDate: '2026-12-10' }, '2026-11-10', '2026-12-10'],
    [{ period: 'last 7 days' }, '2026-11-14', '2026-11-20'],
  ])('%j goes from %s to %s', (asked, from, to) => {
    expect(read(asked)).toEqual({ from, to });
  });
});
