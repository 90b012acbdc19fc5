import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packageRoot } from '../../shared/config/package_root.ts';
import { readStack } from '../../shared/stack/state.ts';
import { type Address, connectHost, type Host, REVISIONS } from '../support/hosts.ts';
import { CLI, filledHome, type RunningStack, startStack } from '../support/running_stack.ts';
import { toolCall } from '../support/tool_call.ts';

const run = promisify(execFile);
const stdioCommand = [process.execPath, join(packageRoot(), 'dist', 'mcp', 'sales_dashboard.mjs')];

let stack: RunningStack;
/** The running campaign that sold most last month, and what the sources say of its last month. */
let campaign: { readonly id: string; readonly name: string; readonly spend: number; readonly revenue: number; readonly orders: number };

beforeAll(async () => {
  stack = await startStack();
  campaign = await bestSellerInSources();
});

afterAll(() => stack?.stop());

const addressOf = (transport: 'stdio' | 'http'): Address =>
  transport === 'http'
    ? { url: `${stack.urls.http}/sales_dashboard/mcp` }
    : { command: stdioCommand, environment: stack.environment as Record<string, string> };

describe('the four seed questions (T5), from the bundle to the sources', () => {
  describe.each(['http', 'stdio'] as const)('over %s', (transport) => {
    describe.each(REVISIONS)('to a host of %s', (revision) => {
      let host: Host;
      beforeAll(async () => {
        host = await connectHost(revision, addressOf(transport));
        await host.listTools(); // hosts hold answers against the schemas of the list
      });
      afterAll(() => host?.close());

      it('says how the campaign did last month, as the sources have it', async () => {
        const answer = await host.call('get_campaign_performance', { campaignName: campaign.name, period: 'el mes pasado' });
        expect(answer.isError).toBe(false);
        expect(answer.structuredContent).toMatchObject({ period: { from: '2026-10-01', to: '2026-10-31', today: '2026-11-21' } });
        expect(metricsOf(answer)).toMatchObject({ spend: campaign.spend, revenue: campaign.revenue, orders: campaign.orders });
      });

      it('says how much money it brought', async () => {
        const answer = await host.call('get_sales_data', { campaignName: campaign.id, period: 'last month' });
        expect(metricsOf(answer)).toMatchObject({ revenue: campaign.revenue, orders: campaign.orders });
      });

      it('says in which cities it has most impact', async () => {
        const answer = await host.call('get_campaign_locations', { campaignName: campaign.name.toUpperCase(), period: 'last month' });
        const { locations } = answer.structuredContent.data as { locations: { revenue: number }[] };
        expect(locations.length).toBeGreaterThan(1);
        expect(locations.map((place) => place.revenue)).toEqual(locations.map((place) => place.revenue).sort((a, b) => b - a));
      });

      it('says on which networks it was published', async () => {
        const answer = await host.call('get_campaign_channels', { campaignName: campaign.name });
        const { channels } = answer.structuredContent.data as { channels: { channel: string }[] };
        expect(channels.length).toBeGreaterThan(1);
      });
    });
  });

  it('says of each answer how fresh its data is (E4)', async () => {
    const host = await connectHost('2026-07-28', addressOf('http'));
    const answer = await host.call('get_campaign_performance', { campaignName: campaign.name });
    expect(answer.structuredContent).toMatchObject({ dataAsOf: { PromptAds: expect.any(String), PromptCRM: expect.any(String) } });
    await host.close();
  });
});

