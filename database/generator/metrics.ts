import type { History } from './calendar.ts';
import { type Campaign, dayWeight } from './campaigns.ts';
import { CHANNELS } from './channels.ts';
import { CITIES, CITY_AUDIENCE, COUNTRIES } from './geography.ts';
import { randomStream } from './random.ts';

/** Daily figures of one campaign, by column; only the first `rows` of each are of it. Reused from campaign to campaign. */
export type MetricBlock = {
  rows: number;
  channel: Uint8Array;
  city: Uint8Array;
  day: Uint16Array;
  spendCents: Int32Array;
  impressions: Int32Array;
  clicks: Int32Array;
  engagements: Int32Array;
  conversions: Int32Array;
  /** Revenue in USD that the day's advertising is expected to bring in that city (channels.ts, revenue(s)). */
  expectedRevenue: Float64Array;
};

/** What a campaign planned: cents by channel (in its order) and month ('YYYY-MM-01'). They add up to its budget. */
export type PlannedMonth = { readonly channel: number; readonly month: string; readonly cents: number };

const TAU_DAYS = 30;
/** Price of a thousand impressions by month, January first: the last quarter is dear, January is cheap. */
const MEDIA_SEASON = [0, 0.84, 0.9, 0.95, 0.97, 1.0, 0.99, 1.0, 0.98, 1.0, 1.03, 1.22, 1.3] as const;

export function emptyMetricBlock(rows = 65_536): MetricBlock {
  return {
    rows: 0,
    channel: new Uint8Array(rows),
    city: new Uint8Array(rows),
    day: new Uint16Array(rows),
    spendCents: new Int32Array(rows),
    impressions: new Int32Array(rows),
    clicks: new Int32Array(rows),
    engagements: new Int32Array(rows),
    conversions: new Int32Array(rows),
    expectedRevenue: new Float64Array(rows),
  };
}

/**
 * Fills the block with a campaign's daily figures by channel and city, in that order, from its first day to the day before its
 * `factsEnd`.
 *
 * Spend: the budget's share of channel, city and day (month, weekday, learning phase) with log-normal noise. Impressions: spend over the price of
 * a thousand in the country and month. Clicks: impressions by the click rate, which falls as people tire. Conversions: clicks by
 * the conversion rate, which falls with spend as the response curve's average return does.
 */
export function fillMetricBlock(block: MetricBlock, seed: number, history: History, campaign: Campaign): void {
  const days = campaign.factsEnd - campaign.start;
  const needed = Math.max(0, days) * campaign.channels.length * campaign.cities.length;
  if (needed > block.day.length) Object.assign(block, emptyMetricBlock(needed));
  block.rows = 0;
  if (days <= 0) return;
  // A stream for each campaign: changing one leaves the others as they were.
  const random = randomStream(seed, `metrics ${campaign.campaignId}`);
  const weights = dayWeights(history, campaign);
  let row = 0;
  for (const [position, channelIndex] of campaign.channels.entries()) {
    const channel = CHANNELS[channelIndex] as (typeof CHANNELS)[number];
    const channelBudget = (campaign.budgetCents * (campaign.channelShares[position] as number)) / 10_000;
    const channelDays = channelDayShares(history, campaign, weights, channelIndex);
    // Some audiences like a campaign's pictures, on some channels: what makes one channel stand out in one campaign.
    const fit = random.logNormal(1, 0.22);
    for (const [cityPosition, cityIndex] of campaign.cities.entries()) {
      const country = COUNTRIES[CITIES[cityIndex]?.country ?? 0] as (typeof COUNTRIES)[number];
      const half = channel.halfSpend * (CITY_AUDIENCE[cityIndex] as number) * campaign.audienceFactor;
      const localTaste = random.logNormal(1, 0.2);
      const quality = campaign.quality * fit * localTaste;
      const cityBudget = channelBudget * (campaign.cityShares[cityPosition] as number);
      const price = channel.costPerThousand * country.mediaPrice * random.logNormal(1, 0.08);
      for (let i = 0; i < days; i++) {
        const day = campaign.start + i;
        const spendCents = Math.round(cityBudget * (channelDays[i] as number) * Math.exp(0.3 * random.normal() - 0.06));
        if (spendCents === 0) continue;
        const spend = spendCents / 100;
        const month = history.month[day] as number;
        const impressions = Math.max(
          1,
          Math.round((1000 * spend * Math.exp(0.1 * random.normal())) / (price * (MEDIA_SEASON[month] as number))),
        );
        const tired = 1 - channel.fatigue * 1.16 * (1 - Math.exp(-i / TAU_DAYS));
        const clickMean = impressions * channel.clickRate * campaign.creative * tired * Math.exp(0.12 * random.normal());
        const clicks = Math.min(impressions, random.poisson(clickMean));
        const engagements = Math.min(impressions, random.poisson(impressions * channel.engagementRate * campaign.creative * tired));
        // Everything below leans on the response curve: x = s / K, and its average return x^(h−1) / (1 + x^h).
        const power = (spend / half) ** channel.steepness;
        const demand = (weights[i] as number) * (channel.weekdays[history.weekday[day] as number] as number) * payday(history, day);
        const averageReturn = ((power * half) / spend / (1 + power)) * quality * demand;
        block.channel[row] = channelIndex;
        block.city[row] = cityIndex;
        block.day[row] = day;
        block.spendCents[row] = spendCents;
        block.impressions[row] = impressions;
        block.clicks[row] = clicks;
        block.engagements[row] = engagements;
        block.conversions[row] = Math.min(clicks, random.poisson(clicks * channel.conversionRate * averageReturn));
        block.expectedRevenue[row] = channel.roas * averageReturn * spend;
        row++;
      }
    }
  }
  block.rows = row;
}

