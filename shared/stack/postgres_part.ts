import { execFile, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chown, readFile, rename, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Settings } from '../config/settings.ts';
import { type Child, startChild } from './child.ts';
import { type ClusterPlace, POSTGRES_STOP } from './cluster_place.ts';
import type { Credentials } from './credentials.ts';
import { fullDisk } from './home.ts';
import { lastLines, type PartDefinition } from './part.ts';
import { freePort } from './ports.ts';
import { commandLineOf, identifyProcess, processesIn, stopProcess } from './process_identity.ts';
import { SOURCE_WRITERS, type WriterName } from './source_writers.ts';
import { StackError } from './stack_error.ts';

const HOST = '127.0.0.1';
const OWNER_ROLE = 'postgres';

/** The databases of the embedded cluster: the hub and a stand-in for each source. */
const DATABASES = { hub: 'promptsales', ads: 'promptads', crm: 'promptcrm', content: 'promptcontent' } as const;

/** The addresses of the embedded databases, by what their user may do. */
export type DatabaseUrls = Readonly<Record<WriterName, string>> & {
  readonly hub: string;
  readonly hubEtl: string;
  readonly hubAdmin: string;
  readonly ads: string;
  readonly crm: string;
  readonly content: string;
};

export type EmbeddedPostgres = {
  readonly definition: PartDefinition;
  readonly urls: DatabaseUrls;
  readonly prepareRoles: () => Promise<void>;
};

/**
 * The embedded PostgreSQL as a part: makes its cluster where there is none, clears what a kill left behind, and chooses its port.
 * Throws {@link StackError}.
 */
export async function embeddedPostgres(
  place: ClusterPlace,
  credentials: Credentials,
  scale: Settings['scale'],
  log: string,
): Promise<EmbeddedPostgres> {
  await ensureCluster(place, credentials);
  await stopLeftPostgres(place.dataDirectory);
  const port = await freePort(HOST);
  const flags = serverFlags(port, scale, await sharedMemoryIsSmall());
  const url = (role: string, password: string, database: string): string => `postgres://${role}:${password}@${HOST}:${port}/${database}`;
  const adminUrl = url(OWNER_ROLE, credentials.owner, 'postgres');
  return {
    definition: {
      name: 'postgres',
      engine: `PostgreSQL ${place.binaries.version.split('.')[0]} (embedded)`,
      url: adminUrl,
      port,
      start: (stopping) => startPostgres(place, flags, log, stopping),
      probe: (child) => probePostgres(adminUrl, place.dataDirectory, child),
      // After a kill the server first replays the write-ahead log, at most max_wal_size of it.
      readyWithinMs: 120_000,
    },
    urls: {
      hub: url('promptsales_reader', credentials.reader, DATABASES.hub),
      hubEtl: url('promptsales_loader', credentials.loader, DATABASES.hub),
      hubAdmin: url(OWNER_ROLE, credentials.owner, DATABASES.hub),
      ads: url(OWNER_ROLE, credentials.owner, DATABASES.ads),
      crm: url(OWNER_ROLE, credentials.owner, DATABASES.crm),
      content: url(OWNER_ROLE, credentials.owner, DATABASES.content),
      ...(Object.fromEntries(
        SOURCE_WRITERS.map(({ name, login, credential, source }) => [name, url(login, credentials[credential], DATABASES[source])]),
      ) as Record<WriterName, string>),
    },
    prepareRoles: () => ensureDatabases(adminUrl, credentials),
  };
}

/**
 * Sorting by code point and case rules of Unicode come from PostgreSQL itself, so that every machine answers the same. What pg_trgm
 * takes for a letter comes from the system's LC_CTYPE: the first of these that it has.
 */
const LETTER_LOCALES = ['C.UTF-8', 'en_US.UTF-8', 'C'] as const;

