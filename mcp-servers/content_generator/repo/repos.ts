import type { RedisConnection } from '../../../shared/cache/redis_connection.ts';
import type { Settings } from '../../../shared/config/settings.ts';
import type { SqlDatabase } from '../../../shared/db/sql_database.ts';
import type { EntityLookup } from '../../../shared/domain/entity_resolution.ts';
import { type Campaigns, openCampaigns } from '../../../shared/hub/campaigns.ts';
import { type Client, openClients } from '../../../shared/hub/clients.ts';
import type { ImageSearch } from './image_search.ts';
import { type Images, openImages } from './images.ts';

/** What the content generator's tools read, one part a subject. */
export type ContentGeneratorRepos = {
  readonly campaigns: Campaigns;
  readonly clients: EntityLookup<Client>;
  readonly images: Images;
  readonly search: ImageSearch;
};

/** The repos over the hub. Reads nothing yet, and loads what searches only for the first search: a host may only look at the tools. */
export function openRepos(hub: SqlDatabase, settings: Settings, redis: RedisConnection | undefined): ContentGeneratorRepos {
  let search: Promise<ImageSearch> | undefined;
  const opened = (): Promise<ImageSearch> => {
    search ??= (async () => {
      const [{ openImageSearch }, { openSemanticSearch }] = await Promise.all([
        import('./image_search.ts'),
        import('../../../shared/ai/semantic_search.ts'),
      ]);
      return openImageSearch({ semantic: openSemanticSearch(settings, redis), redis });
    })();
    return search;
  };
  return {
    campaigns: openCampaigns(hub),
    clients: openClients(hub),
    images: openImages(hub),
    search: { find: async (question, deadline) => (await opened()).find(question, deadline) },
  };
}
