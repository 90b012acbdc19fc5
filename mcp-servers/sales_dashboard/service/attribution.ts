import { addDays, type DayRange } from '../../../shared/domain/calendar_day.ts';
import type { Campaign } from '../../../shared/domain/campaign.ts';

/** PromptCRM credits an order to the last campaign its buyer saw or clicked within so many days before it. */
export const ATTRIBUTION_DAYS = 30;

export const ATTRIBUTION_TEXT = `Sales are credited to the last campaign the buyer saw or clicked within ${ATTRIBUTION_DAYS} days before the order. Revenue is of paid orders.`;

/** The days in which a campaign can bring anything: from its start to the last day on which a sale is still credited to it. */
export function lifetimeOf({ startDate, endDate }: Pick<Campaign, 'startDate' | 'endDate'>): DayRange {
  return { from: startDate, to: addDays(endDate, ATTRIBUTION_DAYS) };
}
