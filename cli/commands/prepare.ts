import { fillSources, readFill } from '../../database/generator/fill_sources.ts';
import { migrateHub } from '../../database/postgresql/hub/migrate.ts';
import { DOCUMENT_CHECKS, prepareSource } from '../../database/postgresql/prepare_source.ts';
import { openConnections } from '../../etl/connections.ts';
import { runOnce } from '../../etl/run.ts';
import { streams } from '../../etl/streams.ts';
import type { Settings } from '../../shared/config/settings.ts';
import { systemClock } from '../../shared/domain/clock.ts';
import { SOURCE_WRITERS } from '../../shared/stack/source_writers.ts';
import type { Progress } from '../../shared/stack/state.ts';

const SOURCES = ['ads', 'crm', 'content'] as const;
type Source = (typeof SOURCES)[number];

/**
 * Brings the databases of an embedded stack to where servers can answer: the hub's migrations, the sources' data, a first run of the
 * ETL. Every step looks first whether it is done, so a start that was killed is finished by the next, and a later start finds nothing to do.
 * A source that is not `owned` is left as it is: a configured one holds somebody's data; and none is filled unless all are. Progress
 * goes to `report`. Returns the exit code.
 */
export async function runPrepare(
  settings: Settings,
  report: (progress: Progress) => void,
  { owned = SOURCES }: { readonly owned?: readonly Source[] } = {},
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

  let filledNow = false;
  if (SOURCES.every((source) => owned.includes(source)) && (await readFill(sources)) === undefined) {
    const referenceDate = settings.referenceDate ?? systemClock(settings.timeZone).today();
    await fillSources(sources, {
      seed: settings.seed,
      referenceDate,
      scale: settings.scale,
      onProgress: ({ done, total }) => report({ label: 'generated data', done, total }),
    });
    filledNow = true;
  }
  for (const writer of SOURCE_WRITERS) {
    if (owned.includes(writer.source)) await prepareSource(sources[writer.source], writer.rights);
  }
  if (owned.includes('content')) await prepareSource(content, DOCUMENT_CHECKS);

  const connections = await openConnections({ ads, crm, content, hubEtl, redis });
  try {
    if (!filledNow && (await wasLoaded(connections.hub))) return 0;
    let done = 0;
    report({ label: 'first load of the hub', done, total: streams.length });
    const { runs, failed } = await runOnce({
      connections,
      timeZone: settings.timeZone,
      today: systemClock(settings.timeZone, settings.referenceDate).today,
      onRun: () => report({ label: 'first load of the hub', done: ++done, total: streams.length }),
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

/** Whether every stream has been loaded once; the schedule keeps them fresh from there. */
async function wasLoaded(hub: { query: (text: string) => Promise<{ rows: readonly { count: string }[] }> }): Promise<boolean> {
  const { rows } = await hub.query(`SELECT count(*) FROM etl.watermarks WHERE position <> ''`);
  return Number(rows[0]?.count) >= streams.length;
}
