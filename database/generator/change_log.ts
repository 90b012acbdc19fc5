import { type History, historySecond, instant } from './calendar.ts';
import type { Campaign } from './campaigns.ts';
import type { Ad, AdSet } from './publications.ts';
import { randomStream } from './random.ts';

export type Change = {
  /** Index of the campaign. */
  readonly campaign: number;
  readonly entity: 'campaign' | 'ad_set' | 'ad' | 'budget';
  readonly entityId: string;
  readonly field: string;
  readonly oldValue: string | null;
  readonly newValue: string;
  readonly changedBy: string;
  /** Second of the history; may lie before it. */
  readonly second: number;
};

const PEOPLE = ['ana.mora', 'luis.solano', 'gabriela.rojas', 'diego.araya', 'sofia.quesada', 'carlos.vargas', 'valeria.jimenez'] as const;

/** Who changed what in PromptAds, in order of time: change i has the id i + 1. */
export function generateChangeLog(
  seed: number,
  history: History,
  campaigns: readonly Campaign[],
  adSets: readonly AdSet[],
  ads: readonly Ad[],
): readonly Change[] {
  const random = randomStream(seed, 'change log');
  const changes: Change[] = [];
  const setsOf: AdSet[][] = campaigns.map(() => []);
  const adsOf: Ad[][] = campaigns.map(() => []);
  for (const adSet of adSets) setsOf[adSet.campaign]?.push(adSet);
  for (const ad of ads) adsOf[(adSets[ad.adSet] as AdSet).campaign]?.push(ad);
  const zero = instant(history, 0, 0);
  for (const [index, campaign] of campaigns.entries()) {
    const created = Math.floor((campaign.createdAt - zero) / 1000);
    const log = (
      second: number,
      entity: Change['entity'],
      entityId: string,
      field: string,
      oldValue: string | null,
      newValue: string,
    ): void => {
      changes.push({
        campaign: index,
        entity,
        entityId,
        field,
        oldValue,
        newValue,
        changedBy: `${random.pick(PEOPLE)}@promptsales.example`,
        second,
      });
    };
    log(created, 'campaign', campaign.campaignId, 'status', null, 'draft');
    if (campaign.status === 'draft') continue;
    log(created + random.between(3600, 86_400), 'campaign', campaign.campaignId, 'status', 'draft', 'scheduled');
    if (campaign.factsEnd <= campaign.start) continue;
    log(historySecond(campaign.start, random.between(0, 7200)), 'campaign', campaign.campaignId, 'status', 'scheduled', 'active');
    const duringRun = () =>
      historySecond(campaign.start + random.below(campaign.factsEnd - campaign.start), random.between(28_800, 64_800));
    for (let i = random.poisson(1.6); i > 0; i--) {
      const before = campaign.budgetCents / 100;
      log(
        duringRun(),
        'budget',
        campaign.campaignId,
        'daily_limit',
        (before / 20).toFixed(2),
        ((before / 20) * random.pick([0.8, 0.9, 1.1, 1.2, 1.25])).toFixed(2),
      );
    }
    for (const adSet of setsOf[index] ?? []) {
      if (!random.chance(0.3)) continue;
      log(duringRun(), 'ad_set', adSet.adSetId, 'bid_strategy', random.pick(['lowest_cost', 'cost_cap'] as const), adSet.bidStrategy);
    }
    for (const ad of adsOf[index] ?? []) {
      if (ad.status === 'paused' && campaign.status === 'active')
        log(Math.max(ad.published + 3600, duringRun()), 'ad', ad.adId, 'status', 'active', 'paused');
    }
    if (campaign.status === 'paused')
      log(historySecond(campaign.factsEnd, 0) - random.between(600, 7200), 'campaign', campaign.campaignId, 'status', 'active', 'paused');
    if (campaign.status === 'completed')
      log(historySecond(campaign.end, 86_399), 'campaign', campaign.campaignId, 'status', 'active', 'completed');
  }
  const now = historySecond(history.today, 0);
  return changes.filter((change) => change.second < now).sort((one, other) => one.second - other.second || one.campaign - other.campaign);
}
