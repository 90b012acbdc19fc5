import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { updateLeadStage } from '../../mcp-servers/crm_analyzer/tools/update_lead_stage.ts';
import { SCOPES_OF_ROLE } from '../../shared/access/roles.ts';
import type { Caller } from '../../shared/mcp/contract.ts';
import type { ToolResult } from '../../shared/mcp/envelope.ts';
import { toolDefinitions } from '../../shared/mcp/tool_definitions.ts';
import { differencesFromFacts, differencesFromSources } from '../support/hub_checks.ts';
import { type LeadStageWorld, startLeadStageWorld } from '../support/lead_stage_world.ts';

type Told = {
  readonly status: string;
  readonly leads: readonly { readonly leadId: number; readonly old: string; readonly new: string; readonly at: string | null }[];
  readonly planId: string | null;
  readonly confirmationToken: string | null;
};

const callerOf = (client: string, role: Caller['role'] = 'sales'): Caller => ({ client, role, scopes: new Set(SCOPES_OF_ROLE[role]) });
const [ana, luis] = [callerOf('ana'), callerOf('luis', 'admin')];
let world: LeadStageWorld;

/** Lead 1 is qualified, 3 new, 11 won, 300 new; see RESET. */
const changes = [
  { leadId: 300, stage: 'contacted' },
  { leadId: 1, stage: 'proposal', at: '2026-02-09T09:30:00-06:00', note: 'Pidió precio a maria@example.com' },
];
const asked = (more: object = {}) => ({ changes, ...more });
const toldOf = (result: ToolResult): Told => {
  expect(result.isError, result.content[0].text).toBeUndefined();
  return result.structuredContent.data as Told;
};
const plan = async (args: object, caller = ana): Promise<Told> => toldOf(await world.ask(args, caller));
const refusal = async (args: object, caller = ana): Promise<string> => {
  const { isError, content } = await world.ask(args, caller);
  expect(isError).toBe(true);
  return content[0].text;
};
/** A plan, and the call that confirms it. */
const confirmed = async (args: object, caller = ana) => ({ ...args, confirmationToken: (await plan(args, caller)).confirmationToken });
const stages = async (ids = [1, 300]) =>
  (await world.crm('SELECT stage FROM crm.leads WHERE lead_id = ANY ($1) ORDER BY lead_id', [ids])).map(({ stage }) => stage);
const history = () => world.crm('SELECT * FROM crm.lead_stage_history ORDER BY history_id');
const BEFORE = ['qualified', 'new'];
/** As fillSources() has them. */
const RESET = `
  UPDATE crm.leads l SET stage = f.stage, contacted_at = NULL, qualified_at = f.qualified_at, proposal_at = NULL, closed_at = NULL
    FROM (SELECT g AS lead_id, (ARRAY['new', 'qualified', 'won'])[1 + g % 3] AS stage, CASE WHEN g % 3 > 0 THEN timestamptz '2026-02-01Z' END AS qualified_at
            FROM generate_series(1, 300) g) f
   WHERE f.lead_id = l.lead_id
     AND (l.stage, l.contacted_at, l.qualified_at, l.proposal_at, l.closed_at) IS DISTINCT FROM (f.stage, NULL, f.qualified_at, NULL, NULL);
  TRUNCATE crm.lead_stage_history, crm.applied_lead_plans RESTART IDENTITY`;

beforeAll(async () => {
  world = await startLeadStageWorld();
});
afterAll(async () => {
  await world?.stop();
  expect(world?.log ?? []).toEqual([]);
});
beforeEach(async () => {
  world.now = new Date('2026-02-10T18:00:00Z');
  world.today = '2026-02-10';
  await world.crm(RESET);
});

