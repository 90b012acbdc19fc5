import type { Deadline } from '../domain/deadline.ts';
import type { LeadStage } from '../domain/lead_stages.ts';

/** Where a lead is in PromptCRM, now. */
export type LeadState = { readonly leadId: number; readonly customerId: number; readonly stage: LeadStage };

/** A step of a plan. */
export type LeadChange = {
  readonly leadId: number;
  /** The stage the plan was made of. */
  readonly expected: LeadStage;
  readonly stage: LeadStage;
  /** When the step was made. */
  readonly at: Date;
  readonly note: string | null;
};

/** The rules a plan has to keep, as PromptCRM holds them. */
export type LeadRule =
  /** The lead may go from its stage to the new one. */
  | 'transition'
  /** Not before the lead's last step. */
  | 'time_order'
  | 'not_future'
  /** What was lost is taken up again with a note. */
  | 'reopening_note';

/** What a rule says of a step. */
export type LeadFinding = {
  readonly rule: LeadRule;
  readonly leadId: number;
  readonly ok: boolean;
  readonly old: LeadStage;
  readonly new: LeadStage;
  readonly at: Date;
  /** Where the lead may go ('transition'); null of other rules. */
  readonly allowed: readonly LeadStage[] | null;
  /** The lead's last step ('time_order'), the moment that counts as now ('not_future'); null of other rules. */
  readonly timeLimit: Date | null;
};

/** What rules judge. */
export type AskedLeads = {
  readonly changes: readonly LeadChange[];
  /** No step is later. */
  readonly now: Date;
};

export type LeadPlan = AskedLeads & {
  /** Names the plan by what it is: the same id is the same plan. */
  readonly planId: string;
  readonly changedBy: string;
  /** When it is carried out. */
  readonly at: Date;
};

/** A lead as a plan left it; `old` equals `new` when it was there already. */
export type AppliedLead = {
  readonly leadId: number;
  readonly customerId: number;
  readonly old: LeadStage;
  readonly new: LeadStage;
  /** When the step was made, and its line in the history; null when nothing changed. */
  readonly at: Date | null;
  readonly historyId: number | null;
};

export type LeadOutcome =
  | {
      /** 'already_applied': nothing was done now; what is told is what the first time did. */
      readonly outcome: 'applied' | 'already_applied';
      readonly appliedAt: Date;
      readonly changedBy: string;
      /** By lead id. */
      readonly rows: readonly AppliedLead[];
    }
  | {
      readonly outcome: 'conflict';
      readonly conflicts: readonly { readonly leadId: number; readonly expected: LeadStage; readonly found: LeadStage }[];
    }
  | { readonly outcome: 'refused'; readonly broken: readonly LeadFinding[] }
  | { readonly outcome: 'no_such_lead'; readonly leadIds: readonly number[] };

/**
 * PromptCRM as crm_analyzer writes it: one call carries out a whole plan of steps, in one transaction, or nothing of it. On SQL Server that is a
 * stored procedure that takes the steps as a table-valued parameter, on PostgreSQL a function that takes an array of a composite type; both check
 * the rules again behind the locks they write under, so nobody passes them by being fast. Nothing here reads personal data.
 *
 * Errors: ToolError 'timeout' and 'unavailable'; what was asked may then have been done or not, and asking again with the same id tells.
 * RangeError for changes that are none: no change, a lead twice, an id that is no whole number above 0, a time that is no time.
 */
export interface CrmStore {
  /** Where these leads are, in the order of their ids; a lead there is none of is left out. */
  leadStages(leadIds: readonly number[], deadline: Deadline): Promise<readonly LeadState[]>;
  /** What each rule says, changing nothing, by lead and rule. Of steps to where a lead is already, and of leads there are none of, nothing. */
  checkLeads(asked: AskedLeads, deadline: Deadline): Promise<readonly LeadFinding[]>;
  /**
   * Carries a plan out if every lead is in the expected stage and no rule is broken; else changes nothing. Each step sets the time of its stage
   * (taking up what was lost clears the later ones) and is a line of the history, with who, when, the note, and the plan's id.
   */
  applyLeads(plan: LeadPlan, deadline: Deadline): Promise<LeadOutcome>;
  close(): Promise<void>;
}
