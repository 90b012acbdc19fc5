import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { salesDashboard } from '../../mcp-servers/sales_dashboard/index.ts';
import { toolDefinitions } from '../../shared/mcp/tool_definitions.ts';
import { query } from '../support/etl_databases.ts';
import { TIME_ZONE, TODAY } from '../support/generated_hub.ts';
import { type ServerWorld, startServerWorld } from '../support/server_world.ts';

type Data = Record<string, unknown>;
type Measures = readonly { readonly metric: string; readonly value: number | null; readonly previous: number | null }[];
type Campaign = { readonly id: string; readonly name: string; readonly status: string; readonly from: string; readonly to: string };

const SHOWCASE = 'Navidad 2026';
const SHOWCASE_ID = 'CMP-NAVIDAD-2026';

let world: ServerWorld;
let campaigns: readonly Campaign[];

beforeAll(async () => {
  world = await startServerWorld(salesDashboard, ['dashboard:read']);
  const rows = await query(
    world.sources.ads,
    `SELECT campaign_id AS id, name, status, start_date::text AS from, end_date::text AS to FROM ads.campaigns ORDER BY campaign_id`,
  );
  campaigns = rows as Campaign[];
});
afterAll(async () => {
  await world?.stop();
});

/** An answer that must not be an error. */
async function answer(tool: string, args: unknown): Promise<{ text: string; whole: Data; data: Data }> {
  const result = await world.ask(tool, args);
  const [{ text }] = result.content;
  expect(result.isError, text).toBeUndefined();
  return { text, whole: result.structuredContent, data: result.structuredContent.data as Data };
}

type Refusal = { class: string; message: string; remedy?: string; candidates?: readonly Record<string, string>[] };

async function refusal(tool: string, args: unknown): Promise<Refusal> {
  const result = await world.ask(tool, args);
  expect(result.isError, result.content[0].text).toBe(true);
  return result.structuredContent.error as Refusal;
}

const number = (value: unknown): number => Number(value);
const figure = (data: Data, metric: string): number | null | undefined =>
  (data.metrics as Measures).find((row) => row.metric === metric)?.value;

type Truth = {
  readonly isKnown: boolean;
  readonly metrics: Readonly<Record<string, number | null>> & { readonly spend: number; readonly revenue: number; readonly orders: number };
  readonly sales: Readonly<Record<string, number>>;
};

/** What the sources say of every campaign in some days, computed by SQL of its own. */
async function truths(from: string, to: string): Promise<(campaignId: string) => Truth> {
  const [ads, sales, leads] = await Promise.all([
    query(
      world.sources.ads,
      `SELECT campaign_id, sum(spend) AS spend, sum(impressions) AS impressions, sum(clicks) AS clicks, sum(engagements) AS engagements,
              sum(conversions) AS conversions, round(100.0 * sum(clicks) / nullif(sum(impressions), 0), 2) AS ctr,
              round(sum(spend) / nullif(sum(clicks), 0), 4) AS cpc, round(1000 * sum(spend) / nullif(sum(impressions), 0), 2) AS cpm
         FROM ads.daily_metrics WHERE day BETWEEN $1 AND $2 GROUP BY 1`,
      [from, to],
    ),
    query(
      world.sources.crm,
      `SELECT campaign_id, count(*) FILTER (WHERE status = 'paid') AS orders, coalesce(sum(total_usd) FILTER (WHERE status = 'paid'), 0) AS revenue,
              coalesce(sum(total_usd) FILTER (WHERE status = 'refunded'), 0) AS refunds,
              count(*) FILTER (WHERE status = 'refunded') AS refunded, count(*) FILTER (WHERE status = 'cancelled') AS cancelled,
              count(*) FILTER (WHERE status = 'paid' AND first_order) AS first_orders,
              count(DISTINCT customer_id) FILTER (WHERE status = 'paid') AS buyers,
              round(avg(total_usd) FILTER (WHERE status = 'paid'), 2) AS aov
         FROM crm.orders WHERE campaign_id IS NOT NULL AND (ordered_at AT TIME ZONE '${TIME_ZONE}')::date BETWEEN $1 AND $2 GROUP BY 1`,
      [from, to],
    ),
    query(
      world.sources.crm,
      `SELECT campaign_id, count(*) AS leads FROM crm.leads
        WHERE campaign_id IS NOT NULL AND (created_at AT TIME ZONE '${TIME_ZONE}')::date BETWEEN $1 AND $2 GROUP BY 1`,
      [from, to],
    ),
  ]);
  return (campaignId) => {
    const of = (rows: readonly Data[]): Data => rows.find((row) => row.campaign_id === campaignId) ?? {};
    return truthOf(of(ads), of(sales), of(leads));
  };
}

