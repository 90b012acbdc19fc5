import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Totals } from '../../shared/domain/metrics.ts';
import {
  addTotals,
  change,
  changeOfMetrics,
  computeMetric,
  computeMetrics,
  exactMetric,
  exactMetricOfAll,
  formatMetric,
  METRIC_IDS,
  METRICS,
  MetricName,
  MetricValuesOutput,
  NO_TOTALS,
  nearestMetric,
  readMetric,
  totalsBehind,
} from '../../shared/domain/metrics.ts';
import { ToolError } from '../../shared/domain/tool_error.ts';

const TOTALS: Totals = {
  spend: '1200.00',
  impressions: 400_000,
  clicks: 6_000,
  engagements: 10_000,
  conversions: 150,
  leads: 80,
  orders: 48,
  revenue: '5400.50',
  refunds: '99.99',
  newCustomerOrders: 30,
};

const money = fc.integer({ min: 0, max: 10 ** 10 }).map((cents) => (cents / 100).toFixed(2));
const count = fc.integer({ min: 0, max: 10 ** 9 });
const anyTotals: fc.Arbitrary<Totals> = fc.record({
  spend: money,
  impressions: count,
  clicks: count,
  engagements: count,
  conversions: count,
  leads: count,
  orders: count,
  revenue: money,
  refunds: money,
  newCustomerOrders: count,
});

