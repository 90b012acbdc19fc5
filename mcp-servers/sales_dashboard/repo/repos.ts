import type { RedisConnection } from '../../../shared/cache/redis_connection.ts';
import type { SqlDatabase } from '../../../shared/db/sql_database.ts';
import type { EntityLookup } from '../../../shared/domain/entity_resolution.ts';
import { type Campaigns, openCampaigns } from '../../../shared/hub/campaigns.ts';
import { type Client, openClients } from '../../../shared/hub/clients.ts';
import { type CacheUse, openCacheUse } from './cache_use.ts';
import { type CampaignChannels, openCampaignChannels } from './campaign_channels.ts';
import { type CampaignLocations, openCampaignLocations } from './campaign_locations.ts';
import { type CampaignRanking, openCampaignRanking } from './campaign_ranking.ts';
import { type CampaignSales, openCampaignSales } from './campaign_sales.ts';
import { type Catalogue, openCatalogue } from './catalogue.ts';
import { openRangeTotals, type RangeTotalsRepo } from './range_totals.ts';
import { openSourceLoads, type SourceLoads } from './source_loads.ts';

/** What the dashboard's tools read, one part a subject. */
export type SalesDashboardRepos = {
  readonly campaigns: Campaigns;
  readonly clients: EntityLookup<Client>;
  readonly catalogue: Catalogue;
  readonly totals: RangeTotalsRepo;
  readonly sales: CampaignSales;
  readonly locations: CampaignLocations;
  readonly channels: CampaignChannels;
  readonly ranking: CampaignRanking;
  readonly loads: SourceLoads;
  readonly cacheUse: CacheUse;
};

/** The repos over the hub, and over what Redis counts. Reads nothing yet. */
export function openRepos(
  hub: SqlDatabase,
  { etlIntervalMinutes }: { readonly etlIntervalMinutes: number },
  redis: RedisConnection | undefined,
): SalesDashboardRepos {
  return {
    campaigns: openCampaigns(hub),
    clients: openClients(hub),
    catalogue: openCatalogue(hub),
    totals: openRangeTotals(hub),
    sales: openCampaignSales(hub),
    locations: openCampaignLocations(hub),
    channels: openCampaignChannels(hub),
    ranking: openCampaignRanking(hub),
    loads: openSourceLoads(hub, etlIntervalMinutes),
    cacheUse: openCacheUse(redis),
  };
}
