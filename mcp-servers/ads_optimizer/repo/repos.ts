import { type PlanSigner, planSigner } from '../../../shared/access/plan_token.ts';
import type { Settings } from '../../../shared/config/settings.ts';
import type { SqlDatabase } from '../../../shared/db/sql_database.ts';
import type { EntityLookup } from '../../../shared/domain/entity_resolution.ts';
import { type Campaigns, openCampaigns } from '../../../shared/hub/campaigns.ts';
import { type Client, openClients } from '../../../shared/hub/clients.ts';
import { type DataVersion, openDataVersion } from '../../../shared/hub/data_version.ts';
import type { AdsStore } from '../../../shared/sources/ads_store.ts';
import { type AdDays, openAdDays } from './ad_days.ts';
import { type BudgetPlans, openBudgetPlans } from './budget_plans.ts';
import { type ChannelResponse, openChannelResponse } from './channel_response.ts';
import { type Experiments, openExperiments } from './experiments.ts';
import { openAds } from './open_ads.ts';
import { openTouchPaths, type TouchPaths } from './touch_paths.ts';

/** What the ads optimizer's tools read and write, one part a subject. */
export type AdsOptimizerRepos = {
  readonly campaigns: Campaigns;
  readonly clients: EntityLookup<Client>;
  readonly dataVersion: DataVersion;
  readonly adDays: AdDays;
  readonly budgetPlans: BudgetPlans;
  readonly response: ChannelResponse;
  readonly experiments: Experiments;
  readonly touchPaths: TouchPaths;
  /** PromptAds, opened at first use. Throws ToolError 'unavailable' where its address is not set. */
  readonly ads: () => Promise<AdsStore>;
  /** Signs plans that await a confirmation. */
  readonly plans: PlanSigner;
};

/** The repos over the hub, and the way into PromptAds. Reads nothing yet. */
export function openRepos(hub: SqlDatabase, settings: Settings): AdsOptimizerRepos {
  return {
    campaigns: openCampaigns(hub),
    clients: openClients(hub),
    dataVersion: openDataVersion(hub),
    adDays: openAdDays(hub),
    budgetPlans: openBudgetPlans(hub),
    response: openChannelResponse(hub),
    experiments: openExperiments(hub),
    touchPaths: openTouchPaths(hub),
    ads: openAds(settings.urls.adsWriter),
    plans: planSigner(settings.planKey),
  };
}
