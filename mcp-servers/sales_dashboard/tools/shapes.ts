import { z } from 'zod';

/** A figure, or null: "no data", which is not zero. */
export const Figure = z.number().nullable();

/** 'no_data': nothing is known of the period, which is not the same as zero. */
export const DataStatus = z.enum(['data', 'no_data']);

/** A figure and what it was in the period compared with. */
export const MeasureOutput = z.object({
  metric: z.string(),
  unit: z.string(),
  value: Figure,
  previous: Figure,
  changePercent: Figure,
});

/** Figures over time, at most 31 points. */
export const TrendOutput = z.object({
  by: z.string(),
  points: z.array(z.object({ starts: z.string(), spend: Figure, clicks: Figure, orders: Figure, revenue: Figure })),
});

/** Other names that models use for the campaign. */
export const CAMPAIGN_ALIASES = {
  campaign: 'campaignName',
  campaignId: 'campaignName',
  campaign_name: 'campaignName',
  campaign_id: 'campaignName',
  name: 'campaignName',
  id: 'campaignName',
  campana: 'campaignName',
  campaña: 'campaignName',
} as const;
