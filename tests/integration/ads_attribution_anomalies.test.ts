import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { adsOptimizer } from '../../mcp-servers/ads_optimizer/index.ts';
import type { CreditRow } from '../../mcp-servers/ads_optimizer/service/attribution.ts';
import type { ToolResult } from '../../shared/mcp/envelope.ts';
import { query } from '../support/etl_databases.ts';
import { TIME_ZONE } from '../support/generated_hub.ts';
import { type ServerWorld, startServerWorld } from '../support/server_world.ts';

const SHOWCASE_ID = 'CMP-NAVIDAD-2026';

let world: ServerWorld;
const ask = (tool: string, args: unknown): Promise<ToolResult> => world.ask(tool, args);

beforeAll(async () => {
  world = await startServerWorld(adsOptimizer, ['ads:read']);
});
afterAll(async () => {
  await world?.stop();
  expect(world?.log).toEqual([]);
});

type Data = Record<string, unknown> & {
  readonly status: string;
  readonly credits: readonly CreditRow[];
  readonly distributed: { readonly orders: number; readonly revenue: number };
  readonly withoutTouch: { readonly orders: number; readonly revenue: number };
  readonly touchedByOthers: { readonly orders: number; readonly revenue: number };
  readonly crm: Readonly<Record<string, number>>;
  readonly anomalies: readonly Record<string, unknown>[];
};

async function answer(tool: string, args: unknown): Promise<{ text: string; whole: Record<string, unknown>; data: Data }> {
  const result = await ask(tool, args);
  const [{ text }] = result.content;
  expect(result.isError, text).toBeUndefined();
  return { text, whole: result.structuredContent, data: result.structuredContent.data as Data };
}

async function refusal(tool: string, args: unknown): Promise<{ class: string; message: string }> {
  const result = await ask(tool, args);
  expect(result.isError, result.content[0].text).toBe(true);
  return result.structuredContent.error as { class: string; message: string };
}

type Order = {
  readonly cents: number;
  readonly path: readonly { readonly channel: string; readonly campaign: string; readonly age: number }[];
};

/** Every paid order of the period with its touches, read row by row from the sources' copies. */
async function ordersOf(from: string, to: string, clientId?: string): Promise<readonly Order[]> {
  const rows = await query(
    world.hub,
    `SELECT o.order_id, (o.total_usd * 100)::int AS cents, t.channel_id, t.campaign_id, extract(epoch FROM o.ordered_at - t.touched_at)::float8 / 86400 AS age
       FROM crm.orders o
       LEFT JOIN ads.touches t ON t.customer_id = o.customer_id AND t.touched_at BETWEEN o.ordered_at - interval '30 days' AND o.ordered_at
      WHERE o.status = 'paid' AND (o.ordered_at AT TIME ZONE $1)::date BETWEEN $2 AND $3 AND ($4::text IS NULL OR o.client_id = $4)
      ORDER BY o.order_id, t.touched_at, t.touch_id`,
    [TIME_ZONE, from, to, clientId ?? null],
  );
  const orders = new Map<string, { cents: number; path: { channel: string; campaign: string; age: number }[] }>();
  for (const row of rows) {
    const order = orders.get(String(row.order_id)) ?? { cents: Number(row.cents), path: [] };
    if (row.channel_id !== null)
      order.path.push({ channel: String(row.channel_id), campaign: String(row.campaign_id), age: Number(row.age) });
    orders.set(String(row.order_id), order);
  }
  return [...orders.values()];
}

/** Part of an order that each touch of its path is given. */
const RULES: Readonly<Record<string, (path: Order['path']) => readonly number[]>> = {
  first_touch: (path) => path.map((_, i) => (i === 0 ? 1 : 0)),
  last_touch: (path) => path.map((_, i) => (i === path.length - 1 ? 1 : 0)),
  linear: (path) => path.map(() => 1 / path.length),
  position_based: (path) =>
    path.length < 3
      ? path.map(() => 1 / path.length)
      : path.map((_, i) => (i === 0 || i === path.length - 1 ? 0.4 : 0.2 / (path.length - 2))),
  time_decay: (path) => {
    const weights = path.map(({ age }) => 0.5 ** (age / 7));
    const whole = weights.reduce((sum, weight) => sum + weight, 0);
    return weights.map((weight) => weight / whole);
  },
};

