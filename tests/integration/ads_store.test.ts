import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { prepareSource } from '../../database/postgresql/prepare_source.ts';
import { deadlineIn } from '../../shared/domain/deadline.ts';
import type { AdsStore, ApplyOutcome, BudgetPlan, BudgetRow, RuleFinding } from '../../shared/sources/ads_store.ts';
import { type AdsStoreWorld, type PostgresAdsStoreWorld, postgresAdsStoreWorld, type RuleRow } from '../support/ads_store_world.ts';
import { query } from '../support/etl_databases.ts';
import { sqlServerAdsWorld } from '../support/sql_server_ads_world.ts';
import { casesAreTold } from '../support/told_cases.ts';

/** Every adapter of the port passes this; a world says how its kind of database is filled and looked into. */
const sqlServer = process.env.TEST_ADS_URL;
const ADAPTERS: readonly (readonly [name: string, open: () => Promise<AdsStoreWorld>])[] = [
  ['PostgreSQL', postgresAdsStoreWorld],
  ...(sqlServer === undefined ? [] : [['SQL Server', () => sqlServerAdsWorld(sqlServer)] as const]),
];

if (sqlServer === undefined) {
  describe.skip('PromptAds on SQL Server (TEST_ADS_URL is not set)', () => {
    it('passes the same suite', () => expect.unreachable());
  });
}

const soon = () => deadlineIn(20_000);
const TODAY = '2026-02-10';
const AT = new Date('2026-02-10T18:00:00.123Z');

