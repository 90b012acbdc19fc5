import type { AdsStore } from '../../../shared/sources/ads_store.ts';
import { openSource } from '../../../shared/sources/open_source.ts';

/** PromptAds as ads_optimizer carries out budget plans in it; opened at first use, errors as of openSource(). */
export function openAds(url: string | undefined): () => Promise<AdsStore> {
  return openSource(
    {
      subject: 'PromptAds',
      setting: 'ADS_WRITER_DATABASE_URL',
      other: {
        name: 'SQL Server',
        schemes: ['mssql', 'sqlserver'],
        open: async (address) => (await import('../../../shared/sources/sql_server_ads_store.ts')).openSqlServerAdsStore(address),
      },
      openPostgres: async (address) => (await import('../../../shared/sources/postgres_ads_store.ts')).openPostgresAdsStore(address),
    },
    url,
  );
}