describe('get_attribution', () => {
  it('divides a campaign as the rules say when they are followed order by order, to the cent', async () => {
    const { data } = await answer('get_attribution', { campaignName: SHOWCASE_ID, startDate: '2026-10-01', endDate: '2026-11-20' });
    const [{ client_id: clientId } = {}] = await query(world.hub, 'SELECT client_id FROM ads.campaigns WHERE campaign_id = $1', [
      SHOWCASE_ID,
    ]);
    const orders = await ordersOf('2026-10-01', '2026-11-20', String(clientId));
    const fitting = orders.filter(({ path }) => path.some(({ campaign }) => campaign === SHOWCASE_ID));
    expect(fitting.length).toBeGreaterThan(20);
    const cents = (some: readonly Order[]): number => some.reduce((sum, order) => sum + order.cents, 0);
    expect(data.distributed).toEqual({ orders: fitting.length, revenue: cents(fitting) / 100 });
    const untouched = orders.filter(({ path }) => path.length === 0);
    expect(data.withoutTouch).toEqual({ orders: untouched.length, revenue: cents(untouched) / 100 });
    expect(data.touchedByOthers.orders).toBe(orders.length - fitting.length - untouched.length);
    for (const [model, rule] of Object.entries(RULES)) {
      const expected = new Map<string, { orders: number; cents: number }>();
      for (const order of fitting) {
        // Of a long path the first touch and the last 19 count, but by time all do: old ones weigh little.
        const path = model === 'time_decay' || order.path.length <= 20 ? order.path : [...order.path.slice(0, 1), ...order.path.slice(-19)];
        for (const [i, part] of rule(path).entries()) {
          const touch = path[i];
          const node = touch?.campaign === SHOWCASE_ID ? touch.channel : 'outside';
          const sum = expected.get(node) ?? { orders: 0, cents: 0 };
          expected.set(node, { orders: sum.orders + part, cents: sum.cents + part * order.cents });
        }
      }
      for (const { id, orders: credited, revenue } of data.credits.filter((row) => row.model === model)) {
        expect(Math.abs(revenue * 100 - (expected.get(id)?.cents ?? 0)), `${model} ${id}`).toBeLessThan(1.01);
        expect(Math.abs(credited - (expected.get(id)?.orders ?? 0)), `${model} ${id}`).toBeLessThan(0.0101);
      }
    }
  });

  it('adds up to what is distributed with every model, whatever is asked', async () => {
    const questions = [
      { campaignName: SHOWCASE_ID },
      { campaignName: SHOWCASE_ID, by: 'campaign' },
      { period: 'last 12 months' },
      { period: 'last 12 months', by: 'campaign' },
      { channel: 'Instagram', objective: 'sales', period: 'last 12 months' },
      { clientName: 'CLI-001', period: 'last 12 months', by: 'campaign' },
    ];
    for (const question of questions) {
      const { data } = await answer('get_attribution', question);
      const models = new Set(data.credits.map(({ model }) => model));
      expect(models.size, JSON.stringify(question)).toBe(data.status === 'data' ? 7 : 0);
      for (const model of models) {
        const rows = data.credits.filter((row) => row.model === model);
        expect(Math.round(rows.reduce((sum, { revenue }) => sum + revenue * 100, 0))).toBe(Math.round(data.distributed.revenue * 100));
        expect(Math.round(rows.reduce((sum, { orders }) => sum + orders * 100, 0))).toBe(data.distributed.orders * 100);
      }
    }
  });

  it("agrees with PromptCRM's own credit, whose rule is the last touch, and counts the orders on which it does not", async () => {
    const { data } = await answer('get_attribution', { period: 'last 12 months', model: 'last_touch' });
    expect(data.crm).toEqual({ agree: data.distributed.orders, differ: 0, toNone: 0, toEarlierTouch: 0, elsewhere: 0 });
    const [{ order_id: id, campaign_id: campaign, channel_id: channel } = {}] = await query(
      world.hub,
      `SELECT order_id, campaign_id, channel_id FROM crm.orders WHERE status = 'paid' AND campaign_id IS NOT NULL AND ordered_at < '2026-10-15Z' ORDER BY ordered_at DESC LIMIT 1`,
    );
    await query(world.hub, 'UPDATE crm.orders SET campaign_id = NULL, channel_id = NULL WHERE order_id = $1', [id]);
    const changed = await answer('get_attribution', { period: 'last 12 months', model: 'last_touch' });
    expect(changed.data.crm).toMatchObject({ differ: 1, toNone: 1 });
    await query(world.hub, 'UPDATE crm.orders SET campaign_id = $2, channel_id = $3 WHERE order_id = $1', [id, campaign, channel]);
  });

  it('reads Spanish periods and says the same', async () => {
    const spanish = await answer('get_attribution', { campaignName: SHOWCASE_ID, period: 'el mes pasado', model: 'linear' });
    const english = await answer('get_attribution', { campaignName: SHOWCASE_ID, period: 'last month', model: 'linear' });
    expect(spanish.data).toEqual(english.data);
  });

  it('says no data, not zero, where nothing was touched', async () => {
    const { data, whole } = await answer('get_attribution', { campaignName: SHOWCASE_ID, period: '2025-03' });
    expect(data.status).toBe('no_data');
    expect(data.credits).toEqual([]);
    expect(whole.warnings).not.toEqual([]);
  });

  it('refuses what it cannot mean', async () => {
    expect((await refusal('get_attribution', { model: 'magic' })).class).toBe('invalid_input');
    expect((await refusal('get_attribution', { campaignName: SHOWCASE_ID, clientName: 'CLI-001' })).class).toBe('invalid_input');
    expect((await refusal('get_attribution', { channel: 'Orkut' })).class).toBe('not_found');
    expect((await refusal('get_attribution', { campaignName: SHOWCASE_ID, halfLifeDays: 0 })).class).toBe('invalid_input');
    expect((await refusal('get_attribution', { period: 'el día del juicio' })).class).toBe('invalid_input');
  });

  it('answers like this', async () => {
    const { text } = await answer('get_attribution', { campaignName: SHOWCASE_ID, period: 'last month' });
    expect(text.length).toBeLessThan(7000);
    await expect(text).toMatchFileSnapshot('__snapshots__/ads_optimizer/get_attribution.txt');
  });
});

