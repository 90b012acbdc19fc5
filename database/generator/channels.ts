export type ChannelKind = 'social' | 'search' | 'display' | 'video' | 'messaging' | 'email';

/**
 * A channel and how advertising behaves on it.
 *
 * Sales follow spend by a Hill curve. With s the day's spend in one city in USD, A the city's audience
 * (CITY_AUDIENCE in geography.ts) and K = `halfSpend` · A · the campaign's audience factor, the expected attributed revenue of the day is
 *
 *     revenue(s) = roas · q · K · (s/K)^h / (1 + (s/K)^h)        h = `steepness` ≤ 1
 *
 * where q is the campaign's own quality times the day's demand. It is concave everywhere: the first dollar brings about `roas` dollars at
 * h = 1, and at s = K half of the most that the day could bring is reached.
 */
export type Channel = {
  readonly channelId: string;
  readonly name: string;
  readonly kind: ChannelKind;
  /** Revenue for a dollar where spend is small. */
  readonly roas: number;
  /** K above, USD a day in a city of 100,000. */
  readonly halfSpend: number;
  readonly steepness: number;
  /** USD for a thousand impressions in Costa Rica. */
  readonly costPerThousand: number;
  readonly clickRate: number;
  /** Reactions, comments, shares and saves for an impression. */
  readonly engagementRate: number;
  /** What the platform counts as a conversion, for a click, where spend is small. */
  readonly conversionRate: number;
  /** How fast people tire: share of the click rate lost after 60 days. */
  readonly fatigue: number;
  /** How often the people reached see the campaign in a week. */
  readonly weeklyFrequency: number;
  /** Demand by weekday, Monday first; mean 1. */
  readonly weekdays: readonly [number, number, number, number, number, number, number];
  /** What a marketer gives it of a budget, where it is used, against the others. */
  readonly budgetWeight: number;
  /** How often campaigns choose the channel. */
  readonly popularity: number;
  /** Share of touches that are clicks. */
  readonly clickTouches: number;
  /** How lead sources name it. */
  readonly leadSource: 'paid_social' | 'paid_search' | 'display' | 'email';
};

/**
 * The channels that campaigns run on, ordered by id (rows written in this order arrive in the order of their keys). They differ strongly,
 * so that a question such as "which channel" has an answer.
 */
