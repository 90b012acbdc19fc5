import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { prepareSource } from '../../database/postgresql/prepare_source.ts';
import { deadlineIn } from '../../shared/domain/deadline.ts';
import { LEAD_STAGES, type LeadStage } from '../../shared/domain/lead_stages.ts';
import type { CrmStore, LeadChange, LeadFinding, LeadOutcome, LeadPlan } from '../../shared/sources/crm_store.ts';
import { type CrmStoreWorld, type PostgresCrmStoreWorld, postgresCrmStoreWorld } from '../support/crm_store_world.ts';
import { query } from '../support/etl_databases.ts';
import { sqlServerCrmWorld } from '../support/sql_server_crm_world.ts';
import { casesAreTold } from '../support/told_cases.ts';

/** Every adapter of the port passes this; a world says how its kind of database is filled and looked into. */
const sqlServer = process.env.TEST_CRM_URL;
const ADAPTERS: readonly (readonly [name: string, open: () => Promise<CrmStoreWorld>])[] = [
  ['PostgreSQL', postgresCrmStoreWorld],
  ...(sqlServer === undefined ? [] : [['SQL Server', () => sqlServerCrmWorld(sqlServer)] as const]),
];

if (sqlServer === undefined) {
  describe.skip('PromptCRM on SQL Server (TEST_CRM_URL is not set)', () => {
    it('passes the same suite', () => expect.unreachable());
  });
}

const soon = () => deadlineIn(20_000);
const NOW = new Date('2026-02-10T12:00:00.123Z');
const AT = new Date('2026-02-10T18:00:00.456Z');
const DAY = new Date('2026-02-08T09:30:00Z');

const step = (leadId: number, expected: LeadStage, stage: LeadStage, more: Partial<LeadChange> = {}): LeadChange => ({
  leadId,
  expected,
  stage,
  at: DAY,
  note: null,
  ...more,
});
/** A lead further, and one that is lost. */
const two = [step(2, 'contacted', 'qualified'), step(3, 'qualified', 'lost', { note: 'Sin presupuesto' })];
const planOf = (changes: readonly LeadChange[] = two, more: Partial<LeadPlan> = {}): LeadPlan => ({
  planId: 'plan-1',
  changedBy: 'ana',
  at: AT,
  now: NOW,
  changes,
  ...more,
});