async function ensureCluster(place: ClusterPlace, credentials: Credentials): Promise<void> {
  const major = place.binaries.version.split('.')[0];
  if (existsSync(place.dataDirectory)) {
    const made = (await readFile(join(place.dataDirectory, 'PG_VERSION'), 'utf8').catch(() => 'unknown')).trim();
    if (made === major) return;
    throw new StackError(
      `The data in ${place.dataDirectory} was made by PostgreSQL ${made}; this version brings PostgreSQL ${major}.`,
      `Delete ${place.folder} to have it generated anew, or go back to the version that made it.`,
    );
  }
  // Made under another name and then renamed: a kill in the middle leaves no half cluster that looks whole.
  const draft = `${place.dataDirectory}.new`;
  await rm(draft, { recursive: true, force: true });
  const passwordFile = join(place.folder, 'password');
  await writeFile(passwordFile, `${credentials.owner}\n`, { mode: 0o600 });
  if (place.owner !== undefined) await chown(passwordFile, place.owner.uid, place.owner.gid);
  try {
    let said = '';
    for (const locale of LETTER_LOCALES) {
      said = await runInitdb(place, [
        `--pgdata=${draft}`,
        `--username=${OWNER_ROLE}`,
        `--pwfile=${passwordFile}`,
        '--auth=scram-sha-256',
        '--encoding=UTF8',
        '--locale-provider=builtin',
        '--builtin-locale=C.UTF-8',
        '--locale=C',
        `--lc-ctype=${locale}`,
        '--no-instructions',
      ]);
      if (said === '') {
        await rename(draft, place.dataDirectory);
        return;
      }
      if (!said.includes('locale')) break;
    }
    if (/No space left on device/i.test(said)) throw fullDisk(place.folder);
    throw new StackError(
      `The database cluster cannot be made in ${place.folder}: ${said}`,
      'Run "promptsales doctor" to see what is missing.',
    );
  } finally {
    await rm(passwordFile, { force: true });
  }
}

/** Returns what initdb complained about, nothing when it succeeded. */
function runInitdb(place: ClusterPlace, flags: readonly string[]): Promise<string> {
  const options = { ...place.owner, cwd: place.folder, env: serverEnvironment(), windowsHide: true };
  return new Promise((resolve) => {
    execFile(place.binaries.initdb, flags, options, (error, _, stderr) => {
      resolve(error === null ? '' : stderr.trim() || error.message);
    });
  });
}

function serverEnvironment(): NodeJS.ProcessEnv {
  // Not ours: PGDATA, PGPORT and their like would bend the server. English messages, since some are read.
  const kept = ['PATH', 'TMPDIR', 'SYSTEMROOT', 'TEMP', 'TMP'].flatMap((name) =>
    process.env[name] === undefined ? [] : [[name, process.env[name]]],
  );
  return { ...Object.fromEntries(kept), LC_MESSAGES: 'C', TZ: 'UTC' };
}

/**
 * For a laptop of two cores. Without replication the smallest wal_level lets COPY into a table made in the same transaction write no log.
 *
 * synchronous_commit stays on. Off would make a small commit three times as fast (0.15 ms for 0.45 ms, p50 of 500 inserts), but after
 * a crash the newest commits would be missing: an approved budget that was acknowledged, and a data version that is then given a
 * second time, to other data, under which Redis may still hold answers. Bulk loads are few large commits and gain nothing.
 */
