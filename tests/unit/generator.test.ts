import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { historyBefore, isoDay } from '../../database/generator/calendar.ts';
import { type Campaign, generateCampaigns, showcaseCampaign } from '../../database/generator/campaigns.ts';
import { CHANNELS } from '../../database/generator/channels.ts';
import { clientDocuments, generateClients } from '../../database/generator/clients.ts';
import { generateCustomers, poolCustomers } from '../../database/generator/customers.ts';
import { documentOf } from '../../database/generator/documents.ts';
import { generateExperiments } from '../../database/generator/experiments.ts';
import { exchangeRates } from '../../database/generator/geography.ts';
import { generateImages, imagesOfCampaigns } from '../../database/generator/images.ts';
import { collectJourneys, dividedHalfUp, type Journeys } from '../../database/generator/journeys.ts';
import { emptyMetricBlock, fillMetricBlock, type MetricBlock, plannedMonths } from '../../database/generator/metrics.ts';
import { randomStream, weightedPicker } from '../../database/generator/random.ts';
import { SCALES } from '../../database/generator/scales.ts';
import { sourceData, type TableData } from '../../database/generator/source_data.ts';
import { splitStatements } from '../../database/generator/split_statements.ts';

const SEED = 20_260_101;
const TODAY = '2026-11-21';

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const median = (values: readonly number[]) => [...values].sort((one, other) => one - other)[Math.floor(values.length / 2)]!;

/** A hash of every table's COPY stream, by table. */
function hashesOf(seed: number, referenceDate: string): Record<string, string> {
  const hashes: Record<string, string> = {};
  const read = ({ table, chunks }: TableData) => {
    const hash = createHash('sha256');
    for (const chunk of chunks()) hash.update(chunk);
    hashes[table] = hash.digest('hex');
  };
  const data = sourceData(seed, referenceDate, 'small');
  for (const table of [...data.content, data.cities, ...data.ads, data.metrics, data.campaignChannels]) read(table);
  const { touches, customers, sales } = data.afterMetrics();
  for (const table of [touches, customers, ...sales]) read(table);
  return hashes;
}

describe('the generated data', () => {
  it('is the same, byte for byte, for the same seed and date, in any time zone (D8)', () => {
    const first = hashesOf(SEED, TODAY);
    const zone = process.env.TZ;
    try {
      process.env.TZ = 'Asia/Tokyo';
      expect(hashesOf(SEED, TODAY)).toEqual(first);
    } finally {
      if (zone === undefined) delete process.env.TZ;
      else process.env.TZ = zone;
    }
    expect(Object.keys(first)).toHaveLength(21);
  });

  it('is other data for another seed, and for another date', () => {
    const first = hashesOf(SEED, TODAY);
    const sameWhateverTheSeed = ['ads.channels', 'crm.cities', 'content.servicios_terceros', 'content.mcp_servers'];
    const other = hashesOf(SEED + 1, TODAY);
    const otherDay = hashesOf(SEED, '2026-11-22');
    for (const table of Object.keys(first).filter((name) => !sameWhateverTheSeed.includes(name))) {
      expect(other[table], table).not.toBe(first[table]);
      expect(otherDay[table], table).not.toBe(first[table]);
    }
  });

  it.each(['2026-02-30', 'yesterday', ''])('is refused for a reference date that is no day: %j', (referenceDate) => {
    expect(() => sourceData(SEED, referenceDate, 'small')).toThrow(RangeError);
  });

  it('draws every stream of random numbers on its own', () => {
    const alone = Array.from({ length: 5 }, randomStream(1, 'orders').uint32);
    const busy = randomStream(1, 'leads');
    for (let i = 0; i < 1000; i++) busy.unit();
    expect(Array.from({ length: 5 }, randomStream(1, 'orders').uint32)).toEqual(alone);
    expect(Array.from({ length: 5 }, randomStream(1, 'leads').uint32)).not.toEqual(alone);
  });
});

