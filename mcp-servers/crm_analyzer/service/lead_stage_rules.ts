import { ToolError } from '../../../shared/domain/tool_error.ts';
import type { LeadFinding, LeadRule } from '../../../shared/sources/crm_store.ts';

/** What a rule says of a plan, in words. */
export type RuleSaying = { readonly rule: LeadRule; readonly says: string };

const ORDER: readonly LeadRule[] = ['transition', 'time_order', 'not_future', 'reopening_note'];
const MOST_TOLD = 40;

/** What each rule that a plan keeps says of it, one sentence a rule. */
export function rulesKept(findings: readonly LeadFinding[]): RuleSaying[] {
  return ORDER.flatMap((rule) => {
    const own = findings.filter((finding) => finding.rule === rule);
    const [first] = own;
    return first === undefined ? [] : [{ rule, says: kept(first, own.length) }];
  });
}

function kept({ rule, timeLimit }: LeadFinding, leads: number): string {
  switch (rule) {
    case 'transition':
      return leads === 1 ? 'The lead may go there from its stage.' : `All ${leads} leads may go there from their stages.`;
    case 'time_order':
      return 'No step is before the last step of its lead.';
    case 'not_future':
      return `No step is after ${timeLimit?.toISOString()}.`;
    case 'reopening_note':
      return `What was lost is taken up again with a note (${leads}); the times of its former later stages are kept in the history only.`;
  }
}

/** The refusal of a plan: every rule it breaks, by lead, each with what would be right. */
export function brokenRules(broken: readonly LeadFinding[]): ToolError {
  const said = broken
    .toSorted((one, other) => one.leadId - other.leadId || ORDER.indexOf(one.rule) - ORDER.indexOf(other.rule))
    .map((finding) => `- Lead ${finding.leadId} ${brokenRule(finding)}`);
  return new ToolError('invalid_input', `Nothing was changed:\n${firstOf(said)}`, {
    remedy: 'Mend these, show the user what changed, and call again without a token.',
  });
}

/** The lines one below the other; what is beyond forty is counted. */
export function firstOf(told: readonly string[]): string {
  const more = told.length - MOST_TOLD;
  return [...told.slice(0, MOST_TOLD), ...(more > 0 ? [`- and ${more} more`] : [])].join('\n');
}

function brokenRule({ rule, old, new: stage, at, allowed, timeLimit }: LeadFinding): string {
  switch (rule) {
    case 'transition': {
      const ways = allowed ?? [];
      return `is ${old} and cannot become ${stage}; ${ways.length === 0 ? 'nothing comes after that' : `from there it goes to ${ways.join(' or ')}`}.`;
    }
    case 'time_order':
      return `would become ${stage} at ${at.toISOString()}, before its last step; give a time from ${timeLimit?.toISOString()} on.`;
    case 'not_future':
      return `would become ${stage} at ${at.toISOString()}, which is to come; now it is ${timeLimit?.toISOString()}.`;
    case 'reopening_note':
      return 'was lost; it is taken up again only with a note that says why.';
  }
}
