import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { startChild } from './child.ts';
import { lastLines, type PartDefinition } from './part.ts';
import { freePort } from './ports.ts';
import { redisConfiguration, VALKEY_PASSWORD_VARIABLE, VALKEY_PORT_VARIABLE } from './redis_configuration.ts';
import { pingRedis } from './redis_protocol.ts';

const HOST = '127.0.0.1';
const STOP_STEPS = [
  { signal: 'SIGTERM', waitMs: 2000 },
  { signal: 'SIGKILL', waitMs: 1000 },
] as const;

/** A Redis or Valkey server installed on this machine. */
export type InstalledRedis = { readonly program: string; readonly engine: string };

/** The oldest major version whose commands we rely on. */
const OLDEST_MAJOR = 7;

/** The first usable redis-server or valkey-server on PATH; undefined when there is none of a recent version. */
export function installedRedis(path = process.env.PATH ?? ''): InstalledRedis | undefined {
  const suffix = process.platform === 'win32' ? '.exe' : '';
  for (const folder of path.split(delimiter).filter((entry) => entry !== '')) {
    for (const name of ['valkey-server', 'redis-server']) {
      const program = join(folder, `${name}${suffix}`);
      if (!isExecutable(program)) continue;
      const [, server, version] = /^(\w+) server v=(\S+)/.exec(spawnSync(program, ['--version'], { encoding: 'utf8' }).stdout ?? '') ?? [];
      if (version !== undefined && Number.parseInt(version, 10) >= OLDEST_MAJOR) return { program, engine: `${server} ${version}` };
    }
  }
  return undefined;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

export type RedisOptions = {
  readonly password: string;
  readonly log: string;
  /** How this program starts itself; `internal valkey` runs the bundled server. */
  readonly selfCommand: readonly string[];
  /** Take the bundled server even where another is installed. */
  readonly wasm: boolean;
};

/**
 * The cache and queues as a part: a Redis or Valkey server of this machine, else the bundled one. Nothing is kept over a restart:
 * all of it can be computed again. The password goes through standard input or the environment, never through the command line,
 * which every user of the machine can read.
 */
export async function embeddedRedis({ password, log, selfCommand, wasm }: RedisOptions): Promise<PartDefinition> {
  const port = await freePort(HOST);
  const url = `redis://:${password}@${HOST}:${port}`;
  const installed = wasm ? undefined : installedRedis();
  return {
    name: 'redis',
    engine: installed?.engine ?? 'Valkey 9 (bundled)',
    url,
    port,
    start: () =>
      installed === undefined
        ? startChild({
            command: [...selfCommand, 'internal', 'valkey'],
            environment: { ...process.env, [VALKEY_PORT_VARIABLE]: String(port), [VALKEY_PASSWORD_VARIABLE]: password },
            log,
            input: 'lifeline',
            stopSteps: STOP_STEPS,
          })
        : startChild({
            command: [installed.program, '-'],
            environment: { PATH: process.env.PATH, LC_ALL: 'C' },
            cwd: '/',
            log,
            input: { text: redisConfiguration(HOST, port, password) },
            stopSteps: STOP_STEPS,
          }),
    probe: async (child) => {
      if (child.hasExited()) throw new Error(lastLines(child));
      await pingRedis(url);
    },
    readyWithinMs: 15_000,
  };
}