describe('moving leads (issue: all rows or none)', () => {
  it('takes two steps: first nothing is changed and the whole plan is told, then all of it is', async () => {
    const first = await plan(asked());
    expect(first).toMatchObject({
      status: 'needs_confirmation',
      leads: [
        { leadId: 1, customerId: 2, old: 'qualified', new: 'proposal', at: '2026-02-09T15:30:00.000Z' },
        { leadId: 300, customerId: 301, old: 'new', new: 'contacted', at: '2026-02-10T18:00:00.000Z' },
      ],
      planId: expect.any(String),
      appliedAt: null,
      expiresAt: '2026-02-10T18:15:00.000Z',
    });
    expect(await stages()).toEqual(BEFORE);
    expect(await history()).toEqual([]);

    world.now = new Date('2026-02-10T18:05:00Z');
    const done = await plan({ ...asked(), confirmationToken: first.confirmationToken });
    expect(done).toMatchObject({
      status: 'applied',
      leads: first.leads,
      planId: first.planId,
      appliedAt: '2026-02-10T18:05:00.000Z',
      changedBy: 'ana',
      confirmationToken: null,
    });
    expect(await stages()).toEqual(['proposal', 'contacted']);
    expect(await world.crm('SELECT proposal_at FROM crm.leads WHERE lead_id = 1')).toEqual([
      { proposal_at: new Date('2026-02-09T15:30:00Z') },
    ]);
  });

  it('is told whole, as text and as data', async () => {
    const results = [await world.ask(asked(), ana)];
    const token = String(toldOf(results[0] as ToolResult).confirmationToken);
    results.push(await world.ask(asked({ confirmationToken: token }), ana));
    results.push(await world.ask(asked({ confirmationToken: token }), ana));
    results.push(await world.ask(asked(), ana));
    const broken = [
      { leadId: 300, stage: 'won', at: '2026-02-11T00:00:00Z' },
      { leadId: 11, stage: 'lost' },
      { leadId: 4, stage: 'lost', at: '2026-01-01T00:00:00Z' },
    ];
    results.push(await world.ask(asked({ changes: broken }), ana));
    // The key of the signature is another in each run, as is the id of a failed call.
    const shown = results.map(({ content, structuredContent }) =>
      `${content[0].text}\n\n${JSON.stringify(structuredContent, null, 1)}\n`
        .replaceAll(token, '<token>')
        .replaceAll(/(Correlation id: |"correlationId": ")[\w-]+/g, '$1<id>'),
    );
    await expect(shown.join('\n')).toMatchFileSnapshot('__snapshots__/crm_analyzer/update_lead_stage.txt');
  });

  it('leaves who, what, when and the note behind, under the id of the plan', async () => {
    const { planId } = await plan(await confirmed(asked()));
    const line = { plan_id: planId, changed_by: 'ana', changed_at: world.now };
    expect(await history()).toMatchObject([
      { ...line, lead_id: '1', old_stage: 'qualified', new_stage: 'proposal', note: 'Pidió precio a maria@example.com' },
      { ...line, lead_id: '300', old_stage: 'new', new_stage: 'contacted', note: null, moved_at: world.now },
    ]);
    expect(await world.crm('SELECT plan_id, changed_by, applied_at FROM crm.applied_lead_plans')).toEqual([
      { plan_id: planId, changed_by: 'ana', applied_at: world.now },
    ]);
  });

  it('answers nothing of a person: not of the customer, not of the note, also not inside the token (S5)', async () => {
    const first = await world.ask(asked(), ana);
    const { confirmationToken } = toldOf(first);
    const second = await world.ask(asked({ confirmationToken }), ana);
    const inside = Buffer.from(String(confirmationToken).split('.')[1] ?? '', 'base64url').toString('utf8');
    expect(inside).toContain('"stages":"20"');
    const [person] = await world.crm('SELECT first_name, last_name, email, phone FROM crm.customers WHERE customer_id = 2');
    for (const said of [JSON.stringify(first), JSON.stringify(second), inside]) {
      for (const secret of [...Object.values(person ?? {}), 'maria@example.com', 'Pidió']) expect(said).not.toContain(secret);
    }
  });

  it('is seen by the hub after the next load, and the roll-up of leads agrees with them', async () => {
    const both = { changes: [...changes, { leadId: 10, stage: 'lost' }] };
    await plan(await confirmed(both));
    const ways = [
      { leadId: 10, stage: 'contacted', note: 'Volvió' },
      { leadId: 1, stage: 'won' },
    ];
    await plan(await confirmed({ changes: ways }));
    const inHub = () => world.hub('SELECT lead_id, stage, qualified_at FROM crm.leads WHERE lead_id IN (1, 10, 300) ORDER BY lead_id');
    const totals = async () =>
      (await world.hub('SELECT sum(leads)::int AS leads, sum(qualified)::int AS qualified, sum(won)::int AS won FROM sales.lead_day'))[0];
    const before = { stages: await inHub(), totals: await totals() };
    expect(before.stages).toMatchObject([{ stage: 'qualified' }, { stage: 'qualified' }, { stage: 'new' }]);
    await world.load();
    expect(await inHub()).toMatchObject([
      { stage: 'won', qualified_at: new Date('2026-02-01Z') },
      { stage: 'contacted', qualified_at: null },
      { stage: 'contacted' },
    ]);
    expect(await differencesFromSources(world.databases)).toEqual([]);
    expect(await differencesFromFacts(world.databases.hubOwner)).toEqual([]);
    const { leads, qualified, won } = before.totals ?? {};
    expect(await totals()).toEqual({ leads, qualified: Number(qualified) - 1, won: Number(won) + 1 });
  });

  it('does nothing twice, however often and from wherever it is confirmed', async () => {
    const confirm = await confirmed(asked());
    const answers = await Promise.all(Array.from({ length: 10 }, () => plan(confirm)));
    expect(answers.map(({ status }) => status).sort()).toEqual([...Array.from({ length: 9 }, () => 'already_applied'), 'applied']);
    for (const answer of answers) expect(answer.leads).toEqual(answers[0]?.leads);
    expect(await history()).toHaveLength(2);
  });

  it('tells a repeated confirmation what was done then, though others moved the leads since, or they are gone', async () => {
    const confirm = await confirmed(asked());
    const { leads } = await plan(confirm);
    await world.crm(`UPDATE crm.leads SET stage = 'lost' WHERE lead_id = 1`);
    expect(await plan(confirm)).toMatchObject({ status: 'already_applied', leads });
  });

  it('may name the leads in another order when it is confirmed', async () => {
    const { confirmationToken } = await confirmed(asked());
    expect(await plan({ changes: changes.toReversed(), confirmationToken })).toMatchObject({ status: 'applied' });
  });

  it('says so when there is nothing to change, and asks for no confirmation', async () => {
    const same = { changes: [{ leadId: 11, stage: 'won' }] };
    expect(await plan(same)).toMatchObject({ status: 'unchanged', confirmationToken: null, planId: null, leads: [{ at: null }] });
  });

  it('moves 200 leads at once, with a short token and an answer that names each of them', async () => {
    const all = Array.from({ length: 200 }, (_, index) => ({ leadId: 101 + index, stage: (101 + index) % 3 === 2 ? 'won' : 'lost' }));
    const first = await world.ask({ changes: all }, ana);
    const token = String(toldOf(first).confirmationToken);
    expect(token.length).toBeLessThan(800);
    expect(first.content[0].text.length / 4).toBeLessThan(1_000);
    expect(toldOf(first).leads).toHaveLength(200);
    for (const { leadId } of all) expect(first.content[0].text).toMatch(new RegExp(`\\b${leadId}\\b`));
    expect(await plan({ changes: all, confirmationToken: token })).toMatchObject({ status: 'applied' });
    expect(await history()).toHaveLength(all.filter(({ stage }) => stage === 'lost').length);
  });

  it('is dated by the day that counts as today, so that generated data lies before it', async () => {
    world.now = new Date('2026-01-03T18:00:00Z');
    expect(await plan({ changes: [{ leadId: 300, stage: 'contacted' }] })).toMatchObject({ leads: [{ at: '2026-02-10T18:00:00.000Z' }] });
  });
});

describe('a plan that is out of date', () => {
  it('changes nothing when somebody moved a lead meanwhile, and both stages are told', async () => {
    const confirm = await confirmed(asked());
    await world.crm(`UPDATE crm.leads SET stage = 'lost' WHERE lead_id = 300`);
    const text = await refusal(confirm);
    expect(text).toContain('- Lead 300: the plan was made of new, now it is lost');
    expect(text).toContain('again without a token');
    expect(await stages()).toEqual(['qualified', 'lost']);
    expect(await history()).toEqual([]);
  });

  it('of two callers who move the same lead one wins, and the other is told', async () => {
    const rivals = [
      { args: asked(), caller: ana },
      { args: { changes: [{ leadId: 1, stage: 'lost' }] }, caller: luis },
    ];
    const confirms = await Promise.all(rivals.map(async ({ args, caller }) => ({ args: await confirmed(args, caller), caller })));
    const results = await Promise.all(confirms.map(({ args, caller }) => world.ask(args, caller)));
    expect(results.map(({ isError }) => isError === true).sort()).toEqual([false, true]);
    expect(results.find(({ isError }) => isError)?.content[0].text).toContain('Somebody moved leads');
  });

  it('is refused when a lead got a later step since it was made', async () => {
    const confirm = await confirmed(asked());
    await world.crm(`UPDATE crm.leads SET qualified_at = '2026-02-10Z' WHERE lead_id = 1`);
    expect(await refusal(confirm)).toContain('before its last step; give a time from 2026-02-10T00:00:00.000Z on');
    expect(await stages()).toEqual(BEFORE);
  });
});

describe('a confirmation token', () => {
  it('is refused when it was forged, is for somebody else, or is older than 15 minutes', async () => {
    const confirm = await confirmed(asked());
    const token = String(confirm.confirmationToken);
    const forged = `${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}`;
    expect(await refusal({ ...confirm, confirmationToken: forged })).toContain('none that this server gave');
    expect(await refusal({ ...confirm, confirmationToken: 'yes' })).toContain('none that this server gave');
    expect(await refusal(confirm, luis)).toContain('forbidden: The confirmation token was given to somebody else');
    world.now = new Date('2026-02-10T18:15:00Z');
    expect(await refusal(confirm)).toContain('older than 15 minutes');
    expect(await stages()).toEqual(BEFORE);
  });

  const [last = {}, first = {}] = changes;
  it.each([
    ['another stage', [last, { ...first, stage: 'lost' }]],
    ['another time', [last, { ...first, at: '2026-02-09T10:30:00-06:00' }]],
    ['another note', [last, { ...first, note: 'Otra' }]],
    ['another lead', [{ ...last, leadId: 297 }, first]],
    ['one lead fewer', [last]],
    ['one lead more', [...changes, { leadId: 4, stage: 'lost' }]],
  ])('confirms only what its plan said: not %s', async (_what, other) => {
    const confirm = await confirmed(asked());
    expect(await refusal({ ...confirm, changes: other })).toContain('What is asked now is not what the plan said');
    expect(await stages()).toEqual(BEFORE);
  });
});

describe('what is not done', () => {
  it('is told all at once, each with what would be right', async () => {
    await world.crm(`UPDATE crm.leads SET stage = 'lost', contacted_at = '2026-02-02Z' WHERE lead_id = 7`);
    const wrong = [
      { leadId: 300, stage: 'won', at: '2026-02-10T18:00:01Z' },
      { leadId: 11, stage: 'lost' },
      { leadId: 7, stage: 'contacted' },
      { leadId: 4, stage: 'lost', at: '2026-01-01T00:00:00Z' },
    ];
    const text = await refusal({ changes: wrong });
    expect(text.split('\n').filter((line) => line.startsWith('- '))).toEqual([
      '- Lead 4 would become lost at 2026-01-01T00:00:00.000Z, before its last step; give a time from 2026-02-01T00:00:00.000Z on.',
      '- Lead 7 was lost; it is taken up again only with a note that says why.',
      '- Lead 11 is won and cannot become lost; nothing comes after that.',
      '- Lead 300 is new and cannot become won; from there it goes to contacted or lost.',
      '- Lead 300 would become won at 2026-02-10T18:00:01.000Z, which is to come; now it is 2026-02-10T18:00:00.000Z.',
    ]);
    expect(await history()).toEqual([]);
  });

  it('is told briefly when very much is wrong', async () => {
    const won = Array.from({ length: 60 }, (_, index) => ({ leadId: 2 + 3 * index, stage: 'lost' }));
    const told = (await refusal({ changes: won })).split('\n').filter((line) => line.startsWith('- '));
    expect([told.length, told.at(-1)]).toEqual([41, '- and 20 more']);
  });

  it.each([
    ['leads there are none of', { changes: [...changes, { leadId: 9_000, stage: 'lost' }] }, 'not_found: PromptCRM has no lead 9000'],
    ['a lead named twice', { changes: [...changes, { leadId: 1, stage: 'lost' }] }, 'Named more than once: lead 1'],
    ['no such stage', { changes: [{ leadId: 1, stage: 'sold' }] }, 'invalid_input'],
    ['a time without an offset', { changes: [{ leadId: 1, stage: 'lost', at: '2026-02-09T10:00:00' }] }, 'invalid_input'],
    ['no change', { changes: [] }, 'invalid_input'],
    ['more than 200', { changes: Array.from({ length: 201 }, (_, index) => ({ leadId: index + 1, stage: 'lost' })) }, 'invalid_input'],
  ])('is %s', async (_what, wrong, said) => {
    expect(await refusal(wrong)).toContain(said);
  });

  it('is anything without the scope to write, which sales and administrators have', async () => {
    const reader: Caller = { client: 'eva', role: 'sales', scopes: new Set(['crm:read']) };
    expect(await refusal(asked(), reader)).toContain('needs crm:write');
    const confirm = await confirmed(asked());
    expect(await refusal(confirm, { ...reader, client: 'ana' })).toContain('needs crm:write');
    for (const role of ['marketing', 'users'] as const) expect(await refusal(asked(), callerOf('eva', role))).toContain('needs crm:write');
    expect(await stages()).toEqual(BEFORE);
  });

  it.each([
    ['address', 'CRM_WRITER_DATABASE_URL'],
    ['database', 'unavailable'],
    ['key', 'PROMPTSALES_PLAN_KEY'],
  ] as const)('is anything without its %s', async (missing, said) => {
    const { isError, content } = await world.askWithout[missing](asked(), ana);
    expect(isError).toBe(true);
    expect(content[0].text).toContain(said);
    expect(content[0].text).not.toContain('127.0.0.1');
    // Whoever runs the servers is told more.
    expect(world.log.splice(0)).toHaveLength(missing === 'database' ? 1 : 0);
  });
});

it('costs a host little: its definition is below 900 tokens, and a plan with its answer below 2,000', async () => {
  expect(JSON.stringify(toolDefinitions([updateLeadStage])).length / 4).toBeLessThan(900);
  expect(updateLeadStage.description.length).toBeLessThanOrEqual(700);
  expect((await world.ask(asked(), ana)).content[0].text.length / 4).toBeLessThan(2_000);
});
