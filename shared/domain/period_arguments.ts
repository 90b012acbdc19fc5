import { z } from 'zod';

/**
 * The period arguments of every tool; spread them into its input. How they are read: resolvePeriod() in periods.ts. A null, which
 * hosts send for "not given", is dropped before these schemas see it; resolvePeriod() takes one too.
 */
export const PeriodArguments = {
  period: z
    .string()
    .trim()
    .max(200)
    .optional()
    .describe(
      'Period in words, English or Spanish, read in the business time zone; may end in a comparison. Examples: "last month", "el mes pasado", "Q3 2025", "2025-12", "last 30 days", "this month vs previous"',
    ),
  startDate: z.string().trim().max(60).optional().describe('First day, inclusive, instead of period; needs endDate. Example: "2025-11-01"'),
  endDate: z.string().trim().max(60).optional().describe('Last day, inclusive; needs startDate. Example: "2025-11-20"'),
};

/** Other names that models use for the period. */
export const PERIOD_ALIASES = {
  start_date: 'startDate',
  from: 'startDate',
  end_date: 'endDate',
  to: 'endDate',
  dateRange: 'period',
  date_range: 'period',
  timeframe: 'period',
  periodo: 'period',
} as const;

/** A campaign by name or id, as every tool takes it. How it is found: resolveCampaign() in entity_resolution.ts. */
export const CampaignRef = z
  .string()
  .trim()
  .min(1)
  .max(200)
  .describe(
    'Campaign name or id; accents and case do not matter, the client may follow the name. Examples: "Verano 2025", "CMP-VERANO-2025", "Navidad 2025 de Café Tarrazú"',
  );