describe('random numbers', () => {
  const random = randomStream(7, 'test');
  const sample = (draw: () => number) => Array.from({ length: 40_000 }, draw);
  const variance = (values: readonly number[]) => mean(values.map((value) => (value - mean(values)) ** 2));

  it.each([
    ['uniform', random.unit, 0.5, 1 / 12],
    ['normal', random.normal, 0, 1],
    ['exponential', () => random.exponential(3), 3, 9],
    ['gamma of shape 0.5', () => random.gamma(0.5, 2), 2, 8],
    ['gamma of shape 3', () => random.gamma(3, 6), 6, 12],
    ['Poisson of a small mean', () => random.poisson(0.4), 0.4, 0.4],
    ['Poisson of a large mean', () => random.poisson(80), 80, 80],
  ])('have the mean and variance of their distribution: %s', (_, draw, expectedMean, expectedVariance) => {
    const values = sample(draw);
    expect(Math.abs(mean(values) - expectedMean)).toBeLessThan(0.04 * Math.sqrt(expectedVariance));
    const fast = mean(values);
    expect(mean(values.map((value) => (value - fast) ** 2)) / expectedVariance).toBeCloseTo(1, 0.7);
  });

  it('are picked in proportion to weights', () => {
    const pick = weightedPicker([1, 0, 3, 6]);
    const counts = [0, 0, 0, 0];
    for (let i = 0; i < 20_000; i++) counts[pick(random)]!++;
    expect(counts[1]).toBe(0);
    expect(counts[2]! / counts[0]!).toBeCloseTo(3, 0);
    expect(counts[3]! / counts[0]!).toBeCloseTo(6, 0);
    expect(variance([1, 1])).toBe(0);
  });
});

