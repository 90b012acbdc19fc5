import type { Statement } from '../db/sql_database.ts';

/** $1 lead ids. */
export const LEAD_STATES: Statement = {
  name: 'crm_lead_states',
  text: `
  SELECT l.lead_id AS "leadId", l.customer_id AS "customerId", l.stage FROM crm.leads l WHERE l.lead_id = ANY ($1::bigint[]) ORDER BY l.lead_id`,
};

/** The steps as one value: a column of them an array. */
const changes = (first: number): string => `ARRAY(
    SELECT ROW(r.lead_id, r.expected, r.stage, r.at, r.note)::crm.lead_change
      FROM unnest($${first}::bigint[], $${first + 1}::text[], $${first + 2}::text[], $${first + 3}::timestamptz[], $${first + 4}::text[])
        AS r (lead_id, expected, stage, at, note))`;

/** $1 now, $2 to $6 the steps. */
export const CHECK_LEADS: Statement = {
  name: 'crm_check_leads',
  text: `
  SELECT f.rule, f.lead_id AS "leadId", f.ok, f.old_stage AS old, f.new_stage AS new, f.at, f.allowed, f.time_limit AS "timeLimit"
    FROM crm.check_lead_plan(${changes(2)}, $1::timestamptz) f
   ORDER BY f.lead_id, f.rule`,
};

/** $1 plan, $2 who, $3 when, $4 now, $5 to $9 the steps. */
export const APPLY_LEADS: Statement = {
  name: 'crm_apply_leads',
  text: `SELECT crm.apply_lead_plan($1, $2, $3::timestamptz, $4::timestamptz, ${changes(5)}) AS outcome`,
};