describe('find_ad_anomalies', () => {
  it('finds a pixel that broke, in the hub, on its day', async () => {
    const [{ campaign_id: campaign } = {}] = await query(
      world.hub,
      `SELECT campaign_id FROM sales.ad_day WHERE day BETWEEN '2026-09-10' AND '2026-11-01' GROUP BY 1 ORDER BY sum(conversions) DESC LIMIT 1`,
    );
    await query(world.hub, `CREATE TABLE kept AS SELECT * FROM sales.ad_day WHERE campaign_id = '${String(campaign)}'`);
    await query(
      world.hub,
      `UPDATE sales.ad_day SET conversions = CASE WHEN day BETWEEN '2026-10-20' AND '2026-10-22' THEN 0 ELSE conversions + 6 END WHERE campaign_id = $1`,
      [campaign],
    );
    const { data } = await answer('find_ad_anomalies', { campaignName: campaign, period: 'last 60 days' });
    const gap = data.anomalies.find(({ kind }) => kind === 'tracking_gap');
    expect(gap).toMatchObject({ firstDate: '2026-10-20', lastDate: '2026-10-22', changePercent: -100, after: 0 });
    await query(
      world.hub,
      `UPDATE sales.ad_day d SET conversions = k.conversions FROM kept k WHERE (d.campaign_id, d.channel_id, d.day) = (k.campaign_id, k.channel_id, k.day)`,
    );
    await query(world.hub, 'DROP TABLE kept');
  });

  it('pages through all findings once, and refuses the cursor of another question', async () => {
    const all = await answer('find_ad_anomalies', { period: 'last 12 months', sensitivity: 'high', limit: 50 });
    const found = all.data.anomalies.map(({ campaignId, channelId, kind, firstDate }) =>
      [campaignId, channelId, kind, firstDate].join(' '),
    );
    expect(found.length).toBeGreaterThan(1);
    const paged: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await answer('find_ad_anomalies', {
        period: 'last 12 months',
        sensitivity: 'high',
        limit: 1,
        ...(cursor === undefined ? {} : { cursor }),
      });
      paged.push(
        ...page.data.anomalies.map(({ campaignId, channelId, kind, firstDate }) => [campaignId, channelId, kind, firstDate].join(' ')),
      );
      cursor = (page.whole.page as { nextCursor: string | null }).nextCursor ?? undefined;
      if (cursor !== undefined) expect((await refusal('find_ad_anomalies', { cursor })).class).toBe('invalid_input');
    } while (cursor !== undefined);
    expect(paged).toEqual(found);
    expect((await refusal('find_ad_anomalies', { cursor: 'not a cursor' })).class).toBe('invalid_input');
  });

  it('reads Spanish periods, and says no data where nothing ran', async () => {
    const spanish = await answer('find_ad_anomalies', { period: 'últimos 90 días' });
    expect(spanish.data).toEqual((await answer('find_ad_anomalies', {})).data);
    const none = await answer('find_ad_anomalies', { campaignName: SHOWCASE_ID, period: '2025-03' });
    expect(none.data.status).toBe('no_data');
    expect((await refusal('find_ad_anomalies', { period: 'whenever' })).class).toBe('invalid_input');
  });

  it('answers like this', async () => {
    const { text } = await answer('find_ad_anomalies', { period: 'last 12 months', sensitivity: 'high', limit: 3 });
    await expect(text).toMatchFileSnapshot('__snapshots__/ads_optimizer/find_ad_anomalies.txt');
  });
});
