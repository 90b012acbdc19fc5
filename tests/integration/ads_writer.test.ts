import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BudgetPlanRepos, handleApplyBudgetPlan } from '../../mcp-servers/ads_optimizer/handlers/apply_budget_plan.ts';
import { openAds } from '../../mcp-servers/ads_optimizer/repo/open_ads.ts';
import { applyBudgetPlan } from '../../mcp-servers/ads_optimizer/tools/apply_budget_plan.ts';
import { planSigner } from '../../shared/access/plan_token.ts';
import { deadlineIn } from '../../shared/domain/deadline.ts';
import { openCampaigns } from '../../shared/hub/campaigns.ts';
import { serve } from '../../shared/mcp/served_tool.ts';
import { defineServer } from '../../shared/mcp/server_definition.ts';
import type { BudgetState } from '../../shared/sources/ads_store.ts';
import { readStack, type StackState } from '../../shared/stack/state.ts';
import { calledOverHttp, type HostCall } from '../support/called_over_http.ts';
import { query } from '../support/etl_databases.ts';
import { type RunningStack, startStack } from '../support/running_stack.ts';

/** Of the showcase: active on the reference date, until December. */
const CAMPAIGN = 'CMP-BLACK-FRIDAY-2026';

const adsOptimizer = defineServer<BudgetPlanRepos>({
  name: 'ads_optimizer',
  title: 'Budget plans',
  instructions: 'Changes planned budgets.',
  tools: [serve(applyBudgetPlan, handleApplyBudgetPlan)],
  openRepos: (hub, settings) => ({
    campaigns: openCampaigns(hub),
    ads: openAds(settings.urls.adsWriter),
    plans: planSigner(settings.planKey),
  }),
});

let stack: RunningStack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack?.stop());

/** The addresses as the state file names them now: a start chooses its ports anew. */
function urls(): NonNullable<StackState['urls']> {
  const found = readStack(stack.home)?.urls;
  if (found === undefined) throw new Error('no stack is up');
  return found;
}
const asOwner = (text: string) => query(urls().ads, text);

async function december(): Promise<BudgetState> {
  const store = await openAds(urls().adsWriter)();
  try {
    const state = await store.budgetState(CAMPAIGN, '2026-12-01', deadlineIn(10_000));
    if (state === undefined) throw new Error(`there is no ${CAMPAIGN}`);
    return state;
  } finally {
    await store.close();
  }
}

const overHttp = <T>(use: (call: HostCall) => Promise<T>): Promise<T> =>
  calledOverHttp(stack, adsOptimizer, { tool: applyBudgetPlan.name, host: 'marketing-desk' }, use);

/** Plans a dollar less for one channel, in both steps. */
async function applyOne(): Promise<void> {
  const { channels } = await december();
  const [one] = channels.filter(({ planned }) => Number(planned) > 10);
  const changes = [{ channel: one?.channelId, planned: Number((Number(one?.planned) - 1).toFixed(2)) }];
  const asked = { campaignName: CAMPAIGN, month: '2026-12', changes };
  await overHttp(async (call) => {
    const { confirmationToken } = await call(asked);
    expect(await call({ ...asked, confirmationToken })).toMatchObject({ status: 'applied' });
  });
}

