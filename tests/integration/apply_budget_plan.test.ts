import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { applyBudgetPlan } from '../../mcp-servers/ads_optimizer/tools/apply_budget_plan.ts';
import { SCOPES_OF_ROLE } from '../../shared/access/roles.ts';
import type { Caller } from '../../shared/mcp/contract.ts';
import type { ToolResult } from '../../shared/mcp/envelope.ts';
import { toolDefinitions } from '../../shared/mcp/tool_definitions.ts';
import { type BudgetPlanWorld, startBudgetPlanWorld } from '../support/budget_plan_world.ts';

type Told = {
  readonly status: string;
  readonly channels: readonly { readonly channelId: string; readonly old: number | null; readonly new: number }[];
  readonly totals: Readonly<Record<string, number>> | null;
  readonly rules: readonly { readonly rule: string; readonly says: string }[];
  readonly planId: string | null;
  readonly confirmationToken: string | null;
};

const callerOf = (client: string, role: Caller['role'] = 'marketing'): Caller => ({ client, role, scopes: new Set(SCOPES_OF_ROLE[role]) });
const [ana, luis] = [callerOf('ana'), callerOf('luis')];
let world: BudgetPlanWorld;

const asked = (more: object = {}) => ({
  campaignName: 'CMP-1',
  month: '2026-01',
  changes: [
    { channel: 'instagram', planned: 300.25 },
    { channel: 'TikTok', planned: 200 },
  ],
  ...more,
});
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
const planned = async (campaignId = 'CMP-1') =>
  Object.fromEntries(
    (await world.ads('SELECT channel_id, planned FROM ads.campaign_budgets WHERE campaign_id = $1 ORDER BY 1', [campaignId])).map((row) => [
      row.channel_id,
      row.planned,
    ]),
  );
const BEFORE = { facebook: '250.50', instagram: '250.50', tiktok: '250.50' };
const changeLog = () => world.ads(`SELECT * FROM ads.change_log WHERE change_id > 5 ORDER BY change_id`);

beforeAll(async () => {
  world = await startBudgetPlanWorld();
});
afterAll(async () => {
  await world?.stop();
  expect(world?.log ?? []).toEqual([]);
});
beforeEach(async () => {
  world.now = new Date('2026-01-10T18:00:00Z');
  world.today = '2026-01-10';
  await world.ads(`
    UPDATE ads.campaign_budgets SET planned = 250.50;
    UPDATE ads.campaigns SET status = 'active', currency = 'USD', budget = 1001 WHERE campaign_id = 'CMP-1';
    DELETE FROM ads.change_log WHERE change_id > 5; DELETE FROM ads.applied_budget_plans; DELETE FROM ads.budget_rules;
    INSERT INTO ads.budget_rules VALUES ('everywhere', NULL, NULL, 5000, 50, 0.05, 0.9, false)`);
});