function truthOf(ads: Data, sales: Data, led: Data): Truth {
  const orZero = (value: unknown): number => number(value ?? 0);
  const orNull = (value: unknown): number | null => (value === null || value === undefined ? null : number(value));
  const [spend, revenue, orders, leads] = [orZero(ads.spend), orZero(sales.revenue), orZero(sales.orders), orZero(led.leads)];
  const cents = (value: number): number => Math.round(value * 100 + 1e-7) / 100;
  return {
    isKnown: [ads, sales, led].some((row) => Object.keys(row).length > 0),
    metrics: {
      spend,
      impressions: orZero(ads.impressions),
      clicks: orZero(ads.clicks),
      engagements: orZero(ads.engagements),
      conversions: orZero(ads.conversions),
      leads,
      orders,
      revenue,
      refunds: orZero(sales.refunds),
      ctr: orNull(ads.ctr),
      cpc: orNull(ads.cpc),
      cpm: orNull(ads.cpm),
      cpl: leads === 0 ? null : cents(spend / leads),
      cpa: orders === 0 ? null : cents(spend / orders),
      roas: spend === 0 ? null : cents(revenue / spend),
      aov: orNull(sales.aov),
    },
    sales: {
      buyers: orZero(sales.buyers),
      refundedOrders: orZero(sales.refunded),
      cancelledOrders: orZero(sales.cancelled),
      newCustomerOrders: orZero(sales.first_orders),
      repeatOrders: orders - orZero(sales.first_orders),
    },
  };
}

const PERIODS = [
  { asked: { period: 'last month' }, from: '2026-10-01', to: '2026-10-31', before: ['2026-09-01', '2026-09-30'] },
  { asked: { startDate: '2026-10-25', endDate: '2026-11-20' }, from: '2026-10-25', to: '2026-11-20', before: ['2026-09-28', '2026-10-24'] },
  { asked: { period: '2025-12' }, from: '2025-12-01', to: '2025-12-31', before: ['2025-11-01', '2025-11-30'] },
] as const;

