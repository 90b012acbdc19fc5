import { beforeAll, expect, it } from 'vitest';
import { describeForEachHost } from '../support/each_host.ts';
import { query } from '../support/etl_databases.ts';

/** The tools of ads_optimizer (T3) as hosts call them, on a whole stack. What each answers is held by tests of its own. */
describeForEachHost('ads_optimizer', ({ stack, host, ask }) => {
  let campaign: Record<string, unknown>;
  let experiment: string;

  beforeAll(async () => {
    [campaign = {}] = await query(
      stack().urls.hubAdmin,
      `SELECT c.campaign_id, c.client_id, b.channel_id, to_char(b.month, 'YYYY-MM') AS month, b.planned
         FROM ads.campaigns c JOIN ads.campaign_budgets b USING (campaign_id)
        WHERE c.status = 'active' AND b.month = '2026-11-01' AND c.end_date > '2026-12-05'
        ORDER BY b.planned DESC, c.campaign_id LIMIT 1`,
    );
    [{ experiment_id: experiment } = { experiment_id: '' }] = (await query(
      stack().urls.hubAdmin,
      'SELECT experiment_id FROM ads.experiments WHERE ended_on IS NOT NULL ORDER BY experiment_id LIMIT 1',
    )) as { experiment_id: string }[];
  });

  it('lists six tools', async () => {
    expect((await host().listTools()).map(({ name }) => name)).toEqual([
      'recommend_budget',
      'get_campaign_pacing',
      'get_attribution',
      'analyze_experiment',
      'find_ad_anomalies',
      'apply_budget_plan',
    ]);
  });

  it('advises, paces, attributes, reads an experiment and looks for anomalies', async () => {
    const { campaign_id: campaignName, client_id: clientName } = campaign;
    expect(await ask('recommend_budget', { campaignName })).toMatchObject({ verdict: expect.stringMatching(/^(no_)?change$/) });
    expect(await ask('get_campaign_pacing', { campaignName })).toMatchObject({ basis: { method: expect.any(String) } });
    const { models, distributed } = await ask('get_attribution', { campaignName, model: 'all' });
    expect(models).toHaveLength(7);
    expect(distributed).toMatchObject({ orders: expect.any(Number), revenue: expect.any(Number) });
    expect(await ask('analyze_experiment', { experiment })).toMatchObject({ verdict: expect.any(String), arms: [{}, {}] });
    expect(await ask('find_ad_anomalies', { clientName, period: 'últimos 60 días' })).toHaveProperty('basis');
  });

  it('plans a change of budget, applies it once, and the next load brings it to the hub', async () => {
    const { campaign_id: campaignName, channel_id: channel, month, planned } = campaign;
    const ofMonth = 'SELECT planned FROM ads.campaign_budgets WHERE campaign_id = $1 AND channel_id = $2 AND month = $3';
    const [now] = await query(stack().urls.ads, ofMonth, [campaignName, channel, `${month}-01`]);
    const changed = Number((Number(now?.planned ?? planned) * 0.97).toFixed(2));
    const question = { campaignName, month, changes: [{ channel, planned: changed }], reason: 'prueba' };
    const { status, confirmationToken } = await ask('apply_budget_plan', question);
    expect(status).toBe('needs_confirmation');
    expect(await ask('apply_budget_plan', { ...question, confirmationToken })).toMatchObject({ status: 'applied' });
    expect(await ask('apply_budget_plan', { ...question, confirmationToken })).toMatchObject({ status: 'already_applied' });
    await stack().cli('etl', 'once');
    const [hub] = await query(stack().urls.hubAdmin, ofMonth, [campaignName, channel, `${month}-01`]);
    expect(Number(hub?.planned)).toBe(changed);
  });
});
