import type { Day } from '../domain/calendar_day.ts';
import type { Deadline } from '../domain/deadline.ts';

/** A channel of a campaign in a month. Money is decimal text; null where nothing was ever planned. */
export type ChannelBudget = { readonly channelId: string; readonly name: string; readonly planned: string | null };

/** What PromptAds plans to spend, now. */
export type BudgetState = {
  readonly campaignId: string;
  readonly name: string;
  readonly status: string;
  /** Over the whole campaign. */
  readonly budget: string;
  readonly currency: string;
  /** All months and channels of the campaign together. */
  readonly plannedInAll: string;
  /** All channels of the campaign, in the order of their ids. */
  readonly channels: readonly ChannelBudget[];
};

/** A value of a plan: what a channel is to have in a month. Amounts are decimal text of 0 or more, in cents at the finest. */
export type BudgetRow = {
  readonly campaignId: string;
  readonly channelId: string;
  /** The month's first day. */
  readonly month: Day;
  /** The value the plan was made of; null: nothing was planned. */
  readonly expected: string | null;
  readonly planned: string;
};

/** The rules a plan has to keep, as PromptAds holds them. */
export const BUDGET_RULES = [
  /** The campaign is neither a draft nor completed. */
  'status',
  /** The plan's currency is the campaign's. */
  'currency',
  /** The month is not over. */
  'month_over',
  /** The campaign runs on some day of the month. */
  'running_dates',
  /** The channel belongs to the campaign. */
  'channel',
  /** What a channel has in a month. */
  'most_per_month',
  /** How far a channel's month moves, in percent of what it was. */
  'most_change',
  /** What part of the month's plan a channel has, 0 to 1. */
  'share',
  /** All months together against the campaign's budget. */
  'campaign_budget',
] as const;
export type BudgetRule = (typeof BUDGET_RULES)[number];

/**
 * What a rule says of a plan. `found` is what it judged, `fewest` and `most` are its limits, null where it has none on that side: dollars
 * ('most_per_month', 'campaign_budget'), percent ('most_change'), a part of 1 ('share'), a month's first day ('month_over', 'running_dates'), or a
 * word ('status', 'currency', 'channel'). What lay outside a limit already and moves towards it is kept (ok).
 */
export type RuleFinding = {
  readonly rule: BudgetRule;
  readonly campaignId: string;
  /** Null where the rule is not about one month, or one channel. */
  readonly month: Day | null;
  readonly channelId: string | null;
  readonly ok: boolean;
  readonly found: string | null;
  readonly fewest: string | null;
  readonly most: string | null;
};

/** What rules judge. */
export type AskedBudgets = {
  readonly rows: readonly BudgetRow[];
  readonly currency: string;
  /** In the business time zone: it decides which months are over. */
  readonly today: Day;
};

export type BudgetPlan = AskedBudgets & {
  /** Names the plan by what it is: the same id is the same plan. */
  readonly planId: string;
  readonly changedBy: string;
  readonly at: Date;
  readonly reason: string | undefined;
};

/** A value as a plan changed it; equal when it was asked for and was so already. */
export type AppliedRow = {
  readonly campaignId: string;
  readonly channelId: string;
  readonly month: Day;
  readonly old: string | null;
  readonly new: string;
  /** Its line in the change log; null when nothing changed. */
  readonly changeId: number | null;
};

export type ApplyOutcome =
  | {
      /** 'already_applied': nothing was done now; what is told is what the first time did. */
      readonly outcome: 'applied' | 'already_applied';
      readonly appliedAt: Date;
      readonly changedBy: string;
      readonly rows: readonly AppliedRow[];
    }
  | {
      readonly outcome: 'conflict';
      readonly conflicts: readonly (Pick<BudgetRow, 'campaignId' | 'channelId' | 'month' | 'expected'> & {
        readonly found: string | null;
      })[];
    }
  | { readonly outcome: 'refused'; readonly broken: readonly RuleFinding[] }
  | { readonly outcome: 'no_such_campaign'; readonly campaignIds: readonly string[] };

/**
 * PromptAds as ads_optimizer writes it: one call carries out a whole plan, in one transaction, or nothing of it. On SQL Server that is a
 * stored procedure that takes the rows as a table-valued parameter, on PostgreSQL a function that takes an array of a composite type; both check
 * the rules again behind the locks they write under, so nobody passes them by being fast.
 *
 * Errors: ToolError 'timeout' and 'unavailable'; what was asked may then have been done or not, and asking again with the same id tells.
 * RangeError for rows that are none: no row, the same key twice, an amount that is no decimal of cents, a month that is no first day.
 */
export interface AdsStore {
  /** What is planned for a month (its first day); undefined when there is no such campaign. */
  budgetState(campaignId: string, month: Day, deadline: Deadline): Promise<BudgetState | undefined>;
  /** What each rule says, changing nothing; in a fixed order. Rules that set no limit for the campaign are not told. */
  checkBudgets(asked: AskedBudgets, deadline: Deadline): Promise<readonly RuleFinding[]>;
  /**
   * Carries a plan out if every value is the expected one and no rule is broken; else changes nothing. Each changed value is a line of the
   * change log, and the plan is recorded with who, when and why.
   */
  applyBudgets(plan: BudgetPlan, deadline: Deadline): Promise<ApplyOutcome>;
  close(): Promise<void>;
}
