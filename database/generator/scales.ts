import type { CampaignPlan } from './campaigns.ts';
import type { JourneyPlan } from './journeys.ts';
import type { LeadPlan } from './leads.ts';

/** Raised with every change of the data that a seed and a date give. */
export const GENERATOR_VERSION = 2;

export type Scale = 'full' | 'small';

/** How much of everything. What is drawn from chance (metric rows, orders, touches) comes out within a few percent of the remark. */
export type ScalePlan = {
  readonly clients: number;
  readonly customers: number;
  readonly campaigns: CampaignPlan;
  readonly journeys: JourneyPlan;
  readonly leads: LeadPlan;
  readonly interactions: number;
  readonly experiments: number;
};

export const SCALES: Readonly<Record<Scale, ScalePlan>> = {
  // 0.95 million metric rows, 0.3 million orders, 0.6 million touches.
  full: {
    clients: 200,
    customers: 500_000,
    campaigns: { count: 1000, cities: 4.1, budget: 2750, flagships: { count: 99, channels: 6, cities: [18, 24] } },
    journeys: { organicOrders: 112_000, idleTouches: 0.045 },
    leads: { perClick: 0.16, perSale: 0.18, organic: 62_000 },
    interactions: 100_000,
    experiments: 60,
  },
  // 20,000 metric rows, 4,000 orders: for tests.
  small: {
    clients: 12,
    customers: 3000,
    campaigns: { count: 60, cities: 1.3, budget: 800, flagships: { count: 4, channels: 4, cities: [3, 4] } },
    journeys: { organicOrders: 1500, idleTouches: 0.05 },
    leads: { perClick: 0.16, perSale: 0.18, organic: 500 },
    interactions: 900,
    experiments: 8,
  },
};