describe('the way of ads_optimizer into PromptAds of an embedded stack', () => {
  it('carries a plan from a host over HTTP into PromptAds, and the next ETL run brings it to the hub', async () => {
    const before = await december();
    const [first, second] = before.channels.filter(({ planned }) => Number(planned) > 10);
    if (first === undefined || second === undefined) throw new Error('two channels are needed');
    const changes = [
      { channel: first.name, planned: Number(first.planned) - 1 },
      { channel: second.channelId, planned: Number(second.planned) + 0.75 },
    ].map(({ channel, planned }) => ({ channel, planned: Number(planned.toFixed(2)) }));
    const asked = { campaignName: CAMPAIGN, month: '2026-12', changes, reason: 'Ensayo' };
    const planned = (hub: string) =>
      query(
        hub,
        `SELECT channel_id, planned::text FROM ads.campaign_budgets WHERE campaign_id = '${CAMPAIGN}' AND month = '2026-12-01' ORDER BY 1`,
      );

    const told = await overHttp(async (call) => {
      const plan = await call(asked);
      expect(plan).toMatchObject({ status: 'needs_confirmation' });
      expect(await december()).toEqual(before);
      const done = await call({ ...asked, confirmationToken: plan.confirmationToken });
      expect(await call({ ...asked, confirmationToken: plan.confirmationToken })).toMatchObject({ status: 'already_applied' });
      return done;
    });
    expect(told).toMatchObject({ status: 'applied', changedBy: 'marketing-desk' });

    const now = Object.fromEntries((await december()).channels.map(({ channelId, planned: amount }) => [channelId, amount]));
    expect(now).toMatchObject({ [first.channelId]: changes[0]?.planned.toFixed(2), [second.channelId]: changes[1]?.planned.toFixed(2) });
    await stack.cli('etl', 'once');
    expect(Object.fromEntries((await planned(urls().hub)).map((row) => [row.channel_id, row.planned]))).toEqual(now);
    expect(await query(urls().hub, `SELECT changed_by FROM ads.change_log WHERE field LIKE 'planned:%'`)).toEqual([
      { changed_by: 'marketing-desk' },
      { changed_by: 'marketing-desk' },
    ]);
  });

  it('is there again after the sources were filled anew, and the ids of the change log go on after the generated ones', async () => {
    await asOwner(`INSERT INTO ads.budget_rules (rule_id, most_per_month) VALUES ('of before', 1)`);
    await stack.cli('fill', '--scale', 'small');
    expect((await december()).channels.length).toBeGreaterThan(1);
    expect(await asOwner('SELECT rule_id FROM ads.budget_rules')).toEqual([{ rule_id: 'everywhere' }]);
    const last = async () => Number((await asOwner('SELECT max(change_id) AS id FROM ads.change_log'))[0]?.id);
    const before = await last();
    expect(before).toBeGreaterThan(100);
    await applyOne();
    expect(await last()).toBe(before + 1);
  });

  it('has rules that the generated plans keep, none of them for being outside already', async () => {
    const rows = await asOwner(`
      SELECT f.rule, count(*)::int AS broken
        FROM (SELECT array_agg(ROW(b.campaign_id, b.channel_id, b.month, b.planned, b.planned)::ads.budget_change) AS changes
                FROM ads.campaign_budgets b JOIN ads.campaigns c USING (campaign_id)
               WHERE c.status IN ('active', 'scheduled', 'paused') AND b.month >= '2026-11-01') p,
             ads.check_budget_plan(p.changes, 'USD', '2026-11-21') f
       WHERE NOT f.ok OR (f.rule IN ('most_per_month', 'share', 'campaign_budget') AND f.found::numeric > f.most::numeric) GROUP BY 1`);
    expect(rows).toEqual([]);
  });

  it('is made in a home that was filled before there was one, without filling it again', async () => {
    const fills = 'SELECT xmin::text AS fill FROM tracking.fill';
    const filled = await asOwner(fills);
    await asOwner(`DROP FUNCTION ads.apply_budget_plan, ads.check_budget_plan; DROP TYPE ads.budget_change; DROP SEQUENCE ads.change_log_ids;
      DROP TABLE ads.budget_rules, ads.applied_budget_plans;
      DROP OWNED BY promptsales_ads, promptsales_ads_writer; DROP ROLE promptsales_ads, promptsales_ads_writer`);
    await stack.cli('down');
    const file = join(stack.home, 'credentials.json');
    const { adsWriter, ...old } = JSON.parse(await readFile(file, 'utf8'));
    await writeFile(file, JSON.stringify(old));

    await stack.cli('up', '--detach');
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual({ ...old, adsWriter: expect.any(String) });
    expect(urls().adsWriter).not.toContain(adsWriter);
    await applyOne();
    expect(await asOwner(fills)).toEqual(filled);
  });
});