describe('answers are what the sources say, not only the hub (T2, D7)', () => {
  it.each(PERIODS)(
    'get_campaign_performance from $from to $to, every campaign, and the period before',
    async ({ asked, from, to, before }) => {
      const [then, earlierTruth] = [await truths(from, to), await truths(before[0], before[1])];
      let known = 0;
      for (const campaign of campaigns) {
        const { data } = await answer('get_campaign_performance', { campaignName: campaign.id, ...asked });
        const expected = then(campaign.id);
        expect(data.status, campaign.id).toBe(expected.isKnown ? 'data' : 'no_data');
        if (!expected.isKnown) continue;
        known += 1;
        const rows = data.metrics as Measures;
        expect(Object.fromEntries(rows.map(({ metric, value }) => [metric, value])), campaign.id).toEqual(expected.metrics);
        const earlier = earlierTruth(campaign.id);
        const previous = Object.fromEntries(rows.map(({ metric, previous }) => [metric, previous]));
        const isCompared = earlier.isKnown && before[1] >= campaign.from;
        expect(previous, campaign.id).toEqual(isCompared ? earlier.metrics : Object.fromEntries(rows.map(({ metric }) => [metric, null])));
      }
      expect(known).toBeGreaterThan(5);
    },
  );

  it('get_sales_data of a third of the campaigns to date, with what its parts add up to', async () => {
    for (const campaign of campaigns.filter(({ id }, index) => index % 3 === 0 || id === SHOWCASE_ID)) {
      const { data, whole } = await answer('get_sales_data', { campaignName: campaign.id });
      if (data.status === 'no_data') {
        expect((await truths('2000-01-01', TODAY))(campaign.id).isKnown, campaign.id).toBe(false);
        continue;
      }
      const { from, to } = whole.period as { from: string; to: string };
      const { metrics, sales } = (await truths(from, to))(campaign.id);
      const { orders, revenue, refunds, aov, spend, roas } = metrics;
      for (const [metric, expected] of Object.entries({ orders, revenue, refunds, aov, spend, roas, ...sales })) {
        expect(figure(data, metric), `${campaign.id} ${metric}`).toEqual(expected);
      }
      const [all] = await query(
        world.sources.crm,
        `SELECT count(*) FILTER (WHERE status = 'paid') AS orders FROM crm.orders WHERE campaign_id = $1`,
        [campaign.id],
      );
      expect(figure(data, 'orders'), `${campaign.id}: no sale falls outside the campaign's days`).toBe(number(all?.orders));
      for (const [part, dollars] of [
        ['channels', 'revenue'],
        ['currencies', 'revenueUsd'],
      ] as const) {
        const rows = data[part] as readonly Record<string, number>[];
        const sum = rows.reduce((total, row) => total + number(row[dollars]), 0);
        expect(sum, `${campaign.id} ${part}`).toBeCloseTo(number(revenue), 2);
      }
      const trend = data.trend as { points: readonly { revenue: number | null }[] };
      expect(trend.points.reduce((total, point) => total + (point.revenue ?? 0), 0)).toBeCloseTo(number(revenue), 2);
    }
  });

  it('get_campaign_locations by city, region and country', async () => {
    const { from, to } = { from: '2026-10-20', to: TODAY };
    const spent = await query(
      world.sources.ads,
      `SELECT city_id, sum(spend) AS spend, sum(clicks) AS clicks FROM ads.daily_metrics WHERE campaign_id = $1 AND day BETWEEN $2 AND $3 GROUP BY 1`,
      [SHOWCASE_ID, from, to],
    );
    const sold = await query(
      world.sources.crm,
      `SELECT city_id, count(*) AS orders, sum(total_usd) AS revenue FROM crm.orders
        WHERE campaign_id = $1 AND status = 'paid' AND (ordered_at AT TIME ZONE '${TIME_ZONE}')::date BETWEEN $2 AND $3 GROUP BY 1`,
      [SHOWCASE_ID, from, to],
    );
    const cities = await query(world.sources.crm, 'SELECT city_id, name, region, country FROM crm.cities');
    const placeOf = { city: ['name', 'region', 'country'], region: ['region', 'country'], country: ['country'] } as const;
    for (const granularity of ['city', 'region', 'country'] as const) {
      const { data, whole } = await answer('get_campaign_locations', {
        campaignName: SHOWCASE,
        granularity,
        limit: 200,
        startDate: from,
        endDate: to,
      });
      const expected = new Map<string, { spend: number; revenue: number; orders: number }>();
      for (const row of [...spent, ...sold]) {
        const city = cities.find(({ city_id }) => city_id === row.city_id);
        const place = placeOf[granularity].map((column) => String(city?.[column])).join(', ');
        const was = expected.get(place) ?? { spend: 0, revenue: 0, orders: 0 };
        expected.set(place, {
          spend: was.spend + number(row.spend ?? 0),
          revenue: was.revenue + number(row.revenue ?? 0),
          orders: was.orders + number(row.orders ?? 0),
        });
      }
      const locations = data.locations as readonly {
        rank: number;
        place: string;
        within: string;
        spend: number;
        revenue: number;
        orders: number;
      }[];
      const answered = new Map(locations.map(({ place, within, ...figures }) => [within === '' ? place : `${place}, ${within}`, figures]));
      for (const [place, figures] of expected) {
        expect(answered.get(place)?.orders, place).toBe(figures.orders);
        expect(answered.get(place)?.spend, place).toBeCloseTo(figures.spend, 2);
        expect(answered.get(place)?.revenue, place).toBeCloseTo(figures.revenue, 2);
      }
      expect(locations.map(({ revenue }) => revenue)).toEqual(locations.map(({ revenue }) => revenue).sort((one, other) => other - one));
      expect(locations.map(({ rank }) => rank)).toEqual(locations.map((_, index) => index + 1));
      expect((whole.page as { total: number }).total).toBe(locations.length);
    }
  });

  it('lists so many places as asked for, sums the others, and says how many there are', async () => {
    const all = await answer('get_campaign_locations', { campaignName: SHOWCASE, limit: 200 });
    const few = await answer('get_campaign_locations', { campaignName: SHOWCASE, limit: 3 });
    const { locations, others, total } = few.data as {
      locations: { spend: number }[];
      others: { places: number; spend: number };
      total: { places: number; spend: number };
    };
    expect(locations).toEqual((all.data.locations as unknown[]).slice(0, 3));
    expect(total).toEqual(all.data.total);
    expect(others.places).toBe(total.places - 3);
    expect(locations.reduce((sum, { spend }) => sum + spend, others.spend)).toBeCloseTo(total.spend, 2);
    expect(few.whole.page).toEqual({ returned: 3, total: total.places, nextCursor: null });
  });

  it('get_campaign_channels: planned, published, spent and sold on each', async () => {
    const { data } = await answer('get_campaign_channels', { campaignName: SHOWCASE_ID, period: 'last month' });
    const rows = data.channels as readonly Record<string, unknown>[];
    const expected = await query(
      world.sources.ads,
      `SELECT h.name, p.reach, round(100 * p.budget_share, 1) AS planned, m.spend, m.clicks, a.publications, a.in_period
         FROM ads.campaign_channels p JOIN ads.channels h USING (channel_id)
         LEFT JOIN (SELECT channel_id, sum(spend) AS spend, sum(clicks) AS clicks FROM ads.daily_metrics
                     WHERE campaign_id = $1 AND day BETWEEN '2026-10-01' AND '2026-10-31' GROUP BY 1) m USING (channel_id)
         LEFT JOIN (SELECT channel_id, count(*) AS publications,
                           count(*) FILTER (WHERE (published_at AT TIME ZONE '${TIME_ZONE}')::date BETWEEN '2026-10-01' AND '2026-10-31') AS in_period
                      FROM ads.ads WHERE campaign_id = $1 GROUP BY 1) a USING (channel_id)
        WHERE p.campaign_id = $1`,
      [SHOWCASE_ID],
    );
    expect(rows.length).toBe(expected.length);
    for (const channel of expected) {
      expect(rows.find((row) => row.channel === channel.name)).toMatchObject({
        reach: number(channel.reach),
        plannedSharePercent: number(channel.planned),
        publications: number(channel.publications ?? 0),
        publishedInPeriod: number(channel.in_period ?? 0),
        spend: channel.spend === null ? null : number(channel.spend),
        clicks: channel.clicks === null ? null : number(channel.clicks),
      });
    }
    const sold = await query(
      world.sources.crm,
      `SELECT channel_id, count(*) AS orders FROM crm.orders WHERE campaign_id = $1 AND status = 'paid'
          AND (ordered_at AT TIME ZONE '${TIME_ZONE}')::date BETWEEN '2026-10-01' AND '2026-10-31' GROUP BY 1`,
      [SHOWCASE_ID],
    );
    const orders = rows.map((row) => number(row.orders ?? 0)).filter((count) => count > 0);
    expect(orders.sort()).toEqual(sold.map((row) => number(row.orders)).sort());
  });

  it.each(['2026-10-01 2026-10-31', '2026-09-14 2026-11-18', '2025-03-05 2026-11-20'])(
    'rank_campaigns by revenue and by ROAS in %s',
    async (days) => {
      const [startDate = '', endDate = ''] = days.split(' ');
      const expected: { id: string; revenue: number; spend: number }[] = [];
      const then = await truths(startDate, endDate);
      for (const { id } of campaigns) {
        const { isKnown, metrics } = then(id);
        if (isKnown) expected.push({ id, revenue: metrics.revenue, spend: metrics.spend });
      }
      const byRevenue = await answer('rank_campaigns', { metric: 'revenue', startDate, endDate, limit: 50 });
      const rows = byRevenue.data.campaigns as readonly { campaignId: string; value: number; spend: number }[];
      const inOrder = [...expected].sort((one, other) => other.revenue - one.revenue || (one.id < other.id ? -1 : 1));
      expect(rows.map(({ campaignId, value, spend }) => ({ id: campaignId, revenue: value, spend }))).toEqual(inOrder.slice(0, 50));
      expect((byRevenue.whole.page as { total: number }).total).toBe(expected.length);

      const byRoas = await answer('rank_campaigns', { metric: 'roas', startDate, endDate, limit: 50 });
      const enough = expected
        .filter(({ spend }) => spend >= 100)
        .sort((one, other) => other.revenue / other.spend - one.revenue / one.spend);
      expect((byRoas.data.campaigns as readonly { campaignId: string }[]).map(({ campaignId }) => campaignId)).toEqual(
        enough.slice(0, 50).map(({ id }) => id),
      );
      expect(byRoas.data.minimum).toMatchObject({ atLeast: 100, leftOut: expected.length - enough.length });
    },
  );

  it('rank_campaigns on one channel counts only what happened there', async () => {
    const { data } = await answer('rank_campaigns', {
      metric: 'spend',
      channel: 'instagram',
      startDate: '2026-08-05',
      endDate: '2026-11-20',
      limit: 50,
    });
    const expected = await query(
      world.sources.ads,
      `SELECT campaign_id, sum(spend) AS spend FROM ads.daily_metrics WHERE channel_id = 'instagram' AND day BETWEEN '2026-08-05' AND '2026-11-20'
        GROUP BY 1 HAVING sum(spend) > 0 ORDER BY 2 DESC, 1`,
    );
    const rows = (data.campaigns as readonly { campaignId: string; value: number }[]).filter(({ value }) => value > 0);
    expect(rows.map(({ campaignId, value }) => [campaignId, value])).toEqual(expected.map((row) => [row.campaign_id, number(row.spend)]));
  });

  it('rank_campaigns filters by client, country, objective and status', async () => {
    const [largest] = await query(
      world.sources.ads,
      `SELECT client_id FROM ads.campaigns WHERE status = 'active' GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1`,
    );
    const listed = async (filter: object): Promise<readonly string[]> => {
      const { data } = await answer('rank_campaigns', { period: 'this year', limit: 50, ...filter });
      return (data.campaigns as readonly { campaignId: string }[]).map(({ campaignId }) => campaignId).sort();
    };
    const everything = new Set(await listed({}));
    const fitting = async (condition: string): Promise<readonly string[]> => {
      const rows = await query(world.sources.ads, `SELECT campaign_id FROM ads.campaigns WHERE ${condition}`);
      return rows
        .map((row) => String(row.campaign_id))
        .filter((id) => everything.has(id))
        .sort();
    };
    expect(await listed({ client: largest?.client_id })).toEqual(await fitting(`client_id = '${String(largest?.client_id)}'`));
    expect(await listed({ country: 'costa rica' })).toEqual(await fitting(`'CR' = ANY (countries)`));
    expect(await listed({ objective: 'sales', status: 'active' })).toEqual(await fitting(`objective = 'sales' AND status = 'active'`));
    expect(everything.size).toBeGreaterThan((await listed({ objective: 'sales' })).length);
  });
});

