import type { LeadStays, LeadTotals } from '../repo/leads.ts';
import { ofSteps } from './lead_funnel_steps.ts';

/** The totals of no leads. */
export const NO_LEADS: LeadTotals = {
  leads: 0,
  customers: 0,
  contacted: 0,
  qualified: 0,
  proposal: 0,
  won: 0,
  lost: 0,
  openValue: '0',
  wonValue: '0',
  medianDaysToContact: null,
  medianDaysToWin: null,
  p90DaysToWin: null,
};

/** What no leads stayed. */
export const NO_STAYS: LeadStays = ofSteps(() => ({ left: 0, stillThere: 0, median: null, p90: null }));
