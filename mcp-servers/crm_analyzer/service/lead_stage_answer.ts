import { table } from '../../../shared/domain/table.ts';
import type { AppliedLead } from '../../../shared/sources/crm_store.ts';
import type { RuleSaying } from './lead_stage_rules.ts';

export type LeadStageStatus = 'needs_confirmation' | 'applied' | 'already_applied' | 'unchanged';

/** A lead as it is told: ids and stages, nothing of a person. */
export type ToldLead = Omit<AppliedLead, 'historyId'>;

/** What was planned or done, as it is told. */
export type ToldLeadStages = {
  readonly status: LeadStageStatus;
  readonly leads: readonly ToldLead[];
  readonly rules?: readonly RuleSaying[] | undefined;
  readonly planId?: string | undefined;
  readonly applied?: { readonly at: Date; readonly by: string } | undefined;
  readonly confirmation?: { readonly token: string; readonly expiresAt: Date } | undefined;
};

/** The data of the answer. */
export function leadStagesData({ status, leads, rules = [], planId, applied, confirmation }: ToldLeadStages) {
  return {
    status,
    leads: leads.map(({ leadId, customerId, old, new: stage, at }) => ({
      leadId,
      customerId,
      old,
      new: stage,
      at: at?.toISOString() ?? null,
    })),
    rules: [...rules],
    planId: planId ?? null,
    appliedAt: applied?.at.toISOString() ?? null,
    changedBy: applied?.by ?? null,
    confirmationToken: confirmation?.token ?? null,
    expiresAt: confirmation?.expiresAt.toISOString() ?? null,
  };
}

const HEADINGS: Readonly<Record<LeadStageStatus, string>> = {
  needs_confirmation: 'Nothing is changed yet. To be moved:',
  applied: 'Applied. Moved:',
  already_applied: 'This plan was applied before, nothing was changed now. It moved:',
  unchanged: 'Nothing to change, and no confirmation is needed. There already:',
};

/** A lead a line up to here; beyond, a line for all that make the same step. */
const MOST_LINES = 40;

/** The same as text; a plan says how it is confirmed, and what is done when others see it. */
export function leadStagesText({ status, leads, rules = [], planId, applied, confirmation }: ToldLeadStages): string {
  return [
    HEADINGS[status],
    leads.length > MOST_LINES ? stepsText(leads) : leadsText(leads),
    ...rules.map(({ rule, says }) => `Rule ${rule}: ${says}`),
    ...(planId === undefined ? [] : [`Plan: ${planId}`]),
    ...(applied === undefined
      ? []
      : [`Applied by ${applied.by} at ${applied.at.toISOString()}. The hub, and the tools that read it, see it after the next ETL run.`]),
    ...(confirmation === undefined
      ? []
      : [
          `To apply it, once the user agrees: call again with the same arguments and confirmationToken ${confirmation.token} before ${confirmation.expiresAt.toISOString()}.`,
        ]),
  ].join('\n');
}

function leadsText(leads: readonly ToldLead[]): string {
  return table<ToldLead>(
    [
      { header: 'lead', cell: ({ leadId }) => String(leadId) },
      { header: 'customer', cell: ({ customerId }) => String(customerId) },
      { header: 'old', cell: ({ old }) => old },
      { header: 'new', cell: ({ new: stage }) => stage },
      { header: 'at', cell: ({ at }) => at?.toISOString() ?? 'there already' },
    ],
    leads,
  );
}

function stepsText(leads: readonly ToldLead[]): string {
  const steps = Map.groupBy(leads, ({ old, new: stage }) => (old === stage ? `${stage} already` : `${old} → ${stage}`));
  return [...steps].map(([step, those]) => `${step}, ${those.length} leads: ${those.map(({ leadId }) => leadId).join(', ')}`).join('\n');
}