describe('the formulas', () => {
  it('are those of the trade', () => {
    expect(computeMetrics(TOTALS)).toEqual({
      spend: 1200,
      impressions: 400_000,
      clicks: 6_000,
      engagements: 10_000,
      conversions: 150,
      leads: 80,
      orders: 48,
      revenue: 5400.5,
      refunds: 99.99,
      newCustomerOrders: 30,
      ctr: 1.5, // 6,000 of 400,000
      cpc: 0.2, // $1,200 over 6,000 clicks
      cpm: 3, // $1,200 over 400 thousand
      engagementRate: 2.5,
      platformConversionRate: 2.5, // 150 of 6,000 clicks
      orderRate: 0.8, // 48 of 6,000 clicks
      cpl: 15,
      cpa: 25,
      roas: 4.5, // 4.50042 rounded
      aov: 112.51, // 112.5104…
      returnAfterAds: 4200.5,
    });
  });

  it('say themselves what they are made of', () => {
    expect(METRICS.ctr.formula).toBe('clicks ÷ impressions × 100');
    expect(METRICS.roas.formula).toBe('revenue ÷ spend');
    expect(METRICS.returnAfterAds.formula).toBe('revenue − spend');
    expect(METRICS.spend.formula).toBe('spend');
  });

  it('give no data over zero, which is not zero', () => {
    const nothing = computeMetrics(NO_TOTALS);
    for (const id of METRIC_IDS) expect(nothing[id], id).toBe(METRICS[id].denominator === undefined ? 0 : null);
    expect(computeMetric('roas', { ...TOTALS, spend: '0.00' })).toBeNull();
    expect(computeMetric('roas', { ...TOTALS, revenue: '0.00' })).toBe(0);
  });

  it('fit the answer schema and the digits their table states', () => {
    fc.assert(
      fc.property(anyTotals, (totals) => {
        const values = MetricValuesOutput.parse(computeMetrics(totals));
        for (const id of METRIC_IDS) {
          const value = values[id];
          if (value !== null) expect(Number(value.toFixed(METRICS[id].digits)), id).toBe(value);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('show in the text the number of the data', () => {
    fc.assert(
      fc.property(anyTotals, fc.constantFrom(...METRIC_IDS), (totals, id) => {
        const value = computeMetric(id, totals);
        const shown = formatMetric(id, value);
        if (value === null) expect(shown).toBe('no data');
        else expect(Number(shown.replace(/[$,%]/g, ''))).toBe(value);
      }),
    );
  });

  it('have a double nearest to the exact value, for sorting', () => {
    const anyMoney = fc.oneof(money, fc.constantFrom('0', '1e3', '0.125', '90071992547409931.27', '123456789012345.6'));
    fc.assert(
      fc.property(
        anyTotals.chain((totals) => fc.record({ spend: anyMoney, revenue: anyMoney }).map((some) => ({ ...totals, ...some }))),
        fc.constantFrom(...METRIC_IDS),
        (totals, id) => {
          expect(nearestMetric(id, totals)).toBe(exactMetric(id, totals)?.toNumber() ?? null);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('read no total but those they name, one by one and together', () => {
    fc.assert(
      fc.property(fc.array(anyTotals, { maxLength: 5 }), fc.constantFrom(...METRIC_IDS), (several, id) => {
        const behind = new Set<string>(totalsBehind(id));
        const only = several.map(
          (totals): Totals => ({
            ...NO_TOTALS,
            ...Object.fromEntries(Object.entries(totals).filter(([name]) => behind.has(name))),
          }),
        );
        expect(exactMetricOfAll(id, only)).toEqual(exactMetric(id, addTotals(several)));
      }),
    );
  });

  it('make the rate of several campaigns the rate of their sums', () => {
    const small = { ...NO_TOTALS, spend: '10.10', revenue: '101.00' };
    const large = { ...NO_TOTALS, spend: '989.90', revenue: '989.90' };
    expect(computeMetric('roas', addTotals([small, large]))).toBe(1.09);
    expect(addTotals([])).toEqual(NO_TOTALS);
    expect(
      addTotals([
        { ...NO_TOTALS, spend: '0.10' },
        { ...NO_TOTALS, spend: '0.20' },
      ]).spend,
    ).toBe('0.3');
  });
});

describe('changes', () => {
  it('are absolute and in percent of what was', () => {
    expect(change(150, 120)).toEqual({ absolute: 30, percent: 25 });
    expect(change('80.00', '120.00')).toEqual({ absolute: -40, percent: -33.3 });
    expect(change(-50, -100)).toEqual({ absolute: 50, percent: 50 });
  });

  it('have no percent from zero, and nothing from no data', () => {
    expect(change(5, 0)).toEqual({ absolute: 5, percent: null });
    expect(change(null, 5)).toEqual({ absolute: null, percent: null });
    expect(change(5, null)).toEqual({ absolute: null, percent: null });
  });

  it('are computed before rounding', () => {
    const now = { ...NO_TOTALS, spend: '10', clicks: 300 };
    const then = { ...NO_TOTALS, spend: '10', clicks: 400 };
    expect(changeOfMetrics(now, then).cpc).toEqual({ absolute: 0.0083, percent: 33.3 });
    expect(changeOfMetrics(now, then).ctr).toEqual({ absolute: null, percent: null });
  });
});

describe('metric names', () => {
  it.each([
    ['ingresos', 'revenue'],
    ['Ventas', 'revenue'],
    ['gasto', 'spend'],
    ['clics', 'clicks'],
    ['Inversión', 'spend'],
    ['ROAS', 'roas'],
    ['cost per click', 'cpc'],
    ['Costo por adquisición', 'cpa'],
    ['ticket promedio', 'aov'],
    ['engagement rate', 'engagementRate'],
    ['new customer orders', 'newCustomerOrders'],
  ])('reads %s', (text, id) => {
    expect(readMetric(text)).toBe(id);
    expect(MetricName.parse(text)).toBe(id);
  });

  it('reads each id and each name, and no alias means two metrics', () => {
    const meanings = new Map<string, string>();
    for (const id of METRIC_IDS) {
      const { name, aliases } = METRICS[id];
      for (const text of [id, name.en, name.es, ...aliases]) {
        expect(readMetric(text), text).toBe(id);
        expect(meanings.get(text.toLowerCase()) ?? id, text).toBe(id);
        meanings.set(text.toLowerCase(), id);
      }
    }
  });

  it('refuses others and names what there is', () => {
    expect(() => readMetric('happiness')).toThrow(ToolError);
    try {
      readMetric('happiness');
    } catch (error) {
      expect((error as ToolError).errorClass).toBe('invalid_input');
      expect((error as ToolError).remedy).toContain('roas');
    }
    expect(MetricName.safeParse('happiness').success).toBe(false);
    expect(MetricName.safeParse(7).success).toBe(false);
  });

  it('shows hosts the ids', () => {
    expect(z.toJSONSchema(z.object({ by: MetricName }), { io: 'input' }).properties?.by).toMatchObject({
      type: 'string',
      enum: METRIC_IDS,
    });
  });
});
