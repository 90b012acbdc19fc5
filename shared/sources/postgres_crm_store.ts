import { z } from 'zod';
import { openPostgres } from '../db/postgres_database.ts';
import { LEAD_STAGES } from '../domain/lead_stages.ts';
import type { CrmStore, LeadChange, LeadOutcome } from './crm_store.ts';
import { pastCrossings } from './crossing_writes.ts';
import { APPLY_LEADS, CHECK_LEADS, LEAD_STATES } from './postgres_crm_store_sql.ts';

/**
 * PromptCRM on PostgreSQL (database/postgresql/crm, with crm_analyzer.sql). Connects at first use; the login needs no more than the group
 * role promptsales_crm has.
 */
export async function openPostgresCrmStore(url: string): Promise<CrmStore> {
  const database = await openPostgres(url, { applicationName: 'promptsales crm', maxConnections: 8, statementTimeoutMs: 20_000 });
  return {
    leadStages: (leadIds, deadline) => database.rows(LEAD_STATES, [leadIds.map(requireId)], (row) => StateRow.parse(row), deadline),
    checkLeads: ({ changes, now }, deadline) =>
      database.rows(CHECK_LEADS, [requireTime(now), ...columnsOf(changes)], (row) => Finding.parse(row), deadline),
    async applyLeads({ planId, changedBy, at, now, changes }, deadline) {
      const values = [planId, changedBy, requireTime(at), requireTime(now), ...columnsOf(changes)];
      const apply = () => database.rows(APPLY_LEADS, values, ({ outcome }) => Outcome.parse(outcome), deadline);
      const [outcome] = await pastCrossings('PromptCRM', apply);
      if (outcome === undefined) throw new Error('crm.apply_lead_plan() returned nothing');
      return outcome;
    },
    close: () => database.close(),
  };
}

const Stage = z.enum(LEAD_STAGES);
/** A bigint arrives as text in a row, as a number in JSON. */
const Id = z.coerce.number<string | number>().int().min(1);
/** A time arrives as a Date in a row, as text in JSON. */
const Time = z.union([z.date(), z.iso.datetime({ offset: true }).transform((text) => new Date(text))]);

const StateRow = z.object({ leadId: Id, customerId: Id, stage: Stage });

const Finding = z.object({
  rule: z.enum(['transition', 'time_order', 'not_future', 'reopening_note']),
  leadId: Id,
  ok: z.boolean(),
  old: Stage,
  new: Stage,
  at: Time,
  allowed: z.array(Stage).nullable(),
  timeLimit: Time.nullable(),
});

const Applied = {
  appliedAt: Time,
  changedBy: z.string(),
  rows: z.array(z.object({ leadId: Id, customerId: Id, old: Stage, new: Stage, at: Time.nullable(), historyId: Id.nullable() })),
};
const Outcome: z.ZodType<LeadOutcome> = z.discriminatedUnion('outcome', [
  z.object({ outcome: z.enum(['applied', 'already_applied']), ...Applied }),
  z.object({ outcome: z.literal('conflict'), conflicts: z.array(z.object({ leadId: Id, expected: Stage, found: Stage })) }),
  z.object({ outcome: z.literal('refused'), broken: z.array(Finding) }),
  z.object({ outcome: z.literal('no_such_lead'), leadIds: z.array(Id) }),
]);

function columnsOf(changes: readonly LeadChange[]): unknown[] {
  const ids = changes.map(({ leadId }) => requireId(leadId));
  if (ids.length === 0 || new Set(ids).size < ids.length) throw new RangeError('a plan has at least one step, and no lead twice');
  return [
    ids,
    changes.map(({ expected }) => expected),
    changes.map(({ stage }) => stage),
    changes.map(({ at }) => requireTime(at)),
    changes.map(({ note }) => note),
  ];
}

function requireId(id: number): number {
  if (!Number.isSafeInteger(id) || id < 1) throw new RangeError(`${id} is no id of a lead`);
  return id;
}

function requireTime(time: Date): Date {
  if (Number.isNaN(time.getTime())) throw new RangeError('a time of a plan is none');
  return time;
}