describe('the command line on a running stack', () => {
  it('answers a question as text, and whole with --json', async () => {
    const words = ['call', 'sales_dashboard', 'get_campaign_performance', JSON.stringify({ campaignName: campaign.id, period: '2026-10' })];
    expect((await stack.cli(...words)).stdout).toContain(campaign.name);
    const result = JSON.parse((await stack.cli(...words, '--json')).stdout) as { structuredContent: { data: object } };
    expect(result.structuredContent.data).toBeDefined();
  });

  it('ends with 1 and names the nearest when a campaign is unknown', async () => {
    const failure = await stack
      .cli('call', 'sales_dashboard', 'get_sales_data', JSON.stringify({ campaignName: `${campaign.name.slice(0, 5)} que no existe` }))
      .then(() => undefined)
      .catch((error: { code: number; stdout: string; stderr: string }) => error);
    expect(failure?.code).toBe(1);
    expect(`${failure?.stdout}${failure?.stderr}`).toMatch(/not_found|ambiguous/);
  });

  it('tells every part with its address and state', async () => {
    const status = JSON.parse((await stack.cli('status', '--json')).stdout) as { parts: { name: string; state: string; url?: string }[] };
    expect(Object.fromEntries(status.parts.map((part) => [part.name, part.state]))).toEqual({
      postgres: 'healthy',
      redis: 'healthy',
      http: 'healthy',
      etl: 'healthy',
    });
  });

  it('loads a change of a source, and the next answer has it (E1)', async () => {
    const ads = new pg.Client({ connectionString: stack.urls.ads });
    await ads.connect();
    await ads.query(
      `UPDATE ads.daily_metrics SET spend = spend + 100
        WHERE (campaign_id, channel_id, city_id, day) = (SELECT campaign_id, channel_id, city_id, day FROM ads.daily_metrics
          WHERE campaign_id = $1 AND day BETWEEN '2026-10-01' AND '2026-10-31' LIMIT 1)`,
      [campaign.id],
    );
    await ads.end();
    await stack.cli('etl', 'once');
    const host = await connectHost('2026-07-28', addressOf('http'));
    const answer = await host.call('get_campaign_performance', { campaignName: campaign.id, period: 'last month' });
    await host.close();
    expect(metricsOf(answer).spend).toBeCloseTo(campaign.spend + 100, 2);
  });
});

/** A question to each tool; those that may be remembered are asked as they would be. */
const ONE_OF_EACH: Readonly<Record<string, () => object>> = {
  get_campaign_performance: () => ({ campaignName: campaign.id, period: 'last month' }),
  get_sales_data: () => ({ campaignName: campaign.name, period: 'el mes pasado' }),
  get_campaign_locations: () => ({ campaignName: campaign.id, granularity: 'city' }),
  get_campaign_channels: () => ({ campaignName: campaign.id }),
  rank_campaigns: () => ({ metric: 'ventas', limit: 5 }),
  get_data_freshness: () => ({}),
  get_cache_report: () => ({}),
};

