import pg from 'pg';
import { fillSources, readFill } from '../../database/generator/fill_sources.ts';
import { migrateHub } from '../../database/postgresql/hub/migrate.ts';
import { DOCUMENT_CHECKS, prepareSource } from '../../database/postgresql/prepare_source.ts';
import { openConnections } from '../../etl/connections.ts';
import { runOnce } from '../../etl/run.ts';
import { firstStreams } from '../../etl/streams.ts';
import { certificateFolder } from '../../shared/access/certificates.ts';
import type { Settings } from '../../shared/config/settings.ts';
import { systemClock } from '../../shared/domain/clock.ts';
import { SOURCE_WRITERS } from '../../shared/stack/source_writers.ts';
import type { Progress } from '../../shared/stack/state.ts';
import { makeMissingKeys } from './keys.ts';

const SOURCES = ['ads', 'crm', 'content'] as const;
type Source = (typeof SOURCES)[number];

/**
 * Brings the databases of an embedded stack to where servers can answer: the hub's migrations, the keys of personal data, the sources' data, a
 * first run of the ETL. Who the customers are is encrypted afterwards, by the first round of the schedule. Every step looks first whether it
 * is done, so a start that was killed is finished by the next, and a later start finds nothing to do. A source that is not `owned` is left as
 * it is: a configured one holds somebody's data; and none is filled unless all are. For a hub that is not ours no keys are made. Progress goes
 * to `report`. Returns the exit code.
 */
export async function runPrepare(
  settings: Settings,
  report: (progress: Progress) => void,
  { owned = SOURCES, ownsHub = true }: { readonly owned?: readonly Source[]; readonly ownsHub?: boolean } = {},
): Promise<number> {
  const { hubAdmin, hubEtl, ads, crm, content, redis } = settings.urls;
  if (hubAdmin === undefined || hubEtl === undefined || ads === undefined || crm === undefined || content === undefined) {
    throw new Error(
      'preparing needs HUB_ADMIN_DATABASE_URL, HUB_ETL_DATABASE_URL, ADS_DATABASE_URL, CRM_DATABASE_URL and CONTENT_DATABASE_URL',
    );
  }
  const sources = { ads, crm, content };
  report({ label: 'hub schema', done: 0, total: 1 });
  await migrateHub(hubAdmin);
  const keysFolder = certificateFolder(settings);
  const fill = async (): Promise<boolean> => {
    if (!SOURCES.every((source) => owned.includes(source)) || (await readFill(sources)) !== undefined) return false;
    const referenceDate = settings.referenceDate ?? systemClock(settings.timeZone).today();
    await fillSources(sources, {
      seed: settings.seed,
      referenceDate,
      scale: settings.scale,
      onProgress: ({ done, total }) => report({ label: 'generated data', done, total }),
    });
    return true;
  };
  const [filledNow] = await Promise.all([fill(), ownsHub ? provideKeys(hubAdmin, keysFolder) : undefined]);
  for (const writer of SOURCE_WRITERS) {
    if (owned.includes(writer.source)) await prepareSource(sources[writer.source], writer.rights);
  }
  if (owned.includes('content')) await prepareSource(content, DOCUMENT_CHECKS);

  const connections = await openConnections({ ads, crm, content, hubEtl, redis, keysFolder });
  try {
    if (!filledNow && (await wasLoaded(connections.hub))) return 0;
    let done = 0;
    report({ label: 'first load of the hub', done, total: firstStreams.length });
    const { runs, failed } = await runOnce({
      connections,
      streams: firstStreams,
      timeZone: settings.timeZone,
      today: systemClock(settings.timeZone, settings.referenceDate).today,
      onRun: () => report({ label: 'first load of the hub', done: ++done, total: firstStreams.length }),
    });
    if (failed > 0) {
      const reasons = runs.filter((run) => run.status === 'failed').map((run) => `${run.table}: ${run.error}`);
      throw new Error(`the first load of the hub failed: ${reasons.join('; ')}`);
    }
    return 0;
  } finally {
    await connections.close();
  }
}

async function provideKeys(hubAdmin: string, keysFolder: string): Promise<void> {
  const owner = new pg.Client({ connectionString: hubAdmin, application_name: 'promptsales prepare' });
  await owner.connect();
  try {
    await makeMissingKeys(owner, keysFolder, new Date());
  } finally {
    await owner.end();
  }
}

/** Whether every stream of a first load has been loaded once; the schedule keeps them fresh from there. */
async function wasLoaded(hub: { query: (text: string) => Promise<{ rows: readonly { count: string }[] }> }): Promise<boolean> {
  const { rows } = await hub.query(`SELECT count(*) FROM etl.watermarks WHERE position <> '' AND table_name <> 'crm.identities'`);
  return Number(rows[0]?.count) >= firstStreams.length;
}