describe('campaigns at full scale (D3)', () => {
  const history = historyBefore(TODAY);
  const clients = generateClients(SEED, SCALES.full.clients);
  const campaigns = generateCampaigns(SEED, history, clients, SCALES.full.campaigns);
  const metrics: { readonly campaign: Campaign; readonly block: MetricBlock }[] = [];

  beforeAll(() => {
    // A fifth of them is plenty for what follows.
    for (const campaign of campaigns.filter((_, index) => index % 5 === 0)) {
      const block = emptyMetricBlock(1024);
      fillMetricBlock(block, SEED, history, campaign);
      metrics.push({ campaign, block });
    }
  });

  const rowsOf = <T>(read: (block: MetricBlock, row: number, campaign: Campaign) => T | undefined): T[] =>
    metrics.flatMap(({ campaign, block }) =>
      Array.from({ length: block.rows }, (_, row) => read(block, row, campaign)).filter((value) => value !== undefined),
    );

  it('are 1,000 with ids of their own, 30 % of them active on the reference date', () => {
    expect(campaigns).toHaveLength(1000);
    expect(new Set(campaigns.map(({ campaignId }) => campaignId)).size).toBe(1000);
    const active = campaigns.filter(({ status }) => status === 'active');
    expect(active).toHaveLength(300);
    for (const { start, end } of active) expect(start < history.today && end >= history.today).toBe(true);
    for (const { status, start, end } of campaigns) {
      if (status === 'completed') expect(end).toBeLessThan(history.today);
      if (status === 'scheduled' || status === 'draft') expect(start).toBeGreaterThan(history.today);
    }
  });

  it('begin most often in December, January and July', () => {
    const begun = campaigns.filter(({ start }) => start < history.today);
    const months = new Map<number, Set<number>>();
    const counts = new Map<number, number>();
    for (let day = 0; day < history.today; day++) {
      const month = history.month[day]!;
      months.set(month, (months.get(month) ?? new Set()).add(history.year[day]!));
    }
    for (const { start } of begun) counts.set(history.month[start]!, (counts.get(history.month[start]!) ?? 0) + 1);
    const aMonth = [...counts]
      .map(([month, count]) => ({ month, count: count / months.get(month)!.size }))
      .sort((one, other) => other.count - one.count);
    expect(
      aMonth
        .slice(0, 3)
        .map(({ month }) => month)
        .sort((one, other) => one - other),
    ).toEqual([1, 7, 12]);
    expect(aMonth[2]!.count).toBeGreaterThan(1.5 * aMonth[3]!.count);
  });

  it('have names as marketers write them, nearly all unique, and some that two clients share', () => {
    const users = new Map<string, Set<number>>();
    for (const { name, client } of campaigns) users.set(name, (users.get(name) ?? new Set()).add(client));
    const shared = [...users].filter(([, owners]) => owners.size > 1).map(([name]) => name);
    expect(shared.length).toBeGreaterThanOrEqual(2);
    expect(shared.length).toBeLessThan(10);
    expect(users.size).toBeGreaterThanOrEqual(990);
    expect(campaigns.some(({ name }) => /[áéíóúñ]/.test(name))).toBe(true);
    // Verano as people ask for it exists, with neighbours that are easily taken for it.
    expect(users.has('Verano 2026')).toBe(true);
    expect([...users.keys()].filter((name) => name.startsWith('Verano 2026')).length).toBeGreaterThan(3);
  });

  it.each([
    '2026-01-01',
    '2026-01-31',
    '2026-02-28',
    '2026-04-30',
    '2026-05-01',
    '2026-06-30',
    '2026-07-01',
    '2026-08-31',
    '2026-09-01',
    '2026-10-31',
    '2026-11-30',
    '2026-12-01',
    '2024-02-29',
  ])('include one for examples that ran all last month and still runs, on %s', (referenceDate) => {
    const past = historyBefore(referenceDate);
    const showcase = showcaseCampaign(referenceDate);
    const found = (['full', 'small'] as const).map((scale) => {
      const plan = SCALES[scale];
      return generateCampaigns(SEED, past, generateClients(SEED, plan.clients), plan.campaigns).filter(
        ({ name }) => name === showcase.name,
      );
    });
    const lastOfLastMonth = new Date(`${referenceDate.slice(0, 7)}-01T00:00:00Z`);
    lastOfLastMonth.setUTCDate(0);
    const firstOfLastMonth = `${lastOfLastMonth.toISOString().slice(0, 7)}-01`;
    for (const named of found) {
      expect(named).toHaveLength(1);
      const campaign = named[0]!;
      expect(campaign.campaignId).toBe(showcase.campaignId);
      expect(campaign.status).toBe('active');
      expect(isoDay(past, campaign.start) <= firstOfLastMonth).toBe(true);
      expect(isoDay(past, campaign.start)).toBe(showcase.startDate);
      expect(isoDay(past, campaign.end)).toBe(showcase.endDate);
      expect(campaign.end).toBeGreaterThanOrEqual(past.today);
      expect(campaign.channels.length).toBeGreaterThanOrEqual(4);
      expect(campaign.cities.length).toBeGreaterThanOrEqual(15);
      expect(campaign.countries.length).toBeGreaterThanOrEqual(3);
    }
  });

  it('plan exactly their budget by channel and month', () => {
    for (const campaign of campaigns) {
      const planned = plannedMonths(history, campaign);
      expect(planned.reduce((sum, { cents }) => sum + cents, 0)).toBe(campaign.budgetCents);
      expect(planned.every(({ cents }) => cents >= 0)).toBe(true);
      expect(campaign.channelShares.reduce((sum, share) => sum + share, 0)).toBe(10_000);
    }
  });

  it("spend log-normally: the logarithm of a day's spend is not skewed", () => {
    const logs = rowsOf((block, row) =>
      CHANNELS[block.channel[row]!]!.channelId === 'facebook' ? Math.log(block.spendCents[row]!) : undefined,
    );
    const center = mean(logs);
    const deviation = Math.sqrt(mean(logs.map((log) => (log - center) ** 2)));
    const skew = mean(logs.map((log) => ((log - center) / deviation) ** 3));
    expect(Math.abs(skew)).toBeLessThan(0.5);
    // The spend itself is skewed a great deal: a few large days, many small ones.
    const spend = logs.map(Math.exp);
    expect(mean(spend)).toBeGreaterThan(1.3 * median(spend));
  });

  it('spend and act by weekday: LinkedIn rests at weekends, TikTok does not', () => {
    const weekendOverWeek = (channelId: string) => {
      const spend = [0, 0];
      metrics.forEach(({ block }) => {
        for (let row = 0; row < block.rows; row++) {
          if (CHANNELS[block.channel[row]!]!.channelId === channelId)
            spend[history.weekday[block.day[row]!]! >= 5 ? 1 : 0]! += block.spendCents[row]!;
        }
      });
      return spend[1]! / 2 / (spend[0]! / 5);
    };
    expect(weekendOverWeek('linkedin')).toBeLessThan(0.65);
    expect(weekendOverWeek('tiktok')).toBeGreaterThan(0.95);
  });

  it('meet diminishing returns: within a channel the return falls as spend in a city rises', () => {
    for (const channelId of ['facebook', 'instagram', 'google_search']) {
      const days = rowsOf((block, row) =>
        CHANNELS[block.channel[row]!]!.channelId === channelId
          ? { city: block.city[row]!, spend: block.spendCents[row]! / 100, revenue: block.expectedRevenue[row]! }
          : undefined,
      );
      // San José (index 0), so that the audience is the same.
      const here = days.filter(({ city }) => city === 0).sort((one, other) => one.spend - other.spend);
      const quarter = (q: number) => here.slice(Math.floor((here.length * q) / 4), Math.floor((here.length * (q + 1)) / 4));
      const returns = [0, 1, 2, 3].map(
        (q) => quarter(q).reduce((sum, { revenue }) => sum + revenue, 0) / quarter(q).reduce((sum, { spend }) => sum + spend, 0),
      );
      expect(here.length, channelId).toBeGreaterThan(400);
      expect(returns[3], `${channelId} ${returns}`).toBeLessThan(0.8 * returns[0]!);
    }
  });

  it('differ by channel: search is clicked ten times as often as display', () => {
    const clickRate = (channelId: string) => {
      const rows = rowsOf((block, row) =>
        CHANNELS[block.channel[row]!]!.channelId === channelId
          ? { clicks: block.clicks[row]!, impressions: block.impressions[row]! }
          : undefined,
      );
      return rows.reduce((sum, { clicks }) => sum + clicks, 0) / rows.reduce((sum, { impressions }) => sum + impressions, 0);
    };
    expect(clickRate('google_search')).toBeGreaterThan(8 * clickRate('google_display'));
  });

  it('have figures that can be: conversions ≤ clicks ≤ impressions, no day outside the campaign or from today on', () => {
    for (const { campaign, block } of metrics) {
      for (let row = 0; row < block.rows; row++) {
        const day = block.day[row]!;
        if (
          !(
            block.conversions[row]! <= block.clicks[row]! &&
            block.clicks[row]! <= block.impressions[row]! &&
            block.engagements[row]! <= block.impressions[row]!
          ) ||
          !(day >= campaign.start && day <= campaign.end && day < history.today && block.spendCents[row]! > 0)
        ) {
          expect.fail(`row ${row} of ${campaign.campaignId}`);
        }
      }
    }
  });
});

