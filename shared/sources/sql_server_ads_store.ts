import { z } from 'zod';
import { openSqlServer } from '../db/sql_server_database.ts';
import type { ReadRow } from '../db/sql_server_types.ts';
import { type AdsStore, type AppliedRow, type ApplyOutcome, BUDGET_RULES, type BudgetRow, type RuleFinding } from './ads_store.ts';
import { budgetRows, requireMonth } from './budget_rows.ts';
import { APPLY_BUDGET_PLAN, CHECK_BUDGET_PLAN, READ_BUDGET_STATE } from './sql_server_ads_procedures.ts';

/**
 * PromptAds on SQL Server (database/sqlserver_ads), by its stored procedures. Connects at first use; the login needs no more than the role
 * promptsales_ads has. A plan that crossed another's way, or whose outcome was lost on the way back, is asked again under its id.
 */
export async function openSqlServerAdsStore(address: string): Promise<AdsStore> {
  const database = openSqlServer(address, { applicationName: 'promptsales ads', called: 'PromptAds', maxConnections: 8 });
  return {
    async budgetState(campaignId, month, deadline) {
      const results = await database.call(READ_BUDGET_STATE, { campaign_id: campaignId, month: requireMonth(month) }, deadline);
      const [campaign] = results.rows(0, 'campaign');
      if (campaign === undefined) return undefined;
      const channels = results.rows(1, 'channel').map(({ channel_id: channelId, name, planned }) => ({ channelId, name, planned }));
      const { campaign_id, planned_in_all: plannedInAll, name, status, budget, currency } = campaign;
      return { campaignId: campaign_id, name, status, budget, currency, plannedInAll, channels };
    },
    async checkBudgets({ rows, currency, today }, deadline) {
      const results = await database.call(CHECK_BUDGET_PLAN, { currency, today, changes: changesOf(rows) }, deadline);
      return results.rows(0, 'finding').map(findingOf);
    },
    async applyBudgets({ planId, changedBy, reason, at, currency, today, rows }, deadline): Promise<ApplyOutcome> {
      const results = await database.call(
        APPLY_BUDGET_PLAN,
        { plan_id: planId, changed_by: changedBy, reason: reason ?? null, applied_at: at, currency, today, changes: changesOf(rows) },
        deadline,
      );
      const [plan] = results.rows(0, 'plan');
      const outcome = Outcome.parse(plan?.outcome);
      switch (outcome) {
        case 'applied':
        case 'already_applied': {
          const { applied_at: appliedAt = null, changed_by: by = null } = plan ?? {};
          if (appliedAt === null || by === null) throw new TypeError(`${APPLY_BUDGET_PLAN.name} did not tell when and by whom`);
          return { outcome, appliedAt, changedBy: by, rows: results.rows(1, 'applied').map(appliedOf) };
        }
        case 'conflict': {
          const conflicts = results.rows(1, 'conflict').map((row) => ({ ...keyOf(row), expected: row.expected, found: row.found }));
          return { outcome, conflicts };
        }
        case 'refused':
          return { outcome, broken: results.rows(1, 'refused').map(findingOf) };
        case 'no_such_campaign':
          return { outcome, campaignIds: results.rows(1, 'no_such_campaign').map((row) => row.campaign_id) };
      }
    },
    close: () => database.close(),
  };
}

const Outcome = z.enum(['applied', 'already_applied', 'conflict', 'refused', 'no_such_campaign']);
const Rule = z.enum(BUDGET_RULES);
const ChangeId = z.coerce.number<string>().int();

function changesOf(rows: readonly BudgetRow[]) {
  return budgetRows(rows).map(({ campaignId, channelId, month, expected, planned }) => ({
    campaign_id: campaignId,
    channel_id: channelId,
    month,
    expected,
    planned,
  }));
}

function keyOf(row: { readonly campaign_id: string; readonly channel_id: string; readonly month: string }) {
  return { campaignId: row.campaign_id, channelId: row.channel_id, month: row.month };
}

function appliedOf(row: ReadRow<(typeof APPLY_BUDGET_PLAN)['results']['applied']>): AppliedRow {
  return {
    ...keyOf(row),
    old: row.old_planned,
    new: row.new_planned,
    changeId: row.change_id === null ? null : ChangeId.parse(row.change_id),
  };
}

function findingOf(row: ReadRow<(typeof CHECK_BUDGET_PLAN)['results']['finding']>): RuleFinding {
  const { campaign_id: campaignId, month, channel_id: channelId, ok, found, fewest, most } = row;
  return { rule: Rule.parse(row.rule), campaignId, month, channelId, ok, found, fewest, most };
}
