import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decimal,
  formatChange,
  formatCount,
  formatPercent,
  formatRatio,
  formatUsd,
  ratio,
  round,
  sum,
  toAnswerNumber,
} from '../../shared/domain/money.ts';
import { table } from '../../shared/domain/table.ts';

const amount = fc.bigInt({ min: -(10n ** 14n), max: 10n ** 14n }).map((cents) => {
  const digits = (cents < 0n ? -cents : cents).toString().padStart(3, '0');
  return `${cents < 0n ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
});

describe('money', () => {
  it('adds cents without losing one', () => {
    expect(sum(['0.10', '0.20']).toFixed(2)).toBe('0.30');
    expect(sum(Array.from({ length: 1000 }, () => '1234567890.01')).toFixed(2)).toBe('1234567890010.00');
    expect(sum([]).toFixed(2)).toBe('0.00');
  });

  it('rounds halves away from zero, as PostgreSQL does', () => {
    expect(['0.005', '2.675', '-2.675', '1.004999'].map((value) => round(value).toFixed(2))).toEqual(['0.01', '2.68', '-2.68', '1.00']);
  });

  it('has no ratio over zero', () => {
    expect(ratio('5', 0)).toBeNull();
    expect(ratio(0, 4)?.toNumber()).toBe(0);
    expect(ratio('10', '4')?.toFixed()).toBe('2.5');
  });

  it('gives any amount of the databases to an answer and back unchanged', () => {
    fc.assert(
      fc.property(amount, (text) => {
        const number = toAnswerNumber(text);
        expect(decimal(JSON.parse(JSON.stringify(number)) as number).equals(text)).toBe(true);
      }),
    );
  });

  it('refuses what a JSON number cannot hold, and what is no number', () => {
    expect(() => toAnswerNumber('90071992547409.93')).toThrow(RangeError);
    expect(() => decimal('twelve')).toThrow(RangeError);
    expect(() => decimal('NaN')).toThrow(RangeError);
    expect(Object.is(toAnswerNumber('-0.001'), 0)).toBe(true);
  });
});

describe('figures in text', () => {
  it('writes them as a reader expects', () => {
    expect(formatUsd('12345.6')).toBe('$12,345.60');
    expect(formatUsd('-3.1')).toBe('-$3.10');
    expect(formatUsd('0.0834', 4)).toBe('$0.0834');
    expect(formatUsd('1.2', 4)).toBe('$1.20');
    expect(formatUsd('-0.001')).toBe('$0.00');
    expect(formatPercent(3.256)).toBe('3.26%');
    expect(formatCount(1234567)).toBe('1,234,567');
    expect(formatRatio(4.1)).toBe('4.1');
    expect([formatChange(12.5), formatChange(-3), formatChange(0)]).toEqual(['+12.5%', '-3%', '0%']);
  });

  it('says "no data" where there is none', () => {
    expect([formatUsd(null), formatPercent(null), formatCount(null), formatRatio(null), formatChange(null)]).toEqual(
      Array.from({ length: 5 }, () => 'no data'),
    );
  });

  it('shows the very number that the data hold', () => {
    fc.assert(
      fc.property(amount, (text) => {
        expect(Number(formatUsd(text).replace(/[$,]/g, ''))).toBe(toAnswerNumber(text));
      }),
    );
  });
});

describe('a text table', () => {
  const columns = [
    { header: 'Channel', cell: (row: { name: string; spend: string }) => row.name },
    { header: 'Spend', cell: (row: { name: string; spend: string }) => formatUsd(row.spend) },
  ];

  it('is a header and a line a row', () => {
    expect(table(columns, [{ name: 'TikTok', spend: '1200.5' }])).toBe('Channel | Spend\nTikTok | $1,200.50');
    expect(table(columns, [])).toBe('Channel | Spend');
  });

  it('keeps a name from making rows or columns of its own', () => {
    expect(table(columns, [{ name: 'A | B\nC', spend: '1' }])).toBe('Channel | Spend\nA / B C | $1.00');
  });
});
