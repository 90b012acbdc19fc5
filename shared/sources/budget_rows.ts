import { isDay, startOfMonth } from '../domain/calendar_day.ts';
import type { BudgetRow } from './ads_store.ts';

/** An amount of money as text: at most cents. */
export const AMOUNT = /^\d{1,12}(\.\d{1,2})?$/;

/**
 * The rows of a plan. Checked before they are sent: a cast would round what is finer than cents before the database could see it. Throws
 * RangeError for none: no row, the same key twice, an amount that is no decimal of cents, a month that is no first day.
 */
export function budgetRows(rows: readonly BudgetRow[]): readonly BudgetRow[] {
  const keys = new Set(rows.map(({ campaignId, channelId, month }) => JSON.stringify([campaignId, channelId, requireMonth(month)])));
  if (rows.length === 0 || keys.size < rows.length) throw new RangeError('a plan has at least one row, and no key twice');
  const amounts = rows.flatMap(({ expected, planned }) => (expected === null ? [planned] : [expected, planned]));
  const wrong = amounts.find((amount) => !AMOUNT.test(amount));
  if (wrong !== undefined) throw new RangeError(`${wrong.slice(0, 40)} is no amount of money`);
  return rows;
}

export function requireMonth(month: string): string {
  if (!isDay(month) || startOfMonth(month) !== month) throw new RangeError(`${month.slice(0, 40)} is no first day of a month`);
  return month;
}
