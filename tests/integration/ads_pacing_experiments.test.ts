import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fillSources } from '../../database/generator/fill_sources.ts';
import { openConnections } from '../../etl/connections.ts';
import { runOnce } from '../../etl/run.ts';
import { handleAnalyzeExperiment } from '../../mcp-servers/ads_optimizer/handlers/analyze_experiment.ts';
import { handleGetCampaignPacing } from '../../mcp-servers/ads_optimizer/handlers/get_campaign_pacing.ts';
import { openBudgetPlans } from '../../mcp-servers/ads_optimizer/repo/budget_plans.ts';
import { openExperiments } from '../../mcp-servers/ads_optimizer/repo/experiments.ts';
import { analyzeExperiment } from '../../mcp-servers/ads_optimizer/tools/analyze_experiment.ts';
import { getCampaignPacing } from '../../mcp-servers/ads_optimizer/tools/get_campaign_pacing.ts';
import { ClientLimits } from '../../shared/cache/client_limits.ts';
import { ResultCache } from '../../shared/cache/result_cache.ts';
import { UsageAccounts } from '../../shared/cache/usage_accounts.ts';
import { openPostgres } from '../../shared/db/postgres_database.ts';
import type { Clock } from '../../shared/domain/clock.ts';
import { openCampaigns } from '../../shared/hub/campaigns.ts';
import { openClients } from '../../shared/hub/clients.ts';
import type { ToolResult } from '../../shared/mcp/envelope.ts';
import { createPipeline } from '../../shared/mcp/pipeline.ts';
import { serve } from '../../shared/mcp/served_tool.ts';
import { CallMetrics } from '../../shared/telemetry/call_metrics.ts';
import { createEtlDatabases, query } from '../support/etl_databases.ts';
import { startScratchPostgres } from '../support/scratch_postgres.ts';

const TODAY = '2026-11-21';
const TIME_ZONE = 'America/Costa_Rica';
const SHOWCASE = 'Navidad 2026';
const SHOWCASE_ID = 'CMP-NAVIDAD-2026';

type Data = Record<string, unknown>;
type Row = Record<string, unknown> & { readonly campaignId: string; readonly verdict: string; readonly moneyAtRisk: number | null };

let ask: (tool: string, args: unknown) => Promise<ToolResult>;
let hubOwner: string;
let experiments: readonly Record<string, string>[];
const log: string[] = [];
const closing: (() => Promise<void>)[] = [];

beforeAll(async () => {
  const server = await startScratchPostgres();
  closing.unshift(() => server.stop());
  const databases = await createEtlDatabases(server);
  hubOwner = databases.hubOwner;
  await fillSources(databases.urls, { seed: 7, referenceDate: TODAY, scale: 'small', onProgress: () => {} });
  const connections = await openConnections(databases.urls);
  const round = await runOnce({ connections, timeZone: TIME_ZONE });
  await connections.close();
  expect(round.failed).toBe(0);
  await query(hubOwner, `CREATE ROLE reader LOGIN PASSWORD 'reader'; GRANT promptsales_read TO reader; ANALYZE`);
  const hub = await openPostgres(server.url(new URL(hubOwner).pathname.slice(1), 'reader'), { applicationName: 'ads_optimizer test' });
  closing.unshift(() => hub.close());
  const clock: Clock = { now: () => new Date(), today: () => TODAY, timeZone: TIME_ZONE };
  const note = (details: object, message: string) => void log.push(`${message} ${JSON.stringify(details)}`);
  type Repos = Parameters<typeof handleGetCampaignPacing>[1]['repos'] & Parameters<typeof handleAnalyzeExperiment>[1]['repos'];
  const repos: Repos = {
    campaigns: openCampaigns(hub),
    clients: openClients(hub),
    budgetPlans: openBudgetPlans(hub),
    experiments: openExperiments(hub),
  };
  const pipeline = createPipeline<Repos>({
    serverName: 'ads_optimizer',
    version: 'test',
    tools: [serve(getCampaignPacing, handleGetCampaignPacing), serve(analyzeExperiment, handleAnalyzeExperiment)],
    repos,
    clock,
    cache: new ResultCache({ redis: undefined, memoryBytes: 0 }),
    redis: undefined,
    clients: new ClientLimits({ redis: undefined, source: async () => undefined }),
    accounts: new UsageAccounts(undefined, clock.now),
    withoutRedis: 'local',
    freshness: { read: async () => undefined, known: () => undefined },
    etlIntervalMinutes: 11,
    metrics: new CallMetrics(),
    logger: { error: note, warn: note },
    deadlineMs: 20_000,
  });
  const caller = { client: 'tests', role: 'marketing', scopes: new Set(['ads:read']) } as const;
  ask = async (tool, args) => (await pipeline.call(tool, args, caller)).result;
  experiments = (await query(
    hubOwner,
    `SELECT experiment_id AS id, name, campaign_id AS campaign FROM ads.experiments ORDER BY experiment_id`,
  )) as Record<string, string>[];
});