describe('journeys', () => {
  const history = historyBefore(TODAY);
  const plan = SCALES.small;
  const clients = generateClients(SEED, plan.clients);
  const campaigns = generateCampaigns(SEED, history, clients, plan.campaigns);
  const customers = generateCustomers(SEED, history, clients, plan.customers);
  let journeys: Journeys;

  beforeAll(() => {
    const collector = collectJourneys(
      SEED,
      history,
      clients,
      campaigns,
      customers,
      poolCustomers(customers, clients.length),
      plan.journeys,
    );
    const block = emptyMetricBlock();
    campaigns.forEach((campaign, index) => {
      fillMetricBlock(block, SEED, history, campaign);
      collector.add(index, block);
    });
    journeys = collector.finish();
  });

  it('bring buyers back: a third to two thirds buy again, and few buy most', () => {
    const orders = [...journeys.customers.orders].filter((count) => count > 0).sort((one, other) => other - one);
    const again = orders.filter((count) => count > 1).length / orders.length;
    expect(again).toBeGreaterThan(0.33);
    expect(again).toBeLessThan(0.67);
    const topFifth = orders.slice(0, Math.floor(orders.length / 5)).reduce((sum, count) => sum + count, 0);
    expect(topFifth / orders.reduce((sum, count) => sum + count, 0)).toBeGreaterThan(0.4);
  });

  it('attribute about 60 % of the orders', () => {
    const share = [...journeys.orders.touch].filter((touch) => touch >= 0).length / journeys.orders.count;
    expect(share).toBeGreaterThan(0.5);
    expect(share).toBeLessThan(0.75);
  });

  it('refund about 3 % and cancel about 2 % of the orders', () => {
    const share = (status: number) => [...journeys.orders.status].filter((value) => value === status).length / journeys.orders.count;
    expect(share(1)).toBeCloseTo(0.03, 1.7);
    expect(share(2)).toBeCloseTo(0.02, 1.7);
  });

  it('come in order of time, all before today', () => {
    for (const { second, count } of [journeys.touches, journeys.orders]) {
      expect(second.length).toBe(count);
      expect([...second]).toEqual([...second].sort((one, other) => one - other));
      expect(second[count - 1]).toBeLessThan(history.today * 86_400);
    }
  });
});

describe('what clients must not be made to say', () => {
  const clients = generateClients(SEED, SCALES.full.clients);
  const documents = clientDocuments(SEED, historyBefore(TODAY), clients);

  it('are the claims that their trade may not make, and for some of them words that make them look cheap', () => {
    for (const { industry, restricciones } of documents) {
      expect(restricciones.afirmaciones.length, industry).toBeGreaterThan(0);
      expect(restricciones.afirmaciones.includes('cura milagrosa')).toBe(industry === 'salud');
    }
    const proud = documents.filter(({ restricciones }) => restricciones.palabras.includes('barato'));
    expect(proud).toHaveLength(Math.ceil(documents.length / 3));
  });
});

