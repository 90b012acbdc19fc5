import { deadlineIn } from '../../shared/domain/deadline.ts';
import { sum } from '../../shared/domain/money.ts';
import type { AdsStore, ApplyOutcome, BudgetRow } from '../../shared/sources/ads_store.ts';
import type { Move } from './budget_transfers.ts';
import { CAMPAIGN, type LabWorld, MONTH } from './lab_world.ts';

const PATIENCE_MS = 20_000;

/** The moves as the rows of a budget plan, made of what is planned now. */
export async function rowsOf(store: AdsStore, moves: readonly Move[]): Promise<readonly BudgetRow[]> {
  const state = await store.budgetState(CAMPAIGN, MONTH, deadlineIn(PATIENCE_MS));
  return moves.map(({ channel, by }) => {
    const expected = state?.channels.find(({ channelId }) => channelId === channel)?.planned ?? '0.00';
    return { campaignId: CAMPAIGN, channelId: channel, month: MONTH, expected, planned: sum([expected, by]).toFixed(2) };
  });
}

/** Has PromptAds carry the rows out; how that ended. */
export async function applyRows(store: AdsStore, planId: string, rows: readonly BudgetRow[]): Promise<ApplyOutcome['outcome']> {
  const at = new Date('2026-02-01T12:00:00Z');
  const { outcome } = await store.applyBudgets(
    { planId, changedBy: 'laboratory', reason: undefined, at, currency: 'USD', today: MONTH, rows },
    deadlineIn(PATIENCE_MS),
  );
  return outcome;
}

/** One of the world's servers. */
export function storeOf({ adsStores }: LabWorld, index: number): AdsStore {
  const store = adsStores[index];
  if (store === undefined) throw new RangeError(`there is no store ${index}`);
  return store;
}