afterAll(async () => {
  for (const close of closing) await close();
});

async function answer(tool: string, args: unknown): Promise<{ text: string; whole: Data; data: Data }> {
  const result = await ask(tool, args);
  const [{ text }] = result.content;
  expect(result.isError, text).toBeUndefined();
  return { text, whole: result.structuredContent, data: result.structuredContent.data as Data };
}

async function refusal(tool: string, args: unknown): Promise<{ class: string; message: string; remedy?: string }> {
  const result = await ask(tool, args);
  expect(result.isError, result.content[0].text).toBe(true);
  return result.structuredContent.error as { class: string; message: string; remedy?: string };
}

describe('get_campaign_pacing', () => {
  it('tells the showcase campaign whole, by channel and in total', async () => {
    const { text, whole } = await answer('get_campaign_pacing', { campaignName: SHOWCASE });
    expect({
      text,
      data: whole.data,
      period: whole.period,
      page: whole.page,
      next: whole.next,
      warnings: whole.warnings,
    }).toMatchSnapshot();
  });

  it('says what the hub says, computed by SQL of its own', async () => {
    const [truth] = await query(
      hubOwner,
      `SELECT (SELECT sum(planned) FROM ads.campaign_budgets WHERE campaign_id = $1 AND month = '2026-11-01') AS planned,
              (SELECT sum(spend) FROM sales.ad_day WHERE campaign_id = $1 AND day BETWEEN '2026-11-01' AND '2026-11-20') AS delivered`,
      [SHOWCASE_ID],
    );
    const { data } = await answer('get_campaign_pacing', { campaignName: SHOWCASE });
    const total = data.total as Record<string, number>;
    expect(total.planned).toBe(Number(truth?.planned));
    expect(total.delivered).toBe(Number(truth?.delivered));
    expect(data.asOf).toBe('2026-11-20');
    const channels = data.channels as readonly Record<string, number>[];
    for (const figure of ['planned', 'plannedToDate', 'delivered', 'forecast']) {
      expect(
        channels.reduce((cents, channel) => cents + Math.round((channel[figure] ?? 0) * 100), 0),
        figure,
      ).toBe(Math.round((total[figure] ?? 0) * 100));
    }
  });

  it('what is loaded of today does not count before the day is over', async () => {
    const before = await answer('get_campaign_pacing', { campaignName: SHOWCASE });
    const [row] = await query(hubOwner, `SELECT channel_id FROM sales.ad_day WHERE campaign_id = $1 LIMIT 1`, [SHOWCASE_ID]);
    await query(hubOwner, `INSERT INTO sales.ad_day VALUES ($1, $2, $3, 7, 1, 1, 1, 0)`, [SHOWCASE_ID, row?.channel_id, TODAY]);
    const after = await answer('get_campaign_pacing', { campaignName: SHOWCASE });
    await query(hubOwner, `DELETE FROM sales.ad_day WHERE day = $1`, [TODAY]);
    expect(after.data).toEqual(before.data);
  });

  it('pages through all campaigns of the month, most money at risk first, each as it is told alone', async () => {
    const rows: Row[] = [];
    let cursor: string | null | undefined;
    do {
      const { data, whole, text } = await answer('get_campaign_pacing', { limit: 7, ...(cursor ? { cursor } : {}) });
      rows.push(...(data.campaigns as Row[]));
      expect(text.length / 4).toBeLessThan(2000);
      cursor = (whole.page as { nextCursor: string | null }).nextCursor;
    } while (cursor !== null);
    const expected = await query(
      hubOwner,
      `SELECT campaign_id AS id FROM ads.campaigns WHERE start_date <= '2026-11-30' AND end_date >= '2026-11-01' AND status <> 'draft' ORDER BY 1`,
    );
    expect(rows.map(({ campaignId }) => campaignId).sort()).toEqual(expected.map(({ id }) => id));
    const risks = rows
      .filter(({ verdict }) => verdict !== 'ended')
      .flatMap(({ moneyAtRisk }) => (moneyAtRisk === null ? [] : [moneyAtRisk]));
    expect(risks).toEqual(risks.toSorted((one, other) => other - one));
    for (const { campaignId, name: _, clientName: __, endDate: ___, ...row } of rows.slice(0, 8)) {
      const { data } = await answer('get_campaign_pacing', { campaignName: campaignId });
      expect(data.total, campaignId).toEqual(row);
    }
    expect(new Set(rows.map(({ verdict }) => verdict)).size).toBeGreaterThan(2);
  });

  it('narrows by client, and reads Spanish words and other names of arguments', async () => {
    const [client] = await query(
      hubOwner,
      `SELECT cl.company FROM business.clients cl JOIN ads.campaigns c USING (client_id) WHERE c.campaign_id = $1`,
      [SHOWCASE_ID],
    );
    const { data } = await answer('get_campaign_pacing', { cliente: client?.company, periodo: 'este mes', status: 'active' });
    expect((data.campaigns as Row[]).map(({ campaignId }) => campaignId)).toContain(SHOWCASE_ID);
    expect(data.window).toEqual({ from: '2026-11-01', to: '2026-11-30' });
    const whole = await answer('get_campaign_pacing', { campaña: SHOWCASE, period: 'toda la campaña' });
    expect(whole.data.window).toMatchObject({ to: (whole.whole.campaign as { endDate: string }).endDate });
  });

  it('a campaign that has not started, and a period without campaigns, are said', async () => {
    const [scheduled] = await query(
      hubOwner,
      `SELECT campaign_id AS id FROM ads.campaigns WHERE start_date > '2026-11-21' AND status = 'scheduled' LIMIT 1`,
    );
    const { data } = await answer('get_campaign_pacing', { campaignName: scheduled?.id });
    expect(data.total).toMatchObject({ verdict: 'not_started', delivered: null, forecast: null });
    expect(data.sentence).toContain('has not started');
    const none = await answer('get_campaign_pacing', { period: '2020-01' });
    expect(none.data).toMatchObject({ campaigns: [], basis: { window: null } });
    expect(none.text).toContain('No data, which is not zero');
  });

  it.each([
    [{ campaignName: SHOWCASE, client: 'x' }, 'invalid_input'],
    [{ cursor: 'x' }, 'invalid_input'],
    [{ campaignName: 'Verano 1899 que no existe' }, 'not_found'],
    [{ client: 'Zzzzqqq' }, 'not_found'],
    [{ period: 'mañana' }, 'invalid_input'],
  ])('refuses %j with %s', async (args, expected) => {
    expect((await refusal('get_campaign_pacing', args)).class).toBe(expected);
  });
});