describe('questions as people write them (T5)', () => {
  it.each([
    ['How did campaign X do last month', 'get_campaign_performance', 'navidad 2026', 'last month', '2026-10-01', '2026-10-31'],
    ['¿Cómo le fue a la campaña X el mes pasado?', 'get_campaign_performance', 'NAVIDAD 2026', 'el mes pasado', '2026-10-01', '2026-10-31'],
    ['How much money did it bring this year', 'get_sales_data', 'campaña Navidad 2026', 'this year', '2026-01-01', '2026-11-21'],
    ['¿Cuánto dinero generó en noviembre?', 'get_sales_data', 'Navidad  2026', 'noviembre de 2026', '2026-11-01', '2026-11-21'],
    ['In which cities does it have most impact', 'get_campaign_locations', 'cmp-navidad-2026', 'last 30 days', undefined, undefined],
    ['¿En qué ciudades tiene más impacto?', 'get_campaign_locations', 'Navidad 2026', 'últimos 30 días', undefined, undefined],
    ['On which networks was it published', 'get_campaign_channels', 'Navidad 2026', 'Q4 2026', '2026-10-01', '2026-11-21'],
    ['¿En qué redes se publicó?', 'get_campaign_channels', 'Navidad 2026', 'este mes', '2026-11-01', '2026-11-21'],
  ])('%s', async (_question, tool, campaignName, period, from, to) => {
    const { data, whole, text } = await answer(tool, { campaignName, period });
    expect(data.status).toBe('data');
    expect(whole.campaign).toMatchObject({ campaignId: SHOWCASE_ID, name: SHOWCASE });
    if (from !== undefined) expect(whole.period).toMatchObject({ from, to, today: TODAY, timeZone: TIME_ZONE });
    expect(text).toContain(`Campaign: ${SHOWCASE} (${SHOWCASE_ID})`);
  });

  it('gives the same answer in Spanish and in English', async () => {
    const [spanish, english] = [
      await answer('get_campaign_channels', { campaignName: SHOWCASE, period: 'el mes pasado' }),
      await answer('get_campaign_channels', { campaignName: SHOWCASE, period: 'last month' }),
    ];
    expect(spanish.data).toEqual(english.data);
  });

  it('ranks by a metric named in Spanish', async () => {
    expect((await answer('rank_campaigns', { metric: 'ventas', period: 'el mes pasado' })).data).toMatchObject({ metric: 'revenue' });
  });

  it('takes the argument names that models use instead', async () => {
    const { whole } = await answer('get_campaign_performance', {
      campaign_id: SHOWCASE_ID,
      start_date: '2026-10-01',
      end_date: '2026-10-31',
    });
    expect(whole.period).toMatchObject({ from: '2026-10-01', to: '2026-10-31' });
  });

  it('says that last year holds nothing to compare with when the campaign is younger', async () => {
    const old = campaigns.find(({ from, to }) => from < '2025-12-01' && to > '2026-01-31');
    const { whole } = await answer('get_campaign_performance', { campaignName: old?.id, period: '2026-01 vs last year' });
    expect(whole.warnings).toEqual(expect.arrayContaining([expect.stringContaining('Nothing to compare with')]));
  });

  it('continues a question by the calls it suggests', async () => {
    for (const tool of ['get_campaign_performance', 'get_sales_data', 'get_campaign_locations', 'get_campaign_channels']) {
      const { whole } = await answer(tool, { campaignName: SHOWCASE, period: 'last month' });
      const next = whole.next as readonly { tool: string; arguments: object }[];
      expect(next.length).toBeGreaterThan(0);
      for (const call of next) expect((await answer(call.tool, call.arguments)).whole.campaign).toMatchObject({ campaignId: SHOWCASE_ID });
    }
  });

  it('pages through a ranking without a gap or a repetition', async () => {
    const args = { metric: 'spend', period: 'this year', limit: 7 };
    const seen: string[] = [];
    let cursor: string | null | undefined;
    do {
      const { data, whole } = await answer('rank_campaigns', cursor === undefined ? args : { ...args, cursor });
      const page = data.campaigns as readonly { campaignId: string; rank: number }[];
      expect(page.map(({ rank }) => rank).every((rank) => rank > 0)).toBe(true);
      seen.push(...page.map(({ campaignId }) => campaignId));
      cursor = (whole.page as { nextCursor: string | null }).nextCursor;
    } while (cursor !== null);
    const whole = await answer('rank_campaigns', { ...args, limit: 50 });
    expect(seen).toEqual((whole.data.campaigns as readonly { campaignId: string }[]).map(({ campaignId }) => campaignId));
    expect(new Set(seen).size).toBe(seen.length);
  });
});

