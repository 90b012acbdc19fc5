import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PeriodPiece, RankedTotals } from '../../mcp-servers/sales_dashboard/repo/campaign_ranking.ts';
import { readCampaignPeriod } from '../../mcp-servers/sales_dashboard/service/campaign_period.ts';
import { rankChannels } from '../../mcp-servers/sales_dashboard/service/channels.ts';
import { choose, withCountryNames } from '../../mcp-servers/sales_dashboard/service/choice.ts';
import { dataAge } from '../../mcp-servers/sales_dashboard/service/data_age.ts';
import { rankLocations } from '../../mcp-servers/sales_dashboard/service/locations.ts';
import { periodPieces } from '../../mcp-servers/sales_dashboard/service/period_pieces.ts';
import { rankPage } from '../../mcp-servers/sales_dashboard/service/ranking.ts';
import { readCursor, writeCursor } from '../../mcp-servers/sales_dashboard/service/ranking_cursor.ts';
import { trendPoints, trendSteps } from '../../mcp-servers/sales_dashboard/service/trend.ts';
import { addDays, addMonths, type Day, type DayRange, lengthOf, startOfMonth } from '../../shared/domain/calendar_day.ts';
import { NO_TOTALS, type Totals } from '../../shared/domain/metrics.ts';
import { ToolError } from '../../shared/domain/tool_error.ts';

const range = (longest: number): fc.Arbitrary<DayRange> =>
  fc
    .tuple(fc.integer({ min: 0, max: 3_000 }), fc.integer({ min: 0, max: longest }))
    .map(([start, length]) => ({ from: addDays('2020-01-01', start), to: addDays('2020-01-01', start + length) }));

const everyDay = ({ from, to }: DayRange): Day[] => Array.from({ length: lengthOf({ from, to }) }, (_, index) => addDays(from, index));

/** The days one span of a piece holds. */
function spanDays(span: PeriodPiece['span'], start: Day): Day[] {
  switch (span) {
    case 'day':
      return [start];
    case 'ten_days':
      return everyDay({ from: start, to: start.endsWith('-21') ? addDays(addMonths(startOfMonth(start), 1), -1) : addDays(start, 9) });
    case 'month':
      return everyDay({ from: start, to: addDays(addMonths(start, 1), -1) });
  }
}

/** Every span of a kind that starts within a piece, as the query finds them. */
const spanStarts = ({ span, first, last }: PeriodPiece): Day[] =>
  everyDay({ from: first, to: last }).filter(
    (day) => span === 'day' || (span === 'month' ? day.endsWith('-01') : /-(01|11|21)$/.test(day)),
  );

