import { canonicalHash } from '../../../shared/domain/canonical_json.ts';
import { LEAD_STAGES, type LeadStage } from '../../../shared/domain/lead_stages.ts';
import { ToolError } from '../../../shared/domain/tool_error.ts';
import type { LeadChange } from '../../../shared/sources/crm_store.ts';

/** A step as it is asked for; `at` is ISO 8601 with an offset, none where it is made now. */
export type AskedStep = {
  readonly leadId: number;
  readonly stage: LeadStage;
  readonly at?: string | undefined;
  readonly note?: string | undefined;
};

/**
 * What a confirmation token holds. Short, whatever is asked: what is asked comes again with the token, so a digest of it will do, and no note can
 * be read in it. When it was made is part of it: the same steps planned anew, later, are another plan.
 */
export type SignedLeadPlan = {
  /** The business's now: when a step without a time is made. */
  readonly plannedAt: string;
  /** Digest of what is asked, whatever its order. */
  readonly asked: string;
  /** The stage of each lead, by lead id, as digits: places in LEAD_STAGES. */
  readonly stages: string;
};

/** The steps by lead id. Throws ToolError 'invalid_input' for a lead that is named twice. */
export function stepsByLead(asked: readonly AskedStep[]): AskedStep[] {
  const steps = asked.toSorted((one, other) => one.leadId - other.leadId);
  const twice = steps.filter(({ leadId }, index) => leadId === steps[index - 1]?.leadId).map(({ leadId }) => leadId);
  if (twice.length > 0) {
    throw new ToolError('invalid_input', `Named more than once: lead ${[...new Set(twice)].join(', ')}. Nothing was changed.`, {
      remedy: 'Give each lead once, with the stage it is to have.',
    });
  }
  return steps;
}

/** The plan of those steps, by lead id, from those stages. */
export function leadPlan(steps: readonly AskedStep[], stages: readonly LeadStage[], plannedAt: Date): SignedLeadPlan {
  return {
    plannedAt: plannedAt.toISOString(),
    asked: digestOf(steps),
    stages: stages.map((stage) => LEAD_STAGES.indexOf(stage)).join(''),
  };
}

/** A plan that was signed, as it would be of the steps that are asked for now: equal to itself if they are the same. */
export const planAskedAgain = (plan: SignedLeadPlan, steps: readonly AskedStep[]): SignedLeadPlan => ({ ...plan, asked: digestOf(steps) });

/** The steps of a plan as PromptCRM takes them. The plan must be of these steps. */
export function changesOf({ plannedAt, stages }: SignedLeadPlan, steps: readonly AskedStep[]): LeadChange[] {
  return steps.map(({ leadId, stage, at, note }, index) => {
    const expected = LEAD_STAGES[Number(stages[index])];
    if (expected === undefined) throw new RangeError(`the plan has no stage of lead ${leadId}`);
    return { leadId, expected, stage, at: new Date(at ?? plannedAt), note: note ?? null };
  });
}

function digestOf(steps: readonly AskedStep[]): string {
  return canonicalHash(steps.map(({ leadId, stage, at, note }) => [leadId, stage, at ?? null, note ?? null]));
}
