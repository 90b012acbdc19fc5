import { z } from 'zod';
import { openSqlServer } from '../db/sql_server_database.ts';
import type { ReadRow } from '../db/sql_server_types.ts';
import { LEAD_STAGES } from '../domain/lead_stages.ts';
import type { AppliedLead, CrmStore, LeadChange, LeadFinding, LeadOutcome } from './crm_store.ts';
import { leadSteps, requireLeadId, requireTime } from './lead_steps.ts';
import { APPLY_LEAD_STAGES, CHECK_LEAD_STAGES, READ_LEAD_STAGES } from './sql_server_crm_procedures.ts';

/**
 * PromptCRM on SQL Server (database/sqlserver_crm), by its stored procedures. Connects at first use; the login needs no more than the role
 * promptsales_crm has. A plan that crossed another's way, or whose outcome was lost on the way back, is asked again under its id.
 */
export async function openSqlServerCrmStore(address: string): Promise<CrmStore> {
  const database = openSqlServer(address, { applicationName: 'promptsales crm', called: 'PromptCRM', maxConnections: 8 });
  return {
    async leadStages(leadIds, deadline) {
      const ids = [...new Set(leadIds.map(requireLeadId))];
      if (ids.length === 0) return [];
      const results = await database.call(READ_LEAD_STAGES, { lead_ids: ids.map((id) => ({ lead_id: id })) }, deadline);
      return results
        .rows(0, 'state')
        .map((row) => ({ leadId: idOf(row.lead_id), customerId: idOf(row.customer_id), stage: Stage.parse(row.stage) }));
    },
    async checkLeads({ changes, now }, deadline) {
      const results = await database.call(CHECK_LEAD_STAGES, { now: requireTime(now), changes: rowsOf(changes) }, deadline);
      return results.rows(0, 'finding').map(findingOf);
    },
    async applyLeads({ planId, changedBy, at, now, changes }, deadline): Promise<LeadOutcome> {
      const results = await database.call(
        APPLY_LEAD_STAGES,
        { plan_id: planId, changed_by: changedBy, applied_at: requireTime(at), now: requireTime(now), changes: rowsOf(changes) },
        deadline,
      );
      const [plan] = results.rows(0, 'plan');
      const outcome = Outcome.parse(plan?.outcome);
      switch (outcome) {
        case 'applied':
        case 'already_applied': {
          const { applied_at: appliedAt = null, changed_by: by = null } = plan ?? {};
          if (appliedAt === null || by === null) throw new TypeError(`${APPLY_LEAD_STAGES.name} did not tell when and by whom`);
          return { outcome, appliedAt, changedBy: by, rows: results.rows(1, 'applied').map(appliedOf) };
        }
        case 'conflict': {
          const conflicts = results.rows(1, 'conflict').map((row) => ({
            leadId: idOf(row.lead_id),
            expected: Stage.parse(row.expected),
            found: Stage.parse(row.found),
          }));
          return { outcome, conflicts };
        }
        case 'refused':
          return { outcome, broken: results.rows(1, 'refused').map(findingOf) };
        case 'no_such_lead':
          return { outcome, leadIds: results.rows(1, 'no_such_lead').map((row) => idOf(row.lead_id)) };
      }
    },
    close: () => database.close(),
  };
}

const Stage = z.enum(LEAD_STAGES);
const Outcome = z.enum(['applied', 'already_applied', 'conflict', 'refused', 'no_such_lead']);
const Rule = z.enum(['transition', 'time_order', 'not_future', 'reopening_note']);

/** An id that numbers hold exactly, which this project's all are. */
const idOf = (text: string): number => z.coerce.number<string>().int().min(1).parse(text);

function rowsOf(changes: readonly LeadChange[]) {
  return leadSteps(changes).map(({ leadId, expected, stage, at, note }) => ({ lead_id: leadId, expected, stage, at, note }));
}

function appliedOf(row: ReadRow<(typeof APPLY_LEAD_STAGES)['results']['applied']>): AppliedLead {
  return {
    leadId: idOf(row.lead_id),
    customerId: idOf(row.customer_id),
    old: Stage.parse(row.old_stage),
    new: Stage.parse(row.new_stage),
    at: row.at,
    historyId: row.history_id === null ? null : idOf(row.history_id),
  };
}

function findingOf(row: ReadRow<(typeof CHECK_LEAD_STAGES)['results']['finding']>): LeadFinding {
  return {
    rule: Rule.parse(row.rule),
    leadId: idOf(row.lead_id),
    ok: row.ok,
    old: Stage.parse(row.old_stage),
    new: Stage.parse(row.new_stage),
    at: row.at,
    allowed: row.allowed === null ? null : z.array(Stage).parse(JSON.parse(row.allowed)),
    timeLimit: row.time_limit,
  };
}
