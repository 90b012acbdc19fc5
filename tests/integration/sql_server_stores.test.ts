import { afterEach, describe, expect, it } from 'vitest';
import { deadlineIn } from '../../shared/domain/deadline.ts';
import type { AdsStore, BudgetPlan } from '../../shared/sources/ads_store.ts';
import type { CrmStore, LeadPlan } from '../../shared/sources/crm_store.ts';
import { openSqlServerAdsStore } from '../../shared/sources/sql_server_ads_store.ts';
import { openSqlServerCrmStore } from '../../shared/sources/sql_server_crm_store.ts';
import { startTdsEndpoint, type TdsEndpoint, type TdsReply } from '../support/tds_endpoint.ts';
import type { TdsResult } from '../support/tds_endpoint_tokens.ts';

/** The adapters on the wire: what they send, and what they make of answers in the shape that database/sqlserver_ads and sqlserver_crm give. */
let endpoint: TdsEndpoint | undefined;
let store: AdsStore | CrmStore | undefined;
let replies: TdsReply[] = [];

afterEach(async () => {
  await endpoint?.stop();
  await store?.close();
});

async function address(...scripted: readonly TdsReply[]): Promise<string> {
  replies = [...scripted];
  endpoint = await startTdsEndpoint({ answer: () => replies.shift() });
  return `mssql://writer:secreto@127.0.0.1:${endpoint.port}/Source?encrypt=false`;
}
const result = (columns: TdsResult['columns'], ...rows: TdsResult['rows']): TdsResult => ({ columns, rows });
const soon = () => deadlineIn(10_000);
const deadlock: TdsReply = { notices: [{ number: 1205, class: 13, message: 'Transaction was deadlocked' }], rollsBack: true };
const asked = (index = 0) => endpoint?.requests[index];

const planOf = (outcome: string, isApplied = outcome.includes('applied')): TdsResult =>
  result({ outcome: 'varchar(20)', applied_at: 'datetime2(7)', changed_by: 'nvarchar(200)' }, [
    outcome,
    isApplied ? '2026-02-10T18:00:00.1230000' : null,
    isApplied ? 'Íñigo' : null,
  ]);
const AT = new Date('2026-02-10T18:00:00.123Z');

