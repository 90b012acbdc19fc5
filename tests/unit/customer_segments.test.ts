import { describe, expect, it } from 'vitest';
import { readPopulation } from '../../mcp-servers/content_generator/service/population.ts';
import {
  quintile,
  quintileFromLeast,
  RFM_NAMES,
  RFM_SEGMENTS,
  rfmSegment,
  type Score,
} from '../../mcp-servers/crm_analyzer/service/rfm.ts';
import { type SegmentTotals, segmentPopulation, segmentRows } from '../../mcp-servers/crm_analyzer/service/segments.ts';

const totals = (more: Partial<SegmentTotals>): SegmentTotals => ({
  segment: 'Campeones',
  customers: 100,
  buyers: 100,
  orders: 250,
  revenue: '5000.50',
  medianDays: 12,
  people: 80,
  women: 60,
  men: 20,
  ageFrom: 24,
  ageTo: 51,
  topRegion: 'San José',
  topRegionCustomers: 70,
  movedIn: 10,
  movedOut: 3,
  ...more,
});

describe('RFM segments (T4)', () => {
  it('name every triple of scores by the first rule that fits', () => {
    expect(RFM_NAMES).toHaveLength(125);
    expect(new Set(RFM_NAMES)).toEqual(new Set(RFM_SEGMENTS.map(({ name }) => name)));
    const scores: readonly Score[] = [1, 2, 3, 4, 5];
    for (const r of scores)
      for (const f of scores) for (const m of scores) expect(RFM_NAMES[25 * (r - 1) + 5 * (f - 1) + m - 1]).toBe(rfmSegment(r, f, m));
    expect([rfmSegment(5, 5, 5), rfmSegment(1, 5, 5), rfmSegment(1, 1, 1), rfmSegment(5, 1, 1)]).toEqual([
      'Campeones',
      'No perder',
      'Hibernando',
      'Nuevos',
    ]);
  });

  it('score equal values alike, more never lower, from 1 to 5', () => {
    const cuts = [1, 1, 2, 4];
    expect([1, 2, 3, 4, 5].map((value) => quintile(value, cuts))).toEqual([1, 3, 4, 4, 5]);
    expect([1, 2, 3, 4, 5].map((value) => quintileFromLeast(value, cuts))).toEqual([5, 3, 2, 2, 1]);
  });
});

describe('segments as they are shown', () => {
  it('most revenue first, with exact shares', () => {
    const rows = segmentRows([totals({ segment: 'B', revenue: '0.10' }), totals({ segment: 'A', revenue: '0.20' })], false);
    expect(rows.map(({ segment, revenueShare, share }) => [segment, revenueShare, share])).toEqual([
      ['A', 66.7, 50],
      ['B', 33.3, 50],
    ]);
  });

  it('do not break down groups below 5, unless the caller may identify people (S5)', () => {
    const small = [
      totals({ customers: 4, buyers: 4 }),
      totals({ segment: 'Other', people: 98, movedIn: 2, topRegionCustomers: 3 }),
      totals({ segment: 'Third', customers: 20, buyers: 20 }),
    ];
    const [first, second, third] = segmentRows(small, false).toSorted((one, other) => (one.segment < other.segment ? -1 : 1));
    expect(Object.entries(first ?? {}).filter(([, value]) => value !== null)).toEqual([['segment', 'Campeones']]);
    expect(second).toMatchObject({ customers: 100, peopleShare: null, movedIn: null, movedOut: null, topRegion: null });
    // 124 in all, and 100 told: without the third, subtraction would tell the first.
    expect(Object.entries(third ?? {}).filter(([, value]) => value !== null)).toEqual([['segment', 'Third']]);
    expect(segmentRows(small, true).every(({ customers, movedIn }) => customers !== null && movedIn !== null)).toBe(true);
  });

  it('become populations that generateCampaignMessages understands', () => {
    const population = segmentPopulation(totals({}));
    expect(population).toEqual({ text: 'mujeres de 24 a 51 años en San José', ageMin: 24, ageMax: 51, sex: 'female', place: 'San José' });
    expect(readPopulation(population ?? {}).population).toMatchObject({ ageMin: 24, ageMax: 51, sex: 'female', place: 'San José' });
    expect(readPopulation(population ?? {}).unread).toEqual([]);
    expect(segmentPopulation(totals({ people: 4 }))).toBeUndefined();
    expect(segmentPopulation(totals({ ageFrom: 9, ageTo: 104 }))).toMatchObject({ ageMin: 13, ageMax: 100 });
  });
});
