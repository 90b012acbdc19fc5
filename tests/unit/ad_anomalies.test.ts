import { describe, expect, it } from 'vitest';
import {
  type Anomaly,
  type AnomalyReading,
  findCandidates,
  type Sensitivity,
  weighCandidates,
} from '../../mcp-servers/ads_optimizer/service/anomalies.ts';
import { median, scaledMad } from '../../mcp-servers/ads_optimizer/service/statistics/robust.ts';
import { findTrackingGap } from '../../mcp-servers/ads_optimizer/service/tracking_gap.ts';
import { addDays, daysBetween } from '../../shared/domain/calendar_day.ts';
import { qValues } from '../../shared/statistics/multiple_testing.ts';
import { type GeneratedSeries, generatedAdSeries } from '../support/generated_ad_series.ts';

const READ = { from: '2026-06-28', to: '2026-11-20' };
const PERIOD = { from: '2026-08-23', to: '2026-11-20' };
const BREAK = '2026-10-12';
const LARGE_BUDGET = 60_000;

describe('statistics', () => {
  it("adjusts p values as R's p.adjust(c(0.01, 0.02, 0.03, 0.04, 0.05), 'BH') does, and in any order", () => {
    expect(qValues([0.01, 0.02, 0.03, 0.04, 0.05]).map((q) => q.toFixed(6))).toEqual(new Array(5).fill('0.050000'));
    expect(qValues([0.9, 0.001, 0.04]).map((q) => q.toFixed(6))).toEqual(['0.900000', '0.003000', '0.060000']);
    expect(qValues([])).toEqual([]);
  });

  it('estimates a spread that half of the values may spoil', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(scaledMad([1, 1, 2, 2, 4, 6, 9])).toBeCloseTo(1.4826, 4);
    expect(scaledMad([1, 2, 3, 4, 5, 6, 1e9])).toBeCloseTo(2 * 1.4826, 3);
  });

  it('gives a gap the chance of no conversion under the earlier rate, the uncertainty of that rate counted', () => {
    const clicks = [...new Array(20).fill(100), 100, 100, 100, 100];
    const conversions = [...new Array(20).fill(5), 0, 0, 0, 5];
    const gap = findTrackingGap(clicks, conversions, () => true);
    expect(gap).toMatchObject({ first: 20, last: 22, expected: 15, rateBefore: 0.05 });
    // (2000 / 2300)^100, for the best of 24 days.
    expect(gap?.p).toBeCloseTo(24 * (2000 / 2300) ** 100, 12);
    expect(
      findTrackingGap(
        clicks,
        conversions.map(() => 5),
        () => true,
      ),
    ).toBeUndefined();
  });
});

describe('breaks put into generated advertising', () => {
  const clean = generatedAdSeries(READ);
  // A channel of the full data set counts two conversions a day, too few for a gap of three days to be surer than chance: a large advertiser's.
  const large = generatedAdSeries(READ, LARGE_BUDGET);
  const target = busiest(large);
  const found = (changed: GeneratedSeries): readonly Anomaly[] =>
    anomaliesIn(large.map((series) => (series === target ? changed : series))).anomalies.filter(
      ({ campaignId, channelId }) => campaignId === target.campaignId && (channelId === target.channelId || channelId === 'all'),
    );
  const from = daysBetween(READ.from, BREAK);
  const changed = (
    change: (position: number) => Partial<Record<'spend' | 'impressions' | 'clicks' | 'conversions', number>>,
    last = Number.POSITIVE_INFINITY,
  ): GeneratedSeries => {
    const copy = {
      ...target,
      spend: [...target.spend],
      impressions: [...target.impressions],
      clicks: [...target.clicks],
      conversions: [...target.conversions],
    };
    for (const [position, day] of target.days.entries()) {
      if (day < from || day > last) continue;
      for (const [column, factor] of Object.entries(change(position))) {
        const values = copy[column as 'spend' | 'impressions' | 'clicks' | 'conversions'];
        values[position] = Math.round((values[position] as number) * factor);
      }
    }
    return copy;
  };
  const within = (anomaly: Anomaly | undefined, days: number): void => {
    expect(anomaly).toBeDefined();
    expect(Math.abs(daysBetween(BREAK, anomaly?.firstDate ?? READ.from))).toBeLessThanOrEqual(days);
  };

  it('finds spend doubled, to the day', () => {
    const [anomaly] = found(changed(() => ({ spend: 2, impressions: 2, clicks: 2, conversions: 2 }))).filter(
      ({ kind }) => kind === 'spend',
    );
    within(anomaly, 1);
    expect(anomaly?.lowPercent).toBeLessThan(100);
    expect(anomaly?.highPercent).toBeGreaterThan(60);
  });

  it('finds CTR halved, to the day', () => {
    const [anomaly] = found(changed(() => ({ clicks: 0.5 }))).filter(({ kind }) => kind === 'ctr');
    within(anomaly, 1);
    expect(anomaly?.changePercent).toBeLessThan(-35);
    expect(anomaly?.changePercent).toBeGreaterThan(-65);
  });

  it('finds CPA up 60 %', () => {
    const [anomaly] = found(changed(() => ({ conversions: 1 / 1.6 }))).filter(({ kind }) => kind === 'cpa');
    within(anomaly, 1);
    expect(anomaly?.lowPercent).toBeLessThan(60);
    expect(anomaly?.highPercent).toBeGreaterThan(60);
  });

  it('finds three days without a conversion, from the first to the last', () => {
    const [anomaly] = found(changed(() => ({ conversions: 0 }), from + 2)).filter(({ kind }) => kind === 'tracking_gap');
    within(anomaly, 1);
    expect(anomaly?.lastDate).toBe(addDays(BREAK, 2));
    expect(anomaly?.changePercent).toBe(-100);
  });

  it('raises a false alarm on at most one campaign in ten of clean data', () => {
    for (const series of [clean, large]) {
      const { anomalies, campaigns } = anomaliesIn(series);
      const alarmed = new Set(anomalies.map(({ campaignId }) => campaignId)).size;
      expect(campaigns).toBeGreaterThan(50);
      expect(alarmed / campaigns).toBeLessThanOrEqual(0.1);
    }
  });

  it('finds at least as much when it is asked to be more sensitive, and orders by money', () => {
    const count = (sensitivity: 'low' | 'normal' | 'high'): number => anomaliesIn(clean, sensitivity).anomalies.length;
    expect(count('high')).toBeGreaterThanOrEqual(count('normal'));
    expect(count('normal')).toBeGreaterThanOrEqual(count('low'));
    const stakes = anomaliesIn(clean, 'high').anomalies.map(({ atStake }) => atStake);
    expect(stakes).toEqual([...stakes].sort((one, other) => other - one));
  });
});

function anomaliesIn(series: readonly GeneratedSeries[], sensitivity: Sensitivity = 'normal'): AnomalyReading {
  return weighCandidates(findCandidates(series, READ, PERIOD), sensitivity);
}

/** The series with the most conversions among those that ran through the whole window around the break. */
function busiest(series: readonly GeneratedSeries[]): GeneratedSeries {
  const running = series.filter(({ days }) => days.length > 80 && (days.at(-1) ?? 0) >= 140);
  const sum = ({ conversions }: GeneratedSeries): number => conversions.reduce((total, count) => total + count, 0);
  const [first] = [...running].sort((one, other) => sum(other) - sum(one));
  if (first === undefined) throw new Error('no series runs through the window');
  return first;
}
