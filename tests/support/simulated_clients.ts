import { historyBefore } from '../../database/generator/calendar.ts';
import { generateCampaigns } from '../../database/generator/campaigns.ts';
import { CHANNELS } from '../../database/generator/channels.ts';
import { generateClients } from '../../database/generator/clients.ts';
import { CITY_AUDIENCE } from '../../database/generator/geography.ts';
import { emptyMetricBlock, fillMetricBlock } from '../../database/generator/metrics.ts';
import { randomStream } from '../../database/generator/random.ts';
import { SCALES } from '../../database/generator/scales.ts';
import type { DeliverySeries } from '../../mcp-servers/ads_optimizer/service/elasticity.ts';
import type { ResponseSeries } from '../../mcp-servers/ads_optimizer/service/response_prior.ts';

const WINDOW_DAYS = 104;
const TODAY = '2026-11-21';

/** A campaign as the hub would show it, and how it truly responds. */
export type SimulatedCampaign = {
  readonly campaignId: string;
  readonly client: number;
  /** Days of the window with facts. */
  readonly days: number;
  readonly series: readonly ResponseSeries[];
  readonly delivery: readonly DeliverySeries[];
  /** Expected revenue of a day of usual demand when so much is spent on the channel, split over cities as it was. */
  readonly truth: (channelId: string, spend: number) => number;
};

export type SimulatedCompany = { readonly weekday: number; readonly campaigns: readonly SimulatedCampaign[] };

/**
 * The campaigns that run on the reference date, by the generator's own response curves (database/generator/channels.ts); orders are drawn from
 * the expected revenue as in journeys.ts: Poisson in number, log-normal in size, 1.3 days late on average.
 */
export function simulateCompany(seed: number): SimulatedCompany {
  const history = historyBefore(TODAY);
  const plan = SCALES.full;
  const clients = generateClients(seed, plan.clients);
  const first = history.today - WINDOW_DAYS;
  const block = emptyMetricBlock();
  const campaigns: SimulatedCampaign[] = [];
  for (const campaign of generateCampaigns(seed, history, clients, plan.campaigns)) {
    if (campaign.status !== 'active' || campaign.factsEnd !== history.today || history.today - campaign.start < 10) continue;
    fillMetricBlock(block, seed, history, campaign);
    const random = randomStream(seed, `simulated orders ${campaign.campaignId}`);
    const perOrder = (clients[campaign.client]?.basket ?? 50) * 1.34;
    const byPlace = new Map<string, DeliverySeries>();
    const byChannel = new Map<string, ResponseSeries>();
    const truths = new Map<string, Place[]>();
    const quality = new Map<string, { sum: number; count: number }>();
    const empty = (): Float64Array => new Float64Array(WINDOW_DAYS);
    for (let row = 0; row < block.rows; row++) {
      const channel = CHANNELS[block.channel[row]!]!;
      const city = block.city[row]!;
      const day = block.day[row]! - first;
      const spend = block.spendCents[row]! / 100;
      const half = channel.halfSpend * CITY_AUDIENCE[city]! * campaign.audienceFactor;
      if (day >= 0) {
        const placeKey = `${channel.channelId} ${city}`;
        const place = byPlace.get(placeKey) ?? {
          campaignId: campaign.campaignId,
          channelId: channel.channelId,
          place: String(city),
          spend: empty(),
          conversions: empty(),
        };
        byPlace.set(placeKey, place);
        place.spend[day] = spend;
        place.conversions[day] = block.conversions[row]!;
        const whole = byChannel.get(channel.channelId) ?? {
          campaignId: campaign.campaignId,
          channelId: channel.channelId,
          place: '',
          spend: empty(),
          conversions: empty(),
          revenue: empty(),
          orders: empty(),
          places: campaign.cities.length,
        };
        byChannel.set(channel.channelId, whole);
        whole.spend[day]! += spend;
        whole.conversions[day]! += block.conversions[row]!;
        // What the curve does not explain: quality, taste and the day's demand.
        const power = (spend / half) ** channel.steepness;
        const seen = quality.get(placeKey) ?? { sum: 0, count: 0 };
        seen.sum += block.expectedRevenue[row]! / ((channel.roas * half * power) / (1 + power));
        seen.count++;
        quality.set(placeKey, seen);
        if (seen.count === 1) {
          const places = truths.get(channel.channelId) ?? [];
          places.push({ placeKey, half, share: campaign.cityShares[campaign.cities.indexOf(city)]! });
          truths.set(channel.channelId, places);
        }
      }
      for (let sales = random.poisson(block.expectedRevenue[row]! / perOrder); sales > 0; sales--) {
        const late = day + Math.floor((random.unit() * 86_400 + 300 + random.exponential(1.3 * 86_400)) / 86_400);
        const whole = byChannel.get(channel.channelId);
        const size = (random.logNormal(1, 0.55) * random.logNormal(1, 0.55) * perOrder) / 1.353;
        if (late < 0 || late >= WINDOW_DAYS || whole === undefined || !random.chance(0.95)) continue;
        whole.revenue[late]! += size / 0.95;
        whole.orders[late]! += 1;
      }
    }
    if (byChannel.size === 0) continue;
    campaigns.push({
      campaignId: campaign.campaignId,
      client: campaign.client,
      days: Math.min(WINDOW_DAYS, history.today - campaign.start),
      series: [...byChannel.values()],
      delivery: [...byPlace.values()],
      truth: (channelId, spend) => {
        const channel = CHANNELS.find((one) => one.channelId === channelId)!;
        return (truths.get(channelId) ?? []).reduce((sum, { placeKey, half, share }) => {
          const { sum: qualities, count } = quality.get(placeKey)!;
          const power = ((spend * share) / half) ** channel.steepness;
          return sum + (channel.roas * half * (qualities / count) * power) / (1 + power);
        }, 0);
      },
    });
  }
  return { weekday: history.weekday[first]!, campaigns };
}

type Place = { readonly placeKey: string; readonly half: number; readonly share: number };