describe('a period or campaign without data', () => {
  const tools = ['get_campaign_performance', 'get_sales_data', 'get_campaign_locations', 'get_campaign_channels'];

  it.each(tools)('%s says that the campaign did not run then, not that it brought 0, and suggests its own days', async (tool) => {
    const { data, text, whole } = await answer(tool, { campaignName: SHOWCASE, period: 'March 2026' });
    expect(data.status).toBe('no_data');
    expect(text).toContain(
      'No data, which is not zero: Navidad 2026 did not run between 2026-03-01 and 2026-03-31; it started on 2026-10-20.',
    );
    expect(text).not.toContain('$0.00');
    expect(text).not.toContain('Formulas');
    const [next] = whole.next as readonly { tool: string; arguments: { startDate: string; endDate: string } }[];
    expect(next).toMatchObject({ tool, arguments: { startDate: '2026-10-20', endDate: TODAY } });
    expect((await answer(tool, next?.arguments)).data.status).toBe('data');
  });

  it.each(tools)('%s says of a campaign to come when it starts', async (tool) => {
    const coming = campaigns.find(({ status }) => status === 'scheduled');
    const { data, text } = await answer(tool, { campaignName: coming?.id });
    expect(data.status).toBe('no_data');
    expect(text).toContain(`has not started; it is planned from ${coming?.from} to ${coming?.to}.`);
  });

  it('says how much of the period the campaign ran in', async () => {
    const { whole } = await answer('get_campaign_performance', { campaignName: SHOWCASE, period: 'last month' });
    expect(whole.warnings).toContainEqual(expect.stringContaining(`started on 2026-10-20: 12 of the period's 31 days`));
  });

  it('says up to which day advertising figures are loaded', async () => {
    const { whole } = await answer('get_campaign_performance', { campaignName: SHOWCASE, period: 'this month' });
    expect(whole.warnings).toContainEqual(expect.stringContaining('loaded up to 2026-11-20'));
  });

  it('ranks nothing where nothing fits, and says so', async () => {
    const { data, text } = await answer('rank_campaigns', { period: '2019' });
    expect(data).toMatchObject({ status: 'no_data', campaigns: [], overall: null });
    expect(text).toContain('No data');
  });
});

