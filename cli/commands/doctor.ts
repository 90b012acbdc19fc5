import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import type { Settings } from '../../shared/config/settings.ts';
import { type OrphanCluster, orphanClusters, removeOrphan } from '../../shared/stack/cluster_place.ts';
import { missingSettings, requireEmbeddable } from '../../shared/stack/embedded_parts.ts';
import { existingHome, freeMegabytes, neededMegabytes, openHome, requireSpace } from '../../shared/stack/home.ts';
import { requirePort } from '../../shared/stack/ports.ts';
import { postgresBinaries } from '../../shared/stack/postgres_binaries.ts';
import { isRunning } from '../../shared/stack/process_identity.ts';
import type { ProvidedName, UrlName } from '../../shared/stack/program.ts';
import { installedRedis } from '../../shared/stack/redis_part.ts';
import { describeError, StackError } from '../../shared/stack/stack_error.ts';
import { readRecordedStack, readStack, type StackState } from '../../shared/stack/state.ts';

export type DoctorOptions = {
  /** Delete the database folders whose home is gone. */
  readonly removeOrphans?: boolean;
};

/** `bad` stops the stack from working; `note` is worth knowing. */
type Finding = { readonly grade: 'ok' | 'note' | 'bad'; readonly subject: string; readonly text: string };

type Check = (settings: Settings) => Promise<Finding[]>;

/**
 * `promptsales doctor`: looks at everything the embedded stack needs and says for each thing that is wrong what to do. Makes the data
 * folder where there is none, and deletes with `removeOrphans`; changes nothing else. Returns the exit code: 1 when something is wrong.
 */
export async function runDoctor({ removeOrphans = false }: DoctorOptions, settings: Settings): Promise<number> {
  const checks: readonly [string, Check][] = [
    ['Node', checkNode],
    ['settings', checkSettings],
    ['data folder', checkHome],
    ['disk', checkDisk],
    ['PostgreSQL', checkPostgres],
    ['Redis', checkRedis],
    ['stack', checkStack],
    ['port', checkPort],
    ['data', checkFreshness],
    ['left folders', () => checkOrphans(removeOrphans)],
  ];
  let isWell = true;
  for (const [subject, check] of checks) {
    for (const finding of await findings(subject, check, settings)) {
      isWell &&= finding.grade !== 'bad';
      process.stdout.write(`${finding.grade.padEnd(4)}  ${finding.subject.padEnd(12)}  ${finding.text}\n`);
    }
  }
  return isWell ? 0 : 1;
}

async function findings(subject: string, check: Check, settings: Settings): Promise<Finding[]> {
  try {
    return await check(settings);
  } catch (error) {
    const text = error instanceof StackError ? `${error.message} ${error.remedy}` : describeError(error);
    return [{ grade: 'bad', subject, text }];
  }
}

const OLDEST_NODE = 24;

async function checkNode(): Promise<Finding[]> {
  const major = Number.parseInt(process.versions.node, 10);
  if (major >= OLDEST_NODE) return [ok('Node', `${process.versions.node}`)];
  return [bad('Node', `${process.versions.node} is too old: start through npm (npm start, npm run …), which brings Node ${OLDEST_NODE}.`)];
}

async function checkSettings(settings: Settings): Promise<Finding[]> {
  const needed: readonly ProvidedName[] = [...(Object.keys(settings.urls) as UrlName[]), 'planKey'];
  requireEmbeddable(settings, needed);
  const embedded = missingSettings(settings, needed);
  const configured = needed.filter((name) => !embedded.includes(name));
  return [
    ok(
      'settings',
      configured.length === 0
        ? 'everything runs embedded'
        : `configured: ${configured.join(', ')}; embedded: ${embedded.join(', ') || 'nothing'}`,
    ),
  ];
}

async function checkHome(settings: Settings): Promise<Finding[]> {
  return [ok('data folder', await openHome(settings))];
}

async function checkDisk(settings: Settings): Promise<Finding[]> {
  const home = await existingHome(settings);
  if (home === undefined) return []; // said already
  const needed = neededMegabytes(settings.scale, existsSync(join(home, 'prepared')));
  await requireSpace(home, needed);
  return [ok('disk', `${await freeMegabytes(home)} MB free, ${needed} MB needed`)];
}

async function checkPostgres(): Promise<Finding[]> {
  const { postgres } = await postgresBinaries();
  try {
    const { stdout } = await promisify(execFile)(postgres, ['--version']);
    return [ok('PostgreSQL', stdout.trim())];
  } catch (error) {
    return [
      bad(
        'PostgreSQL',
        `${postgres} does not run (${describeError(error)}). On Linux it needs the GNU C library (not musl); else set HUB_DATABASE_URL and its like.`,
      ),
    ];
  }
}

