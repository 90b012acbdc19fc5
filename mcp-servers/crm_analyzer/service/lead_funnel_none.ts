import type { FunnelCounts, StepTimes } from '../repo/leads.ts';
import { ofSteps } from './lead_funnel_steps.ts';

/** The funnel of no leads. */
export const NO_FUNNEL: FunnelCounts = {
  leads: 0,
  customers: 0,
  won: 0,
  lost: 0,
  steps: ofSteps(() => ({
    entered: 0,
    followed: 0,
    followedCustomers: 0,
    moved: 0,
    lost: 0,
    late: 0,
    waiting: 0,
  })),
};

/** The times of no leads. */
export const NO_TIMES: StepTimes = ofSteps(() => ({ moves: 0, median: null, p90: null }));