const thrownBy = (work: () => unknown): ToolError => {
  try {
    work();
  } catch (error) {
    if (error instanceof ToolError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
};

describe('periods as the hub adds them up', () => {
  it('count every day of the period once and no other day', () => {
    fc.assert(
      fc.property(range(900), (period) => {
        const counted = new Map<Day, number>();
        for (const piece of periodPieces(period)) {
          for (const day of spanStarts(piece).flatMap((start) => spanDays(piece.span, start))) {
            counted.set(day, (counted.get(day) ?? 0) + piece.weight);
          }
        }
        const kept = [...counted].filter(([, count]) => count !== 0).sort();
        expect(kept).toEqual(everyDay(period).map((day) => [day, 1]));
      }),
    );
  });

  it('never read more than ten single days, whatever the period', () => {
    fc.assert(
      fc.property(range(900), (period) => {
        const days = periodPieces(period).filter(({ span }) => span === 'day');
        expect(days.reduce((sum, { first, last }) => sum + lengthOf({ from: first, to: last }), 0)).toBeLessThanOrEqual(10);
      }),
    );
  });

  it('write a year as one range of months', () => {
    expect(periodPieces({ from: '2025-01-01', to: '2025-12-31' })).toEqual([
      { span: 'month', first: '2025-01-01', last: '2025-12-01', weight: 1 },
    ]);
  });
});

describe('the steps of a trend', () => {
  it('are at most 31, follow each other without a gap, and make up the range', () => {
    fc.assert(
      fc.property(range(3_652), (whole) => {
        const { steps } = trendSteps(whole);
        expect(steps.length).toBeLessThanOrEqual(31);
        expect(steps.flatMap(everyDay)).toEqual(everyDay(whole));
      }),
    );
  });

  it('are days up to 31 days, then weeks from Monday up to 26 weeks, then months', () => {
    const from = '2026-01-01';
    expect(trendSteps({ from, to: addDays(from, 30) }).unit).toBe('day');
    expect(trendSteps({ from, to: addDays(from, 31) })).toMatchObject({
      unit: 'week',
      steps: { 0: { from, to: '2026-01-04' }, 1: { from: '2026-01-05' } },
    });
    expect(trendSteps({ from, to: addDays(from, 26 * 7 - 1) }).unit).toBe('week');
    expect(trendSteps({ from, to: addDays(from, 26 * 7) }).unit).toBe('month');
  });
});

describe('the points of a trend', () => {
  it('begin and end with data; a step without any between them is no data, not zero', () => {
    const { steps } = trendSteps({ from: '2026-10-01', to: '2026-10-06' });
    const known = (daysKnown: number, spend: string) => ({ ...NO_TOTALS, spend, daysKnown });
    const days = [known(0, '0'), known(1, '2.50'), known(0, '0'), known(1, '0'), known(0, '0'), known(0, '0')];
    expect(trendPoints(steps, days).map(({ starts, spend }) => [starts, spend])).toEqual([
      ['2026-10-02', 2.5],
      ['2026-10-03', null],
      ['2026-10-04', 0],
    ]);
  });
});

describe('the period of a question about a campaign', () => {
  const clock = { today: () => '2026-11-21', timeZone: 'America/Costa_Rica' };
  const campaign = {
    campaignId: 'CMP-1',
    name: 'Uno',
    clientId: 'CLI-1',
    clientName: 'Cliente',
    status: 'completed',
    startDate: '2026-08-10',
    endDate: '2026-09-20',
    matchedBy: 'id',
  };

  it('is the whole campaign with the sales credited after its end when none is asked for', () => {
    const read = readCampaignPeriod({}, campaign, clock);
    expect(read.period).toMatchObject({ from: '2026-08-10', to: '2026-10-20' });
    expect(read.compared).toBeUndefined();
    expect(read.fit).toEqual([expect.stringContaining('ended on 2026-09-20')]);
  });

  it('ends today while the campaign runs', () => {
    expect(readCampaignPeriod({}, { ...campaign, endDate: '2027-01-10' }, clock).period).toMatchObject({
      from: '2026-08-10',
      to: '2026-11-21',
    });
  });

  it('is none for a campaign that has not begun', () => {
    expect(readCampaignPeriod({}, { ...campaign, startDate: '2026-12-01', endDate: '2027-01-10' }, clock).period).toBeUndefined();
  });

  it('is compared with nothing when the campaign began after the days to compare with, and says so', () => {
    const read = readCampaignPeriod({ period: '2026-08' }, campaign, clock);
    expect(read.compared).toBeUndefined();
    expect(read.comparison).toEqual([expect.stringContaining('started on 2026-08-10')]);
    expect(read.fit).toEqual([expect.stringContaining('22 of the period')]);
  });

  it('says when the days compared with hold the campaign only in part', () => {
    const read = readCampaignPeriod({ period: '2026-09' }, campaign, clock);
    expect(read.compared).toMatchObject({ from: '2026-08-01', to: '2026-08-31' });
    expect(read.comparison).toEqual([expect.stringContaining('22 of the 31 days')]);
  });

  it('is compared with last year when asked for it', () => {
    const old = { ...campaign, startDate: '2025-01-01' };
    expect(readCampaignPeriod({ period: 'agosto 2026 vs el año pasado' }, old, clock).compared).toMatchObject({
      from: '2025-08-01',
      to: '2025-08-31',
    });
  });
});

const totals = (part: Partial<Totals>): Totals => ({ ...NO_TOTALS, ...part });
const ranked = (campaignId: string, part: Partial<Totals>, isCurrent = true): RankedTotals => ({
  campaignId,
  name: campaignId,
  clientName: 'Cliente',
  status: 'active',
  isCurrent,
  totals: totals(part),
});

describe('the ranking of campaigns', () => {
  const base = { metric: 'revenue', order: 'best', limit: 10, after: undefined, filters: {} } as const;

  it('gives pages that together are the whole ranking, each campaign once, equal values included', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 6 }), { maxLength: 30 }), fc.integer({ min: 1, max: 7 }), (values, limit) => {
        const rows = values.map((value, index) => ranked(`CMP-${String(index).padStart(2, '0')}`, { revenue: `${value}.10` }));
        const whole = rankPage(rows, { ...base, limit: 50 }).ranking.campaigns.map(({ campaignId }) => campaignId);
        const paged: string[] = [];
        let after: Parameters<typeof rankPage>[1]['after'];
        do {
          const page = rankPage(rows, { ...base, limit, after });
          paged.push(...page.ranking.campaigns.map(({ campaignId }) => campaignId));
          after = page.position;
        } while (after !== undefined);
        expect(paged).toEqual(whole);
        expect(new Set(paged).size).toBe(values.length);
      }),
    );
  });

  it('continues after the last campaign of a page even when that one has gone', () => {
    const rows = ['5', '4', '3', '2'].map((revenue) => ranked(`CMP-${revenue}`, { revenue }));
    const first = rankPage(rows, { ...base, limit: 2 });
    const rest = rankPage(
      rows.filter(({ campaignId }) => campaignId !== 'CMP-4'),
      { ...base, limit: 2, after: first.position },
    );
    expect(rest.ranking.campaigns.map(({ campaignId }) => campaignId)).toEqual(['CMP-3', 'CMP-2']);
  });

  it('knows that the best cost is the lowest', () => {
    const rows = [ranked('CMP-A', { spend: '500', orders: 50 }), ranked('CMP-B', { spend: '500', orders: 10 })];
    const first = (order: 'best' | 'worst') => rankPage(rows, { ...base, metric: 'cpa', order }).ranking.campaigns[0]?.campaignId;
    expect([first('best'), first('worst')]).toEqual(['CMP-A', 'CMP-B']);
  });

  it('leaves out rates of too little volume and says how many', () => {
    const rows = [ranked('CMP-A', { clicks: 30, impressions: 1_000 }), ranked('CMP-B', { clicks: 3, impressions: 3 })];
    const { ranking, total } = rankPage(rows, { ...base, metric: 'ctr' });
    expect(ranking.campaigns.map(({ campaignId }) => campaignId)).toEqual(['CMP-A']);
    expect(ranking.minimum).toEqual({ of: 'impressions', atLeast: 1_000, leftOut: 1 });
    expect(total).toBe(1);
  });

  it('gives equal values one rank, and the rank of the period before beside it', () => {
    const rows = [
      ranked('CMP-A', { revenue: '7' }),
      ranked('CMP-B', { revenue: '7' }),
      ranked('CMP-C', { revenue: '1' }),
      ranked('CMP-A', { revenue: '1' }, false),
      ranked('CMP-C', { revenue: '9' }, false),
    ];
    const { campaigns, overall } = rankPage(rows, base).ranking;
    expect(campaigns.map(({ rank, previousRank }) => [rank, previousRank])).toEqual([
      [1, 2],
      [1, null],
      [3, 1],
    ]);
    expect(overall).toEqual({ campaigns: 3, value: 15, previous: 10, changePercent: 50 });
  });

  it('refuses a cursor of another question, and one it never gave', () => {
    const cursor = writeCursor({ value: '3.5', campaignId: 'CMP-1' }, ['roas', 'best']);
    expect(readCursor(cursor, ['roas', 'best'])).toEqual({ value: '3.5', campaignId: 'CMP-1' });
    expect(thrownBy(() => readCursor(cursor, ['cpa', 'best'])).message).toContain('another question');
    fc.assert(fc.property(fc.string({ maxLength: 60 }), (text) => thrownBy(() => readCursor(text, [])).errorClass === 'invalid_input'));
  });
});