describe('bad input is answered with what was wrong and what would be right', () => {
  const performance = (args: object) => refusal('get_campaign_performance', args);

  it('an unknown campaign: the nearest names', async () => {
    const error = await performance({ campaignName: 'Navidad 2031' });
    expect(error).toMatchObject({ class: 'not_found', remedy: expect.stringContaining('Navidad') });
  });

  it('an ambiguous name: the candidates, with what tells them apart (T5)', async () => {
    const error = await performance({ campaignName: 'Día de la madre 2025' });
    expect(error.class).toBe('ambiguous');
    expect(error.candidates?.length).toBeGreaterThan(1);
    for (const candidate of error.candidates ?? []) {
      expect(candidate).toMatchObject({
        campaignId: expect.stringMatching(/^CMP-/),
        client: expect.any(String),
        startDate: expect.any(String),
      });
      expect((await answer('get_sales_data', { campaignName: candidate.campaignId })).whole.campaign).toMatchObject({ matchedBy: 'id' });
    }
  });

  it('a similar name: the campaign that was meant, and how it was found', async () => {
    expect((await answer('get_campaign_channels', { campaignName: 'Nabidad 2026' })).whole.campaign).toMatchObject({
      campaignId: SHOWCASE_ID,
      matchedBy: 'similar name',
    });
  });

  it('a reversed period: the exchanged dates', async () => {
    const error = await performance({ campaignName: SHOWCASE, startDate: '2026-11-20', endDate: '2026-11-01' });
    expect(error).toMatchObject({ class: 'invalid_input', remedy: expect.stringContaining('startDate "2026-11-01"') });
  });

  it('half a period: the other half', async () => {
    const error = await performance({ campaignName: SHOWCASE, startDate: '2026-11-01' });
    expect(error).toMatchObject({ class: 'invalid_input', message: expect.stringContaining('endDate') });
  });

  it('two periods at once, words that are no period, days that do not exist, days to come', async () => {
    const asked = [
      { period: 'last month', startDate: '2026-11-01', endDate: '2026-11-02' },
      { period: 'when the moon is blue' },
      { startDate: '2026-02-30', endDate: '2026-03-01' },
      { period: '2027-05' },
    ];
    for (const period of asked)
      expect(await performance({ campaignName: SHOWCASE, ...period })).toMatchObject({
        class: 'invalid_input',
        remedy: expect.any(String),
      });
  });

  it('an unknown key: its name and the one that was meant', async () => {
    const error = await performance({ campaignName: SHOWCASE, perod: 'last month' });
    expect(error).toMatchObject({ class: 'invalid_input', message: expect.stringContaining(`'perod'; did you mean 'period'?`) });
  });

  it('absurd sizes', async () => {
    expect(await performance({ campaignName: 'x'.repeat(5_000) })).toMatchObject({ class: 'invalid_input' });
    expect(await performance({ campaignName: SHOWCASE, period: 'y'.repeat(5_000) })).toMatchObject({ class: 'invalid_input' });
    expect(await refusal('get_campaign_locations', { campaignName: SHOWCASE, limit: 1e9 })).toMatchObject({
      class: 'invalid_input',
      message: expect.stringContaining('200'),
    });
    expect(await refusal('rank_campaigns', { limit: 0 })).toMatchObject({ class: 'invalid_input' });
    expect(await refusal('rank_campaigns', { startDate: '2001-01-01', endDate: '2026-01-01' })).toMatchObject({ class: 'invalid_input' });
  });

  it('wrong types', async () => {
    expect(await performance({ campaignName: 7 })).toMatchObject({ message: expect.stringContaining(`'campaignName' must be text`) });
    expect(await performance({})).toMatchObject({ message: expect.stringContaining(`'campaignName' is required`) });
    expect(await refusal('get_campaign_locations', { campaignName: SHOWCASE, granularity: 'planet' })).toMatchObject({
      message: expect.stringContaining('country, region, city'),
    });
    expect(await refusal('rank_campaigns', { metric: 'happiness' })).toMatchObject({
      class: 'invalid_input',
      message: expect.stringContaining('roas'),
    });
    expect(await refusal('rank_campaigns', [])).toMatchObject({ class: 'invalid_input' });
  });

  it('filters that name nothing: what there is', async () => {
    expect(await refusal('rank_campaigns', { country: 'Atlantis' })).toMatchObject({
      class: 'not_found',
      remedy: expect.stringContaining('Costa Rica (CR)'),
    });
    expect(await refusal('rank_campaigns', { channel: 'Myspace' })).toMatchObject({
      class: 'not_found',
      remedy: expect.stringContaining('Instagram (instagram)'),
    });
    expect(await refusal('rank_campaigns', { channel: 'google' })).toMatchObject({ class: 'ambiguous' });
    expect(await refusal('rank_campaigns', { client: 'Zzyzx Holdings' })).toMatchObject({ class: 'not_found' });
    expect(await refusal('rank_campaigns', { cursor: 'bm90aGluZw' })).toMatchObject({
      class: 'invalid_input',
      remedy: expect.stringContaining('nextCursor'),
    });
  });

  it('text that looks like SQL finds no campaign and changes nothing', async () => {
    expect(await performance({ campaignName: `'; DROP TABLE ads.campaigns; --` })).toMatchObject({ class: 'not_found' });
    expect(await answer('get_campaign_performance', { campaignName: SHOWCASE })).toMatchObject({ data: { status: 'data' } });
  });
});