export const CHANNELS: readonly Channel[] = [
  {
    channelId: 'email',
    name: 'Correo electrónico',
    kind: 'email',
    roas: 7.6,
    halfSpend: 1.6,
    steepness: 0.86,
    costPerThousand: 7.5,
    clickRate: 0.022,
    engagementRate: 0.002,
    conversionRate: 0.038,
    fatigue: 0.25,
    weeklyFrequency: 1.2,
    weekdays: [1.1, 1.22, 1.18, 1.12, 1.02, 0.68, 0.68],
    budgetWeight: 0.22,
    popularity: 0.45,
    clickTouches: 0.7,
    leadSource: 'email',
  },
  {
    channelId: 'facebook',
    name: 'Facebook',
    kind: 'social',
    roas: 3.6,
    halfSpend: 11,
    steepness: 0.92,
    costPerThousand: 3.1,
    clickRate: 0.0118,
    engagementRate: 0.019,
    conversionRate: 0.028,
    fatigue: 0.33,
    weeklyFrequency: 2.9,
    weekdays: [0.95, 0.96, 1, 1.03, 1.05, 1.02, 0.99],
    budgetWeight: 1.35,
    popularity: 0.83,
    clickTouches: 0.55,
    leadSource: 'paid_social',
  },
  {
    channelId: 'google_display',
    name: 'Google Display',
    kind: 'display',
    roas: 1.6,
    halfSpend: 13,
    steepness: 0.94,
    costPerThousand: 1.3,
    clickRate: 0.0041,
    engagementRate: 0.0004,
    conversionRate: 0.013,
    fatigue: 0.38,
    weeklyFrequency: 3.6,
    weekdays: [1.03, 1.03, 1.02, 1.01, 1, 0.96, 0.95],
    budgetWeight: 0.7,
    popularity: 0.36,
    clickTouches: 0.24,
    leadSource: 'display',
  },
  {
    channelId: 'google_search',
    name: 'Google Search',
    kind: 'search',
    roas: 5.9,
    halfSpend: 5.5,
    steepness: 0.88,
    costPerThousand: 21,
    clickRate: 0.052,
    engagementRate: 0.001,
    conversionRate: 0.052,
    fatigue: 0.05,
    weeklyFrequency: 1.3,
    weekdays: [1.1, 1.09, 1.07, 1.04, 0.98, 0.86, 0.86],
    budgetWeight: 1.25,
    popularity: 0.62,
    clickTouches: 0.94,
    leadSource: 'paid_search',
  },
  {
    channelId: 'instagram',
    name: 'Instagram',
    kind: 'social',
    roas: 4.2,
    halfSpend: 9,
    steepness: 0.95,
    costPerThousand: 3.9,
    clickRate: 0.0105,
    engagementRate: 0.034,
    conversionRate: 0.031,
    fatigue: 0.28,
    weeklyFrequency: 2.6,
    weekdays: [0.93, 0.94, 0.98, 1.03, 1.07, 1.05, 1],
    budgetWeight: 1.3,
    popularity: 0.86,
    clickTouches: 0.52,
    leadSource: 'paid_social',
  },
  {
    channelId: 'linkedin',
    name: 'LinkedIn',
    kind: 'social',
    roas: 2.1,
    halfSpend: 8,
    steepness: 0.93,
    costPerThousand: 24,
    clickRate: 0.0058,
    engagementRate: 0.006,
    conversionRate: 0.044,
    fatigue: 0.22,
    weeklyFrequency: 1.4,
    weekdays: [1.2, 1.24, 1.24, 1.18, 1.02, 0.55, 0.57],
    budgetWeight: 0.8,
    popularity: 0.17,
    clickTouches: 0.6,
    leadSource: 'paid_social',
  },
  {
    channelId: 'tiktok',
    name: 'TikTok',
    kind: 'video',
    roas: 3.1,
    halfSpend: 7.5,
    steepness: 0.97,
    costPerThousand: 2.3,
    clickRate: 0.0078,
    engagementRate: 0.058,
    conversionRate: 0.019,
    fatigue: 0.46,
    weeklyFrequency: 2.2,
    weekdays: [0.9, 0.91, 0.95, 1, 1.08, 1.12, 1.04],
    budgetWeight: 0.8,
    popularity: 0.5,
    clickTouches: 0.38,
    leadSource: 'paid_social',
  },
  {
    channelId: 'whatsapp',
    name: 'WhatsApp',
    kind: 'messaging',
    roas: 6.4,
    halfSpend: 3,
    steepness: 0.9,
    costPerThousand: 32,
    clickRate: 0.085,
    engagementRate: 0.024,
    conversionRate: 0.047,
    fatigue: 0.3,
    weeklyFrequency: 1.1,
    weekdays: [1.06, 1.04, 1.03, 1.04, 1.06, 0.93, 0.84],
    budgetWeight: 0.42,
    popularity: 0.34,
    clickTouches: 0.82,
    leadSource: 'paid_social',
  },
  {
    channelId: 'youtube',
    name: 'YouTube',
    kind: 'video',
    roas: 2.4,
    halfSpend: 12,
    steepness: 0.96,
    costPerThousand: 5.6,
    clickRate: 0.0052,
    engagementRate: 0.011,
    conversionRate: 0.017,
    fatigue: 0.2,
    weeklyFrequency: 1.8,
    weekdays: [0.93, 0.92, 0.94, 0.98, 1.05, 1.1, 1.08],
    budgetWeight: 0.9,
    popularity: 0.38,
    clickTouches: 0.27,
    leadSource: 'paid_social',
  },
];
