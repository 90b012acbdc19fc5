import { decimal, formatChange, formatPercent, formatUsd } from '../../../shared/domain/money.ts';
import { ToolError } from '../../../shared/domain/tool_error.ts';
import type { BudgetRule, BudgetState, RuleFinding } from '../../../shared/sources/ads_store.ts';

/** What a rule says of a plan, in words. */
export type RuleSaying = { readonly rule: BudgetRule; readonly says: string };

type Channels = Pick<BudgetState, 'channels'>;

/** The order in which rules are told: whether anything can be planned there, then each amount, then all together. */
const ORDER: readonly BudgetRule[] = [
  'status',
  'currency',
  'month_over',
  'running_dates',
  'channel',
  'most_per_month',
  'most_change',
  'share',
  'campaign_budget',
];
const inOrder = (findings: readonly RuleFinding[]): readonly RuleFinding[] =>
  findings.toSorted((one, other) => ORDER.indexOf(one.rule) - ORDER.indexOf(other.rule));

const percentOf = (share: string): string => formatPercent(decimal(share).times(100));
const monthOfDay = (day: string): string => day.slice(0, 7);

/** What each rule that a plan keeps says of it, one sentence a rule, with the figures that come nearest to its limits. */
export function rulesKept(findings: readonly RuleFinding[], { channels }: Channels): RuleSaying[] {
  const rules = [...new Set(inOrder(findings).map(({ rule }) => rule))];
  const nameOf = namesOf(channels);
  return rules.map((rule) => {
    const own = findings.filter((finding) => finding.rule === rule);
    return { rule, says: kept(own, nameOf) };
  });
}

function kept(findings: readonly RuleFinding[], nameOf: (channelId: string | null) => string): string {
  const [first] = findings;
  if (first === undefined) return '';
  const { rule, found, fewest, most } = first;
  const byFigure = (of: (figure: string) => string = (figure) => figure): readonly RuleFinding[] =>
    [...findings].sort((one, other) => decimal(of(one.found ?? '0')).comparedTo(of(other.found ?? '0')));
  switch (rule) {
    case 'status':
      return `The campaign is ${found}: neither a draft nor completed.`;
    case 'currency':
      return `The plan is in ${found}, as the campaign is.`;
    case 'month_over':
      return `${monthOfDay(found ?? '')} is not over.`;
    case 'running_dates':
      return `The campaign runs in that month: from ${monthOfDay(fewest ?? '')} to ${monthOfDay(most ?? '')}.`;
    case 'channel':
      return `Every channel belongs to the campaign: ${findings.map(({ channelId }) => nameOf(channelId)).join(', ')}.`;
    case 'most_per_month': {
      const highest = byFigure().at(-1) ?? first;
      return `At most ${formatUsd(most)} a channel and month; the highest here is ${formatUsd(highest.found)} (${nameOf(highest.channelId)})${outside(highest)}.`;
    }
    case 'most_change': {
      const largest = byFigure((figure) => figure.replace(/^-/, '')).at(-1) ?? first;
      return `At most ${formatPercent(most)} up or down a channel; the largest here is ${formatChange(largest.found, 2)} (${nameOf(largest.channelId)}).`;
    }
    case 'share': {
      const ordered = byFigure();
      const [least = first, greatest = first] = [ordered[0], ordered.at(-1)];
      return `${shareLimits(first)} of the month's plan a channel; here from ${percentOf(least.found ?? '0')} (${nameOf(least.channelId)}) to ${percentOf(greatest.found ?? '0')} (${nameOf(greatest.channelId)})${outside(greatest)}.`;
    }
    case 'campaign_budget':
      return most === null
        ? `All months together are ${formatUsd(found)}; the rules let the campaign exceed its budget.`
        : `All months together are ${formatUsd(found)}, of a budget of ${formatUsd(most)}${outside(first)}.`;
  }
}

/** Said where a figure is above its limit and kept all the same: it was so before, and does not get worse. */
function outside({ found, most }: RuleFinding): string {
  return found !== null && most !== null && decimal(found).gt(most) ? ', above that before and not further now' : '';
}

function shareLimits({ fewest, most }: Pick<RuleFinding, 'fewest' | 'most'>): string {
  return [...(fewest === null ? [] : [`At least ${percentOf(fewest)}`]), ...(most === null ? [] : [`at most ${percentOf(most)}`])]
    .join(' and ')
    .replace(/^a/, 'A');
}

/** The refusal of a plan: every rule it breaks, each with what would be right. `state` is what the plan was made of. */
export function brokenRules(broken: readonly RuleFinding[], state: Channels): ToolError {
  const said = inOrder(broken).map((finding) => `- ${brokenRule(finding, state)}`);
  return new ToolError('invalid_input', `Nothing was changed:\n${said.join('\n')}`, {
    remedy: 'Mend these, show the user what changed, and call again without a token.',
  });
}

function brokenRule({ rule, channelId, found, fewest, most }: RuleFinding, { channels }: Channels): string {
  const name = namesOf(channels)(channelId);
  switch (rule) {
    case 'status':
      return `The campaign is ${found}; budgets change while it is scheduled, active or paused.`;
    case 'currency':
      return `The plan is in ${found}, the campaign in ${most}: its amounts are given in ${most}, which this tool does not take.`;
    case 'month_over':
      return `${monthOfDay(found ?? '')} is over; plan ${monthOfDay(fewest ?? '')} or a later month.`;
    case 'running_dates':
      return `The campaign does not run in ${monthOfDay(found ?? '')}; plan a month from ${monthOfDay(fewest ?? '')} to ${monthOfDay(most ?? '')}.`;
    case 'channel':
      return `The campaign does not run on "${found}"; its channels: ${channels.map((one) => one.channelId).join(', ') || 'none'}.`;
    case 'most_per_month':
      return `${name} would have ${formatUsd(found)}; at most ${formatUsd(most)} a month.`;
    case 'most_change': {
      const was = channels.find((one) => one.channelId === channelId)?.planned ?? null;
      const limits = `${name} would change by ${formatChange(found, 2)}; at most ${formatPercent(most)} up or down in one plan`;
      return was === null || most === null ? `${limits}.` : `${limits}, so ${allowedAmounts(was, most)}.`;
    }
    case 'share':
      return `${name} would have ${percentOf(found ?? '0')} of the month's plan; ${shareLimits({ fewest, most }).toLowerCase()}${fewest === null ? '' : ', or nothing'}.`;
    case 'campaign_budget':
      return `All months together would be ${formatUsd(found)} of a budget of ${formatUsd(most)}; take off ${formatUsd(decimal(found ?? 0).minus(most ?? 0))}.`;
  }
}

/** Rounded inwards: an amount that is told as allowed is. */
function allowedAmounts(was: string, percent: string): string {
  const step = decimal(was).times(percent).div(100);
  const least = decimal(was).minus(step).times(100).ceil().div(100);
  const greatest = decimal(was).plus(step).times(100).floor().div(100);
  return `between ${formatUsd(least.isNegative() ? 0 : least)} and ${formatUsd(greatest)}`;
}

function namesOf(channels: BudgetState['channels']): (channelId: string | null) => string {
  const names = new Map(channels.map(({ channelId, name }) => [channelId, name]));
  return (channelId) => names.get(channelId ?? '') ?? channelId ?? '';
}