async function checkRedis(settings: Settings): Promise<Finding[]> {
  const installed = settings.wasmRedis ? undefined : installedRedis();
  return [
    ok(
      'Redis',
      installed === undefined ? 'the bundled Valkey (no redis-server or valkey-server of version 7 or later on PATH)' : installed.engine,
    ),
  ];
}

async function checkStack(settings: Settings): Promise<Finding[]> {
  const home = await existingHome(settings);
  if (home === undefined) return [];
  const state = readStack(home);
  if (state === undefined) return checkLeftovers(home);
  const unwell = state.parts.filter((part) => part.state !== 'healthy');
  return [
    ok('stack', `${state.phase}, version ${state.version}, process ${state.supervisor.pid}`),
    ...unwell.map((part) =>
      bad('stack', `${part.name} is ${part.state} after ${part.restarts} restarts: see ${join(home, 'logs', `${part.name}.log`)}`),
    ),
  ];
}

function checkLeftovers(home: string): Finding[] {
  const recorded = readRecordedStack(home);
  const left = (recorded?.parts ?? []).filter((part) => part.process !== undefined && isRunning(part.process)).map((part) => part.name);
  const failure = recorded?.failure;
  return [
    failure === undefined
      ? ok('stack', 'none runs; promptsales up starts one')
      : note('stack', `the last start failed: ${failure.message} ${failure.remedy}`),
    ...(left.length === 0
      ? []
      : [note('stack', `an ended stack left ${left.join(', ')} running: promptsales down, or the next start, stops them`)]),
  ];
}

async function checkPort(settings: Settings): Promise<Finding[]> {
  const state = await liveStack(settings);
  if (state !== undefined) return state.urls === undefined ? [] : [ok('port', `the servers are at ${state.urls.http}`)];
  await requirePort(settings.host, settings.port);
  return [ok('port', settings.port === 0 ? 'any free one' : `${settings.port} on ${settings.host} is free`)];
}

async function liveStack(settings: Settings): Promise<StackState | undefined> {
  const home = await existingHome(settings);
  return home === undefined ? undefined : readStack(home);
}

/** Older than so many intervals of the ETL, the data is late. */
const LATE_AFTER_INTERVALS = 3;

async function checkFreshness(settings: Settings): Promise<Finding[]> {
  const hub = settings.urls.hub ?? (await liveStack(settings))?.urls?.hub;
  if (hub === undefined) return [];
  const client = new pg.Client({ connectionString: hub, connectionTimeoutMillis: 5000, query_timeout: 5000 });
  client.on('error', () => {}); // the query fails with it
  try {
    await client.connect();
    const { rows } = await client.query<{ name: string; minutes: number }>(
      `SELECT database_name AS name, extract(epoch FROM now() - min(updated_at))::float8 / 60 AS minutes
         FROM etl.watermarks GROUP BY database_name ORDER BY database_name`,
    );
    if (rows.length === 0) return [note('data', 'the hub has not been loaded yet')];
    return rows.map(({ name, minutes }) =>
      minutes > settings.etlIntervalMinutes * LATE_AFTER_INTERVALS
        ? bad(
            'data',
            `${name} was last loaded ${Math.round(minutes)} minutes ago, every ${settings.etlIntervalMinutes} are due: promptsales etl status says why`,
          )
        : ok('data', `${name} was loaded ${Math.round(minutes)} minutes ago`),
    );
  } finally {
    await client.end().catch(() => {});
  }
}

async function checkOrphans(remove: boolean): Promise<Finding[]> {
  const orphans = await orphanClusters();
  if (orphans.length === 0) return [];
  if (!remove) {
    return orphans.map((orphan) => note('left folders', `${describeOrphan(orphan)}: promptsales doctor --remove-orphans deletes it`));
  }
  const results: Finding[] = [];
  for (const orphan of orphans) {
    results.push(
      (await removeOrphan(orphan))
        ? ok('left folders', `${describeOrphan(orphan)}: deleted`)
        : note('left folders', `${describeOrphan(orphan)}: kept, a process works in it`),
    );
  }
  return results;
}

function describeOrphan({ folder, home, bytes }: OrphanCluster): string {
  return `${folder} (${Math.ceil(bytes / 1_000_000)} MB) belongs to ${home}, which is gone`;
}

function ok(subject: string, text: string): Finding {
  return { grade: 'ok', subject, text };
}

function note(subject: string, text: string): Finding {
  return { grade: 'note', subject, text };
}

function bad(subject: string, text: string): Finding {
  return { grade: 'bad', subject, text };
}