describe('places', () => {
  const city = (name: string, region: string, revenue: string) => ({
    city: name,
    region,
    country: 'Costa Rica',
    totals: totals({ revenue, spend: '10' }),
  });
  const cities = [
    city('San José', 'San José', '30'),
    city('Escazú', 'San José', '20'),
    city('Liberia', 'Guanacaste', '40'),
    city('Nicoya', 'Guanacaste', '1'),
  ];

  it('are summed to regions, and what is not listed is summed too', () => {
    const { locations, others, total } = rankLocations(cities, 'region', 'revenue', 1);
    expect(locations).toMatchObject([{ rank: 1, place: 'San José', within: 'Costa Rica', revenue: 50, revenueSharePercent: 54.9 }]);
    expect(others).toMatchObject({ places: 1, revenue: 41 });
    expect(total).toMatchObject({ places: 2, revenue: 91, spend: 40 });
  });

  it('of one name in two regions stay apart', () => {
    expect(rankLocations([...cities, city('San José', 'Guanacaste', '5')], 'city', 'revenue', 9).total?.places).toBe(5);
  });
});

describe('channels', () => {
  it('planned without any activity have no data, not zero', () => {
    const channel = {
      channelId: 'a',
      channel: 'A',
      kind: 'social',
      plannedShare: '0.5',
      reach: 0,
      publications: 0,
      publishedInPeriod: 0,
      totals: NO_TOTALS,
      daysKnown: 0,
    };
    const { channels, status } = rankChannels([channel, { ...channel, channel: 'B', totals: totals({ spend: '8' }), daysKnown: 3 }]);
    expect(status).toBe('data');
    expect(channels).toMatchObject([
      { channel: 'B', spend: 8, spendSharePercent: 100 },
      { channel: 'A', spend: null, plannedSharePercent: 50 },
    ]);
  });
});