describe('PromptAds on SQL Server, on the wire', () => {
  const open = async (...scripted: readonly TdsReply[]): Promise<AdsStore> => {
    const opened = await openSqlServerAdsStore(await address(...scripted));
    store = opened;
    return opened;
  };
  const plan: BudgetPlan = {
    planId: 'plan-1',
    changedBy: 'Íñigo',
    at: AT,
    reason: undefined,
    currency: 'USD',
    today: '2026-02-10',
    rows: [
      { campaignId: 'CMP-1', channelId: 'instagram', month: '2026-02-01', expected: '999999999999.99', planned: '0.1' },
      { campaignId: 'CMP-1', channelId: 'tiktok', month: '2026-02-01', expected: null, planned: '250.00' },
    ],
  };
  const key = { campaign_id: 'varchar(60)', channel_id: 'varchar(40)', month: 'char(10)' } as const;
  const applied = result(
    { ...key, old_planned: 'varchar(20)', new_planned: 'varchar(20)', change_id: 'bigint' },
    ['CMP-1', 'instagram', '2026-02-01', '999999999999.99', '0.10', 41n],
    ['CMP-1', 'tiktok', '2026-02-01', null, '250.00', null],
  );
  const rows = [
    { campaignId: 'CMP-1', channelId: 'instagram', month: '2026-02-01', old: '999999999999.99', new: '0.10', changeId: 41 },
    { campaignId: 'CMP-1', channelId: 'tiktok', month: '2026-02-01', old: null, new: '250.00', changeId: null },
  ];

  it('sends a plan as one call with its rows as a table, to the cent', async () => {
    const ads = await open({ results: [planOf('applied'), applied] });
    expect(await ads.applyBudgets(plan, soon())).toEqual({ outcome: 'applied', appliedAt: AT, changedBy: 'Íñigo', rows });
    expect(asked()).toMatchObject({
      procedure: 'ads.apply_budget_plan',
      parameters: [
        { name: 'plan_id', type: 'nvarchar(200)', value: 'plan-1' },
        { name: 'changed_by', type: 'nvarchar(200)', value: 'Íñigo' },
        { name: 'reason', type: 'nvarchar(2000)', value: null },
        { name: 'applied_at', type: 'datetime2(7)', value: '2026-02-10T18:00:00.1230000' },
        { name: 'currency', type: 'varchar(10)', value: 'USD' },
        { name: 'today', type: 'date', value: '2026-02-10' },
        {
          name: 'changes',
          type: 'ads.budget_change',
          value: {
            columnTypes: ['varchar(60)', 'varchar(40)', 'date', 'decimal(19,4)', 'decimal(19,4)'],
            rows: [
              ['CMP-1', 'instagram', '2026-02-01', '999999999999.9900', '0.1000'],
              ['CMP-1', 'tiktok', '2026-02-01', null, '250.0000'],
            ],
          },
        },
      ],
    });
  });

  it('asks a deadlock victim again whole, with the same plan id', async () => {
    const ads = await open(deadlock, { results: [planOf('applied'), applied] });
    expect(await ads.applyBudgets(plan, soon())).toMatchObject({ outcome: 'applied' });
    const { kind, session: _, ...first } = asked(0) ?? expect.fail();
    expect(asked(1)).toMatchObject({ kind, ...first });
  });

  it('asks again under the same id when the answer was lost, and is told that it was done', async () => {
    const lost: TdsReply = { results: [planOf('applied'), applied], breaksAfterRows: 1 };
    const ads = await open(lost, { results: [planOf('already_applied'), applied] });
    expect(await ads.applyBudgets(plan, soon())).toEqual({ outcome: 'already_applied', appliedAt: AT, changedBy: 'Íñigo', rows });
  });

  it('tells conflicts, broken rules and campaigns there are none of', async () => {
    const finding = {
      rule: 'varchar(20)',
      campaign_id: 'varchar(60)',
      month: 'char(10)',
      channel_id: 'varchar(40)',
      ok: 'bit',
      found: 'varchar(40)',
      fewest: 'varchar(40)',
      most: 'varchar(40)',
    } as const;
    const broken = result(
      finding,
      ['most_per_month', 'CMP-1', '2026-02-01', 'tiktok', false, '450.00', null, '420.00'],
      ['status', 'CMP-1', null, null, false, 'draft', null, null],
    );
    const ads = await open(
      {
        results: [
          planOf('conflict'),
          result({ ...key, expected: 'varchar(20)', found: 'varchar(20)' }, ['CMP-1', 'tiktok', '2026-02-01', null, '310.00']),
        ],
      },
      { results: [planOf('refused'), broken] },
      { results: [planOf('no_such_campaign'), result({ campaign_id: 'varchar(60)' }, ['CMP-9'])] },
      { results: [broken] },
    );
    expect(await ads.applyBudgets(plan, soon())).toEqual({
      outcome: 'conflict',
      conflicts: [{ campaignId: 'CMP-1', channelId: 'tiktok', month: '2026-02-01', expected: null, found: '310.00' }],
    });
    const findings = [
      {
        rule: 'most_per_month',
        campaignId: 'CMP-1',
        month: '2026-02-01',
        channelId: 'tiktok',
        ok: false,
        found: '450.00',
        fewest: null,
        most: '420.00',
      },
      { rule: 'status', campaignId: 'CMP-1', month: null, channelId: null, ok: false, found: 'draft', fewest: null, most: null },
    ];
    expect(await ads.applyBudgets(plan, soon())).toEqual({ outcome: 'refused', broken: findings });
    expect(await ads.applyBudgets(plan, soon())).toEqual({ outcome: 'no_such_campaign', campaignIds: ['CMP-9'] });
    expect(await ads.checkBudgets(plan, soon())).toEqual(findings);
    expect(asked(3)).toMatchObject({
      procedure: 'ads.check_budget_plan',
      parameters: [{ name: 'currency' }, { name: 'today' }, { name: 'changes' }],
    });
  });

  it('reads what is planned, and nothing of a campaign there is none', async () => {
    const campaign = {
      campaign_id: 'varchar(60)',
      name: 'nvarchar(200)',
      status: 'varchar(20)',
      budget: 'varchar(20)',
      currency: 'varchar(10)',
      planned_in_all: 'varchar(20)',
    } as const;
    const channel = { channel_id: 'varchar(40)', name: 'nvarchar(120)', planned: 'varchar(20)' } as const;
    const ads = await open(
      {
        results: [
          result(campaign, ['CMP-1', 'Otoño', 'active', '3000.00', 'USD', '2200.00']),
          result(channel, ['facebook', 'Facebook', '300.00'], ['tiktok', 'Tiktok', null]),
        ],
      },
      { results: [result(campaign), result(channel)] },
    );
    expect(await ads.budgetState('CMP-1', '2026-02-01', soon())).toEqual({
      campaignId: 'CMP-1',
      name: 'Otoño',
      status: 'active',
      budget: '3000.00',
      currency: 'USD',
      plannedInAll: '2200.00',
      channels: [
        { channelId: 'facebook', name: 'Facebook', planned: '300.00' },
        { channelId: 'tiktok', name: 'Tiktok', planned: null },
      ],
    });
    expect(await ads.budgetState('CMP-9', '2026-02-01', soon())).toBeUndefined();
    expect(asked()).toMatchObject({
      parameters: [
        { name: 'campaign_id', value: 'CMP-1' },
        { name: 'month', type: 'date', value: '2026-02-01' },
      ],
    });
  });

  it('sends nothing of what is no plan', async () => {
    const ads = await open();
    for (const planned of ['1.005', '-1.00', 'NaN']) {
      const rows = [{ campaignId: 'CMP-1', channelId: 'tiktok', month: '2026-02-01', expected: null, planned }] as const;
      await expect(ads.applyBudgets({ ...plan, rows }, soon())).rejects.toThrow(RangeError);
    }
    expect(endpoint?.requests).toEqual([]);
  });
});