function serverFlags(port: number, scale: Settings['scale'], smallSharedMemory: boolean): string[] {
  const flags: Record<string, string> = {
    listen_addresses: HOST,
    port: String(port),
    unix_socket_directories: '',
    // A host that starts four servers over stdio holds up to forty, the stack itself as many.
    max_connections: '120',
    shared_buffers: scale === 'full' ? '512MB' : '128MB',
    work_mem: '32MB',
    maintenance_work_mem: '256MB',
    effective_cache_size: scale === 'full' ? '2GB' : '512MB',
    random_page_cost: '1.1',
    jit: 'off',
    autovacuum: 'on',
    wal_level: 'minimal',
    max_wal_senders: '0',
    max_wal_size: scale === 'full' ? '2GB' : '256MB',
    checkpoint_timeout: '15min',
    timezone: 'UTC',
    log_timezone: 'UTC',
    logging_collector: 'off',
    log_checkpoints: 'off',
    // Parallel queries share memory through /dev/shm, of which a container has 64 MB by default.
    ...(smallSharedMemory ? { dynamic_shared_memory_type: 'mmap' } : {}),
  };
  return Object.entries(flags).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

async function sharedMemoryIsSmall(): Promise<boolean> {
  if (process.platform !== 'linux') return false;
  try {
    const { bavail, bsize } = await statfs('/dev/shm');
    return bavail * bsize < 512 * 1024 * 1024;
  } catch {
    return true;
  }
}

async function startPostgres(place: ClusterPlace, flags: readonly string[], log: string, stopping: AbortSignal): Promise<Child> {
  const end = performance.now() + 20_000;
  for (;;) {
    await stopLeftPostgres(place.dataDirectory);
    const child = await startChild({
      command: [place.binaries.postgres, '-D', place.dataDirectory, ...flags],
      environment: serverEnvironment(),
      cwd: place.folder,
      owner: place.owner,
      log,
      input: { text: '' },
      stopSteps: POSTGRES_STOP,
    });
    if (process.platform === 'win32') return withoutSignals(child, place);
    // It ends at once over what a predecessor left: its port still closing, its last backends still dying.
    await becameReady(place.dataDirectory, child, stopping);
    if (!child.hasExited() || stopping.aborted) return child;
    const said = lastLines(child);
    if (/No space left on device/i.test(child.lastWords())) throw fullDisk(place.folder);
    const passing = /shared memory block|could not bind|Address already in use|lock file .* already exists/i.test(child.lastWords());
    if (!passing || performance.now() > end) {
      throw new StackError(
        `PostgreSQL does not start: ${said}`,
        'Run "promptsales doctor"; the whole log is postgres.log in the folder logs of the data folder.',
      );
    }
    await sleep(200);
  }
}

/** Windows has no signals: pg_ctl asks the server to stop through its own channel. */
function withoutSignals(child: Child, place: ClusterPlace): Child {
  return {
    ...child,
    stop: async () => {
      spawnSync(place.binaries.pgCtl, ['stop', '-D', place.dataDirectory, '-m', 'fast', '-w', '-t', '6'], {
        stdio: 'ignore',
        windowsHide: true,
      });
      await child.stop();
    },
  };
}

/** Resolves when the server says that it takes connections, or has ended, or has outlived the moment in which it would end. */
async function becameReady(dataDirectory: string, child: Child, stopping: AbortSignal): Promise<void> {
  const end = performance.now() + 1500;
  while (!child.hasExited() && !stopping.aborted && performance.now() < end) {
    if ((await postmasterStatus(dataDirectory, child)) === 'ready') return;
    await sleep(10);
  }
}

/** The last line of postmaster.pid: 'starting', 'ready', 'stopping'; undefined when the file is not this server's. */
async function postmasterStatus(dataDirectory: string, child: Child): Promise<string | undefined> {
  const lines = await readPostmasterFile(dataDirectory);
  return Number(lines?.[0]) === child.identity.pid ? lines?.[7]?.trim() : undefined;
}

async function readPostmasterFile(dataDirectory: string): Promise<string[] | undefined> {
  try {
    return (await readFile(join(dataDirectory, 'postmaster.pid'), 'utf8')).split('\n');
  } catch {
    return undefined;
  }
}

async function probePostgres(url: string, dataDirectory: string, child: Child): Promise<void> {
  // Before that line a connection would only be refused, and leave a complaint in the log.
  if (process.platform !== 'win32' && (await postmasterStatus(dataDirectory, child)) !== 'ready') throw new Error('it is still starting');
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: 4000,
    query_timeout: 4000,
    application_name: 'promptsales supervisor',
  });
  client.on('error', () => {}); // seen by the query
  try {
    await client.connect();
    await client.query('SELECT 1');
  } finally {
    await client.end().catch(() => {});
  }
}

