import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { handleRecommendBudget } from '../../mcp-servers/ads_optimizer/handlers/recommend_budget.ts';
import { openChannelResponse } from '../../mcp-servers/ads_optimizer/repo/channel_response.ts';
import { recommendBudget } from '../../mcp-servers/ads_optimizer/tools/recommend_budget.ts';
import { deadlineIn } from '../../shared/domain/deadline.ts';
import { openCampaigns } from '../../shared/hub/campaigns.ts';
import { openClients } from '../../shared/hub/clients.ts';
import { openDataVersion } from '../../shared/hub/data_version.ts';
import { query } from '../support/etl_databases.ts';
import { startGeneratedHub, TIME_ZONE, TODAY } from '../support/generated_hub.ts';

const SHOWCASE_ID = 'CMP-NAVIDAD-2026';
const fields = recommendBudget.output.shape;
type Data = z.infer<typeof fields.data>;

let ask: (args: Record<string, unknown>) => Promise<{ data: Data; text: string; warnings: readonly string[]; next: readonly unknown[] }>;
let hubUrl: string;
let stop: () => Promise<void>;

beforeAll(async () => {
  const { reader: hub, owner, stop: end } = await startGeneratedHub();
  const repos = {
    campaigns: openCampaigns(hub),
    clients: openClients(hub),
    response: openChannelResponse(hub),
    dataVersion: openDataVersion(hub),
  };
  const clock = { now: () => new Date(), today: () => TODAY, timeZone: TIME_ZONE };
  const caller = { client: 'tests', role: 'users', scopes: new Set(['ads:read']) } as const;
  hubUrl = owner;
  ask = async (args) => {
    const answer = await handleRecommendBudget(recommendBudget.input.parse(args), {
      repos,
      clock,
      deadline: deadlineIn(20_000),
      caller,
      fresh: false,
      progress: () => {},
    });
    // Strict: an answer holds what its contract says and nothing else.
    return { data: fields.data.strict().parse(answer.data), text: answer.text, warnings: answer.warnings ?? [], next: answer.next ?? [] };
  };
  stop = end;
});
afterAll(() => stop?.());

const sum = (values: readonly number[]): number => Math.round(values.reduce((total, value) => total + value, 0) * 100) / 100;