describe.each(ADAPTERS)('PromptAds on %s', (engine, open) => {
  if (engine === 'PostgreSQL') casesAreTold('PromptAds');
  let world: AdsStoreWorld;
  let store: AdsStore;

  const row = (channelId: string, expected: string | null, planned: string, more: Partial<BudgetRow> = {}): BudgetRow => ({
    campaignId: 'CMP-1',
    channelId,
    month: '2026-02-01',
    expected,
    planned,
    ...more,
  });
  /** 50 dollars from tiktok to instagram. */
  const shift = [row('instagram', '400.00', '450.00'), row('tiktok', '300.00', '250.00')];
  const planOf = (rows: readonly BudgetRow[] = shift, more: Partial<BudgetPlan> = {}): BudgetPlan => ({
    planId: 'plan-1',
    changedBy: 'ana',
    at: AT,
    reason: undefined,
    currency: 'USD',
    today: TODAY,
    rows,
    ...more,
  });
  const apply = (plan: BudgetPlan, by = store): Promise<ApplyOutcome> => by.applyBudgets(plan, soon());
  const february = () => world.planned('CMP-1', '2026-02');
  const untouched = async () => {
    expect(await february()).toEqual({ facebook: '300.00', instagram: '400.00', tiktok: '300.00' });
    expect(await world.log()).toEqual([]);
    expect(await world.plans()).toEqual([]);
  };
  const storeOf = (caller: number): AdsStore => world.stores[caller % world.stores.length] ?? store;

  beforeAll(async () => {
    world = await open();
    store = storeOf(0);
  });
  beforeEach(() => world.reset());
  afterAll(() => world?.stop());

  it('tells what is planned for a month, and undefined of a campaign there is none', async () => {
    await world.dropPlanned('CMP-1', 'tiktok', '2026-02');
    expect(await store.budgetState('CMP-1', '2026-02-01', soon())).toEqual({
      campaignId: 'CMP-1',
      name: 'Verano',
      status: 'active',
      budget: '3000.00',
      currency: 'USD',
      plannedInAll: '2200.00',
      channels: [
        { channelId: 'facebook', name: 'Facebook', planned: '300.00' },
        { channelId: 'instagram', name: 'Instagram', planned: '400.00' },
        { channelId: 'tiktok', name: 'Tiktok', planned: null },
      ],
    });
    expect(await store.budgetState('CMP-9', '2026-02-01', soon())).toBeUndefined();
  });

  describe('a plan (D9)', () => {
    it('is carried out whole: values, a line in the log for each, and who, what, when and why under its id', async () => {
      const rows = [
        { campaignId: 'CMP-1', channelId: 'instagram', month: '2026-02-01', old: '400.00', new: '450.00', changeId: expect.any(Number) },
        { campaignId: 'CMP-1', channelId: 'tiktok', month: '2026-02-01', old: '300.00', new: '250.00', changeId: expect.any(Number) },
      ];
      const outcome = await apply(planOf(shift, { reason: 'Mejor retorno' }));
      expect(outcome).toEqual({ outcome: 'applied', appliedAt: AT, changedBy: 'ana', rows });
      expect(await february()).toEqual({ facebook: '300.00', instagram: '450.00', tiktok: '250.00' });
      const log = await world.log();
      const line = { campaign_id: 'CMP-1', entity: 'budget', entity_id: 'CMP-1', changed_by: 'ana', changed_at: AT };
      expect(log).toMatchObject([
        { ...line, field: 'planned:instagram:2026-02', old_value: '400.00', new_value: '450.00' },
        { ...line, field: 'planned:tiktok:2026-02', old_value: '300.00', new_value: '250.00' },
      ]);
      expect(log.map(({ change_id }) => change_id)).toEqual(
        outcome.outcome === 'applied' ? outcome.rows.map(({ changeId }) => changeId) : [],
      );
      expect(await world.plans()).toEqual([{ plan_id: 'plan-1', changed_by: 'ana', reason: 'Mejor retorno', applied_at: AT, rows: rows }]);
    });

    it('plans what was not planned before, and writes no line for what stays as it is', async () => {
      await world.dropPlanned('CMP-1', 'tiktok', '2026-02');
      const rows = [row('tiktok', null, '99.9'), row('facebook', '300', '300')];
      expect(await apply(planOf(rows))).toMatchObject({
        outcome: 'applied',
        rows: [
          { channelId: 'facebook', old: '300.00', new: '300.00', changeId: null },
          { channelId: 'tiktok', old: null, new: '99.90', changeId: expect.any(Number) },
        ],
      });
      expect(await february()).toMatchObject({ tiktok: '99.90' });
      expect(await world.log()).toMatchObject([{ field: 'planned:tiktok:2026-02', old_value: null, new_value: '99.90' }]);
    });

    it('may be of several campaigns and months, and is done for all of them or none', async () => {
      const rows = [...shift, row('facebook', '500.00', '400.00', { campaignId: 'CMP-2', month: '2026-03-01' })];
      expect(await apply(planOf([...rows, row('facebook', '1.00', '2.00', { campaignId: 'CMP-2' })]))).toMatchObject({
        outcome: 'conflict',
      });
      await untouched();
      expect(await apply(planOf(rows))).toMatchObject({ outcome: 'applied' });
      expect(await world.planned('CMP-2', '2026-03')).toMatchObject({ facebook: '400.00' });
    });

    it('that was made of values which somebody changed meanwhile changes nothing, and both values are told', async () => {
      await world.setPlanned('CMP-1', 'tiktok', '2026-02', '310');
      await world.dropPlanned('CMP-1', 'facebook', '2026-02');
      const rows = [...shift, row('facebook', '300.00', '320.00')];
      const key = { campaignId: 'CMP-1', month: '2026-02-01' };
      expect(await apply(planOf(rows))).toEqual({
        outcome: 'conflict',
        conflicts: [
          { ...key, channelId: 'facebook', expected: '300.00', found: null },
          { ...key, channelId: 'tiktok', expected: '300.00', found: '310.00' },
        ],
      });
      expect(await apply(planOf([row('instagram', null, '1.00')]))).toMatchObject({ conflicts: [{ expected: null, found: '400.00' }] });
      expect(await february()).toEqual({ instagram: '400.00', tiktok: '310.00' });
      expect(await world.log()).toEqual([]);
    });

    it('changes nothing when one row in its middle fails, and can be carried out later', async () => {
      await world.breakWritesOf('instagram');
      const rows = [row('facebook', '300.00', '310.00'), ...shift];
      await expect(apply(planOf(rows))).rejects.toThrow();
      await untouched();
      await world.reset();
      expect(await apply(planOf(rows))).toMatchObject({ outcome: 'applied' });
    });

    it('has lines in the log whose ids go on after all that are there, whoever wrote them', async () => {
      const ids = async () => (await world.log()).map(({ change_id }) => Number(change_id));
      await apply(planOf());
      const last = Number((await ids()).at(-1));
      await world.logAgain(last, last + 40);
      expect(await apply(planOf([row('facebook', '300.00', '299.00')], { planId: 'plan-2' }))).toMatchObject({ outcome: 'applied' });
      expect((await ids()).slice(-2)).toEqual([last + 40, last + 41]);
    });

    it('of a campaign there is none names it', async () => {
      const rows = [...shift, row('facebook', null, '1.00', { campaignId: 'CMP-9' })];
      expect(await apply(planOf(rows))).toEqual({ outcome: 'no_such_campaign', campaignIds: ['CMP-9'] });
      await untouched();
    });

    it.each([
      ['no row', []],
      ['a key twice', [row('tiktok', '300.00', '1.00'), row('tiktok', '300.00', '2.00')]],
      ['less than a cent', [row('tiktok', '300.00', '1.005')]],
      ['a negative amount', [row('tiktok', '300.00', '-1.00')]],
      ['no amount', [row('tiktok', '300.00', 'NaN')]],
      ['no first day', [row('tiktok', '300.00', '1.00', { month: '2026-02-02' })]],
    ])('with %s is no plan', async (_what, rows) => {
      await expect(apply(planOf(rows))).rejects.toThrow(RangeError);
      await untouched();
    });
  });

  describe('repeating a plan', () => {
    it('changes nothing and tells what the first time did, also after others changed the same values', async () => {
      const first = await apply(planOf());
      await world.setPlanned('CMP-1', 'tiktok', '2026-02', '7');
      const again = await apply(planOf(shift, { at: new Date('2026-02-10T19:00:00Z'), changedBy: 'luis' }));
      expect(again).toEqual({ ...first, outcome: 'already_applied' });
      expect(await february()).toMatchObject({ instagram: '450.00', tiktok: '7.00' });
      expect(await world.log()).toHaveLength(2);
    });

    it('from ten callers at the same moment does it once', async () => {
      const outcomes = await world.whileHeld('CMP-1', 10, () =>
        Array.from({ length: 10 }, (_, caller) => apply(planOf(), storeOf(caller))),
      );
      expect(outcomes.map(({ outcome }) => outcome).sort()).toEqual([...Array.from({ length: 9 }, () => 'already_applied'), 'applied']);
      expect(new Set(outcomes.map((outcome) => JSON.stringify({ ...outcome, outcome: '' }))).size).toBe(1);
      expect(await world.log()).toHaveLength(2);
      expect(await world.plans()).toHaveLength(1);
    });
  });

  it('of plans for the same rows at the same moment one wins, and the others are told the values it left', async () => {
    const rivals = Array.from({ length: 8 }, (_, index) =>
      planOf([row('instagram', '400.00', `${410 + index}.00`), row('tiktok', '300.00', '290.00')], { planId: `plan-${index}` }),
    );
    const outcomes = await world.whileHeld('CMP-1', 8, () => rivals.map((plan, index) => apply(plan, storeOf(index))));
    const winner = outcomes.findIndex(({ outcome }) => outcome === 'applied');
    const won = rivals[winner]?.rows[0]?.planned;
    expect(outcomes.filter(({ outcome }) => outcome === 'conflict')).toHaveLength(7);
    expect(outcomes.find(({ outcome }) => outcome === 'conflict')).toMatchObject({
      conflicts: [
        { channelId: 'instagram', expected: '400.00', found: won },
        { channelId: 'tiktok', expected: '300.00', found: '290.00' },
      ],
    });
    expect(await february()).toEqual({ facebook: '300.00', instagram: won, tiktok: '290.00' });
    expect(await world.log()).toHaveLength(2);
  });

  it('plans that name the same rows in opposite orders never wait for each other', async () => {
    const rows = ['facebook', 'instagram', 'tiktok'].flatMap((channelId) =>
      ['CMP-1', 'CMP-2'].map((campaignId) => row(channelId, channelId === 'instagram' ? '400.00' : '300.00', '301.00', { campaignId })),
    );
    const plans = Array.from({ length: 12 }, (_, index) => planOf(index % 2 === 0 ? rows : rows.toReversed(), { planId: `plan-${index}` }));
    const outcomes = await Promise.all(plans.map((plan, index) => apply(plan, storeOf(index))));
    expect(outcomes.map(({ outcome }) => outcome).sort()).toEqual(['applied', ...Array.from({ length: 11 }, () => 'conflict')]);
  });

  describe('a rule', () => {
    const broken = async (rows: readonly BudgetRow[], more: Partial<BudgetPlan> = {}): Promise<readonly RuleFinding[]> => {
      const plan = planOf(rows, more);
      const told = (await store.checkBudgets(plan, soon())).filter(({ ok }) => !ok);
      const outcome = await apply(plan);
      // Who asks first and who goes straight to the writing hear the same.
      if (outcome.outcome === 'refused') expect(outcome.broken).toEqual(told);
      else expect([outcome.outcome, told]).toEqual(['applied', []]);
      return told;
    };
    const february2 = { campaignId: 'CMP-1', month: '2026-02-01' };

    it('refuses a draft and a completed campaign', async () => {
      for (const status of ['draft', 'completed']) {
        await world.setCampaign('CMP-1', 'status', status);
        expect(await broken(shift)).toEqual([
          { rule: 'status', campaignId: 'CMP-1', month: null, channelId: null, ok: false, found: status, fewest: null, most: null },
        ]);
      }
      await untouched();
      for (const status of ['paused', 'scheduled']) {
        await world.reset();
        await world.setCampaign('CMP-1', 'status', status);
        expect(await broken(shift)).toEqual([]);
      }
    });

    it('refuses another currency than the campaign has', async () => {
      await world.setCampaign('CMP-1', 'currency', 'CRC');
      expect(await broken(shift)).toMatchObject([{ rule: 'currency', found: 'USD', most: 'CRC' }]);
    });

    it('refuses a month that is over, to the day', async () => {
      expect(await broken(shift, { today: '2026-03-01' })).toMatchObject([
        { rule: 'month_over', found: '2026-02-01', fewest: '2026-03-01' },
      ]);
      expect(await broken(shift, { today: '2026-02-28' })).toEqual([]);
    });

    it('refuses a month in which the campaign does not run, to the day', async () => {
      await world.setCampaign('CMP-1', 'end_date', '2026-02-28');
      const march = [row('tiktok', '500.00', '400.00', { month: '2026-03-01' })];
      expect(await broken(march)).toMatchObject([{ rule: 'running_dates', found: '2026-03-01', fewest: '2026-01-01', most: '2026-02-01' }]);
      await world.setCampaign('CMP-1', 'end_date', '2026-03-01');
      expect(await broken(march)).toEqual([]);
      await world.setCampaign('CMP-1', 'start_date', '2026-03-01');
      expect(await broken(shift, { planId: 'plan-2' })).toMatchObject([{ rule: 'running_dates' }]);
    });

    it('refuses a channel that the campaign does not have', async () => {
      expect(await broken([...shift, row('email', null, '0.00')])).toMatchObject([{ rule: 'channel', channelId: 'email', found: 'email' }]);
      await untouched();
    });

    it('limits what a channel has in a month; what was above it already may come down', async () => {
      await world.setRules({ mostPerMonth: '420' });
      expect(await broken(shift)).toEqual([
        { ...february2, rule: 'most_per_month', channelId: 'instagram', ok: false, found: '450.00', fewest: null, most: '420.00' },
      ]);
      await world.setRules({ mostPerMonth: '100' });
      expect(await broken([row('instagram', '400.00', '390.00')])).toEqual([]);
      expect(await broken([row('instagram', '390.00', '390.01')], { planId: 'plan-2' })).toMatchObject([{ rule: 'most_per_month' }]);
    });

    it('limits how far a channel moves in one plan, up and down; to the cent', async () => {
      await world.setRules({ mostChangePercent: '12.5' });
      expect(await broken([row('instagram', '400.00', '450.01'), row('tiktok', '300.00', '262.49')])).toMatchObject([
        { rule: 'most_change', channelId: 'instagram', found: '12.50', most: '12.50' },
        { rule: 'most_change', channelId: 'tiktok', found: '-12.50', fewest: '-12.50' },
      ]);
      expect(await broken([row('instagram', '400.00', '450.00'), row('tiktok', '300.00', '262.50')])).toEqual([]);
    });

    it('does not ask how far a channel moves that had nothing', async () => {
      await world.setRules({ mostChangePercent: '1' });
      await world.dropPlanned('CMP-1', 'tiktok', '2026-02');
      await world.setPlanned('CMP-1', 'facebook', '2026-02', '0');
      expect(await broken([row('tiktok', null, '10.00'), row('facebook', '0.00', '10.00')])).toEqual([]);
    });

    it("limits the shares of a month's plan, of all its channels; nothing at all is a pause, and a share outside may come nearer", async () => {
      await world.setRules({ fewestShare: '0.25', mostShare: '0.5' });
      expect(await broken([row('instagram', '400.00', '640.00')])).toMatchObject([
        { rule: 'share', channelId: 'facebook', found: '0.2419', fewest: '0.2500', most: '0.5000' },
        { rule: 'share', channelId: 'instagram', found: '0.5161' },
        { rule: 'share', channelId: 'tiktok', found: '0.2419' },
      ]);
      expect(await broken([row('tiktok', '300.00', '0.00'), row('instagram', '400.00', '300.00')])).toEqual([]);
      await world.reset();
      await world.setRules({ mostShare: '0.3' });
      expect(
        await broken([row('instagram', '400.00', '390.00'), row('facebook', '300.00', '299.99'), row('tiktok', '300.00', '299.99')]),
      ).toMatchObject([{ channelId: 'facebook' }, { channelId: 'tiktok' }]);
      await world.setRules({ mostShare: '0.35' });
      expect(await broken([row('instagram', '400.00', '390.00')])).toEqual([]);
    });

    it('asks for no shares where there is one channel', async () => {
      await world.keepOnlyChannel('tiktok');
      await world.setRules({ mostShare: '0.5' });
      expect(await broken([row('tiktok', '300.00', '310.00')])).toEqual([]);
    });

    it("holds all months together below the campaign's budget, unless it may exceed it; what exceeds it already may come down", async () => {
      const more = [row('tiktok', '300.00', '800.01')];
      expect(await broken(more)).toMatchObject([{ rule: 'campaign_budget', month: null, found: '3000.01', most: '3000.00' }]);
      expect(await broken([row('tiktok', '300.00', '800.00')])).toEqual([]);
      await world.setCampaign('CMP-1', 'budget', '2000');
      expect(await broken([row('tiktok', '800.00', '700.00')], { planId: 'plan-2' })).toEqual([]);
      expect(await broken([row('tiktok', '700.00', '700.01')], { planId: 'plan-3' })).toMatchObject([{ rule: 'campaign_budget' }]);
      await world.setRules({ mayExceedBudget: true });
      expect(await broken([row('tiktok', '700.00', '5000.00')], { planId: 'plan-4' })).toEqual([]);
    });

    it.each<[string, readonly RuleRow[], string]>([
      ['all, when nothing is nearer', [{ mostPerMonth: '10' }], '10.00'],
      ['its country before all', [{ mostPerMonth: '10' }, { country: 'MX', mostPerMonth: '30' }], '30.00'],
      [
        'the strictest of its countries',
        [
          { country: 'CR', mostPerMonth: '20' },
          { country: 'MX', mostPerMonth: '30' },
        ],
        '20.00',
      ],
      [
        'its client before its country',
        [
          { clientId: 'CLI-1', mostPerMonth: '40' },
          { country: 'CR', mostPerMonth: '20' },
        ],
        '40.00',
      ],
      [
        'client and country before both',
        [
          { clientId: 'CLI-1', country: 'MX', mostPerMonth: '50' },
          { clientId: 'CLI-1', mostPerMonth: '40' },
        ],
        '50.00',
      ],
      ["not another's", [{ mostPerMonth: '10' }, { clientId: 'CLI-2', mostPerMonth: '5' }, { country: 'PA', mostPerMonth: '5' }], '10.00'],
      ['the nearest that says anything', [{ mostPerMonth: '10' }, { clientId: 'CLI-1', mostChangePercent: '99' }], '10.00'],
    ])('is that of %s', async (_what, rules, most) => {
      await world.setRules(...rules);
      const [found] = (await store.checkBudgets(planOf([row('tiktok', '300.00', '1.00')]), soon())).filter(
        ({ rule }) => rule === 'most_per_month',
      );
      expect(found?.most).toBe(most);
    });

    it('is told with all others that are broken, and what is kept is told beside it', async () => {
      await world.setCampaign('CMP-1', 'status', 'draft');
      await world.setRules({ mostPerMonth: '420', mostChangePercent: '10', mostShare: '0.9' });
      expect((await broken(shift)).map(({ rule, channelId }) => [rule, channelId])).toEqual([
        ['most_change', 'instagram'],
        ['most_change', 'tiktok'],
        ['most_per_month', 'instagram'],
        ['status', null],
      ]);
      const kept = (await store.checkBudgets(planOf(), soon())).filter(({ ok }) => ok).map(({ rule }) => rule);
      expect(new Set(kept)).toEqual(
        new Set(['campaign_budget', 'channel', 'currency', 'month_over', 'most_per_month', 'running_dates', 'share']),
      );
    });

    it('that was made stricter after the plan was judged still refuses it', async () => {
      expect((await store.checkBudgets(planOf(), soon())).every(({ ok }) => ok)).toBe(true);
      await world.setRules({ mostPerMonth: '420' });
      expect(await apply(planOf())).toMatchObject({ outcome: 'refused', broken: [{ rule: 'most_per_month' }] });
      await untouched();
    });

    it('over the whole budget is not passed by plans for different months at the same moment', async () => {
      const plans = ['2026-02-01', '2026-03-01'].map((month, index) =>
        planOf([row('tiktok', month === '2026-02-01' ? '300.00' : '500.00', month === '2026-02-01' ? '700.00' : '900.00', { month })], {
          planId: `plan-${index}`,
        }),
      );
      const outcomes = await world.whileHeld('CMP-1', 2, () => plans.map((plan, index) => apply(plan, storeOf(index))));
      expect(outcomes.map(({ outcome }) => outcome).sort()).toEqual(['applied', 'refused']);
    });
  });

  it('says that it cannot be reached, and tells no address', async () => {
    const nowhere = await world.nowhere();
    const failure = await nowhere.applyBudgets(planOf(), soon()).catch((error: unknown) => error);
    expect(failure).toMatchObject({ name: 'ToolError', errorClass: 'unavailable' });
    expect(JSON.stringify(failure)).not.toMatch(/secret|127\.0\.0\.1/);
    await nowhere.close();
  });
});

