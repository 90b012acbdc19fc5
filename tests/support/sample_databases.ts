import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createConnection, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { packageRoot } from '../../shared/config/package_root.ts';
import { type ScratchPostgres, startScratchPostgres } from './scratch_postgres.ts';

/** What the sample server stands on: a hub that knows only the state of its data, and a Redis where the machine has one. */
export type SampleDatabases = {
  readonly postgres: ScratchPostgres;
  readonly hubUrl: string;
  /** Undefined where no redis-server is on PATH. */
  readonly redis: ScratchRedis | undefined;
  /** Commits a load: the data version rises and listeners hear of it. */
  readonly load: (source: string, asOf: Date) => Promise<void>;
  readonly query: (sql: string, values?: unknown[]) => Promise<Record<string, unknown>[]>;
  readonly stop: () => Promise<void>;
};

export type ScratchRedis = {
  readonly url: string;
  readonly port: number;
  readonly kill: () => Promise<void>;
  readonly restart: () => Promise<void>;
};

export async function startSampleDatabases(): Promise<SampleDatabases> {
  const postgres = await startScratchPostgres();
  await postgres.createDatabase('hub');
  const hubUrl = postgres.url('hub');
  const query = async (sql: string, values: unknown[] = []): Promise<Record<string, unknown>[]> => {
    const client = new pg.Client({ connectionString: hubUrl });
    await client.connect();
    try {
      const result = await client.query<Record<string, unknown>>(sql, values);
      return result.rows;
    } finally {
      await client.end();
    }
  };
  await query('CREATE SCHEMA etl');
  await query(await readFile(join(packageRoot(), 'database/postgresql/hub/migrations/0005_etl.sql'), 'utf8'));
  const redis = await startScratchRedis();
  const load = async (source: string, asOf: Date): Promise<void> => {
    await query(
      `WITH mark AS (
         INSERT INTO etl.watermarks (database_name, table_name, position, as_of, run_id) VALUES ($1, 'one', '1', $2, 1)
         ON CONFLICT (database_name, table_name) DO UPDATE SET as_of = excluded.as_of)
       SELECT etl.raise_data_version()`,
      [source, asOf],
    );
  };
  await load('PromptAds', new Date());
  return {
    postgres,
    hubUrl,
    redis,
    load,
    query,
    stop: async () => {
      await redis?.kill();
      await postgres.stop();
    },
  };
}

async function startScratchRedis(): Promise<ScratchRedis | undefined> {
  if (spawnSync('redis-server', ['--version']).status !== 0) return undefined;
  const port = await freePort();
  let server: ChildProcess | undefined;
  const start = async () => {
    server = spawn('redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', tmpdir()], { stdio: 'ignore' });
    for (let attempt = 0; attempt < 100 && !(await accepts(port)); attempt += 1) await new Promise((resolve) => setTimeout(resolve, 50));
  };
  await start();
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    restart: start,
    kill: async () => {
      if (server === undefined || server.exitCode !== null || server.signalCode !== null) return;
      const ended = new Promise((resolve) => server?.once('exit', resolve));
      server.kill('SIGKILL');
      await ended;
    },
  };
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ port, host: '127.0.0.1' });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => (typeof address === 'object' && address !== null ? resolve(address.port) : reject(new Error('no free port'))));
    });
  });
}
