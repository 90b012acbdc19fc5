import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { adsOptimizer } from '../../mcp-servers/ads_optimizer/index.ts';
import type { ToolResult } from '../../shared/mcp/envelope.ts';
import { query } from '../support/etl_databases.ts';
import { TODAY } from '../support/generated_hub.ts';
import { type ServerWorld, startServerWorld } from '../support/server_world.ts';

const SHOWCASE = 'Navidad 2026';
const SHOWCASE_ID = 'CMP-NAVIDAD-2026';

type Data = Record<string, unknown>;
type Row = Record<string, unknown> & { readonly campaignId: string; readonly verdict: string; readonly moneyAtRisk: number | null };

let world: ServerWorld;
let hubOwner: string;
let experiments: readonly Record<string, string>[];
const ask = (tool: string, args: unknown): Promise<ToolResult> => world.ask(tool, args);

beforeAll(async () => {
  world = await startServerWorld(adsOptimizer, ['ads:read']);
  hubOwner = world.hub;
  experiments = (await query(
    hubOwner,
    `SELECT experiment_id AS id, name, campaign_id AS campaign FROM ads.experiments ORDER BY experiment_id`,
  )) as Record<string, string>[];
});
afterAll(() => world?.stop());

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
    expect(world.log).toEqual([]);
  });
});