describe.each(ADAPTERS)('PromptCRM on %s', (engine, open) => {
  if (engine === 'PostgreSQL') casesAreTold('PromptCRM');
  let world: CrmStoreWorld;
  let store: CrmStore;
  let before: Awaited<ReturnType<CrmStoreWorld['leads']>>;

  const apply = (plan: LeadPlan, by = store): Promise<LeadOutcome> => by.applyLeads(plan, soon());
  const storeOf = (caller: number): CrmStore => world.stores[caller % world.stores.length] ?? store;
  const untouched = async () => {
    expect(await world.leads()).toEqual(before);
    expect(await world.history()).toEqual([]);
    expect(await world.plans()).toEqual([]);
  };

  beforeAll(async () => {
    world = await open();
    store = storeOf(0);
  });
  beforeEach(async () => {
    await world.reset();
    before = await world.leads();
  });
  afterAll(() => world?.stop());

  it('tells where leads are, in the order of their ids, and leaves out what there is none of', async () => {
    expect(await store.leadStages([3_000_000_000, 5, 9, 1], soon())).toEqual([
      { leadId: 1, customerId: 11, stage: 'new' },
      { leadId: 5, customerId: 15, stage: 'won' },
      { leadId: 3_000_000_000, customerId: 16, stage: 'new' },
    ]);
  });

  describe('a plan (D9)', () => {
    it('is carried out whole: stages and their times, a line of the history for each, and who, what and when under its id', async () => {
      const rows = [
        { leadId: 2, customerId: 12, old: 'contacted', new: 'qualified', at: DAY, historyId: 1 },
        { leadId: 3, customerId: 13, old: 'qualified', new: 'lost', at: DAY, historyId: 2 },
      ];
      expect(await apply(planOf())).toEqual({ outcome: 'applied', appliedAt: AT, changedBy: 'ana', rows });
      expect(await world.leads()).toEqual({
        ...before,
        2: { ...before[2], stage: 'qualified', qualified: DAY.toISOString() },
        3: { ...before[3], stage: 'lost', closed: DAY.toISOString() },
      });
      const line = { moved_at: DAY, plan_id: 'plan-1', changed_by: 'ana', changed_at: AT };
      expect(await world.history()).toMatchObject([
        { ...line, lead_id: '2', old_stage: 'contacted', new_stage: 'qualified', note: null },
        { ...line, lead_id: '3', old_stage: 'qualified', new_stage: 'lost', note: 'Sin presupuesto' },
      ]);
      expect(await world.plans()).toMatchObject([
        { plan_id: 'plan-1', changed_by: 'ana', applied_at: AT, rows: [{ leadId: 2, historyId: 1 }, { leadId: 3 }] },
      ]);
    });

    it('sets the time of each stage: the whole way from new to won', async () => {
      const way: readonly LeadStage[] = ['new', 'contacted', 'qualified', 'proposal', 'won'];
      for (const [index, stage] of way.slice(1).entries()) {
        const at = new Date(DAY.getTime() + index * 60_000);
        const changes = [step(3_000_000_000, way[index] ?? 'new', stage, { at })];
        expect(await apply(planOf(changes, { planId: stage }))).toMatchObject({ outcome: 'applied' });
      }
      expect((await world.leads())[3_000_000_000]).toEqual({
        stage: 'won',
        contacted: '2026-02-08T09:30:00.000Z',
        qualified: '2026-02-08T09:31:00.000Z',
        proposal: '2026-02-08T09:32:00.000Z',
        closed: '2026-02-08T09:33:00.000Z',
      });
    });

    it('that takes up what was lost begins anew, and the former times are kept in the history', async () => {
      expect(await apply(planOf([step(6, 'lost', 'contacted', { note: 'Volvió a escribir' })]))).toMatchObject({ outcome: 'applied' });
      expect((await world.leads())[6]).toEqual({
        stage: 'contacted',
        contacted: DAY.toISOString(),
        qualified: null,
        proposal: null,
        closed: null,
      });
      const [line] = await world.history();
      const times = Object.entries(line?.times_before as Record<string, string>).map(([name, time]) => [
        name,
        new Date(time).toISOString(),
      ]);
      expect(Object.fromEntries(times)).toEqual({
        contacted_at: '2026-02-02T00:00:00.000Z',
        qualified_at: '2026-02-03T00:00:00.000Z',
        proposal_at: '2026-02-04T00:00:00.000Z',
        closed_at: '2026-02-05T00:00:00.000Z',
      });
    });

    it('writes no line for a lead that is there already, and leaves its times', async () => {
      expect(await apply(planOf([step(2, 'contacted', 'contacted'), step(1, 'new', 'contacted')]))).toMatchObject({
        outcome: 'applied',
        rows: [
          { leadId: 1, at: DAY, historyId: expect.any(Number) },
          { leadId: 2, old: 'contacted', new: 'contacted', at: null, historyId: null },
        ],
      });
      expect(await world.history()).toMatchObject([{ lead_id: '1' }]);
      expect((await world.leads())[2]).toEqual(before[2]);
    });

    it('of a lead that somebody moved meanwhile changes nothing, and both stages are told', async () => {
      await world.setStage(3, 'proposal');
      before = await world.leads();
      expect(await apply(planOf())).toEqual({ outcome: 'conflict', conflicts: [{ leadId: 3, expected: 'qualified', found: 'proposal' }] });
      await untouched();
    });

    it('changes nothing when one row in its middle fails, and can be carried out later', async () => {
      await world.breakWritesOf(2);
      const changes = [step(1, 'new', 'lost'), ...two];
      await expect(apply(planOf(changes))).rejects.toThrow();
      await untouched();
      await world.reset();
      expect(await apply(planOf(changes))).toMatchObject({ outcome: 'applied' });
    });

    it('of leads there are none of names them', async () => {
      const changes = [...two, step(98, 'new', 'lost'), step(97, 'new', 'lost')];
      expect(await apply(planOf(changes))).toEqual({ outcome: 'no_such_lead', leadIds: [97, 98] });
      await untouched();
    });

    it.each([
      ['no step', []],
      ['a lead twice', [step(1, 'new', 'lost'), step(1, 'new', 'contacted')]],
      ['half an id', [step(1.5, 'new', 'lost')]],
      ['an id of 0', [step(0, 'new', 'lost')]],
      ['no time', [step(1, 'new', 'lost', { at: new Date('never') })]],
    ])('with %s is no plan', async (_what, changes) => {
      await expect(apply(planOf(changes))).rejects.toThrow(RangeError);
      await untouched();
    });
  });

  describe('repeating a plan', () => {
    it('changes nothing and tells what the first time did, also after others moved the same leads', async () => {
      const first = await apply(planOf());
      await world.setStage(2, 'proposal');
      const again = await apply(planOf(two, { at: new Date('2026-02-10T19:00:00Z'), changedBy: 'luis' }));
      expect(again).toEqual({ ...first, outcome: 'already_applied' });
      expect((await world.leads())[2]).toMatchObject({ stage: 'proposal' });
      expect(await world.history()).toHaveLength(2);
    });

    it('from ten callers at the same moment does it once', async () => {
      const outcomes = await world.whileHeld(2, 10, () => Array.from({ length: 10 }, (_, caller) => apply(planOf(), storeOf(caller))));
      expect(outcomes.map(({ outcome }) => outcome).sort()).toEqual([...Array.from({ length: 9 }, () => 'already_applied'), 'applied']);
      expect(new Set(outcomes.map((outcome) => JSON.stringify({ ...outcome, outcome: '' }))).size).toBe(1);
      expect(await world.history()).toHaveLength(2);
      expect(await world.plans()).toHaveLength(1);
    });
  });

  it('of plans for the same leads at the same moment one wins, and the others are told the stages it left', async () => {
    const rivals = Array.from({ length: 8 }, (_, index) =>
      planOf([step(2, 'contacted', index % 2 === 0 ? 'qualified' : 'lost'), step(3, 'qualified', 'proposal')], { planId: `plan-${index}` }),
    );
    const outcomes = await world.whileHeld(2, 8, () => rivals.map((plan, index) => apply(plan, storeOf(index))));
    const winner = outcomes.findIndex(({ outcome }) => outcome === 'applied');
    const won = rivals[winner]?.changes[0]?.stage;
    const losers = outcomes.filter(({ outcome }) => outcome === 'conflict');
    expect(losers).toHaveLength(7);
    expect(losers[0]).toMatchObject({
      conflicts: [
        { leadId: 2, expected: 'contacted', found: won },
        { leadId: 3, expected: 'qualified', found: 'proposal' },
      ],
    });
    expect((await world.leads())[2]).toMatchObject({ stage: won });
    expect(await world.history()).toHaveLength(2);
  });

  it('plans that name the same leads in opposite orders never wait for each other', async () => {
    const changes = [step(1, 'new', 'lost'), ...two, step(4, 'proposal', 'won'), step(3_000_000_000, 'new', 'contacted')];
    const plans = Array.from({ length: 12 }, (_, index) =>
      planOf(index % 2 === 0 ? changes : changes.toReversed(), { planId: `plan-${index}` }),
    );
    const outcomes = await Promise.all(plans.map((plan, index) => apply(plan, storeOf(index))));
    expect(outcomes.map(({ outcome }) => outcome).sort()).toEqual(['applied', ...Array.from({ length: 11 }, () => 'conflict')]);
  });

  describe('a rule', () => {
    let plans = 0;
    const broken = async (...changes: readonly LeadChange[]): Promise<readonly LeadFinding[]> => {
      const plan = planOf(changes, { planId: `rule ${++plans}` });
      const told = (await store.checkLeads(plan, soon())).filter(({ ok }) => !ok);
      const outcome = await apply(plan);
      // Who asks first and who goes straight to the writing hear the same.
      if (outcome.outcome === 'refused') expect(outcome.broken).toEqual(told);
      else expect([outcome.outcome, told]).toEqual(['applied', []]);
      return told;
    };

    const LEAD_OF: Readonly<Record<LeadStage, number>> = { new: 1, contacted: 2, qualified: 3, proposal: 4, won: 5, lost: 6 };
    const WAYS: Readonly<Record<LeadStage, readonly LeadStage[]>> = {
      new: ['contacted', 'lost'],
      contacted: ['qualified', 'lost'],
      qualified: ['proposal', 'lost'],
      proposal: ['won', 'lost'],
      won: [],
      lost: ['contacted'],
    };
    it.each(LEAD_STAGES)('lets a lead that is %s go only where it may', async (from) => {
      const leadId = LEAD_OF[from];
      for (const to of LEAD_STAGES.filter((stage) => stage !== from)) {
        await world.reset();
        const told = await broken(step(leadId, from, to, { note: 'Porque sí' }));
        if (WAYS[from].includes(to)) expect(told, `${from} → ${to}`).toEqual([]);
        else {
          expect(told, `${from} → ${to}`).toEqual([
            { rule: 'transition', leadId, ok: false, old: from, new: to, at: DAY, allowed: WAYS[from], timeLimit: null },
          ]);
          await untouched();
        }
      }
    });

    it('refuses a step before the last one of its lead, to the millisecond', async () => {
      const last = new Date('2026-02-04T00:00:00Z');
      expect(await broken(step(4, 'proposal', 'won', { at: new Date(last.getTime() - 1) }))).toMatchObject([
        { rule: 'time_order', leadId: 4, timeLimit: last },
      ]);
      expect(await broken(step(1, 'new', 'contacted', { at: new Date('2026-01-31T23:59:59Z') }))).toMatchObject([
        { rule: 'time_order', timeLimit: new Date('2026-02-01Z') },
      ]);
      await untouched();
      expect(await broken(step(4, 'proposal', 'won', { at: last }))).toEqual([]);
    });

    it('refuses a step that is to come, to the millisecond', async () => {
      expect(await broken(step(4, 'proposal', 'won', { at: new Date(NOW.getTime() + 1) }))).toMatchObject([
        { rule: 'not_future', leadId: 4, timeLimit: NOW },
      ]);
      await untouched();
      expect(await broken(step(4, 'proposal', 'won', { at: NOW }))).toEqual([]);
    });

    it('takes up what was lost only with a note', async () => {
      for (const note of [null, '', '   ']) {
        expect(await broken(step(6, 'lost', 'contacted', { note }))).toMatchObject([{ rule: 'reopening_note', leadId: 6 }]);
      }
      await untouched();
    });

    it('is told with all others that are broken, and what is kept is told beside it; nothing of a lead that stays', async () => {
      const told = await broken(
        step(1, 'new', 'won', { at: new Date('2027-01-01Z') }),
        step(6, 'lost', 'contacted', { at: new Date('2026-01-01Z') }),
        step(2, 'contacted', 'contacted', { at: new Date('2020-01-01Z') }),
      );
      expect(told.map(({ leadId, rule }) => [leadId, rule])).toEqual([
        [1, 'not_future'],
        [1, 'transition'],
        [6, 'reopening_note'],
        [6, 'time_order'],
      ]);
      const kept = (await store.checkLeads(planOf(), soon())).map(({ leadId, rule, ok }) => [leadId, rule, ok]);
      expect(kept).toEqual([2, 3].flatMap((leadId) => ['not_future', 'time_order', 'transition'].map((rule) => [leadId, rule, true])));
    });
  });

  it('says that it cannot be reached, and tells no address', async () => {
    const nowhere = await world.nowhere();
    const failure = await nowhere.applyLeads(planOf(), soon()).catch((error: unknown) => error);
    expect(failure).toMatchObject({ name: 'ToolError', errorClass: 'unavailable' });
    expect(JSON.stringify(failure)).not.toMatch(/secret|127\.0\.0\.1/);
    await nowhere.close();
  });
});

