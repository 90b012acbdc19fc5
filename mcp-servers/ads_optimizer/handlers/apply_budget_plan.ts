import { z } from 'zod';
import type { PlanSigner } from '../../../shared/access/plan_token.ts';
import { resolveCampaign } from '../../../shared/domain/entity_resolution.ts';
import { formatUsd } from '../../../shared/domain/money.ts';
import { ToolError } from '../../../shared/domain/tool_error.ts';
import type { Campaigns } from '../../../shared/hub/campaigns.ts';
import type { Handler } from '../../../shared/mcp/contract.ts';
import type { AdsStore, ApplyOutcome, BudgetState } from '../../../shared/sources/ads_store.ts';
import { type BudgetChange, budgetChanges, budgetTotals, isUnchanged, rowsOf, type SignedBudgetPlan } from '../service/budget_change.ts';
import { budgetChangeData, budgetChangeText, type ToldBudgetChange } from '../service/budget_change_answer.ts';
import { brokenRules, rulesKept } from '../service/budget_rules.ts';
import { applyBudgetPlan } from '../tools/apply_budget_plan.ts';

/** What of the server's repos a budget plan needs. */
export type BudgetPlanRepos = {
  readonly campaigns: Campaigns;
  /** PromptAds, opened at first use. Throws ToolError 'unavailable' where its address is not set. */
  readonly ads: () => Promise<AdsStore>;
  /** Signs plans that await a confirmation. */
  readonly plans: PlanSigner;
};

/** Amounts are asked for in dollars; a rule holds that against the campaign's currency. */
const CURRENCY = 'USD';

/** What of a plan is read before the rest is compared. */
const Seen = z.looseObject({
  plannedAt: z.iso.datetime(),
  changes: z.array(z.looseObject({ channelId: z.string(), expected: z.string().nullable() })),
});

/**
 * First call: what is planned now, what every rule says, and a signed plan. The same call with its token: the whole plan in one call to
 * PromptAds, which compares the values and asks the rules again behind its locks, and does a plan once however often it is asked.
 */
export const handleApplyBudgetPlan: Handler<typeof applyBudgetPlan, BudgetPlanRepos> = async (
  { campaignName, month, changes: asked, reason, confirmationToken: token },
  { repos, clock, deadline, caller },
) => {
  const binding = { caller: caller.client, tool: applyBudgetPlan.name };
  const seen = token === undefined ? undefined : Seen.parse(repos.plans.confirmed(token, binding, clock.now()).plan);
  const campaign = await resolveCampaign(repos.campaigns, campaignName, deadline);
  const { campaignId } = campaign;
  const firstDay = `${month}-01`;
  const store = await repos.ads();
  const state = await store.budgetState(campaignId, firstDay, deadline);
  if (state === undefined) throw noSuchCampaign(campaignId);

  const changes = budgetChanges(state, asked, seen && new Map(seen.changes.map(({ channelId, expected }) => [channelId, expected])));
  const judged = { rows: rowsOf(campaignId, firstDay, changes), currency: CURRENCY, today: clock.today() };
  const plan: SignedBudgetPlan = {
    campaignId,
    month,
    currency: CURRENCY,
    reason: reason ?? null,
    plannedAt: seen?.plannedAt ?? clock.now().toISOString(),
    changes: changes.map(({ channelId, expected, planned }) => ({ channelId, expected, planned })),
  };
  const common = { month, currency: CURRENCY, reason };
  const answer = (told: ToldBudgetChange) => ({ data: budgetChangeData(told), text: budgetChangeText(told), campaign });

  if (token === undefined) {
    const totals = budgetTotals(state, changes);
    if (changes.every(isUnchanged)) return answer({ ...common, status: 'unchanged', changes, totals });
    const findings = await store.checkBudgets(judged, deadline);
    const broken = findings.filter(({ ok }) => !ok);
    if (broken.length > 0) throw brokenRules(broken, state);
    const { planId, ...confirmation } = repos.plans.sign(plan, binding, clock.now());
    const rules = rulesKept(findings, state);
    return answer({ ...common, status: 'needs_confirmation', changes, totals, rules, planId, confirmation });
  }

  const { planId } = repos.plans.confirmed(token, { ...binding, expected: plan }, clock.now());
  const outcome = await store.applyBudgets({ ...judged, planId, changedBy: caller.client, at: clock.now(), reason }, deadline);
  const { outcome: status, appliedAt, changedBy, rows } = appliedOrRefused(outcome, state, changes);
  const applied = { at: appliedAt, by: changedBy };
  if (status === 'applied') return answer({ ...common, status, changes, totals: budgetTotals(state, changes), planId, applied });
  const first = changes.map((change): BudgetChange => {
    const done = rows.find(({ channelId }) => channelId === change.channelId);
    return done === undefined ? change : { ...change, expected: done.old, planned: done.new };
  });
  return answer({ ...common, status, changes: first, planId, applied });
};

type Applied = Extract<ApplyOutcome, { outcome: 'applied' | 'already_applied' }>;

/** Throws ToolError for what was not applied, with what would be right. */
function appliedOrRefused(outcome: ApplyOutcome, state: BudgetState, changes: readonly BudgetChange[]): Applied {
  switch (outcome.outcome) {
    case 'applied':
    case 'already_applied':
      return outcome;
    case 'no_such_campaign':
      throw noSuchCampaign(outcome.campaignIds.join(', '));
    case 'refused':
      throw brokenRules(outcome.broken, state);
    case 'conflict': {
      const names = new Map(changes.map(({ channelId, channel }) => [channelId, channel]));
      const amount = (value: string | null): string => (value === null ? 'nothing planned' : formatUsd(value));
      const told = outcome.conflicts.map(
        ({ channelId, expected, found }) =>
          `- ${names.get(channelId) ?? channelId}: the plan was made of ${amount(expected)}, now it is ${amount(found)}`,
      );
      throw new ToolError(
        'invalid_input',
        `Somebody changed the budget after the plan was made. Nothing was changed:\n${told.join('\n')}`,
        {
          remedy: 'Call apply_budget_plan again without a token, show its new plan to the user, and confirm with the token of that plan.',
        },
      );
    }
  }
}

function noSuchCampaign(campaignId: string): ToolError {
  return new ToolError('not_found', `PromptAds has no campaign ${campaignId} any more; nothing was changed.`);
}