describe('PromptCRM on SQL Server, on the wire', () => {
  const open = async (...scripted: readonly TdsReply[]): Promise<CrmStore> => {
    const opened = await openSqlServerCrmStore(await address(...scripted));
    store = opened;
    return opened;
  };
  const plan: LeadPlan = {
    planId: 'plan-1',
    changedBy: 'Íñigo',
    at: AT,
    now: AT,
    changes: [{ leadId: 3_000_000_000, expected: 'new', stage: 'contacted', at: new Date('2026-02-08T09:30:00Z'), note: 'Llamó María ñ' }],
  };
  const applied = result(
    {
      lead_id: 'bigint',
      customer_id: 'bigint',
      old_stage: 'varchar(20)',
      new_stage: 'varchar(20)',
      at: 'datetime2(7)',
      history_id: 'bigint',
    },
    [3_000_000_000n, 11n, 'new', 'contacted', '2026-02-08T09:30:00.0000000', 7n],
    [3_000_000_001n, 12n, 'lost', 'lost', null, null],
  );
  const rows = [
    { leadId: 3_000_000_000, customerId: 11, old: 'new', new: 'contacted', at: new Date('2026-02-08T09:30:00Z'), historyId: 7 },
    { leadId: 3_000_000_001, customerId: 12, old: 'lost', new: 'lost', at: null, historyId: null },
  ];

  it('sends a plan as one call with its steps as a table', async () => {
    const crm = await open({ results: [planOf('applied'), applied] });
    expect(await crm.applyLeads(plan, soon())).toEqual({ outcome: 'applied', appliedAt: AT, changedBy: 'Íñigo', rows });
    expect(asked()).toMatchObject({
      procedure: 'crm.apply_lead_stages',
      parameters: [
        { name: 'plan_id', value: 'plan-1' },
        { name: 'changed_by', value: 'Íñigo' },
        { name: 'applied_at', type: 'datetime2(7)', value: '2026-02-10T18:00:00.1230000' },
        { name: 'now', value: '2026-02-10T18:00:00.1230000' },
        {
          name: 'changes',
          type: 'crm.lead_change',
          value: {
            columnTypes: ['bigint', 'varchar(20)', 'varchar(20)', 'datetime2(7)', 'nvarchar(2000)'],
            rows: [[3_000_000_000n, 'new', 'contacted', '2026-02-08T09:30:00.0000000', 'Llamó María ñ']],
          },
        },
      ],
    });
  });

  it('asks a deadlock victim again, and again when the answer was lost', async () => {
    const crm = await open(
      deadlock,
      { results: [planOf('applied')], breaksAfterRows: 1 },
      { results: [planOf('already_applied'), applied] },
    );
    expect(await crm.applyLeads(plan, soon())).toMatchObject({ outcome: 'already_applied', rows });
    expect(endpoint?.requests).toHaveLength(3);
  });

  it('tells conflicts, broken rules and leads there are none of', async () => {
    const finding = {
      rule: 'varchar(14)',
      lead_id: 'bigint',
      ok: 'bit',
      old_stage: 'varchar(20)',
      new_stage: 'varchar(20)',
      at: 'datetime2(7)',
      allowed: 'nvarchar(max)',
      time_limit: 'datetime2(7)',
    } as const;
    const at = '2026-02-08T09:30:00.0000000';
    const broken = result(
      finding,
      ['not_future', 1n, false, 'new', 'won', at, null, '2026-02-10T18:00:00.1230000'],
      ['transition', 1n, false, 'new', 'won', at, '["contacted","lost"]', null],
    );
    const crm = await open(
      { results: [planOf('conflict'), result({ lead_id: 'bigint', expected: 'varchar(20)', found: 'varchar(20)' }, [1n, 'new', 'won'])] },
      { results: [planOf('refused'), broken] },
      { results: [planOf('no_such_lead'), result({ lead_id: 'bigint' }, [9n])] },
      { results: [broken] },
    );
    expect(await crm.applyLeads(plan, soon())).toEqual({ outcome: 'conflict', conflicts: [{ leadId: 1, expected: 'new', found: 'won' }] });
    const step = { leadId: 1, ok: false, old: 'new', new: 'won', at: new Date('2026-02-08T09:30:00Z') };
    const findings = [
      { ...step, rule: 'not_future', allowed: null, timeLimit: AT },
      { ...step, rule: 'transition', allowed: ['contacted', 'lost'], timeLimit: null },
    ];
    expect(await crm.applyLeads(plan, soon())).toEqual({ outcome: 'refused', broken: findings });
    expect(await crm.applyLeads(plan, soon())).toEqual({ outcome: 'no_such_lead', leadIds: [9] });
    expect(await crm.checkLeads(plan, soon())).toEqual(findings);
  });

  it('reads where leads are, naming each once', async () => {
    const crm = await open({
      results: [result({ lead_id: 'bigint', customer_id: 'bigint', stage: 'varchar(20)' }, [5n, 15n, 'won'], [3_000_000_000n, 16n, 'new'])],
    });
    expect(await crm.leadStages([3_000_000_000, 5, 5], soon())).toEqual([
      { leadId: 5, customerId: 15, stage: 'won' },
      { leadId: 3_000_000_000, customerId: 16, stage: 'new' },
    ]);
    expect(asked()).toMatchObject({
      parameters: [{ type: 'crm.lead_id', value: { columnTypes: ['bigint'], rows: [[3_000_000_000n], [5n]] } }],
    });
    await expect(crm.leadStages([0], soon())).rejects.toThrow(RangeError);
    await expect(crm.applyLeads({ ...plan, changes: [] }, soon())).rejects.toThrow(RangeError);
  });
});