describe('a choice from a short list', () => {
  const channels = [
    { id: 'google_search', name: 'Google Search' },
    { id: 'google_display', name: 'Google Display' },
    { id: 'email', name: 'Correo electrónico' },
  ];

  it('is found by id, name or a word only it has, accents and case aside', () => {
    expect(['EMAIL', 'correo electronico', 'search', 'google_search'].map((asked) => choose('channel', asked, channels).id)).toEqual([
      'email',
      'email',
      'google_search',
      'google_search',
    ]);
  });

  it('names the candidates when several fit, and all there are when none does', () => {
    expect(thrownBy(() => choose('channel', 'google', channels))).toMatchObject({
      errorClass: 'ambiguous',
      candidates: [{ id: 'google_search' }, { id: 'google_display' }],
    });
    expect(thrownBy(() => choose('channel', 'radio', channels))).toMatchObject({
      errorClass: 'not_found',
      remedy: expect.stringContaining('Correo electrónico (email)'),
    });
  });

  it('knows countries by their English and Spanish names', () => {
    const countries = withCountryNames([
      { id: 'US', name: 'Estados Unidos' },
      { id: 'MX', name: 'México' },
    ]);
    expect(['United States', 'estados unidos', 'mexico', 'us'].map((asked) => choose('country', asked, countries).id)).toEqual([
      'US',
      'US',
      'MX',
      'US',
    ]);
  });
});

describe('the age of the data', () => {
  const now = new Date('2026-11-21T12:00:00Z');
  const load = {
    source: 'PromptAds',
    table: 'ads.ads',
    asOf: new Date('2026-11-21T11:55:00Z'),
    lastRunStatus: 'done',
    lastRunStartedAt: new Date('2026-11-21T11:55:00Z'),
    lastRunFinishedAt: null,
    rowsRead: 4,
    rowsWritten: 3,
    rowsDeleted: 1,
    openDeadLetters: 2,
  };

  it('of a source is that of its oldest table', () => {
    const { sources, isLate } = dataAge([load, { ...load, table: 'ads.campaigns', asOf: new Date('2026-11-21T11:50:00Z') }], 11, now);
    expect(sources).toMatchObject([
      { source: 'PromptAds', ageMinutes: 10, nextRunDue: '2026-11-21T12:06:00Z', tables: 2, rowsRead: 8, openDeadLetters: 4 },
    ]);
    expect(isLate).toBe(false);
  });

  it('is late after three intervals, when a table was never loaded, and when nothing was', () => {
    expect(dataAge([{ ...load, asOf: new Date('2026-11-21T11:20:00Z') }], 11, now).isLate).toBe(true);
    expect(dataAge([load, { ...load, asOf: null, lastRunStatus: 'failed' }], 11, now).sources[0]).toMatchObject({
      isLate: true,
      asOf: null,
      lastRunStatus: 'failed',
      failedTables: ['ads.ads'],
    });
    expect(dataAge([], 11, now).isLate).toBe(true);
  });
});