const QUESTIONS: readonly (readonly [string, string, object])[] = [
  ['performance_last_month', 'get_campaign_performance', { campaignName: SHOWCASE, period: 'last month' }],
  ['performance_whole_campaign', 'get_campaign_performance', { campaignName: 'CMP-NAVIDAD-2025-002' }],
  ['performance_no_data', 'get_campaign_performance', { campaignName: SHOWCASE, period: 'March 2026' }],
  ['sales_whole_campaign', 'get_sales_data', { campaignName: SHOWCASE }],
  ['sales_spanish_month', 'get_sales_data', { campaignName: 'CMP-NAVIDAD-2025-002', period: 'diciembre 2025' }],
  ['locations_cities', 'get_campaign_locations', { campaignName: SHOWCASE, limit: 8 }],
  ['locations_countries_by_ctr', 'get_campaign_locations', { campaignName: SHOWCASE, granularity: 'country', sortBy: 'ctr' }],
  ['channels_last_month', 'get_campaign_channels', { campaignName: SHOWCASE, period: 'last month' }],
  ['channels_not_started', 'get_campaign_channels', { campaignName: 'CMP-VERANO-2027-001' }],
  ['ranking_roas_last_month', 'rank_campaigns', { metric: 'roas', period: 'last month', limit: 5 }],
  [
    'ranking_worst_cpa_filtered',
    'rank_campaigns',
    { metric: 'cpa', order: 'worst', country: 'Costa Rica', status: 'active', period: 'last 90 days' },
  ],
];

describe('whole answers', () => {
  it.each(QUESTIONS)('%s reads as approved', async (name, tool, args) => {
    const { text } = await answer(tool, args);
    await expect(`${tool} ${JSON.stringify(args)}\n\n${text}\n`).toMatchFileSnapshot(`__snapshots__/sales_dashboard/${name}.txt`);
  });

  it.each([...QUESTIONS, ['freshness', 'get_data_freshness', {}] as const])(
    '%s: every number of the data is in the text',
    async (_name, tool, args) => {
      const { text, data } = await answer(tool, args);
      const written = numbersOf(text);
      expect(numbersIn(data).filter((value) => !written.has(value))).toEqual([]);
    },
  );

  it.each(QUESTIONS)('%s costs at most 2,000 tokens of text', async (_name, tool, args) => {
    const { text } = await answer(tool, args);
    expect(Math.ceil(text.length / 4)).toBeLessThanOrEqual(2_000);
  });

  it('name the day and hour of each source', async () => {
    const { data, text } = await answer('get_data_freshness', {});
    expect(data).toMatchObject({ isLate: false, intervalMinutes: 11 });
    const sources = data.sources as readonly {
      source: string;
      asOf: string;
      lastRunStatus: string;
      tables: number;
      openDeadLetters: number;
    }[];
    expect(sources.map(({ source }) => source).sort()).toEqual(['PromptAds', 'PromptCRM', 'PromptContent']);
    for (const { asOf, lastRunStatus } of sources) {
      expect(text).toContain(asOf);
      expect(lastRunStatus).toBe('done');
      expect(Date.now() - Date.parse(asOf)).toBeLessThan(600_000);
    }
  });

  it('kept their contracts: nothing had to be logged', () => {
    expect(world.log).toEqual([]);
    expect(toolDefinitions(salesDashboard.tools.map(({ tool }) => tool))).toHaveLength(7);
  });
});

