import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { crmAnalyzer } from '../../mcp-servers/crm_analyzer/index.ts';
import { updateLeadStage } from '../../mcp-servers/crm_analyzer/tools/update_lead_stage.ts';
import { readStack, type StackState } from '../../shared/stack/state.ts';
import { calledOverHttp, type HostCall } from '../support/called_over_http.ts';
import { query } from '../support/etl_databases.ts';
import { type RunningStack, startStack } from '../support/running_stack.ts';

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
const asOwner = (text: string) => query(urls().crm, text);
const overHttp = <T>(use: (call: HostCall) => Promise<T>): Promise<T> =>
  calledOverHttp(stack, crmAnalyzer, { tool: updateLeadStage.name, host: 'sales-desk' }, use);

/** The newest lead that is in a stage, as the source has it. */
async function leadIn(stage: string): Promise<number> {
  const [found] = await asOwner(`SELECT lead_id::int AS id FROM crm.leads WHERE stage = '${stage}' ORDER BY lead_id DESC LIMIT 1`);
  if (found === undefined) throw new Error(`no lead is ${stage}`);
  return Number(found.id);
}

/** Loses a lead, in both steps. */
async function loseOne(): Promise<void> {
  const asked = { changes: [{ leadId: await leadIn('new'), stage: 'lost' }] };
  await overHttp(async (call) => {
    const { confirmationToken } = await call(asked);
    expect(await call({ ...asked, confirmationToken })).toMatchObject({ status: 'applied' });
  });
}

describe('the way of crm_analyzer into PromptCRM of an embedded stack', () => {
  it('carries a plan from a host over HTTP into PromptCRM, and the next ETL run brings it to the hub', async () => {
    const [fresh, proposed, lost] = [await leadIn('new'), await leadIn('proposal'), await leadIn('lost')];
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

    const told = await overHttp(async (call) => {
      const plan = await call({ changes });
      expect(plan).toMatchObject({ status: 'needs_confirmation' });
      expect(await stages(urls().crm)).toEqual(before);
      const done = await call({ changes, confirmationToken: plan.confirmationToken });
      expect(await call({ changes, confirmationToken: plan.confirmationToken })).toMatchObject({ status: 'already_applied' });
      return done;
    });
    expect(told).toMatchObject({ status: 'applied', changedBy: 'sales-desk' });
    expect(await stages(urls().crm)).toEqual(after);
    expect(await stages(urls().hub)).toEqual(before);
    await stack.cli('etl', 'once');
    expect(await stages(urls().hub)).toEqual(after);
  });

  it('is there again after the sources were filled anew', async () => {
    await stack.cli('fill', '--scale', 'small');
    expect(await asOwner('SELECT FROM crm.lead_stage_history')).toEqual([]);
    await loseOne();
    expect(await asOwner('SELECT changed_by, new_stage FROM crm.lead_stage_history')).toEqual([
      { changed_by: 'sales-desk', new_stage: 'lost' },
    ]);
  });

  it('finds no generated lead whose stage and times it could not go on from', async () => {
    const rows = await asOwner(`
      SELECT f.rule, f.old_stage, count(*)::int AS broken
        FROM (SELECT array_agg(ROW(l.lead_id, l.stage, (crm.next_lead_stages(l.stage))[1], timestamptz '2026-11-21T06:00Z', 'again')::crm.lead_change) AS changes
                FROM crm.leads l
               WHERE l.stage <> 'won' AND l.lead_id NOT IN (SELECT h.lead_id FROM crm.lead_stage_history h)) p,
             crm.check_lead_plan(p.changes, '2026-11-21T06:00Z') f
       WHERE NOT f.ok GROUP BY 1, 2`);
    expect(rows).toEqual([]);
  });

  it('is made in a home that was filled before there was one, without filling it again', async () => {
    const fills = 'SELECT xmin::text AS fill FROM tracking.fill';
    const filled = await asOwner(fills);
    await asOwner(`DROP FUNCTION crm.apply_lead_plan, crm.check_lead_plan, crm.next_lead_stages; DROP TYPE crm.lead_change;
      DROP TABLE crm.lead_stage_history, crm.applied_lead_plans;
      DROP OWNED BY promptsales_crm, promptsales_crm_writer; DROP ROLE promptsales_crm, promptsales_crm_writer`);
    await stack.cli('down');
    const file = join(stack.home, 'credentials.json');
    const { crmWriter, ...old } = JSON.parse(await readFile(file, 'utf8'));
    await writeFile(file, JSON.stringify(old));

    await stack.cli('up', '--detach');
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual({ ...old, crmWriter: expect.any(String) });
    expect(urls().crmWriter).not.toContain(crmWriter);
    await loseOne();
    expect(await asOwner(fills)).toEqual(filled);
  });
});