describe('the login of ads_optimizer in PromptAds on PostgreSQL (S4)', () => {
  let world: PostgresAdsStoreWorld;
  beforeAll(async () => {
    world = await postgresAdsStoreWorld();
    await world.reset();
  });
  afterAll(() => world?.stop());
  const asWriter = (text: string) => query(world.writerUrl, text);

  it('reads what a plan is made of', async () => {
    for (const table of ['ads.campaign_budgets', 'ads.campaign_channels', 'ads.channels', 'ads.budget_rules']) {
      const columns =
        table === 'ads.campaign_budgets' ? 'campaign_id, channel_id, month, planned' : table === 'ads.budget_rules' ? '*' : 'channel_id';
      await expect(asWriter(`SELECT ${columns} FROM ${table}`), table).resolves.toBeDefined();
    }
  });

  it.each([
    `UPDATE ads.campaign_budgets SET planned = 1`,
    `INSERT INTO ads.campaign_budgets VALUES ('CMP-1', 'tiktok', '2026-01-01', 1)`,
    `DELETE FROM ads.campaign_budgets`,
    `TRUNCATE ads.campaign_budgets`,
    `SELECT * FROM ads.campaign_budgets FOR UPDATE`,
    `SELECT audience FROM ads.campaigns`,
    `UPDATE ads.campaigns SET budget = 1`,
    `SELECT * FROM ads.change_log`,
    `INSERT INTO ads.change_log VALUES (99, 'CMP-1', 'budget', 'CMP-1', 'x', NULL, NULL, 'x', now())`,
    `SELECT nextval('ads.change_log_ids')`,
    `SELECT * FROM ads.applied_budget_plans`,
    `DELETE FROM ads.applied_budget_plans`,
    `UPDATE ads.budget_rules SET most_per_month = NULL`,
    `DELETE FROM ads.budget_rules`,
    `SELECT * FROM ads.daily_metrics`,
    `SELECT * FROM ads.touches`,
    `SELECT * FROM tracking.deleted_rows`,
    `CREATE TABLE ads.own (i int)`,
    `CREATE OR REPLACE FUNCTION ads.check_budget_plan(ads.budget_change[], text, date) RETURNS int LANGUAGE sql AS 'SELECT 1'`,
    `SET ROLE postgres`,
  ])('may not: %s', async (refused) => {
    await expect(asWriter(refused)).rejects.toThrow(/permission denied|must be owner/);
  });

  it('calls the function with its own objects in the way, and it takes none of them', async () => {
    await world.asOwner('CREATE SCHEMA mine AUTHORIZATION writer');
    const outcome = await asWriter(`
      SET search_path = mine, ads, pg_catalog;
      CREATE FUNCTION mine.round(numeric, integer) RETURNS numeric LANGUAGE sql AS 'SELECT 0.0';
      CREATE FUNCTION mine.cardinality(anyarray) RETURNS integer LANGUAGE sql AS 'SELECT 0';
      SELECT ads.apply_budget_plan('own', 'eve', NULL, '2026-02-10Z', 'USD', '2026-02-10',
        ARRAY[ROW('CMP-1', 'tiktok', '2026-02-01', 300, 290)::ads.budget_change]) AS outcome`);
    expect(outcome).toMatchObject([{ outcome: { outcome: 'applied' } }]);
    expect(await world.planned('CMP-1', '2026-02')).toMatchObject({ tiktok: '290.00' });
  });

  it('is not helped by sending the function what the adapter would not', async () => {
    const call = (rows: string) => asWriter(`SELECT ads.apply_budget_plan('raw', 'eve', NULL, now(), 'USD', '2026-02-10', ${rows})`);
    for (const rows of [
      'NULL',
      `'{}'::ads.budget_change[]`,
      `ARRAY[ROW('CMP-1', 'tiktok', '2026-02-01', 290, 0.001)::ads.budget_change]`,
      `ARRAY[ROW('CMP-1', 'tiktok', '2026-02-01', 290, 'NaN')::ads.budget_change]`,
      `ARRAY[ROW('CMP-1', 'tiktok', '2026-02-01', 290, NULL)::ads.budget_change]`,
      `ARRAY[ROW('CMP-1', 'tiktok', '2026-02-02', 290, 1)::ads.budget_change]`,
      `ARRAY[NULL]::ads.budget_change[]`,
    ]) {
      await expect(call(rows), rows).rejects.toThrow(/a plan has an id/);
    }
  });

  it("is prepared again without harm: the owner's rules stay", async () => {
    await world.setRules({ country: 'CR', mostPerMonth: '777' });
    const url = world.writerUrl.replace('//writer:writer@', '//postgres:postgres@');
    await Promise.all([prepareSource(url, 'ads/ads_optimizer.sql'), prepareSource(url, 'ads/ads_optimizer.sql')]);
    expect(await world.asOwner('SELECT country, most_per_month FROM ads.budget_rules')).toEqual([
      { country: 'CR', most_per_month: '777.00' },
    ]);
  });

  it('is served on connections that were open when the source was filled anew', async () => {
    const [store] = world.stores;
    await world.reset();
    const state = () => store?.budgetState('CMP-1', '2026-02-01', deadlineIn(10_000));
    const apply = (planId: string, expected: string, planned: string) =>
      store?.applyBudgets(
        {
          planId,
          changedBy: 'ana',
          at: AT,
          reason: undefined,
          currency: 'USD',
          today: TODAY,
          rows: [{ campaignId: 'CMP-1', channelId: 'tiktok', month: '2026-02-01', expected, planned }],
        },
        deadlineIn(10_000),
      );
    const before = await state();
    expect(await apply('before', '300.00', '301.00')).toMatchObject({ outcome: 'applied' });
    await world.asOwner('DROP FUNCTION ads.apply_budget_plan, ads.check_budget_plan; DROP TYPE ads.budget_change');
    await prepareSource(world.writerUrl.replace('//writer:writer@', '//postgres:postgres@'), 'ads/ads_optimizer.sql');
    expect(await apply('after', '301.00', '300.00')).toMatchObject({ outcome: 'applied' });
    expect(await state()).toEqual(before);
  });

  it('has sensible rules where nobody made any', async () => {
    await world.asOwner('DROP TABLE ads.budget_rules');
    await prepareSource(world.writerUrl.replace('//writer:writer@', '//postgres:postgres@'), 'ads/ads_optimizer.sql');
    expect(await asWriter('SELECT * FROM ads.budget_rules')).toEqual([
      {
        rule_id: 'everywhere',
        country: null,
        client_id: null,
        most_per_month: '250000.00',
        most_change_percent: '50.00',
        fewest_share: null,
        most_share: '0.9000',
        may_exceed_budget: false,
      },
    ]);
  });
});