describe('recommend_budget over a loaded hub (T3)', () => {
  it('answers the showcase campaign as it did before', async () => {
    const { data, text, warnings, next } = await ask({ campaignName: SHOWCASE_ID });
    await expect(`${text}\n${JSON.stringify({ data, warnings, next }, null, 1)}\n`).toMatchFileSnapshot(
      '__snapshots__/ads_optimizer/recommend_budget_showcase.txt',
    );
    expect(text.length / 4).toBeLessThan(2_000);
  });

  it("says today's spend as the hub has it: the mean of the last 14 days", async () => {
    const { data } = await ask({ campaignName: SHOWCASE_ID });
    const rows = await query(
      hubUrl,
      `SELECT channel_id, round(sum(spend) / 14, 2)::float8 AS a_day FROM sales.ad_day
        WHERE campaign_id = $1 AND day BETWEEN '2026-11-07' AND '2026-11-20' GROUP BY 1 ORDER BY 1`,
      [SHOWCASE_ID],
    );
    expect(data.channels.map(({ channelId, todayPerDay }) => ({ channel_id: channelId, a_day: todayPerDay }))).toEqual(rows);
  });

  it('spends the budget to the cent, within the step', async () => {
    const today = await ask({ campaignName: SHOWCASE_ID });
    const pace = sum(today.data.channels.map((channel) => channel.today));
    const totalBudget = Math.round(pace * 110) / 100;
    const { data } = await ask({ campaignName: SHOWCASE_ID, totalBudget, maxChangePercent: 20 });
    expect(sum(data.channels.map(({ proposed }) => proposed))).toBe(totalBudget);
    for (const { changePercent } of data.channels) expect(Math.abs(changePercent ?? 0)).toBeLessThanOrEqual(20.1);
  });

  it('keeps the limits asked for, and names the channel by name or id', async () => {
    const today = await ask({ campaignName: SHOWCASE_ID });
    const [first] = today.data.channels;
    const max = Math.round(first!.today * 0.9);
    const { data } = await ask({ campaignName: SHOWCASE_ID, limits: [{ channel: first!.channel, max }] });
    expect(data.channels[0]?.proposed).toBeLessThanOrEqual(max);
    expect(sum(data.channels.map(({ proposed }) => proposed))).toBeCloseTo(sum(today.data.channels.map((channel) => channel.today)), 0);
  });

  it('refuses a budget that does not fit, and says what would', async () => {
    await expect(ask({ campaignName: SHOWCASE_ID, totalBudget: 1 })).rejects.toMatchObject({
      errorClass: 'invalid_input',
      remedy: expect.stringMatching(/Possible is \$[\d,.]+ to \$[\d,.]+/),
    });
  });

  it('refuses two targets at once, a ROAS for conversions, a channel that is not there and limits it did not use', async () => {
    await expect(ask({ totalBudget: 100, targetRoas: 2 })).rejects.toMatchObject({ errorClass: 'invalid_input' });
    await expect(ask({ objective: 'conversions', targetRoas: 2 })).rejects.toMatchObject({ errorClass: 'invalid_input' });
    await expect(ask({ channel: 'Telegram' })).rejects.toMatchObject({ errorClass: 'not_found' });
    await expect(ask({ country: 'Atlantis' })).rejects.toMatchObject({ errorClass: 'not_found' });
    await expect(ask({ campaignName: SHOWCASE_ID, clientName: 'x' })).rejects.toMatchObject({ errorClass: 'invalid_input' });
  });

  it('spends until the last dollar returns the target', async () => {
    const { data } = await ask({ campaignName: SHOWCASE_ID, targetMarginalRoas: 1, maxChangePercent: 1000 });
    const inside = data.channels.filter(({ changePercent }) => changePercent !== null && changePercent > -99 && changePercent < 999);
    for (const { marginalProposed } of inside) expect(marginalProposed).toBeCloseTo(1, 2);
  });

  it('spends less the more return is asked for', async () => {
    const spent = async (targetRoas: number) => (await ask({ targetRoas, maxChangePercent: 90 })).data.totalBudget ?? 0;
    const [low, high] = [await spent(1.5), await spent(2.5)];
    expect(low).toBeGreaterThanOrEqual(high);
    expect(high).toBeGreaterThan(0);
  });

  it('answers for a client, a country, one channel and the whole company, and the same twice', async () => {
    const [row] = await query(
      hubUrl,
      `SELECT c.client_id FROM ads.campaigns c JOIN sales.ad_day d USING (campaign_id)
        WHERE c.status = 'active' AND d.day = '2026-11-20' GROUP BY 1 ORDER BY count(*) DESC LIMIT 1`,
    );
    const client = await ask({ clientName: row?.client_id });
    expect(client.data.verdict).not.toBe('no_data');
    const company = await ask({});
    expect(company.data.basis.campaigns).toBeGreaterThan(client.data.basis.campaigns);
    expect(await ask({})).toEqual(company);
    expect((await ask({ country: 'Costa Rica' })).data.basis.campaigns).toBeLessThanOrEqual(company.data.basis.campaigns);
    expect((await ask({ channel: 'facebook', objective: 'conversions' })).data.channels.map(({ channelId }) => channelId)).toEqual([
      'facebook',
    ]);
  });

  it('has no data, which is not zero, for a campaign that has not run', async () => {
    const [row] = await query(hubUrl, `SELECT campaign_id FROM ads.campaigns WHERE status = 'scheduled' ORDER BY 1 LIMIT 1`);
    const { data, warnings, next } = await ask({ campaignName: row?.campaign_id });
    expect(data).toMatchObject({ verdict: 'no_data', channels: [], expected: null, totalBudget: null });
    expect(warnings[0]).toMatch(/^No data, which is not zero/);
    expect(next).toEqual([]);
  });
});