/**
 * Stops servers that still work in a data directory: the one its postmaster.pid names, and backends that have outlived their
 * postmaster and keep its shared memory. Only processes proven to work in that directory are touched; a pid file left by none is removed.
 */
export async function stopLeftPostgres(dataDirectory: string): Promise<void> {
  const named = Number((await readPostmasterFile(dataDirectory))?.[0]);
  const postmaster = Number.isInteger(named) && named > 1 ? identifyProcess(named) : undefined;
  const inDirectory = processesIn(dataDirectory);
  const ours = (pid: number): boolean =>
    inDirectory.some((left) => left.pid === pid) || commandLineOf(pid)?.includes(dataDirectory) === true;
  if (postmaster !== undefined && ours(postmaster.pid)) await stopProcess(postmaster, POSTGRES_STOP);
  for (const left of processesIn(dataDirectory)) {
    await stopProcess(left, [
      { signal: 'SIGQUIT', waitMs: 1000 },
      { signal: 'SIGKILL', waitMs: 1000 },
    ]);
  }
  // Another program may have that process id by now, and PostgreSQL would take it for a living server.
  if (postmaster === undefined || !ours(postmaster.pid)) await rm(join(dataDirectory, 'postmaster.pid'), { force: true });
}

/**
 * Login roles and databases, where missing, and who may connect where. The group roles are made here as well, so that the login roles
 * belong to them before the hub's migrations and the writers' files of rights grant them anything.
 */
async function ensureDatabases(adminUrl: string, credentials: Credentials): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl, application_name: 'promptsales supervisor' });
  await client.connect();
  try {
    const found = await client.query<{ name: string }>('SELECT rolname AS name FROM pg_roles UNION ALL SELECT datname FROM pg_database');
    const missing = (name: string): boolean => !found.rows.some((row) => row.name === name);
    for (const group of ['promptsales_read', 'promptsales_etl', ...SOURCE_WRITERS.map((writer) => writer.group)]) {
      if (missing(group)) await client.query(`CREATE ROLE ${group} NOLOGIN`);
    }
    for (const database of Object.values(DATABASES)) {
      if (missing(database)) await client.query(`CREATE DATABASE ${database}`);
    }
    if (missing('promptsales_reader')) {
      await client.query(`
        CREATE ROLE promptsales_reader LOGIN PASSWORD '${credentials.reader}' IN ROLE promptsales_read;
        ALTER ROLE promptsales_reader SET default_transaction_read_only = on;
        ALTER ROLE promptsales_reader SET statement_timeout = '20s';`);
    }
    if (missing('promptsales_loader')) {
      await client.query(`CREATE ROLE promptsales_loader LOGIN PASSWORD '${credentials.loader}' IN ROLE promptsales_etl`);
    }
    for (const { login, group, credential } of SOURCE_WRITERS) {
      if (missing(login))
        await client.query(`CREATE ROLE ${login} LOGIN IN ROLE ${group}; ALTER ROLE ${login} SET statement_timeout = '20s'`);
      // Each time: in a home whose credentials were put back from before this login there is a role of that name, with another password.
      await client.query(`ALTER ROLE ${login} PASSWORD '${credentials[credential]}'`);
    }
    // The schedule keeps its jobs in a schema of its own, which it makes itself.
    await client.query(`
      REVOKE ALL ON DATABASE ${Object.values(DATABASES).join(', ')}, postgres, template1 FROM PUBLIC;
      GRANT CONNECT ON DATABASE ${DATABASES.hub} TO promptsales_read;
      GRANT CONNECT, TEMPORARY, CREATE ON DATABASE ${DATABASES.hub} TO promptsales_etl;
      ${SOURCE_WRITERS.map(({ source, group }) => `GRANT CONNECT ON DATABASE ${DATABASES[source]} TO ${group};`).join('\n')}`);
  } finally {
    await client.end();
  }
}
