import pg from 'pg';
import { readCertificates } from '../shared/access/certificates.ts';
import { dataKeysIn } from '../shared/access/data_keys.ts';
import { connectRedis } from '../shared/cache/redis_connection.ts';
import { isMongoAddress } from '../shared/db/mongo_address.ts';
import { openPostgres } from '../shared/db/postgres_database.ts';
import { isSqlServerAddress } from '../shared/db/sql_server_address.ts';
import type { DocumentSource, RowSource } from '../shared/sources/change_source.ts';
import { postgresDocumentSource, postgresRowSource } from '../shared/sources/postgres_change_source.ts';
import { type CampaignBoards, campaignBoardsIn } from './campaign_boards.ts';
import type { IdentityKeeper } from './identity_rows.ts';
import { type LastSync, lastSyncIn } from './last_sync.ts';

/** Where everything is. `hubEtl` logs in as a member of promptsales_etl. */
export type EtlUrls = {
  readonly ads: string;
  readonly crm: string;
  readonly content: string;
  readonly hubEtl: string;
  readonly redis?: string | undefined;
};

/** Where everything is, and the folder of the certificates that the data keys are wrapped under. */
export type EtlPlaces = EtlUrls & { readonly keysFolder: string };

/** What a run works with. */
export type EtlConnections = {
  readonly hub: pg.Pool;
  readonly sources: { readonly PromptAds: RowSource; readonly PromptCRM: RowSource; readonly PromptContent: DocumentSource };
  readonly identities: IdentityKeeper;
  readonly lastSync: LastSync | undefined;
  readonly boards: CampaignBoards | undefined;
  readonly close: () => Promise<void>;
};

/** A source URL of a kind that no adapter reads. */
class UnsupportedSource extends Error {
  override readonly name = 'UnsupportedSource';
}

/** Opens what a run needs; databases are connected to at first use. Errors: a URL whose kind of database no adapter reads. */
export async function openConnections(urls: EtlPlaces): Promise<EtlConnections> {
  const sources = {
    PromptAds: await rowSource('PromptAds', urls.ads),
    PromptCRM: await rowSource('PromptCRM', urls.crm),
    PromptContent: await documentSource('PromptContent', urls.content),
  };
  const hub = new pg.Pool({ connectionString: urls.hubEtl, application_name: 'promptsales etl', max: 6, keepAlive: true });
  hub.on('error', () => {}); // an idle connection that breaks is replaced by the next query
  const lookUps = await openPostgres(urls.hubEtl, { applicationName: 'promptsales etl', maxConnections: 2 });
  const redis = urls.redis === undefined ? undefined : await connectRedis(urls.redis);
  return {
    hub,
    sources,
    identities: { hub: lookUps, openKeys: () => dataKeysIn(lookUps, () => readCertificates(urls.keysFolder)) },
    lastSync: redis === undefined ? undefined : lastSyncIn(redis),
    boards: redis === undefined ? undefined : campaignBoardsIn(redis, hub),
    close: async () => {
      await Promise.all([hub.end(), lookUps.close(), redis?.close(), ...Object.values(sources).map((source) => source.close())]);
    },
  };
}

/** The driver of SQL Server is loaded by who has one. */
async function rowSource(database: string, url: string): Promise<RowSource> {
  if (isSqlServerAddress(url)) return (await import('../shared/sources/sql_server_row_source.ts')).sqlServerRowSource(url);
  return postgresRowSource(requirePostgres(database, url, 'postgres:, mssql: and sqlserver:'));
}

/** The driver of MongoDB is loaded by who has one. */
async function documentSource(database: string, url: string): Promise<DocumentSource> {
  if (isMongoAddress(url)) return (await import('../shared/sources/mongo_change_source.ts')).mongoDocumentSource(url);
  return postgresDocumentSource(requirePostgres(database, url, 'postgres: and mongodb:'));
}

function requirePostgres(database: string, url: string, readable: string): string {
  const protocol = /^([a-z][a-z0-9+]*):/i.exec(url)?.[1]?.toLowerCase();
  if (protocol !== 'postgres' && protocol !== 'postgresql') {
    throw new UnsupportedSource(`${database} is at a ${protocol ?? 'nameless'}: address, and changes can be read from ${readable} only`);
  }
  return url;
}
