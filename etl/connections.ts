import pg from 'pg';
import { connectRedis } from '../shared/cache/redis_connection.ts';
import type { DocumentSource, RowSource } from '../shared/sources/change_source.ts';
import { postgresDocumentSource, postgresRowSource } from '../shared/sources/postgres_change_source.ts';
import { type CampaignBoards, campaignBoardsIn } from './campaign_boards.ts';
import { type LastSync, lastSyncIn } from './last_sync.ts';

/** Where everything is. `hubEtl` logs in as a member of promptsales_etl. */
export type EtlUrls = {
  readonly ads: string;
  readonly crm: string;
  readonly content: string;
  readonly hubEtl: string;
  readonly redis?: string | undefined;
};

/** What a run works with. */
export type EtlConnections = {
  readonly hub: pg.Pool;
  readonly sources: { readonly PromptAds: RowSource; readonly PromptCRM: RowSource; readonly PromptContent: DocumentSource };
  readonly lastSync: LastSync | undefined;
  readonly boards: CampaignBoards | undefined;
  readonly close: () => Promise<void>;
};

/** A source URL of a kind that no adapter reads. */
class UnsupportedSource extends Error {
  override readonly name = 'UnsupportedSource';
}

/** Opens what a run needs; databases are connected to at first use. Errors: a URL whose kind of database no adapter reads. */
export async function openConnections(urls: EtlUrls): Promise<EtlConnections> {
  const sources = {
    PromptAds: postgresRowSource(requirePostgres('PromptAds', urls.ads)),
    PromptCRM: postgresRowSource(requirePostgres('PromptCRM', urls.crm)),
    PromptContent: await documentSource('PromptContent', urls.content),
  };
  const hub = new pg.Pool({ connectionString: urls.hubEtl, application_name: 'promptsales etl', max: 6, keepAlive: true });
  hub.on('error', () => {}); // an idle connection that breaks is replaced by the next query
  const redis = urls.redis === undefined ? undefined : await connectRedis(urls.redis);
  return {
    hub,
    sources,
    lastSync: redis === undefined ? undefined : lastSyncIn(redis),
    boards: redis === undefined ? undefined : campaignBoardsIn(redis, hub),
    close: async () => {
      await Promise.all([hub.end(), redis?.close(), ...Object.values(sources).map((source) => source.close())]);
    },
  };
}

/** The driver of MongoDB is loaded by who has one. */
async function documentSource(database: string, url: string): Promise<DocumentSource> {
  if (/^mongodb(\+srv)?:/i.test(url)) return (await import('../shared/sources/mongo_change_source.ts')).mongoDocumentSource(url);
  return postgresDocumentSource(requirePostgres(database, url));
}

function requirePostgres(database: string, url: string): string {
  const protocol = /^([a-z][a-z0-9+]*):/i.exec(url)?.[1]?.toLowerCase();
  if (protocol !== 'postgres' && protocol !== 'postgresql') {
    throw new UnsupportedSource(`${database} is at a ${protocol ?? 'nameless'}: address, and changes can be read from postgres: only`);
  }
  return url;
}