describe('images (D1)', () => {
  const history = historyBefore(TODAY);
  const images = generateImages(SEED, history);
  const clients = generateClients(SEED, SCALES.full.clients);
  const campaigns = generateCampaigns(SEED, history, clients, SCALES.full.campaigns);

  it('are 120 with different descriptions in Spanish and hashtags', () => {
    expect(images).toHaveLength(120);
    expect(new Set(images.map(({ description }) => description)).size).toBe(120);
    expect(images.every(({ hashtags }) => hashtags.length >= 3)).toBe(true);
    expect(images.filter(({ description }) => /[áéíóúñ]/.test(description)).length).toBeGreaterThan(60);
  });

  it('serve every campaign, approved and older than it', () => {
    imagesOfCampaigns(SEED, images, campaigns).forEach((used, campaign) => {
      expect(used.length).toBeGreaterThan(0);
      for (const image of used) {
        expect(images[image]!.approved).toBe(true);
        expect(images[image]!.createdDay).toBeLessThan(campaigns[campaign]!.start);
        expect(images[image]!.industry).toBe(campaigns[campaign]!.industry);
      }
    });
  });
});

describe('experiments', () => {
  it('show their true effect, where there is one, and none where there is none', () => {
    const history = historyBefore(TODAY);
    const clients = generateClients(SEED, SCALES.full.clients);
    const experiments = generateExperiments(SEED, history, generateCampaigns(SEED, history, clients, SCALES.full.campaigns), 60);
    const observed = (lift: (trueLift: number) => boolean) => {
      const chosen = experiments.filter(({ trueLift }) => lift(trueLift));
      expect(chosen.length).toBeGreaterThan(5);
      return mean(
        chosen.map(({ days }) => {
          const rate = (arm: string) => {
            const rows = days.filter((day) => day.arm === arm);
            return rows.reduce((sum, { successes }) => sum + successes, 0) / rows.reduce((sum, { visitors }) => sum + visitors, 0);
          };
          return rate('treatment') / rate('control') - 1;
        }),
      );
    };
    expect(Math.abs(observed((lift) => lift === 0))).toBeLessThan(0.05);
    expect(observed((lift) => lift > 0)).toBeGreaterThan(0.08);
    expect(observed((lift) => lift < 0)).toBeLessThan(-0.05);
  });
});

describe('small things the data is made of', () => {
  it('divide as PostgreSQL rounds: halves up, exactly', () => {
    expect(dividedHalfUp(5, 10)).toBe(1);
    expect(dividedHalfUp(4_999_999_999_999, 10_000_000_000_000)).toBe(0);
    expect(dividedHalfUp(25_000_000, 10_000_000)).toBe(3);
    expect(dividedHalfUp(9_007_199_254_740_991, 2)).toBe(4_503_599_627_370_496);
  });

  it('keep exchange rates near where they began, and at one for the dollar', () => {
    const rates = exchangeRates(SEED, historyBefore(TODAY));
    expect(new Set(rates[4]!)).toEqual(new Set([1_000_000])); // Panamá
    const colones = [...rates[0]!].map((rate) => rate / 1e6);
    expect(Math.min(...colones)).toBeGreaterThan(450);
    expect(Math.max(...colones)).toBeLessThan(600);
    expect(new Set(colones).size).toBeGreaterThan(200);
  });

  it('write documents with right check digits', () => {
    const random = randomStream(3, 'documents');
    for (let i = 0; i < 200; i++) {
      const spanish = documentOf('ES', false, random.below);
      expect(spanish.slice(-1)).toBe('TRWAGMYFPDXBNJZSQVHLCKE'[Number(spanish.slice(0, 8)) % 23]);
      expect(documentOf('CL', false, random.below)).toMatch(/^\d{1,2}\.\d{3}\.\d{3}-[\dK]$/);
      const digits = [...documentOf('EC', false, random.below)].map(Number);
      const sum = digits.reduce(
        (total, digit, index) => total + (index % 2 === 0 && index < 9 ? (digit * 2 > 9 ? digit * 2 - 9 : digit * 2) : digit),
        0,
      );
      expect(sum % 10).toBe(0);
    }
    // Chile's published example.
    expect(documentOf('CL', false, () => 12_345_678 - 8_000_000)).toBe('12.345.678-5');
  });

  it('split SQL at semicolons outside of comments, quotes and dollar quotes', () => {
    expect(splitStatements("-- a; b\nSELECT ';', 'it''s'; DO $$ BEGIN; END $$;\nSELECT 1 - 2 -- c;\n")).toEqual([
      "SELECT ';', 'it''s'",
      'DO $$ BEGIN; END $$',
      'SELECT 1 - 2',
    ]);
  });
});
