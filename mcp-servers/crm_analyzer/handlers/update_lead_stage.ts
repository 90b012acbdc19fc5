import { z } from 'zod';
import type { PlanSigner } from '../../../shared/access/plan_token.ts';
import { businessNow } from '../../../shared/domain/clock.ts';
import { ToolError } from '../../../shared/domain/tool_error.ts';
import type { Handler } from '../../../shared/mcp/contract.ts';
import type { CrmStore, LeadOutcome } from '../../../shared/sources/crm_store.ts';
import { leadStagesData, leadStagesText, type ToldLeadStages } from '../service/lead_stage_answer.ts';
import { changesOf, leadPlan, planAskedAgain, stepsByLead } from '../service/lead_stage_change.ts';
import { brokenRules, firstOf, rulesKept } from '../service/lead_stage_rules.ts';
import { updateLeadStage } from '../tools/update_lead_stage.ts';

/** What of the server's repos moving leads needs. */
export type LeadStageRepos = {
  /** PromptCRM, opened at first use. Throws ToolError 'unavailable' where its address is not set. */
  readonly crm: () => Promise<CrmStore>;
  /** Signs plans that await a confirmation. */
  readonly plans: PlanSigner;
};

const Signed = z.object({ plannedAt: z.iso.datetime(), asked: z.string(), stages: z.string() });

/**
 * First call: where the leads are now, what every rule says, and a signed plan. The same call with its token: the whole plan in one call to
 * PromptCRM, which compares the stages and asks the rules again behind its locks, and does a plan once however often it is asked.
 */
export const handleUpdateLeadStage: Handler<typeof updateLeadStage, LeadStageRepos> = async (
  { changes: asked, confirmationToken: token },
  { repos, clock, deadline, caller },
) => {
  const binding = { caller: caller.client, tool: updateLeadStage.name };
  const steps = stepsByLead(asked);
  const now = businessNow(clock);
  const answer = (told: ToldLeadStages) => ({ data: leadStagesData(told), text: leadStagesText(told) });

  if (token !== undefined) {
    const plan = planAskedAgain(Signed.parse(repos.plans.confirmed(token, binding, clock.now()).plan), steps);
    const { planId } = repos.plans.confirmed(token, { ...binding, expected: plan }, clock.now());
    const store = await repos.crm();
    const changes = changesOf(plan, steps);
    const outcome = appliedOrRefused(await store.applyLeads({ planId, changedBy: caller.client, at: clock.now(), now, changes }, deadline));
    const { outcome: status, appliedAt, changedBy, rows } = outcome;
    return answer({ status, leads: rows, planId, applied: { at: appliedAt, by: changedBy } });
  }

  const store = await repos.crm();
  const ids = steps.map(({ leadId }) => leadId);
  const found = await store.leadStages(ids, deadline);
  if (found.length < ids.length) throw noSuchLead(ids.filter((id) => !found.some(({ leadId }) => leadId === id)));

  const plan = leadPlan(
    steps,
    found.map(({ stage }) => stage),
    now,
  );
  const changes = changesOf(plan, steps);
  const leads = found.map(({ leadId, customerId, stage: old }, index) => {
    const { stage = old, at = now } = changes[index] ?? {};
    return { leadId, customerId, old, new: stage, at: stage === old ? null : at };
  });
  if (leads.every(({ at }) => at === null)) return answer({ status: 'unchanged', leads });
  const findings = await store.checkLeads({ changes, now }, deadline);
  const broken = findings.filter(({ ok }) => !ok);
  if (broken.length > 0) throw brokenRules(broken);
  const { planId, ...confirmation } = repos.plans.sign(plan, binding, clock.now());
  return answer({ status: 'needs_confirmation', leads, rules: rulesKept(findings), planId, confirmation });
};

type Applied = Extract<LeadOutcome, { outcome: 'applied' | 'already_applied' }>;

/** Throws ToolError for what was not applied, with what would be right. */
function appliedOrRefused(outcome: LeadOutcome): Applied {
  switch (outcome.outcome) {
    case 'applied':
    case 'already_applied':
      return outcome;
    case 'no_such_lead':
      throw noSuchLead(outcome.leadIds);
    case 'refused':
      throw brokenRules(outcome.broken);
    case 'conflict': {
      const told = outcome.conflicts.map(
        ({ leadId, expected, found }) => `- Lead ${leadId}: the plan was made of ${expected}, now it is ${found}`,
      );
      throw new ToolError('invalid_input', `Somebody moved leads after the plan was made. Nothing was changed:\n${firstOf(told)}`, {
        remedy: 'Call update_lead_stage again without a token, show its new plan to the user, and confirm with the token of that plan.',
      });
    }
  }
}

function noSuchLead(leadIds: readonly number[]): ToolError {
  return new ToolError('not_found', `PromptCRM has no lead ${leadIds.join(', ')}; nothing was changed.`, {
    remedy: 'Leave these out, or look their ids up again.',
  });
}
