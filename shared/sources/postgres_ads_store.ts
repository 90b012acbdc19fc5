import { z } from 'zod';
import { openPostgres } from '../db/postgres_database.ts';
import { type AdsStore, type ApplyOutcome, BUDGET_RULES, type BudgetRow } from './ads_store.ts';
import { AMOUNT, budgetRows, requireMonth } from './budget_rows.ts';
import { pastCrossings } from './crossing_writes.ts';
import { APPLY_BUDGETS, BUDGET_STATE, CHECK_BUDGETS } from './postgres_ads_store_sql.ts';

/**
 * PromptAds on PostgreSQL (database/postgresql/ads, with ads_optimizer.sql). Connects at first use; the login needs no more than the group
 * role promptsales_ads has.
 */
export async function openPostgresAdsStore(url: string): Promise<AdsStore> {
  const database = await openPostgres(url, { applicationName: 'promptsales ads', maxConnections: 8, statementTimeoutMs: 20_000 });
  return {
    async budgetState(campaignId, month, deadline) {
      const [state] = await database.rows(BUDGET_STATE, [campaignId, requireMonth(month)], (row) => StateRow.parse(row), deadline);
      return state;
    },
    checkBudgets: ({ rows, currency, today }, deadline) =>
      database.rows(CHECK_BUDGETS, [currency, today, ...columnsOf(rows)], (row) => Finding.parse(row), deadline),
    async applyBudgets({ planId, changedBy, reason, at, currency, today, rows }, deadline) {
      const values = [planId, changedBy, reason ?? null, at, currency, today, ...columnsOf(rows)];
      const apply = () => database.rows(APPLY_BUDGETS, values, ({ outcome }) => Outcome.parse(outcome), deadline);
      const [outcome] = await pastCrossings('PromptAds', apply);
      if (outcome === undefined) throw new Error('ads.apply_budget_plan() returned nothing');
      return outcome;
    },
    close: () => database.close(),
  };
}

const Money = z.string().regex(AMOUNT);

const StateRow = z.object({
  campaignId: z.string(),
  name: z.string(),
  status: z.string(),
  budget: Money,
  currency: z.string(),
  plannedInAll: z.string(),
  channels: z.array(z.object({ channelId: z.string(), name: z.string(), planned: Money.nullable() })),
});

const Finding = z.object({
  rule: z.enum(BUDGET_RULES),
  campaignId: z.string(),
  month: z.iso.date().nullable(),
  channelId: z.string().nullable(),
  ok: z.boolean(),
  found: z.string().nullable(),
  fewest: z.string().nullable(),
  most: z.string().nullable(),
});

const Key = { campaignId: z.string(), channelId: z.string(), month: z.iso.date() };
const Applied = {
  appliedAt: z.iso.datetime({ offset: true }).transform((text) => new Date(text)),
  changedBy: z.string(),
  rows: z.array(z.object({ ...Key, old: Money.nullable(), new: Money, changeId: z.int().nullable() })),
};
const Outcome: z.ZodType<ApplyOutcome> = z.discriminatedUnion('outcome', [
  z.object({ outcome: z.enum(['applied', 'already_applied']), ...Applied }),
  z.object({
    outcome: z.literal('conflict'),
    conflicts: z.array(z.object({ ...Key, expected: Money.nullable(), found: Money.nullable() })),
  }),
  z.object({ outcome: z.literal('refused'), broken: z.array(Finding) }),
  z.object({ outcome: z.literal('no_such_campaign'), campaignIds: z.array(z.string()) }),
]);

function columnsOf(rows: readonly BudgetRow[]): unknown[] {
  const checked = budgetRows(rows);
  return (['campaignId', 'channelId', 'month', 'expected', 'planned'] as const).map((column) => checked.map((row) => row[column]));
}
