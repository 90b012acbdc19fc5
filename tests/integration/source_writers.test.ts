import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readSettings } from '../../shared/config/settings.ts';
import { withLocated } from '../../shared/mcp/connections.ts';
import { locateAddresses } from '../../shared/mcp/locate_addresses.ts';
import { sampleDocuments } from '../support/content_samples.ts';
import { query } from '../support/etl_databases.ts';
import { type RunningStack, startStack } from '../support/running_stack.ts';
import { CAMPAIGN, CLIENT, sourceWriters, TODAY } from '../support/source_writers.ts';

const run = promisify(execFile);

let stack: RunningStack;
const writers = sourceWriters(() => stack);
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack?.stop());

describe('the way of ads_optimizer into PromptAds of an embedded stack', () => {
  it('has rules that the generated plans keep, none of them for being outside already', async () => {
    const rows = await writers.asOwner.ads(`
      SELECT f.rule, count(*)::int AS broken
        FROM (SELECT array_agg(ROW(b.campaign_id, b.channel_id, b.month, b.planned, b.planned)::ads.budget_change) AS changes
                FROM ads.campaign_budgets b JOIN ads.campaigns c USING (campaign_id)
               WHERE c.status IN ('active', 'scheduled', 'paused') AND b.month >= '2026-11-01') p,
             ads.check_budget_plan(p.changes, 'USD', '2026-11-21') f
       WHERE NOT f.ok OR (f.rule IN ('most_per_month', 'share', 'campaign_budget') AND f.found::numeric > f.most::numeric) GROUP BY 1`);
    expect(rows).toEqual([]);
  });

  it('carries a plan from a host over HTTP into PromptAds, and the next ETL run brings it to the hub', async () => {
    const before = await writers.december();
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

    const told = await writers.budgetsOverHttp(async (call) => {
      const plan = await call(asked);
      expect(plan).toMatchObject({ status: 'needs_confirmation' });
      expect(await writers.december()).toEqual(before);
      const done = await call({ ...asked, confirmationToken: plan.confirmationToken });
      expect(await call({ ...asked, confirmationToken: plan.confirmationToken })).toMatchObject({ status: 'already_applied' });
      return done;
    });
    expect(told).toMatchObject({ status: 'applied', changedBy: 'marketing-desk' });

    const now = Object.fromEntries((await writers.december()).channels.map(({ channelId, planned: amount }) => [channelId, amount]));
    expect(now).toMatchObject({ [first.channelId]: changes[0]?.planned.toFixed(2), [second.channelId]: changes[1]?.planned.toFixed(2) });
    await stack.cli('etl', 'once');
    expect(Object.fromEntries((await planned(writers.running().urls.hub)).map((row) => [row.channel_id, row.planned]))).toEqual(now);
    expect(await query(writers.running().urls.hub, `SELECT changed_by FROM ads.change_log WHERE field LIKE 'planned:%'`)).toEqual([
      { changed_by: 'marketing-desk' },
      { changed_by: 'marketing-desk' },
    ]);
  });
});

describe('the way of crm_analyzer into PromptCRM of an embedded stack', () => {
  it('carries a plan from a host over HTTP into PromptCRM, and the next ETL run brings it to the hub', async () => {
    const [fresh, proposed, lost] = [await writers.leadIn('new'), await writers.leadIn('proposal'), await writers.leadIn('lost')];
    const changes = [
      { leadId: fresh, stage: 'contacted' },
      { leadId: proposed, stage: 'won' },
      { leadId: lost, stage: 'contacted', note: 'Volvió a escribir' },
    ];
    const stages = async (url: string) => {
      const rows = await query(url, `SELECT lead_id::int AS id, stage FROM crm.leads WHERE lead_id IN (${fresh}, ${proposed}, ${lost})`);
      return Object.fromEntries(rows.map(({ id, stage }) => [String(id), stage]));
    };
    const before = { [fresh]: 'new', [proposed]: 'proposal', [lost]: 'lost' };
    const after = { [fresh]: 'contacted', [proposed]: 'won', [lost]: 'contacted' };

    const told = await writers.leadsOverHttp(async (call) => {
      const plan = await call({ changes });
      expect(plan).toMatchObject({ status: 'needs_confirmation' });
      expect(await stages(writers.running().urls.crm)).toEqual(before);
      const done = await call({ changes, confirmationToken: plan.confirmationToken });
      expect(await call({ changes, confirmationToken: plan.confirmationToken })).toMatchObject({ status: 'already_applied' });
      return done;
    });
    expect(told).toMatchObject({ status: 'applied', changedBy: 'sales-desk' });
    expect(await stages(writers.running().urls.crm)).toEqual(after);
    expect(await stages(writers.running().urls.hub)).toEqual(before);
    await stack.cli('etl', 'once');
    expect(await stages(writers.running().urls.hub)).toEqual(after);
  });

  it('finds no generated lead whose stage and times it could not go on from', async () => {
    const rows = await writers.asOwner.crm(`
      SELECT f.rule, f.old_stage, count(*)::int AS broken
        FROM (SELECT array_agg(ROW(l.lead_id, l.stage, (crm.next_lead_stages(l.stage))[1], timestamptz '2026-11-21T06:00Z', 'again')::crm.lead_change) AS changes
                FROM crm.leads l
               WHERE l.stage <> 'won' AND l.lead_id NOT IN (SELECT h.lead_id FROM crm.lead_stage_history h)) p,
             crm.check_lead_plan(p.changes, '2026-11-21T06:00Z') f
       WHERE NOT f.ok GROUP BY 1, 2`);
    expect(rows).toEqual([]);
  });
});

