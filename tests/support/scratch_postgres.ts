import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { type ClusterPlace, placeCluster } from '../../shared/stack/cluster_place.ts';
import { freePort } from '../../shared/stack/ports.ts';
import { fillFromTemplate } from './template.ts';

/** What a throw-away PostgreSQL server holds. */
export type ScratchDatabases = {
  /** Connection URL of a database, as superuser unless a login name is given (its password is its name). */
  readonly url: (database: string, login?: string) => string;
  readonly createDatabase: (name: string) => Promise<void>;
};

/** A throw-away PostgreSQL server of one test file. */
export type ScratchPostgres = ScratchDatabases & {
  /** Ends the server and removes its files. */
  readonly stop: () => Promise<void>;
};

// Nothing here has to survive a crash of the machine, so nothing waits for the disk.
const SETTINGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  wal_level: 'minimal',
  max_wal_senders: '0',
  max_wal_size: '4GB',
  shared_buffers: '256MB',
  max_connections: '100',
};

/** Starts a real PostgreSQL 18 on a free port of 127.0.0.1 with its files below the machine's temporary folder; half a second. `overrides` are server settings. */
export function startScratchPostgres(overrides: Readonly<Record<string, string>> = {}): Promise<ScratchPostgres> {
  return startOn(emptyCluster, overrides);
}

/**
 * The same with databases in it: those `fill` makes on the first server of the run that is started with this name. Roles, databases and rows
 * are the same in every copy; only the port differs.
 */
export function startFilledPostgres(name: string, fill: (server: ScratchDatabases) => Promise<void>): Promise<ScratchPostgres> {
  return startOn((place) =>
    fillFromTemplate(name, place.dataDirectory, async () => {
      await emptyCluster(place);
      const { server, databases } = await serve(place);
      try {
        await fill(databases);
      } finally {
        await end(server, 'SIGINT'); // with a checkpoint: what is copied must be whole
      }
    }),
  );
}

async function startOn(
  makeCluster: (place: ClusterPlace) => Promise<void>,
  overrides: Readonly<Record<string, string>> = {},
): Promise<ScratchPostgres> {
  const home = await mkdtemp(join(tmpdir(), 'promptsales-scratch-'));
  await chmod(home, 0o755); // as root, the server runs as another user, who has to pass through
  const place = await placeCluster(home, home);
  const clean = async (): Promise<void> => {
    await rm(place.folder, { recursive: true, force: true });
    await rm(home, { recursive: true, force: true });
  };
  try {
    await makeCluster(place);
    const { server, databases } = await serve(place, overrides);
    const stop = async () => {
      await end(server, 'SIGQUIT'); // at once: there is nothing to keep
      await clean();
    };
    return { ...databases, stop };
  } catch (error) {
    await clean();
    throw error;
  }
}

function emptyCluster(place: ClusterPlace): Promise<void> {
  return fillFromTemplate('cluster', place.dataDirectory, () => initialise(place));
}

/** Starts the server of a cluster, on a free port. */
async function serve(
  place: ClusterPlace,
  overrides: Readonly<Record<string, string>> = {},
): Promise<{ readonly server: ChildProcess; readonly databases: ScratchDatabases }> {
  const port = await freePort();
  const settings = Object.entries({ ...SETTINGS, ...overrides }).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const server = spawn(place.binaries.postgres, ['-D', place.dataDirectory, '-p', String(port), ...settings], {
    ...place.owner,
    cwd: place.folder,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  await ready(server);
  const url = (database: string, login = 'postgres'): string => `postgres://${login}:${login}@127.0.0.1:${port}/${database}`;
  const createDatabase = async (name: string): Promise<void> => {
    const client = new pg.Client({ connectionString: url('postgres') });
    await client.connect();
    try {
      await client.query(`CREATE DATABASE ${client.escapeIdentifier(name)}`);
    } finally {
      await client.end();
    }
  };
  return { server, databases: { url, createDatabase } };
}

async function end(server: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const ended = once(server, 'exit');
  server.kill(signal);
  await ended;
}

async function initialise(place: ClusterPlace): Promise<void> {
  const passwordFile = join(place.folder, 'password');
  await writeFile(passwordFile, 'postgres\n', { mode: 0o600 });
  if (place.owner !== undefined) {
    await chown(passwordFile, place.owner.uid, place.owner.gid);
  }
  const flags = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--no-sync'];
  const identity = ['--username=postgres', '--auth=scram-sha-256', `--pwfile=${passwordFile}`];
  const initdb = spawn(place.binaries.initdb, [`--pgdata=${place.dataDirectory}`, ...identity, ...flags], {
    ...place.owner,
    cwd: place.folder,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const complaint = collect(initdb);
  const [code] = await once(initdb, 'close');
  if (code !== 0) throw new Error(`initdb ended with ${code}: ${complaint()}`);
}

async function ready(server: ChildProcess): Promise<void> {
  const log = collect(server);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.once('exit', (code) => reject(new Error(`PostgreSQL ended with ${code}: ${log()}`)));
    server.stderr?.on('data', () => {
      if (log().includes('ready to accept connections')) resolve();
    });
  });
}

/** What a process has written to its standard error, as far as it matters: the last part. */
function collect(child: ChildProcess): () => string {
  let text = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    text = `${text}${chunk}`.slice(-4_000);
  });
  return () => text;
}