describe('analyze_experiment', () => {
  it('tells an experiment whole', async () => {
    const { text, whole } = await answer('analyze_experiment', { experiment: experiments[0]?.id });
    expect({ text, data: whole.data, next: whole.next, warnings: whole.warnings }).toMatchSnapshot();
  });

  it('every experiment can be read, by id and by name, with a verdict of its state', async () => {
    for (const { id, name } of experiments) {
      const { data, text } = await answer('analyze_experiment', { experimento: id });
      expect(text.length / 4).toBeLessThan(2000);
      const [row] = data.experiments as readonly { state: string; verdict: string; experimentId: string }[];
      expect(row?.experimentId).toBe(id);
      if (row?.state === 'running') expect(row.verdict).not.toBe('no_difference_found');
      else expect(row?.verdict).not.toBe('not_yet');
      const byName = await ask('analyze_experiment', { experiment: String(name).toUpperCase() });
      expect(byName.isError === true ? 'ambiguous' : (byName.structuredContent.data as Data).verdict).toBe(
        byName.isError === true ? 'ambiguous' : data.verdict,
      );
    }
  });

  it('lists the experiments of a campaign with a verdict each, and reads the one named among them', async () => {
    const campaign = experiments[0]?.campaign;
    await query(
      hubOwner,
      `INSERT INTO ads.experiments SELECT 'EXP-2026-900', campaign_id, 'Prueba añadida', hypothesis, metric, allocation, '2026-11-21', NULL FROM ads.experiments WHERE experiment_id = $1`,
      [experiments[0]?.id],
    );
    const { data, text } = await answer('analyze_experiment', { campaña: campaign });
    expect(data.verdict).toBeNull();
    expect((data.experiments as Data[])[0]).toMatchObject({
      experimentId: 'EXP-2026-900',
      verdict: 'cannot_say',
      state: 'running',
      p: null,
    });
    expect(text).toContain(String(experiments[0]?.id));
    const one = await answer('analyze_experiment', { campaignName: campaign, experiment: 'prueba anadida' });
    expect(one.data).toMatchObject({ verdict: 'cannot_say', arms: [], test: null });
    expect(one.data.sentence).toContain('No data, which is not zero');
    await query(hubOwner, `DELETE FROM ads.experiments WHERE experiment_id = 'EXP-2026-900'`);
  });

  it('a campaign without experiments has no data, which is no error', async () => {
    const [without] = await query(
      hubOwner,
      `SELECT campaign_id AS id FROM ads.campaigns WHERE campaign_id NOT IN (SELECT campaign_id FROM ads.experiments) LIMIT 1`,
    );
    const { data } = await answer('analyze_experiment', { campaignName: without?.id });
    expect(data).toMatchObject({ verdict: null, experiments: [] });
    expect(data.sentence).toContain('has no experiments');
  });

  it.each([
    [{}, 'invalid_input'],
    [{ experiment: 'EXP-1900-999' }, 'not_found'],
    [{ experiment: 'zzzz', campaignName: SHOWCASE }, 'not_found'],
    [{ experiment: '' }, 'invalid_input'],
  ])('refuses %j with %s', async (args, expected) => {
    expect((await refusal('analyze_experiment', args)).class).toBe(expected);
  });

  it('nothing had to be logged', () => {
    expect(log).toEqual([]);
  });
});