describe('the road of remembered answers', () => {
  const ask = async (revision: (typeof REVISIONS)[number], tool: string, meta: Readonly<Record<string, unknown>> = {}) => {
    const { headers: posted, body } = toolCall(tool, ONE_OF_EACH[tool]?.(), { id: 'ñ-1', client: 'two roads', revision, meta });
    const reply = await fetch(`${stack.urls.http}/sales_dashboard/mcp`, { method: 'POST', headers: posted, body });
    const told = Object.fromEntries([...reply.headers].filter(([name]) => !['date', 'x-request-id', 'ratelimit'].includes(name)));
    const { 'content-length': length, 'transfer-encoding': _chunked, connection: _kept, 'keep-alive': _long, ...headers } = told;
    return {
      isQuick: length !== undefined,
      status: reply.status,
      headers,
      limits: reply.headers.get('ratelimit'),
      body: await reply.text(),
    };
  };
  // One more key in _meta, and the call takes the usual road.
  const trace = { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' };

  it('has a question for every tool', async () => {
    const host = await connectHost('2026-07-28', addressOf('http'));
    expect((await host.listTools()).map(({ name }) => name).sort()).toEqual(Object.keys(ONE_OF_EACH).sort());
    await host.close();
  });

  it.each(REVISIONS.flatMap((revision) => Object.keys(ONE_OF_EACH).map((tool) => [revision, tool] as const)))(
    'gives the very answer of the usual one: %s, %s',
    { retry: 3 },
    async (revision, tool) => {
      await ask(revision, tool);
      // Ages are told in whole seconds: a second may end between the two.
      const quick = await ask(revision, tool);
      const usual = await ask(revision, tool, trace);
      expect(usual.isQuick).toBe(false);
      expect(quick.isQuick).toBe(!['get_data_freshness', 'get_cache_report'].includes(tool));
      // A stream of 2025 has its headers sent before an uncached call is counted.
      if (quick.isQuick || revision === '2026-07-28') expect(quick.limits).toMatch(/^"minute";r=\d+;t=\d+, "hour";r=\d+;t=\d+$/);
      expect([quick.status, quick.headers]).toMatchObject([usual.status, usual.headers]);
      if (tool !== 'get_cache_report') expect(quick.body).toBe(usual.body);
    },
  );

  it('is counted like the usual one: the report of the cache has it', async () => {
    const host = await connectHost('2026-07-28', addressOf('http'));
    const report = async () =>
      (await host.call('get_cache_report', { client: 'two-roads' })).structuredContent.data as Record<string, unknown>;
    await expect.poll(async () => (await report()).requests, { timeout: 5_000 }).toBeGreaterThanOrEqual(21);
    expect(await report()).toMatchObject({
      status: 'data',
      client: 'two-roads',
      hitRatePercent: expect.any(Number),
      servers: expect.arrayContaining([expect.objectContaining({ server: 'sales_dashboard', status: 'up' })]),
      loads: { mirrored: expect.any(Number), oldest: expect.stringMatching(/^2026-/) },
    });
    await host.close();
  });
});

describe('parts that die', () => {
  it.each(['postgres', 'redis', 'http'] as const)('answers again after a kill -9 of %s', async (part) => {
    const pid = readStack(stack.home)?.parts.find(({ name }) => name === part)?.process?.pid;
    if (pid === undefined) throw new Error(`${part} has no process`);
    process.kill(pid, 'SIGKILL');
    const answer = await untilAnswered(20_000);
    expect(metricsOf(answer).orders).toBe(campaign.orders);
  });
});

describe('a host that starts two copies of a server while nothing runs', () => {
  it('is answered by both, from one stack', async () => {
    const home = await filledHome();
    const environment = { ...stack.environment, PROMPTSALES_HOME: home } as Record<string, string>;
    try {
      const hosts = await Promise.all(REVISIONS.map((revision) => connectHost(revision, { command: stdioCommand, environment })));
      const answers = await Promise.all(hosts.map((host) => host.call('get_data_freshness', {})));
      expect(answers.map((answer) => answer.isError)).toEqual([false, false]);
      await Promise.all(hosts.map((host) => host.close()));
      expect(readStack(home)?.phase).toBe('ready');
    } finally {
      await run(process.execPath, [CLI, 'down'], { env: environment });
      await rm(home, { recursive: true, force: true });
    }
  }, 120_000);
});

type Answered = { readonly structuredContent: Record<string, unknown>; readonly isError?: boolean | undefined };

function metricsOf({ structuredContent }: Answered): Record<string, number | null> {
  const { metrics } = structuredContent.data as { metrics: { metric: string; value: number | null }[] };
  return Object.fromEntries(metrics.map(({ metric, value }) => [metric, value]));
}

async function untilAnswered(milliseconds: number): Promise<Answered> {
  const end = performance.now() + milliseconds;
  for (;;) {
    try {
      const host = await connectHost('2026-07-28', addressOf('http'));
      const answer = await host.call('get_campaign_performance', { campaignName: campaign.id, period: 'last month', fresh: true });
      await host.close();
      if (answer.isError !== true) return answer;
      if (performance.now() > end) throw new Error(answer.text);
    } catch (error) {
      if (performance.now() > end) throw error;
    }
    await sleep(200);
  }
}

/** Independent of the hub: what the sources themselves say of October 2026 in Costa Rica. */
async function bestSellerInSources(): Promise<typeof campaign> {
  const [ads, crm] = [new pg.Client({ connectionString: stack.urls.ads }), new pg.Client({ connectionString: stack.urls.crm })];
  await Promise.all([ads.connect(), crm.connect()]);
  try {
    const sold = await crm.query<{ campaign_id: string; orders: string; revenue: string }>(
      `SELECT campaign_id, count(*) AS orders, sum(total_usd) AS revenue FROM crm.orders
        WHERE status = 'paid' AND campaign_id IS NOT NULL
          AND (ordered_at AT TIME ZONE 'America/Costa_Rica')::date BETWEEN '2026-10-01' AND '2026-10-31'
        GROUP BY 1 ORDER BY sum(total_usd) DESC LIMIT 1`,
    );
    const [best] = sold.rows;
    const { rows } = await ads.query<{ name: string; spend: string }>(
      `SELECT c.name, sum(m.spend) AS spend FROM ads.campaigns c JOIN ads.daily_metrics m USING (campaign_id)
        WHERE campaign_id = $1 AND day BETWEEN '2026-10-01' AND '2026-10-31' GROUP BY 1`,
      [best?.campaign_id],
    );
    const [found] = rows;
    if (best === undefined || found === undefined) throw new Error('the small data set has no campaign that sold last month');
    return {
      id: best.campaign_id,
      name: found.name,
      spend: Number(found.spend),
      revenue: Number(best.revenue),
      orders: Number(best.orders),
    };
  } finally {
    await Promise.all([ads.end(), crm.end()]);
  }
}