/** The plan by channel and month, over the campaign's whole length: what pacing is measured against. */
export function plannedMonths(history: History, campaign: Campaign): readonly PlannedMonth[] {
  const weights = dayWeights(history, campaign);
  const planned: PlannedMonth[] = [];
  let budgetRest = campaign.budgetCents;
  for (const [position, channel] of campaign.channels.entries()) {
    const last = position === campaign.channels.length - 1;
    const channelCents = last ? budgetRest : Math.round((campaign.budgetCents * (campaign.channelShares[position] as number)) / 10_000);
    budgetRest -= channelCents;
    const shares = channelDayShares(history, campaign, weights, channel);
    const months = new Map<string, number>();
    for (let day = campaign.start; day <= campaign.end; day++) {
      const month = `${history.year[day]}-${String(history.month[day]).padStart(2, '0')}-01`;
      months.set(month, (months.get(month) ?? 0) + (shares[day - campaign.start] as number));
    }
    let rest = channelCents;
    const entries = [...months];
    for (const [index, [month, share]] of entries.entries()) {
      const cents = index === entries.length - 1 ? rest : Math.round(channelCents * share);
      rest -= cents;
      planned.push({ channel, month, cents });
    }
  }
  return planned;
}

/**
 * Different people who have seen a campaign on a channel, from its impressions by city: a city's people are reached as by throwing impressions
 * at random over those who use the channel, several to each as the weeks pass.
 */
export function reachOf(channelIndex: number, weeks: number, impressionsByCity: ReadonlyMap<number, number>): number {
  const channel = CHANNELS[channelIndex] as (typeof CHANNELS)[number];
  const frequency = channel.weeklyFrequency * Math.max(1, weeks) ** 0.55;
  let reach = 0;
  for (const [city, impressions] of impressionsByCity) {
    const users = (CITIES[city]?.population ?? 1) * 0.62;
    reach += users * (1 - Math.exp(-impressions / (frequency * users)));
  }
  return Math.round(reach);
}

/** Demand on each day of the campaign's whole length. */
function dayWeights(history: History, campaign: Campaign): Float64Array {
  return Float64Array.from({ length: campaign.end - campaign.start + 1 }, (_, i) => dayWeight(history, campaign, campaign.start + i));
}

/** The share of a channel's budget planned for each day; together 1. */
function channelDayShares(history: History, campaign: Campaign, weights: Float64Array, channelIndex: number): Float64Array {
  const weekdays = (CHANNELS[channelIndex] as (typeof CHANNELS)[number]).weekdays;
  let total = 0;
  const shares = weights.map((weight, i) => weight * (weekdays[history.weekday[campaign.start + i] as number] as number));
  for (const share of shares) total += share;
  return shares.map((share) => share / total);
}

/** Salaries are paid on the 15th and at the month's end; people buy on the days after. */
function payday(history: History, day: number): number {
  const date = history.dayOfMonth[day] as number;
  return date >= 30 || date <= 2 || (date >= 15 && date <= 17) ? 1.14 : 0.97;
}
