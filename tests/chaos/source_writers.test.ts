import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningStack, startStack } from '../support/running_stack.ts';
import { CAMPAIGN, sourceWriters } from '../support/source_writers.ts';

let stack: RunningStack;
const writers = sourceWriters(() => stack);
const { running, asOwner } = writers;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack?.stop());

/** Plans a dollar less for one channel, in both steps. */
async function applyOne(): Promise<void> {
  const { channels } = await writers.december();
  const [one] = channels.filter(({ planned }) => Number(planned) > 10);
  const changes = [{ channel: one?.channelId, planned: Number((Number(one?.planned) - 1).toFixed(2)) }];
  const asked = { campaignName: CAMPAIGN, month: '2026-12', changes };
  await writers.budgetsOverHttp(async (call) => {
    const { confirmationToken } = await call(asked);
    expect(await call({ ...asked, confirmationToken })).toMatchObject({ status: 'applied' });
  });
}

/** Loses a lead, in both steps. */
async function loseOne(): Promise<void> {
  const asked = { changes: [{ leadId: await writers.leadIn('new'), stage: 'lost' }] };
  await writers.leadsOverHttp(async (call) => {
    const { confirmationToken } = await call(asked);
    expect(await call({ ...asked, confirmationToken })).toMatchObject({ status: 'applied' });
  });
}

const contentIndex = () => asOwner.content(`SELECT to_regclass('content.logs_campanas_campaign')::text AS index`);

describe('the ways of servers into the sources of an embedded stack', () => {
  it('are there again after the sources were filled anew, and the ids of the change log go on after the generated ones', async () => {
    await asOwner.ads(`INSERT INTO ads.budget_rules (rule_id, most_per_month) VALUES ('of before', 1)`);
    await stack.cli('fill', '--scale', 'small');

    expect((await writers.december()).channels.length).toBeGreaterThan(1);
    expect(await asOwner.ads('SELECT rule_id FROM ads.budget_rules')).toEqual([{ rule_id: 'everywhere' }]);
    const last = async () => Number((await asOwner.ads('SELECT max(change_id) AS id FROM ads.change_log'))[0]?.id);
    const before = await last();
    expect(before).toBeGreaterThan(100);
    await applyOne();
    expect(await last()).toBe(before + 1);

    expect(await asOwner.crm('SELECT FROM crm.lead_stage_history')).toEqual([]);
    await loseOne();
    expect(await asOwner.crm('SELECT changed_by, new_stage FROM crm.lead_stage_history')).toEqual([
      { changed_by: 'sales-desk', new_stage: 'lost' },
    ]);

    expect(await writers.quotas()).not.toEqual([]);
    expect(await contentIndex()).toEqual([{ index: 'content.logs_campanas_campaign' }]);
  });

  it('are made in a home that was filled before there were any, without filling it again', async () => {
    const fills = async () => {
      const fill = 'SELECT xmin::text AS fill FROM tracking.fill';
      return [await asOwner.ads(fill), await asOwner.crm(fill), await asOwner.content(fill)];
    };
    const filled = await fills();
    await asOwner.ads(`DROP FUNCTION ads.apply_budget_plan, ads.check_budget_plan; DROP TYPE ads.budget_change; DROP SEQUENCE ads.change_log_ids;
      DROP TABLE ads.budget_rules, ads.applied_budget_plans;
      DROP OWNED BY promptsales_ads, promptsales_ads_writer; DROP ROLE promptsales_ads, promptsales_ads_writer`);
    await asOwner.crm(`DROP FUNCTION crm.apply_lead_plan, crm.check_lead_plan, crm.next_lead_stages; DROP TYPE crm.lead_change;
      DROP TABLE crm.lead_stage_history, crm.applied_lead_plans;
      DROP OWNED BY promptsales_crm, promptsales_crm_writer; DROP ROLE promptsales_crm, promptsales_crm_writer`);
    await asOwner.content('DROP INDEX content.logs_campanas_campaign');
    await asOwner.content('DROP OWNED BY promptsales_content, promptsales_writer; DROP ROLE promptsales_content, promptsales_writer');
    await stack.cli('down');
    const file = join(stack.home, 'credentials.json');
    const { adsWriter, crmWriter, writer, planKey, ...old } = JSON.parse(await readFile(file, 'utf8'));
    await writeFile(file, JSON.stringify(old));

    await stack.cli('up', '--detach');
    const made = expect.any(String);
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual({ ...old, adsWriter: made, crmWriter: made, writer: made, planKey: made });
    expect(running().urls.adsWriter).not.toContain(adsWriter);
    expect(running().urls.crmWriter).not.toContain(crmWriter);
    expect(running().urls.contentWriter).not.toContain(writer);
    expect(running().planKey).not.toBe(planKey);
    await applyOne();
    await loseOne();
    expect(await writers.quotas()).not.toEqual([]);
    expect(await contentIndex()).toEqual([{ index: 'content.logs_campanas_campaign' }]);
    expect(await fills()).toEqual(filled);
  });
});
