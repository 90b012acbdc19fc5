import type { ProcedureDeclaration, TableTypeDeclaration } from '../db/sql_server_procedure.ts';

const LEAD_ID = { tableType: 'crm.lead_id', columns: { lead_id: 'bigint' } } as const satisfies TableTypeDeclaration;

const LEAD_CHANGE = {
  tableType: 'crm.lead_change',
  columns: { lead_id: 'bigint', expected: 'varchar(20)', stage: 'varchar(20)', at: 'datetime2(7)', note: 'nvarchar(2000)?' },
} as const satisfies TableTypeDeclaration;

const FINDING = {
  rule: 'varchar(14)',
  lead_id: 'bigint',
  ok: 'bit',
  old_stage: 'varchar(20)',
  new_stage: 'varchar(20)',
  at: 'datetime2(7)',
  /** A JSON array. */
  allowed: 'nvarchar(max)?',
  time_limit: 'datetime2(7)?',
} as const;

export const READ_LEAD_STAGES = {
  name: 'crm.read_lead_stages',
  parameters: { lead_ids: LEAD_ID },
  results: { state: { lead_id: 'bigint', customer_id: 'bigint', stage: 'varchar(20)' } },
  isRepeatable: true,
} as const satisfies ProcedureDeclaration;

export const CHECK_LEAD_STAGES = {
  name: 'crm.check_lead_stages',
  parameters: { now: 'datetime2(7)', changes: LEAD_CHANGE },
  results: { finding: FINDING },
  isRepeatable: true,
} as const satisfies ProcedureDeclaration;

/** The first result set is one `plan`; its outcome says of which kind the second is. Repeatable: a plan's id is carried out once. */
export const APPLY_LEAD_STAGES = {
  name: 'crm.apply_lead_stages',
  parameters: {
    plan_id: 'nvarchar(200)',
    changed_by: 'nvarchar(200)',
    applied_at: 'datetime2(7)',
    now: 'datetime2(7)',
    changes: LEAD_CHANGE,
  },
  results: {
    plan: { outcome: 'varchar(20)', applied_at: 'datetime2(7)?', changed_by: 'nvarchar(200)?' },
    applied: {
      lead_id: 'bigint',
      customer_id: 'bigint',
      old_stage: 'varchar(20)',
      new_stage: 'varchar(20)',
      at: 'datetime2(7)?',
      history_id: 'bigint?',
    },
    conflict: { lead_id: 'bigint', expected: 'varchar(20)', found: 'varchar(20)' },
    refused: FINDING,
    no_such_lead: { lead_id: 'bigint' },
  },
  isRepeatable: true,
} as const satisfies ProcedureDeclaration;