// Last, because it changes the sources.
describe('after the sources have changed and the ETL has run', () => {
  it('answers are what the sources say now, rows gone included', async () => {
    await query(
      world.sources.ads,
      `UPDATE ads.daily_metrics SET spend = spend + 1.37, clicks = clicks + 2 WHERE campaign_id = $1 AND day BETWEEN '2026-10-28' AND '2026-11-03'`,
      [SHOWCASE_ID],
    );
    await query(world.sources.ads, `DELETE FROM ads.daily_metrics WHERE campaign_id = $1 AND day = '2026-11-11'`, [SHOWCASE_ID]);
    await query(
      world.sources.crm,
      `UPDATE crm.orders SET status = 'refunded' WHERE order_id IN (SELECT order_id FROM crm.orders WHERE campaign_id = $1 AND status = 'paid' ORDER BY order_id LIMIT 5)`,
      [SHOWCASE_ID],
    );
    await world.runEtl();
    const { metrics } = (await truths('2026-10-29', '2026-11-19'))(SHOWCASE_ID);
    const period = { startDate: '2026-10-29', endDate: '2026-11-19' };
    const one = await answer('get_campaign_performance', { campaignName: SHOWCASE_ID, ...period });
    expect(Object.fromEntries((one.data.metrics as Measures).map(({ metric, value }) => [metric, value]))).toEqual(metrics);
    for (const metric of ['spend', 'clicks', 'revenue', 'refunds', 'orders'] as const) {
      const all = await answer('rank_campaigns', { metric, order: 'highest', limit: 50, ...period });
      const row = (all.data.campaigns as readonly { campaignId: string; value: number }[]).find(
        ({ campaignId }) => campaignId === SHOWCASE_ID,
      );
      expect(row?.value, metric).toBe(metrics[metric]);
    }
  });

  it('the totals of campaigns are what the roll-ups a day add up to', async () => {
    for (const [totals, rollUp, measures] of [
      ['sales.ad_totals', 'sales.ad_day', 'spend, impressions, clicks, engagements, conversions'],
      ['sales.order_totals', 'sales.order_day', 'orders, revenue, first_orders, refunded_orders, refunds, cancelled_orders'],
      ['sales.lead_totals', 'sales.lead_day', 'leads, qualified, won'],
    ] as const) {
      const sums = measures
        .split(', ')
        .map((measure) => `sum(${measure})`)
        .join(', ');
      const wrong = await query(
        world.hub,
        `WITH spans AS (
           SELECT d.*, s.span, s.starts_on, c.channel FROM ${rollUp} d
            CROSS JOIN LATERAL (VALUES ('month', date_trunc('month', day)::date),
                                       ('ten_days', date_trunc('month', day)::date + 10 * least(2, ((extract(day FROM day)::integer - 1) / 10)))) AS s (span, starts_on)
            CROSS JOIN LATERAL (VALUES ('*'), (d.channel_id)) AS c (channel)
         ), truth AS (SELECT span, channel AS channel_id, starts_on, campaign_id, count(*) AS loaded_rows, ${sums} FROM spans GROUP BY 1, 2, 3, 4)
         (SELECT * FROM truth EXCEPT SELECT span, channel_id, starts_on, campaign_id, loaded_rows, ${measures} FROM ${totals})
         UNION ALL
         (SELECT span, channel_id, starts_on, campaign_id, loaded_rows, ${measures} FROM ${totals} EXCEPT SELECT * FROM truth)`,
      );
      expect(wrong).toEqual([]);
    }
  });
});

/** Every number in some data, however deep. */
function numbersIn(value: unknown): readonly number[] {
  if (typeof value === 'number') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(numbersIn) : [];
}

/** Every number written in a text; digits of dates, times and ids are none. */
function numbersOf(text: string): ReadonlySet<number> {
  const plain = text.replaceAll(/\d{4}-\d{2}-\d{2}(T[\d:]+Z)?/g, ' ').replaceAll(/\b[A-Z]{3}-[A-Z0-9-]+/g, ' ');
  return new Set([...plain.matchAll(/-?\$?\d[\d,]*(?:\.\d+)?/g)].map(([written]) => Number(written.replaceAll(/[$,]/g, ''))));
}