describe('applying a budget plan (issue: all rows or none)', () => {
  it('takes two steps: first nothing is changed and the whole plan is told, then all of it is', async () => {
    const first = await plan(asked());
    expect(first).toMatchObject({
      status: 'needs_confirmation',
      channels: [
        { channelId: 'instagram', channel: 'Instagram', old: 250.5, new: 300.25, changePercent: 19.86 },
        { channelId: 'tiktok', channel: 'Tiktok', old: 250.5, new: 200, changePercent: -20.16 },
      ],
      totals: { monthOld: 751.5, monthNew: 750.75, campaignOld: 751.5, campaignNew: 750.75, campaignBudget: 1001 },
      planId: expect.any(String),
      appliedAt: null,
      expiresAt: '2026-01-10T18:15:00.000Z',
    });
    expect(await planned()).toEqual(BEFORE);
    expect(await changeLog()).toEqual([]);

    world.now = new Date('2026-01-10T18:05:00Z');
    const done = await plan({ ...asked(), confirmationToken: first.confirmationToken });
    expect(done).toMatchObject({
      status: 'applied',
      channels: first.channels,
      totals: first.totals,
      planId: first.planId,
      appliedAt: '2026-01-10T18:05:00.000Z',
      changedBy: 'ana',
      confirmationToken: null,
    });
    expect(await planned()).toEqual({ facebook: '250.50', instagram: '300.25', tiktok: '200.00' });
  });

  it('is told whole, as text and as data', async () => {
    const args = asked({ reason: 'Mejor retorno marginal en Instagram' });
    const results = [await world.ask(args, ana)];
    const token = String(toldOf(results[0] as ToolResult).confirmationToken);
    results.push(await world.ask({ ...args, confirmationToken: token }, ana));
    results.push(await world.ask({ ...args, confirmationToken: token }, ana));
    results.push(await world.ask(args, ana));
    const broken = {
      ...args,
      month: '2025-12',
      changes: [
        { channel: 'orkut', planned: 10 },
        { channel: 'facebook', planned: 9000 },
      ],
    };
    results.push(await world.ask(broken, ana));
    // The key of the signature is another in each run, as is the id of a failed call.
    const shown = results.map(({ content, structuredContent }) =>
      `${content[0].text}\n\n${JSON.stringify(structuredContent, null, 1)}\n`
        .replaceAll(token, '<token>')
        .replaceAll(/(Correlation id: |"correlationId": ")[\w-]+/g, '$1<id>'),
    );
    await expect(shown.join('\n')).toMatchFileSnapshot('__snapshots__/ads_optimizer/apply_budget_plan.txt');
  });

  it('leaves who, what, when and why behind, under the id of the plan', async () => {
    const confirm = await confirmed(asked({ reason: 'Mejor retorno' }));
    const { planId } = await plan(confirm);
    expect(await changeLog()).toMatchObject([
      { field: 'planned:instagram:2026-01', old_value: '250.50', new_value: '300.25', changed_by: 'ana', changed_at: world.now },
      { field: 'planned:tiktok:2026-01', old_value: '250.50', new_value: '200.00', changed_by: 'ana' },
    ]);
    expect(await world.ads('SELECT plan_id, changed_by, reason, applied_at FROM ads.applied_budget_plans')).toEqual([
      { plan_id: planId, changed_by: 'ana', reason: 'Mejor retorno', applied_at: world.now },
    ]);
  });

  it('is seen by the hub after the next load', async () => {
    await plan(await confirmed(asked()));
    const inHub = () =>
      world.hub(
        `SELECT channel_id, planned::text FROM ads.campaign_budgets WHERE campaign_id = 'CMP-1' AND month = '2026-01-01' ORDER BY 1`,
      );
    expect(await inHub()).toContainEqual({ channel_id: 'instagram', planned: '250.50' });
    await world.load();
    expect(await inHub()).toEqual([
      { channel_id: 'facebook', planned: '250.50' },
      { channel_id: 'instagram', planned: '300.25' },
      { channel_id: 'tiktok', planned: '200.00' },
    ]);
    expect(await world.hub(`SELECT new_value FROM ads.change_log WHERE field LIKE 'planned:%' ORDER BY change_id`)).toEqual([
      { new_value: '300.25' },
      { new_value: '200.00' },
    ]);
  });

  it('does nothing twice, however often and from wherever it is confirmed', async () => {
    const confirm = await confirmed(asked());
    const answers = await Promise.all(Array.from({ length: 10 }, () => plan(confirm)));
    expect(answers.map(({ status }) => status).sort()).toEqual([...Array.from({ length: 9 }, () => 'already_applied'), 'applied']);
    for (const answer of answers) expect(answer.channels).toEqual(answers[0]?.channels);
    expect(await changeLog()).toHaveLength(2);
  });

  it('tells a repeated confirmation what was done then, though others changed it since', async () => {
    const confirm = await confirmed(asked());
    await plan(confirm);
    await world.ads(`UPDATE ads.campaign_budgets SET planned = 1 WHERE campaign_id = 'CMP-1'`);
    expect(await plan(confirm)).toMatchObject({
      status: 'already_applied',
      channels: [
        { old: 250.5, new: 300.25 },
        { old: 250.5, new: 200 },
      ],
      totals: null,
    });
  });

  it('can be done again as a new plan, after somebody put the old amounts back', async () => {
    await plan(await confirmed(asked()));
    await world.ads(`UPDATE ads.campaign_budgets SET planned = 250.50`);
    world.now = new Date('2026-01-10T18:01:00Z');
    expect(await plan(await confirmed(asked()))).toMatchObject({ status: 'applied' });
    expect(await planned()).toMatchObject({ instagram: '300.25' });
  });

  it('says so when there is nothing to change, and asks for no confirmation', async () => {
    const same = asked({ changes: [{ channel: 'facebook', planned: 250.5 }] });
    expect(await plan(same)).toMatchObject({ status: 'unchanged', confirmationToken: null, planId: null });
  });

  it('plans a month that had no plan', async () => {
    const march = asked({
      month: '2026-03',
      changes: [
        { channel: 'facebook', planned: 100 },
        { channel: 'instagram', planned: 90.9 },
      ],
    });
    expect(await plan(await confirmed(march))).toMatchObject({
      status: 'applied',
      channels: [
        { old: null, new: 100 },
        { old: null, new: 90.9 },
      ],
    });
    await world.ads(`DELETE FROM ads.campaign_budgets WHERE month = '2026-03-01'`);
  });
});

describe('a plan that is out of date', () => {
  it('changes nothing when somebody changed an amount meanwhile, and both amounts are told', async () => {
    const confirm = await confirmed(asked());
    await world.ads(`UPDATE ads.campaign_budgets SET planned = 260 WHERE campaign_id = 'CMP-1' AND channel_id = 'tiktok'`);
    const text = await refusal(confirm);
    expect(text).toContain('- Tiktok: the plan was made of $250.50, now it is $260.00');
    expect(text).toContain('again without a token');
    expect(await planned()).toEqual({ ...BEFORE, tiktok: '260.00' });
    expect(await changeLog()).toEqual([]);
    expect(await plan(await confirmed(asked()))).toMatchObject({ status: 'applied' });
  });

  it('of two callers who plan different amounts one wins, and the other is told', async () => {
    const rivals = [
      { args: asked(), caller: ana },
      { args: asked({ changes: [{ channel: 'tiktok', planned: 210 }] }), caller: luis },
    ];
    const confirms = await Promise.all(rivals.map(async ({ args, caller }) => ({ args: await confirmed(args, caller), caller })));
    const results = await Promise.all(confirms.map(({ args, caller }) => world.ask(args, caller)));
    expect(results.map(({ isError }) => isError === true).sort()).toEqual([false, true]);
    expect(results.find(({ isError }) => isError)?.content[0].text).toContain('Somebody changed the budget');
  });

  it('is refused when a rule became stricter since it was made', async () => {
    const confirm = await confirmed(asked());
    await world.ads(`UPDATE ads.budget_rules SET most_change_percent = 10`);
    expect(await refusal(confirm)).toContain(
      'Instagram would change by +19.86%; at most 10% up or down in one plan, so between $225.45 and $275.55.',
    );
    expect(await planned()).toEqual(BEFORE);
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
    world.now = new Date('2026-01-10T18:15:00Z');
    expect(await refusal(confirm)).toContain('older than 15 minutes');
    expect(await planned()).toEqual(BEFORE);
  });

  it.each([
    [
      'another amount',
      {
        changes: [
          { channel: 'instagram', planned: 300.26 },
          { channel: 'tiktok', planned: 200 },
        ],
      },
    ],
    ['one channel fewer', { changes: [{ channel: 'instagram', planned: 300.25 }] }],
    ['one channel more', { changes: [...asked().changes, { channel: 'facebook', planned: 251 }] }],
    ['another month', { month: '2026-02' }],
    ['another campaign', { campaignName: 'CMP-2' }],
    ['another reason', { reason: 'Porque sí' }],
  ])('confirms only what its plan said: not %s', async (_what, other) => {
    const confirm = await confirmed(asked());
    expect(await refusal({ ...confirm, ...other })).toContain('What is asked now is not what the plan said');
    expect(await planned()).toEqual(BEFORE);
    expect(await planned('CMP-2')).toEqual(BEFORE);
  });
});

describe('what is not planned', () => {
  it('is told all at once, each with what would be right', async () => {
    await world.ads(`UPDATE ads.campaigns SET status = 'completed' WHERE campaign_id = 'CMP-1'`);
    world.today = '2026-02-01';
    const changes = [
      { channel: 'instagram', planned: 7000 },
      { channel: 'facebook', planned: 0 },
      { channel: 'fax', planned: 1 },
    ];
    const text = await refusal(asked({ changes }));
    expect(text.split('\n').filter((line) => line.startsWith('- '))).toEqual([
      '- The campaign is completed; budgets change while it is scheduled, active or paused.',
      '- 2026-01 is over; plan 2026-02 or a later month.',
      '- The campaign does not run on "fax"; its channels: facebook, instagram, tiktok.',
      '- Instagram would have $7,000.00; at most $5,000.00 a month.',
      '- Facebook would change by -100%; at most 50% up or down in one plan, so between $125.25 and $375.75.',
      '- Instagram would change by +2,694.41%; at most 50% up or down in one plan, so between $125.25 and $375.75.',
      "- Instagram would have 96.55% of the month's plan; at least 5% and at most 90%, or nothing.",
      "- Tiktok would have 3.45% of the month's plan; at least 5% and at most 90%, or nothing.",
      '- All months together would be $7,250.50 of a budget of $1,001.00; take off $6,249.50.',
    ]);
    expect(await planned()).toEqual(BEFORE);
  });

  it.each([
    ['a month in which the campaign does not run', { month: '2027-01' }, 'does not run in 2027-01; plan a month from 2026-01 to 2026-12'],
    [
      'a channel named twice',
      {
        changes: [
          { channel: 'tiktok', planned: 1 },
          { channel: 'TIKTOK', planned: 2 },
        ],
      },
      'Named more than once: tiktok',
    ],
    ['less than a cent', { changes: [{ channel: 'tiktok', planned: 1.005 }] }, 'at most two decimals'],
    ['a negative amount', { changes: [{ channel: 'tiktok', planned: -1 }] }, 'invalid_input'],
    ['no month', { month: '2026-13' }, 'not a month such as 2026-12'],
    ['no change', { changes: [] }, 'invalid_input'],
    ['a campaign nobody knows', { campaignName: 'Zzyzx 1900' }, 'not_found'],
  ])('is %s', async (_what, wrong, said) => {
    expect(await refusal(asked(wrong))).toContain(said);
  });

  it("is an amount in another currency than the campaign's", async () => {
    await world.ads(`UPDATE ads.campaigns SET currency = 'CRC' WHERE campaign_id = 'CMP-1'`);
    expect(await refusal(asked())).toContain('The plan is in USD, the campaign in CRC');
  });

  it('is a campaign that PromptAds no longer has, though the hub does', async () => {
    await world.hub(`INSERT INTO ads.campaigns
      SELECT (jsonb_populate_record(c, '{"campaign_id": "CMP-HUB", "name": "Solo en el hub"}')).* FROM ads.campaigns c WHERE c.campaign_id = 'CMP-1'`);
    expect(await refusal(asked({ campaignName: 'CMP-HUB' }))).toContain('not_found: PromptAds has no campaign CMP-HUB any more');
  });

  it('is anything without the scope to write', async () => {
    const reader: Caller = { client: 'eva', role: 'marketing', scopes: new Set(['ads:read']) };
    expect(await refusal(asked(), reader)).toContain('needs ads:write');
    const confirm = await confirmed(asked());
    expect(await refusal(confirm, { ...reader, client: 'ana' })).toContain('needs ads:write');
    expect(await planned()).toEqual(BEFORE);
  });

  it.each([
    ['address', 'ADS_WRITER_DATABASE_URL'],
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

it('costs a host little: its definition is below 1,000 tokens, and a plan with its answer below 2,000', async () => {
  expect(JSON.stringify(toolDefinitions([applyBudgetPlan])).length / 4).toBeLessThan(1_000);
  expect(applyBudgetPlan.description.length).toBeLessThanOrEqual(900);
  expect((await world.ask(asked(), ana)).content[0].text.length / 4).toBeLessThan(2_000);
});
