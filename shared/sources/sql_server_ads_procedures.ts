import type { ProcedureDeclaration, TableTypeDeclaration } from '../db/sql_server_procedure.ts';

/** Amounts with more digits than a plan may have: what is finer than cents is refused there, not rounded on its way. */
const BUDGET_CHANGE = {
  tableType: 'ads.budget_change',
  columns: {
    campaign_id: 'varchar(60)',
    channel_id: 'varchar(40)',
    month: 'date',
    expected: 'decimal(19,4)?',
    planned: 'decimal(19,4)',
  },
} as const satisfies TableTypeDeclaration;

/** Decimals and dates come as text, exact. */
const FINDING = {
  rule: 'varchar(20)',
  campaign_id: 'varchar(60)',
  month: 'char(10)?',
  channel_id: 'varchar(40)?',
  ok: 'bit',
  found: 'varchar(40)?',
  fewest: 'varchar(40)?',
  most: 'varchar(40)?',
} as const;

export const READ_BUDGET_STATE = {
  name: 'ads.read_budget_state',
  parameters: { campaign_id: 'varchar(60)', month: 'date' },
  results: {
    campaign: {
      campaign_id: 'varchar(60)',
      name: 'nvarchar(200)',
      status: 'varchar(12)',
      budget: 'varchar(20)',
      currency: 'char(3)',
      planned_in_all: 'varchar(20)',
    },
    channel: { channel_id: 'varchar(40)', name: 'nvarchar(120)', planned: 'varchar(20)?' },
  },
  isRepeatable: true,
} as const satisfies ProcedureDeclaration;

export const CHECK_BUDGET_PLAN = {
  name: 'ads.check_budget_plan',
  parameters: { currency: 'varchar(10)', today: 'date', changes: BUDGET_CHANGE },
  results: { finding: FINDING },
  isRepeatable: true,
} as const satisfies ProcedureDeclaration;

/** The first result set is one `plan`; its outcome says of which kind the second is. Repeatable: a plan's id is carried out once. */
export const APPLY_BUDGET_PLAN = {
  name: 'ads.apply_budget_plan',
  parameters: {
    plan_id: 'nvarchar(200)',
    changed_by: 'nvarchar(200)',
    reason: 'nvarchar(2000)?',
    applied_at: 'datetime2(7)',
    currency: 'varchar(10)',
    today: 'date',
    changes: BUDGET_CHANGE,
  },
  results: {
    plan: { outcome: 'varchar(20)', applied_at: 'datetime2(7)?', changed_by: 'nvarchar(200)?' },
    applied: {
      campaign_id: 'varchar(60)',
      channel_id: 'varchar(40)',
      month: 'char(10)',
      old_planned: 'varchar(20)?',
      new_planned: 'varchar(20)',
      change_id: 'bigint?',
    },
    conflict: {
      campaign_id: 'varchar(60)',
      channel_id: 'varchar(40)',
      month: 'char(10)',
      expected: 'varchar(20)?',
      found: 'varchar(20)?',
    },
    refused: FINDING,
    no_such_campaign: { campaign_id: 'varchar(60)' },
  },
  isRepeatable: true,
} as const satisfies ProcedureDeclaration;