describe('the login of crm_analyzer in PromptCRM on PostgreSQL (S4)', () => {
  let world: PostgresCrmStoreWorld;
  beforeAll(async () => {
    world = await postgresCrmStoreWorld();
    await world.reset();
  });
  afterAll(() => world?.stop());
  const asWriter = (text: string) => query(world.writerUrl, text);

  it('reads the stages and times of leads', async () => {
    const columns = 'lead_id, customer_id, stage, created_at, contacted_at, qualified_at, proposal_at, closed_at';
    expect(await asWriter(`SELECT ${columns} FROM crm.leads`)).toHaveLength(7);
  });

  it.each([
    `UPDATE crm.leads SET stage = 'won'`,
    `INSERT INTO crm.leads (lead_id) VALUES (99)`,
    `DELETE FROM crm.leads`,
    `TRUNCATE crm.leads`,
    `SELECT lead_id FROM crm.leads FOR UPDATE`,
    `SELECT value_usd FROM crm.leads`,
    `SELECT first_name FROM crm.customers`,
    `SELECT customer_id FROM crm.customers`,
    `SELECT * FROM crm.orders`,
    `SELECT * FROM crm.interactions`,
    `SELECT * FROM crm.lead_stage_history`,
    `DELETE FROM crm.lead_stage_history`,
    `SELECT nextval('crm.lead_stage_history_history_id_seq')`,
    `SELECT * FROM crm.applied_lead_plans`,
    `DELETE FROM crm.applied_lead_plans`,
    `SELECT * FROM tracking.deleted_rows`,
    `CREATE TABLE crm.own (i int)`,
    `CREATE OR REPLACE FUNCTION crm.next_lead_stages(text) RETURNS text[] LANGUAGE sql AS $$ SELECT '{won}'::text[] $$`,
    `SET ROLE postgres`,
  ])('may not: %s', async (refused) => {
    await expect(asWriter(refused)).rejects.toThrow(/permission denied|must be owner/);
  });

  it('calls the function with its own objects in the way, and it takes none of them', async () => {
    await world.asOwner('CREATE SCHEMA mine AUTHORIZATION writer');
    const outcome = await asWriter(`
      SET search_path = mine, crm, pg_catalog;
      CREATE FUNCTION mine.cardinality(anyarray) RETURNS integer LANGUAGE sql AS 'SELECT 0';
      CREATE FUNCTION mine.next_lead_stages(text) RETURNS text[] LANGUAGE sql AS $$ SELECT '{}'::text[] $$;
      SELECT crm.apply_lead_plan('own', 'eve', '2026-02-10Z', '2026-02-10Z', ARRAY[ROW(1, 'new', 'lost', '2026-02-02Z', NULL)::crm.lead_change]) AS outcome`);
    expect(outcome).toMatchObject([{ outcome: { outcome: 'applied' } }]);
    expect((await world.leads())[1]).toMatchObject({ stage: 'lost' });
  });

  it('is not helped by sending the function what the adapter would not', async () => {
    const call = (steps: string, now = `'2026-02-10Z'`) =>
      asWriter(`SELECT crm.apply_lead_plan('raw', 'eve', now(), ${now}, ${steps}) AS outcome`);
    for (const steps of [
      'NULL',
      `'{}'::crm.lead_change[]`,
      `ARRAY[NULL]::crm.lead_change[]`,
      `ARRAY[ROW(NULL, 'new', 'lost', '2026-02-02Z', NULL)::crm.lead_change]`,
      `ARRAY[ROW(2, NULL, 'qualified', '2026-02-02Z', NULL)::crm.lead_change]`,
      `ARRAY[ROW(2, 'contacted', NULL, '2026-02-02Z', NULL)::crm.lead_change]`,
      `ARRAY[ROW(2, 'contacted', 'qualified', NULL, NULL)::crm.lead_change]`,
      `ARRAY[ROW(2, 'contacted', 'qualified', 'infinity', NULL)::crm.lead_change]`,
      `ARRAY[ROW(2, 'contacted', 'qualified', '2026-02-03Z', NULL), ROW(2, 'contacted', 'lost', '2026-02-03Z', NULL)]::crm.lead_change[]`,
    ]) {
      await expect(call(steps), steps).rejects.toThrow(/a plan has an id/);
    }
    const good = `ARRAY[ROW(2, 'contacted', 'qualified', '2026-02-03Z', NULL)::crm.lead_change]`;
    for (const now of ['NULL', `'infinity'`]) await expect(call(good, now), now).rejects.toThrow(/a plan has an id/);
    const unknown = await call(`ARRAY[ROW(2, 'contacted', 'sold twice', '2026-02-03Z', NULL)::crm.lead_change]`);
    expect(unknown).toMatchObject([{ outcome: { outcome: 'refused', broken: [{ rule: 'transition' }] } }]);
  });

  it('is prepared again without harm, also by two at once: history and plans stay', async () => {
    await world.reset();
    const [store] = world.stores;
    expect(await store?.applyLeads(planOf(), soon())).toMatchObject({ outcome: 'applied' });
    await Promise.all([1, 2].map(() => prepareSource(world.ownerUrl, 'crm/crm_analyzer.sql')));
    expect(await world.history()).toHaveLength(2);
    expect(await store?.applyLeads(planOf(), soon())).toMatchObject({ outcome: 'already_applied' });
  });

  it('is served on connections that were open when the source was filled anew', async () => {
    await world.reset();
    const [store] = world.stores;
    expect(await store?.applyLeads(planOf(), soon())).toMatchObject({ outcome: 'applied' });
    await world.asOwner(`DROP FUNCTION crm.apply_lead_plan, crm.check_lead_plan, crm.next_lead_stages; DROP TYPE crm.lead_change;
      DROP TABLE crm.lead_stage_history, crm.applied_lead_plans`);
    await prepareSource(world.ownerUrl, 'crm/crm_analyzer.sql');
    const next = [step(2, 'qualified', 'proposal')];
    expect(await store?.applyLeads(planOf(next, { planId: 'after' }), soon())).toMatchObject({ outcome: 'applied' });
    expect(await store?.leadStages([2], soon())).toEqual([{ leadId: 2, customerId: 12, stage: 'proposal' }]);
  });
});