const asWriter = (text: string) => query(writers.running().urls.contentWriter, text);

describe('the way of content_generator into PromptContent of an embedded stack', () => {
  it('is in the state file, and the plans of the generated clients are read there', async () => {
    expect(await writers.quotas()).toContainEqual({
      feature: 'generacion_contenido',
      planId: 'PLAN-ENTERPRISE',
      planName: 'Enterprise',
      used: expect.any(Number),
      limit: null,
      resetDate: expect.stringMatching(/^\d{4}-\d{2}-\d{2}$/),
    });
  });

  it('is found with its key by a server that a host starts, and by none that has its own', async () => {
    const settings = readSettings(stack.environment);
    const found = withLocated(settings, await locateAddresses(settings, () => {}));
    const { urls, planKey } = writers.running();
    expect(found.urls.contentWriter).toBe(urls.contentWriter);
    expect(Buffer.from(found.planKey ?? []).toString('base64')).toBe(planKey);
    expect(found.planKey).toHaveLength(32);
    expect(await writers.quotas(found.urls.contentWriter)).not.toEqual([]);

    const own = { CONTENT_WRITER_DATABASE_URL: 'postgres://w.example/c', PROMPTSALES_PLAN_KEY: Buffer.alloc(32, 5).toString('base64') };
    const configured = readSettings({ ...stack.environment, ...own });
    expect(withLocated(configured, await locateAddresses(configured, () => {}))).toMatchObject({
      urls: { contentWriter: own.CONTENT_WRITER_DATABASE_URL },
      planKey: Buffer.alloc(32, 5),
    });
  });

  it('reads and writes what generation needs, and nothing else', async () => {
    const document = sampleDocuments().find(({ collection }) => collection === 'logs_campanas')?.document;
    const right = JSON.stringify({ ...document, id_log: 'LOG-rights' });
    const log = `INSERT INTO content.logs_campanas (id, document) VALUES ('LOG-rights', '${right}')`;
    expect(await asWriter(log)).toEqual([]);
    expect(await asWriter(`UPDATE content.campanas SET document = document WHERE id = (SELECT min(id) FROM content.campanas)`)).toEqual([]);
    for (const refused of [
      `DELETE FROM content.logs_campanas WHERE id = 'LOG-rights'`,
      `DELETE FROM content.campanas`,
      `TRUNCATE content.clientes`,
      `UPDATE content.campanas SET id = id`,
      `UPDATE content.imagenes SET document = document`,
      `UPDATE content.logs_campanas SET document = document`,
      `INSERT INTO content.clientes (id, document) VALUES ('CLI-x', '{}')`,
      `SELECT document FROM content.bitacora_solicitudes`,
      `SELECT * FROM content.credenciales_cifradas`,
      `SELECT * FROM content.servicios_terceros`,
      `SELECT * FROM content.mcp_servers`,
      `SELECT * FROM tracking.fill`,
      `ALTER TABLE content.campanas DISABLE TRIGGER ALL`,
      `CREATE TABLE content.own (i int)`,
      `CREATE TEMP TABLE own (i int)`,
      `SET ROLE postgres`,
    ]) {
      await expect(asWriter(refused), refused).rejects.toThrow(/permission denied|must be owner/);
    }
    await writers.asOwner.content(`DELETE FROM content.logs_campanas WHERE id = 'LOG-rights'`);
  });

  it('leads to no other database of the server', async () => {
    const names = (await writers.asOwner.content('SELECT datname AS name FROM pg_database WHERE datallowconn ORDER BY 1')).map(({ name }) =>
      String(name),
    );
    expect(names).toContain('promptsales');
    for (const name of names.filter((other) => other !== 'promptcontent')) {
      const url = writers.running().urls.contentWriter.replace(/\/promptcontent$/, `/${name}`);
      await expect(query(url, 'SELECT 1'), name).rejects.toThrow(/permission denied for database/);
    }
  });

  it('keeps no program alive that has used it and waits for nothing more', async () => {
    const openContentUrl = new URL('../../mcp-servers/content_generator/repo/open_content.ts', import.meta.url).href;
    const deadlineUrl = new URL('../../shared/domain/deadline.ts', import.meta.url).href;
    const program = `
      import { openContent } from ${JSON.stringify(openContentUrl)};
      import { deadlineIn } from ${JSON.stringify(deadlineUrl)};
      const content = await openContent(process.env.URL)();
      const rows = await content.quotas('${CLIENT}', '${TODAY}', deadlineIn(10_000));
      process.stdout.write(String(rows.length));`;
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', program], {
      env: { ...process.env, URL: writers.running().urls.contentWriter },
      timeout: 20_000,
    });
    expect(Number(stdout)).toBeGreaterThan(0);
  });
});
