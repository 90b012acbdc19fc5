import { decimal, formatChange, formatUsd, ratio, toAnswerNumber } from '../../../shared/domain/money.ts';
import { table } from '../../../shared/domain/table.ts';
import type { BudgetChange, BudgetTotals } from './budget_change.ts';
import type { RuleSaying } from './budget_rules.ts';

export type BudgetChangeStatus = 'needs_confirmation' | 'applied' | 'already_applied' | 'unchanged';

/** What was planned or done, as it is told. */
export type ToldBudgetChange = {
  readonly status: BudgetChangeStatus;
  /** 'YYYY-MM'. */
  readonly month: string;
  readonly currency: string;
  readonly changes: readonly BudgetChange[];
  /** Undefined where they are not those of this moment: a plan that was applied earlier. */
  readonly totals?: BudgetTotals | undefined;
  readonly rules?: readonly RuleSaying[] | undefined;
  readonly planId?: string | undefined;
  readonly applied?: { readonly at: Date; readonly by: string } | undefined;
  readonly reason?: string | undefined;
  readonly confirmation?: { readonly token: string; readonly expiresAt: Date } | undefined;
};

/** The data of the answer. */
export function budgetChangeData(told: ToldBudgetChange) {
  const { status, month, currency, changes, totals, rules = [], planId, applied, reason, confirmation } = told;
  return {
    status,
    month,
    currency,
    channels: changes.map((change) => ({
      channelId: change.channelId,
      channel: change.channel,
      old: toAnswerNumber(change.expected),
      new: toAnswerNumber(change.planned),
      changePercent: toAnswerNumber(changePercent(change)),
    })),
    totals:
      totals === undefined
        ? null
        : {
            monthOld: toAnswerNumber(totals.monthOld),
            monthNew: toAnswerNumber(totals.monthNew),
            campaignOld: toAnswerNumber(totals.campaignOld),
            campaignNew: toAnswerNumber(totals.campaignNew),
            campaignBudget: toAnswerNumber(totals.campaignBudget),
          },
    rules: [...rules],
    planId: planId ?? null,
    appliedAt: applied?.at.toISOString() ?? null,
    changedBy: applied?.by ?? null,
    reason: reason ?? null,
    confirmationToken: confirmation?.token ?? null,
    expiresAt: confirmation?.expiresAt.toISOString() ?? null,
  };
}

const HEADINGS: Readonly<Record<BudgetChangeStatus, string>> = {
  needs_confirmation: 'Nothing is changed yet. To be planned',
  applied: 'Applied. Planned',
  already_applied: 'This plan was applied before, nothing was changed now. It planned',
  unchanged: 'Nothing to change, and no confirmation is needed. Planned already',
};

/** The same as text; a plan says how it is confirmed, and what is done when others see it. */
export function budgetChangeText(told: ToldBudgetChange): string {
  const { status, month, currency, changes, totals, rules = [], planId, applied, reason, confirmation } = told;
  return [
    `${HEADINGS[status]} for ${month}, in ${currency}:`,
    table<BudgetChange>(
      [
        { header: 'channel', cell: ({ channel, channelId }) => `${channel} (${channelId})` },
        { header: 'old', cell: ({ expected }) => (expected === null ? 'nothing planned' : formatUsd(expected)) },
        { header: 'new', cell: ({ planned }) => formatUsd(planned) },
        { header: 'change', cell: (change) => formatChange(changePercent(change), 2) },
      ],
      changes,
    ),
    ...(totals === undefined
      ? []
      : [
          `The month, all channels: ${formatUsd(totals.monthOld)} → ${formatUsd(totals.monthNew)}`,
          `All months of the campaign: ${formatUsd(totals.campaignOld)} → ${formatUsd(totals.campaignNew)}; its budget is ${formatUsd(totals.campaignBudget)}`,
        ]),
    ...(reason === undefined ? [] : [`Reason: ${reason}`]),
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

/** In percent of what was planned before; null where that is nothing. */
function changePercent({ expected, planned }: BudgetChange) {
  return expected === null ? null : ratio(decimal(planned).minus(expected).times(100), expected);
}
