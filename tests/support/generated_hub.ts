import { fillSources } from '../../database/generator/fill_sources.ts';
import { readCertificates } from '../../shared/access/certificates.ts';
import { type DataKeys, dataKeysIn } from '../../shared/access/data_keys.ts';
import { openPostgres, type PostgresDatabase } from '../../shared/db/postgres_database.ts';
import { createEtlDatabases, type EtlDatabases, etlDatabasesOf, loadHub, query } from './etl_databases.ts';
import { startFilledPostgres } from './scratch_postgres.ts';

export const TODAY = '2026-11-21';
export const TIME_ZONE = 'America/Costa_Rica';

/** A hub that the ETL filled from generated sources: the small data set, seed 7. */
export type GeneratedHub = {
  readonly sources: EtlDatabases['urls'];
  /** The hub as its owner. */
  readonly owner: string;
  /** The hub as servers read it: through a login that may only read (S4). */
  readonly reader: PostgresDatabase;
  /** The address of that login. */
  readonly readerUrl: string;
  /** The data keys as a server opens them, through that login. */
  readonly dataKeys: DataKeys;
  readonly stop: () => Promise<void>;
};

export async function startGeneratedHub(): Promise<GeneratedHub> {
  const suffix = 'generated';
  const server = await startFilledPostgres('generated_hub', async (databases) => {
    const { urls, hubOwner } = await createEtlDatabases(databases, { suffix });
    await fillSources(urls, { seed: 7, referenceDate: TODAY, scale: 'small', onProgress: () => {} });
    await loadHub(urls);
    await query(hubOwner, `CREATE ROLE reader LOGIN PASSWORD 'reader'; GRANT promptsales_read TO reader; ANALYZE`);
  });
  const { urls, hubOwner } = await etlDatabasesOf(server, suffix);
  const readerUrl = server.url(new URL(hubOwner).pathname.slice(1), 'reader');
  const reader = await openPostgres(readerUrl, { applicationName: 'reading test' });
  return {
    sources: urls,
    owner: hubOwner,
    reader,
    readerUrl,
    dataKeys: dataKeysIn(reader, () => readCertificates(urls.keysFolder)),
    stop: async () => {
      await reader.close();
      await server.stop();
    },
  };
}
