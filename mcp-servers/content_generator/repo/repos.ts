import { type PlanSigner, planSigner } from '../../../shared/access/plan_token.ts';
import type { RedisConnection } from '../../../shared/cache/redis_connection.ts';
import type { Settings } from '../../../shared/config/settings.ts';
import type { SqlDatabase } from '../../../shared/db/sql_database.ts';
import type { EntityLookup } from '../../../shared/domain/entity_resolution.ts';
import { openedOnce } from '../../../shared/domain/opened_once.ts';
import { type Campaigns, openCampaigns } from '../../../shared/hub/campaigns.ts';
import { type Client, openClients } from '../../../shared/hub/clients.ts';
import type { ContentStore } from '../../../shared/sources/content_store.ts';
import { type CampaignMaterials, openCampaignMaterials } from './campaign_material.ts';
import { type CampaignTurns, openCampaignTurns } from './campaign_turns.ts';
import { type GenerationUsage, openGenerationUsage } from './generation_usage.ts';
import type { ImageSearch } from './image_search.ts';
import { type Images, openImages } from './images.ts';
import type { MessageWriter } from './message_writer.ts';
import { openContent } from './open_content.ts';

/** What the content generator's tools read, one part a subject. */
export type ContentGeneratorRepos = {
  readonly campaigns: Campaigns;
  readonly clients: EntityLookup<Client>;
  readonly images: Images;
  readonly search: ImageSearch;
  readonly materials: CampaignMaterials;
  /** The model that writes; undefined when the settings name none. */
  readonly writer: () => Promise<MessageWriter | undefined>;
  readonly turns: CampaignTurns;
  /** What would cost more dollars, or an unknown amount, is done in two steps. Decimal text. */
  readonly costConfirmUsd: string;
  readonly usage: GenerationUsage;
  /** PromptContent, opened at first use. Throws ToolError 'unavailable' where its address is not set. */
  readonly content: () => Promise<ContentStore>;
  /** Signs plans that await a confirmation. */
  readonly plans: PlanSigner;
};

/** The repos over the hub. Reads nothing yet, and loads what searches only for the first search: a host may only look at the tools. */
export function openRepos(hub: SqlDatabase, settings: Settings, redis: RedisConnection | undefined): ContentGeneratorRepos {
  const search = openedOnce(async () => {
    const [{ openImageSearch }, { openSemanticSearch }] = await Promise.all([
      import('./image_search.ts'),
      import('../../../shared/ai/semantic_search.ts'),
    ]);
    return openImageSearch({ semantic: openSemanticSearch(settings, redis), redis });
  });
  const campaigns = openCampaigns(hub);
  const content = openContent(settings.urls.contentWriter);
  return {
    campaigns,
    clients: openClients(hub),
    images: openImages(hub),
    usage: openGenerationUsage(hub),
    materials: openCampaignMaterials(hub, campaigns.plan, content),
    writer: openedOnce(async () => (await import('./message_writer.ts')).openMessageWriter(settings, redis, content)),
    turns: openCampaignTurns(redis),
    costConfirmUsd: settings.ai.costConfirmUsd,
    content,
    plans: planSigner(settings.planKey),
    search: { find: async (question, deadline) => (await search()).find(question, deadline) },
  };
}
