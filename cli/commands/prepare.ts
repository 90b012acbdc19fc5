import pg from 'pg';
import { type Fill, fillSources, readFill } from '../../database/generator/fill_sources.ts';
import { migrateHub } from '../../database/postgresql/hub/migrate.ts';
import { DOCUMENT_CHECKS, prepareSource } from '../../database/postgresql/prepare_source.ts';
import { openConnections } from '../../etl/connections.ts';
import { runOnce } from '../../etl/run.ts';
import { firstStreams } from '../../etl/streams.ts';
import { certificateFolder } from '../../shared/access/certificates.ts';
import type { Settings } from '../../shared/config/settings.ts';
import { isMongoAddress } from '../../shared/db/mongo_address.ts';
import { systemClock } from '../../shared/domain/clock.ts';
import { deadlineIn } from '../../shared/domain/deadline.ts';
import { SOURCE_WRITERS } from '../../shared/stack/source_writers.ts';
import { StackError } from '../../shared/stack/stack_error.ts';
import type { Progress } from '../../shared/stack/state.ts';
import { makeMissingKeys } from './keys.ts';

const SOURCES = ['ads', 'crm', 'content'] as const;
type Source = (typeof SOURCES)[number];

const LIMIT_MS = 20_000;

/**
 * Brings the databases of an embedded stack to where servers can answer: the hub's migrations, the keys of personal data, the sources' data, a
 * first run of the ETL. Who the customers are is encrypted afterwards, by the first round of the schedule. Every step looks first whether it
 * is done, so a start that was killed is finished by the next, and a later start finds nothing to do. A source that is not `owned` is left as
 * it is: a configured one holds somebody's data; and none is filled unless all are, or PromptContent alone is configured, on MongoDB, and was filled
 * with generated documents: then the others get what belongs to those. For a hub that is not ours no keys are made. Progress goes to `report`. Returns
 * the exit code.
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
    if (!owned.includes('ads') || !owned.includes('crm')) return false;
    const places = owned.includes('content') ? sources : { ads, crm };
    if ((await readFill(places)) !== undefined) return false;
    const { seed, scale, referenceDate = systemClock(settings.timeZone).today() } = settings;
    const plan = owned.includes('content') ? { seed, scale, referenceDate } : await fillOf(content);
    if (plan === undefined) return false;
    await fillSources(places, {
      ...plan,
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

/** What the PromptContent at that address was filled with. Of one on PostgreSQL, which somebody configured, it is not asked. */
async function fillOf(content: string): Promise<Fill | undefined> {
  if (!isMongoAddress(content)) return undefined;
  // Its driver is loaded by who has one: every start comes by here.
  const [{ openMongo }, { readContentFill }] = await Promise.all([
    import('../../shared/db/mongo_database.ts'),
    import('../../database/generator/fill_mongo_content.ts'),
  ]);
  const database = openMongo(content, {
    applicationName: 'promptsales prepare',
    called: 'PromptContent',
    setting: 'CONTENT_DATABASE_URL',
    maxConnections: 1,
  });
  try {
    const fill = await readContentFill(database, deadlineIn(LIMIT_MS));
    if (fill !== undefined) return fill;
    throw new StackError(
      'PromptContent on MongoDB holds no generated data, and PromptAds and PromptCRM are not configured: there is nothing to fill those with.',
      'Fill an empty one with `promptsales deploy content --fill`, or set ADS_DATABASE_URL and CRM_DATABASE_URL, too.',
    );
  } finally {
    await database.close();
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
