import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createConnection, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis, type RedisOptions } from 'ioredis';
import { freePort } from '../../shared/stack/ports.ts';
import { installedRedis } from '../../shared/stack/redis_part.ts';

export const HOST = '127.0.0.1';

/** A Redis server of this machine that was started with a configuration of the test's own. */
export type RedisProcess = {
  readonly port: number;
  readonly folder: string;
  readonly process: () => ChildProcess;
  readonly kill: (signal?: NodeJS.Signals) => Promise<void>;
  readonly startAgain: () => Promise<void>;
  readonly stop: () => Promise<void>;
};

/**
 * Starts the installed redis-server with the lines of a configuration file, `port` among them, and waits until it listens. What comes after
 * the file on the command line overrides it.
 */
export async function startRedisProcess(
  configuration: string,
  { port, overrides = [], sentinel = false, folder }: { port: number; overrides?: readonly string[]; sentinel?: boolean; folder?: string },
): Promise<RedisProcess> {
  const program = installedRedis()?.program;
  if (program === undefined) throw new Error('no redis-server on PATH');
  const home = folder ?? (await mkdtemp(join(tmpdir(), 'promptsales-redis-')));
  const file = join(home, `redis-${port}.conf`);
  await writeFile(file, configuration);
  let child: ChildProcess | undefined;
  let output = '';
  const start = async (): Promise<void> => {
    const started = spawn(program, [file, ...overrides, ...(sentinel ? ['--sentinel'] : [])], {
      cwd: home,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child = started;
    output = '';
    for (const stream of [started.stdout, started.stderr]) stream?.on('data', (data: Buffer) => (output += data.toString()));
    await until(`redis-server on ${port}`, () => {
      if (started.exitCode !== null) throw new Error(`redis-server ended: ${output}`);
      return listens(port);
    });
  };
  const kill = async (signal: NodeJS.Signals = 'SIGKILL'): Promise<void> => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  };
  const killAtExit = () => child?.kill('SIGKILL');
  process.once('exit', killAtExit);
  await start();
  return {
    port,
    folder: home,
    process: () => child ?? raise('not started'),
    kill,
    startAgain: start,
    stop: async () => {
      await kill();
      process.off('exit', killAtExit);
      await rm(home, { recursive: true, force: true });
    },
  };
}

/** What a server of a test needs: nothing on disk, and no more memory than it takes. */
const PLAIN = ['bind 127.0.0.1', 'save ""', 'appendonly no', 'daemonize no', 'loglevel warning'];

export async function startPlainRedis(lines: readonly string[] = []): Promise<RedisProcess> {
  const port = await freePort(HOST);
  return startRedisProcess([...PLAIN, `port ${port}`, ...lines].join('\n'), { port });
}

/** A Cluster of masters that have shared out the slots, each with so many replicas. */
export async function startRedisCluster({
  masters = 3,
  replicas = 0,
  lines = [] as readonly string[],
  /** The authority's file: all of the Cluster then speaks TLS, with the certificates `lines` name. */
  tls = undefined as string | undefined,
} = {}): Promise<{
  readonly servers: readonly RedisProcess[];
  readonly url: string;
  readonly stop: () => Promise<void>;
}> {
  const servers: RedisProcess[] = [];
  const stop = async () => void (await Promise.all(servers.map((server) => server.stop())));
  try {
    for (let i = 0; i < masters * (1 + replicas); i++) {
      // The bus listens 10,000 ports above unless told otherwise, which for a high port is none.
      const bus = await freePort(HOST);
      const port = await freePort(HOST);
      const listening = tls === undefined ? [`port ${port}`] : ['port 0', `tls-port ${port}`, 'tls-cluster yes'];
      const cluster = ['cluster-enabled yes', 'cluster-node-timeout 1000', 'cluster-config-file nodes.conf', `cluster-port ${bus}`];
      servers.push(await startRedisProcess([...PLAIN, ...listening, ...cluster, ...lines].join('\n'), { port }));
    }
    const admins = servers.map(({ port }) => adminOf(port, tls === undefined ? {} : { tls: { ca: readFileSync(tls) } }));
    const [first, ...others] = admins;
    if (first === undefined) throw new Error('a cluster needs a master');
    const each = Math.ceil(16_384 / masters);
    for (const [i, admin] of admins.slice(0, masters).entries()) {
      await admin.call('cluster', 'addslotsrange', i * each, Math.min(16_383, (i + 1) * each - 1));
      await admin.call('cluster', 'set-config-epoch', i + 1);
    }
    const firstBus = Number(((await first.call('config', 'get', 'cluster-port')) as string[])[1]);
    for (const other of others) await other.call('cluster', 'meet', HOST, servers[0]?.port ?? 0, firstBus);
    const ids = await Promise.all(admins.map(async (admin) => String(await admin.call('cluster', 'myid'))));
    await until('the cluster to know its nodes', async () => {
      const known = await Promise.all(
        admins.map(
          async (admin) =>
            String(await admin.call('cluster', 'nodes'))
              .trim()
              .split('\n').length,
        ),
      );
      return known.every((count) => count === admins.length);
    });
    for (const [i, admin] of admins.slice(masters).entries()) await admin.call('cluster', 'replicate', ids[i % masters] ?? '');
    await until('the cluster to be well', async () => {
      const infos = await Promise.all(admins.map(async (admin) => String(await admin.call('cluster', 'info'))));
      const slots = await Promise.all(admins.map(async (admin) => (await admin.call('cluster', 'slots')) as unknown[][]));
      return (
        infos.every((info) => info.includes('cluster_state:ok')) &&
        slots.every((ranges) => ranges.every((range) => range.length === 3 + replicas))
      );
    });
    for (const admin of admins) admin.disconnect();
  } catch (error) {
    await stop();
    throw error;
  }
  return { servers, url: `redis${tls === undefined ? '' : 's'}+cluster://${servers.map(({ port }) => `${HOST}:${port}`).join(',')}`, stop };
}

/** A client for the test's own look at a server. */
export function adminOf(port: number, options: RedisOptions = {}): Redis {
  const admin = new Redis({ host: HOST, port, ...options });
  admin.on('error', () => undefined);
  return admin;
}

/** A port that passes on to another, each byte so many milliseconds late. */
export async function startSlowPort(target: number): Promise<{
  readonly port: number;
  delayMs: number;
  readonly stop: () => Promise<void>;
}> {
  const sockets = new Set<Socket>();
  const slow = { port: 0, delayMs: 0, stop: async (): Promise<void> => {} };
  const server = createServer((near) => {
    const far = createConnection({ host: HOST, port: target });
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.setNoDelay(true);
      from.on('data', (data) => void sleep(from === far ? slow.delayMs : 0).then(() => to.writable && to.write(data)));
      from.on('error', () => undefined);
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
    }
  });
  server.listen(0, HOST);
  await once(server, 'listening');
  const address = server.address();
  slow.port = typeof address === 'object' && address !== null ? address.port : 0;
  slow.stop = async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  };
  return slow;
}

/** Waits until it is so; rejects when it does not become so in time. */
export async function until(what: string, look: () => boolean | Promise<boolean>, withinMs = 20_000): Promise<void> {
  const end = performance.now() + withinMs;
  while (!(await look())) {
    if (performance.now() > end) throw new Error(`${what}: not within ${withinMs} ms`);
    await sleep(25);
  }
}

/** Whether a program of this name can be run here. */
export function hasProgram(name: string, ...probe: readonly string[]): boolean {
  return spawnSync(name, probe, { stdio: 'ignore' }).status === 0;
}

async function listens(port: number): Promise<boolean> {
  const socket = createConnection({ host: HOST, port });
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

function raise(message: string): never {
  throw new Error(message);
}
