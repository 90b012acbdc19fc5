import { historySecond } from './calendar.ts';
import type { Campaign } from './campaigns.ts';
import { CHANNELS } from './channels.ts';
import { CITIES, COUNTRIES } from './geography.ts';
import type { CampaignImages } from './images.ts';
import { INDUSTRIES } from './industries.ts';
import { randomStream } from './random.ts';

export type DeliveryStatus = 'active' | 'paused' | 'completed';

export type AdSet = {
  readonly adSetId: string;
  /** Indexes of campaign and channel. */
  readonly campaign: number;
  readonly channel: number;
  readonly name: string;
  readonly targeting: {
    readonly ageMin: number;
    readonly ageMax: number;
    readonly sex: 'any' | 'female' | 'male';
    readonly interests: readonly string[];
    readonly cities: readonly string[];
  };
  readonly bidStrategy: 'lowest_cost' | 'cost_cap' | 'bid_cap' | 'target_roas';
  /** Ten-thousandths of a USD (of ROAS 1 for target_roas); null when the platform decides. */
  readonly bid: number | null;
  readonly dailyBudgetCents: number;
  readonly status: DeliveryStatus;
};

export type Ad = {
  readonly adId: string;
  /** Index of its ad set. */
  readonly adSet: number;
  /** Index of its image. */
  readonly image: number;
  readonly headline: string;
  readonly status: DeliveryStatus;
  /** Second of the history. */
  readonly published: number;
};

const HEADLINES: readonly ((product: string, country: string) => string)[] = [
  (product) => `${capitalised(product)}: hasta 30 % menos`,
  (product) => `Llegó el momento de disfrutar ${product}`,
  (product) => `${capitalised(product)}, con envío a todo el país`,
  (product) => `Descubrí ${product} antes que nadie`,
  (product, country) => `Lo más pedido en ${country}: ${product}`,
  (product) => `Últimos días: ${product}`,
  (product) => `${capitalised(product)} para toda la familia`,
  (product) => `¿Ya viste ${product}?`,
  (product) => `${capitalised(product)} en cuotas sin intereses`,
  (product) => `Regalá ${product}`,
];

/** Ad sets by campaign and channel, and the ads in them; what never ran has ad sets but no ads. */
export function generatePublications(
  seed: number,
  campaigns: readonly Campaign[],
  campaignImages: CampaignImages,
): { readonly adSets: readonly AdSet[]; readonly ads: readonly Ad[] } {
  const random = randomStream(seed, 'publications');
  const adSets: AdSet[] = [];
  const ads: Ad[] = [];
  for (const [campaignIndex, campaign] of campaigns.entries()) {
    const days = campaign.end - campaign.start + 1;
    const runs = campaign.factsEnd > campaign.start;
    const ended: DeliveryStatus = campaign.status === 'completed' ? 'completed' : campaign.status === 'active' ? 'active' : 'paused';
    const products = INDUSTRIES[campaign.industry]?.products ?? [];
    for (const [position, channel] of campaign.channels.entries()) {
      const setCount = campaign.cities.length > 10 ? 2 : random.chance(0.35) ? 2 : 1;
      for (let part = 0; part < setCount; part++) {
        const cities = campaign.cities.filter((_, index) => index % setCount === part || campaign.cities.length < setCount);
        const bidStrategy = random.pick(['lowest_cost', 'lowest_cost', 'cost_cap', 'bid_cap', 'target_roas'] as const);
        const adSet = adSets.length;
        const { ageMin, ageMax, sex, interests } = campaign.target;
        adSets.push({
          adSetId: `SET-${String(adSet + 1).padStart(5, '0')}`,
          campaign: campaignIndex,
          channel,
          name: `${CHANNELS[channel]?.name} · ${sex === 'any' ? 'todos' : sex === 'female' ? 'mujeres' : 'hombres'} ${ageMin}–${ageMax}${setCount > 1 ? ` · zona ${part + 1}` : ''}`,
          targeting: { ageMin, ageMax, sex, interests, cities: cities.map((city) => CITIES[city]?.name ?? '') },
          bidStrategy,
          bid: bidStrategy === 'lowest_cost' ? null : Math.round(10_000 * random.logNormal(bidStrategy === 'target_roas' ? 2.6 : 0.9, 0.4)),
          dailyBudgetCents: Math.max(
            100,
            Math.round((campaign.budgetCents * (campaign.channelShares[position] ?? 0)) / 10_000 / setCount / days),
          ),
          status: ended === 'active' && random.chance(0.08) ? 'paused' : ended,
        });
        if (!runs) continue;
        const images = campaignImages[campaignIndex] ?? [];
        for (let ad = random.between(1, 3); ad > 0; ad--) {
          // Most are published on the first day, some as the campaign goes.
          const day =
            campaign.start + (random.chance(0.7) ? 0 : random.below(Math.max(1, Math.floor((campaign.factsEnd - campaign.start) * 0.7))));
          const country = COUNTRIES[campaign.countries[0] ?? 0]?.name ?? '';
          ads.push({
            adId: `AD-${String(ads.length + 1).padStart(6, '0')}`,
            adSet,
            image: random.pick(images),
            headline: random.pick(HEADLINES)(random.pick(products), country),
            status: ended === 'active' && random.chance(0.12) ? 'paused' : ended,
            published: historySecond(day, random.between(21_600, 64_800)),
          });
        }
      }
    }
  }
  return { adSets, ads };
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
