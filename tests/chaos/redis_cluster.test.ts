import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectRedis, type RedisConnection, type RedisReply, type RedisScript } from '../../shared/cache/redis_connection.ts';
import { describeOnEachRedis, hasRedisServer, type RedisEngine, startRedisEngine } from '../support/redis_engines.ts';
import { adminOf, HOST, type RedisProcess, startPlainRedis, startRedisCluster, startSlowPort, until } from '../support/redis_servers.ts';

const ADD: RedisScript = { name: 'add', lua: "return redis.call('incrby', KEYS[1], ARGV[1])" };
const FIELDS: RedisScript = { name: 'fields', lua: "redis.call('hset', KEYS[1], 'a', ARGV[1]); return redis.call('hgetall', KEYS[1])" };

const values = (replies: readonly RedisReply[] | undefined) => replies?.map((reply) => (reply.ok ? reply.value : 'refused'));

/** What every kind of Redis has to do alike. */
async function speaksAsAgreed(redis: RedisConnection): Promise<void> {
  const bytes = Buffer.from([0, 255, 1, 128]);
  const replies = await redis.pipeline([
    ['hset', 'mcp:tool:a:b:c', 'result', bytes, 'n', 1],
    ['expire', 'mcp:tool:a:b:c', 60],
    ['hmgetBuffer', 'mcp:tool:a:b:c', 'result', 'missing'],
    ['hgetall', 'mcp:tool:x:y:absent'],
    ['set', 'lock:a:1', 'token', 'nx', 'px', 1_000],
    ['incrby', 'lock:a:1', 1],
    ['incrby', 'ratelimit:a:b:minute:c', 3],
    [ADD, 'ratelimit:a:b:minute:c', 4],
    [FIELDS, 'mcp:server:status:s', 'v'],
    ['getBuffer', 'ratelimit:a:b:minute:c'],
    ['lpush', 'queue:jobs:t', 'one'],
    ['zadd', 'leaderboard:content:c:engagement', 1.5, 'm'],
    ['zrange', 'leaderboard:content:c:engagement', 0, -1, 'withscores'],
    ['ttl', 'mcp:tool:a:b:c'],
  ]);
  expect(values(replies)).toEqual([2, 1, [bytes, null], {}, 'OK', 'refused', 3, 7, ['a', 'v'], Buffer.from('7'), 1, 1, ['m', '1.5'], 60]);
  expect(await redis.pipeline([])).toEqual([]);
  await redis.pipeline(
    ['mcp:tool:a:b:c', 'lock:a:1', 'ratelimit:a:b:minute:c', 'mcp:server:status:s', 'queue:jobs:t', 'leaderboard:content:c:engagement'].map(
      (key) => ['del', key] as const,
    ),
  );
}

describeOnEachRedis('a connection to Redis', (name) => {
  let engine: RedisEngine;
  beforeAll(async () => {
    engine = await startRedisEngine(name);
  });
  afterAll(() => engine.stop());

  it('answers commands, scripts and bytes in one round trip', async () => {
    const redis = await connectRedis(engine.url);
    await speaksAsAgreed(redis);
    await redis.close();
  });

  it('keeps apart two scripts of the same name', async () => {
    const redis = await connectRedis(engine.url);
    const one = { name: 'same', lua: 'return 1' };
    const two = { name: 'same', lua: 'return 2' };
    expect(
      values(
        await redis.pipeline([
          [one, 'lock:a:b'],
          [two, 'lock:a:b'],
        ]),
      ),
    ).toEqual([1, 2]);
    await redis.close();
  });

  it('goes on after a restart, scripts too, and says undefined meanwhile', async () => {
    let failures = 0;
    const redis = await connectRedis(engine.url, () => {
      failures += 1;
    });
    expect(values(await redis.pipeline([[ADD, 'job:1', 1]]))).toEqual([1]);
    await engine.kill();
    await until('Redis to be missed', () => !redis.isUp);
    const asked = performance.now();
    expect(await redis.pipeline([[ADD, 'job:1', 1]])).toBeUndefined();
    expect(performance.now() - asked).toBeLessThan(150);
    expect(failures).toBeGreaterThan(0);
    await engine.startAgain();
    await until('Redis to be back', () => redis.isUp);
    expect(
      values(
        await redis.pipeline([
          [ADD, 'job:1', 1],
          [ADD, 'job:1', 1],
        ]),
      ),
    ).toEqual([1, 2]);
    await redis.close();
  });

  it('sends a script again when the server has forgotten it', async () => {
    const redis = await connectRedis(engine.url);
    await redis.pipeline([
      ['del', 'job:2'],
      [ADD, 'job:2', 1],
    ]);
    await redis.pipeline([['script', 'flush']]);
    expect(values(await redis.pipeline([[ADD, 'job:2', 1], ['ping'], [ADD, 'job:2', 1]]))).toEqual([2, 'PONG', 3]);
    await redis.close();
  });
});

describe.skipIf(!hasRedisServer)('a slow Redis', () => {
  let server: RedisProcess;
  beforeAll(async () => {
    server = await startPlainRedis();
  });
  afterAll(() => server.stop());

  it('takes 250 ms from a call at most, and none from those after it, until it is quick again', async () => {
    const slow = await startSlowPort(server.port);
    const redis = await connectRedis(`redis://${HOST}:${slow.port}`);
    expect(values(await redis.pipeline([['ping']]))).toEqual(['PONG']);
    slow.delayMs = 1_500;
    const first = performance.now();
    const together = await Promise.all(Array.from({ length: 50 }, () => redis.pipeline([['ping']])));
    const took = performance.now() - first;
    expect(together.every((replies) => replies === undefined)).toBe(true);
    expect(took).toBeGreaterThan(240);
    expect(took).toBeLessThan(1_000);
    const later = performance.now();
    for (let i = 0; i < 1_000; i++) expect(await redis.pipeline([['ping']])).toBeUndefined();
    expect(performance.now() - later).toBeLessThan(240);
    slow.delayMs = 0;
    await until('Redis to be asked again', async () => (await redis.pipeline([['ping']])) !== undefined, 8_000);
    await redis.close();
    await slow.stop();
  });

  it('that hangs is left alone, and found again when it goes on', async () => {
    const redis = await connectRedis(`redis://${HOST}:${server.port}`);
    await redis.pipeline([
      ['del', 'job:h'],
      ['incrby', 'job:h', 1],
    ]);
    server.process().kill('SIGSTOP');
    const waits: number[] = [];
    for (const end = performance.now() + 3_000; performance.now() < end; await sleep(20)) {
      const asked = performance.now();
      expect(await redis.pipeline([['incrby', 'job:h', 1]])).toBeUndefined();
      waits.push(performance.now() - asked);
    }
    expect(Math.max(...waits)).toBeLessThan(1_000);
    expect(waits.filter((ms) => ms > 200).length).toBeLessThanOrEqual(4);
    server.process().kill('SIGCONT');
    await until('Redis to be back', async () => (await redis.pipeline([['ping']])) !== undefined, 10_000);
    await redis.close();
  });

  it('is not blamed for this process being busy', async () => {
    const redis = await connectRedis(`redis://${HOST}:${server.port}`);
    const asked = redis.pipeline([['ping']]);
    await sleep(0);
    const busyUntil = performance.now() + 400;
    while (performance.now() < busyUntil);
    expect(values(await asked)).toEqual(['PONG']);
    await redis.close();
  });
});

describe.skipIf(!hasRedisServer)('a Redis Cluster of redis-server', () => {
  let cluster: Awaited<ReturnType<typeof startRedisCluster>>;
  beforeAll(async () => {
    cluster = await startRedisCluster({ masters: 3, replicas: 1 });
  });
  afterAll(() => cluster.stop());

  it('is found by any of its nodes and answers as one server does', async () => {
    for (const { port } of cluster.servers) {
      const redis = await connectRedis(`redis+cluster://${HOST}:${port}`);
      await speaksAsAgreed(redis);
      await redis.close();
    }
  });

  it('answers a pipeline over all nodes, each command from where its key lies', async () => {
    const redis = await connectRedis(cluster.url);
    const keys = Array.from({ length: 60 }, (_, i) => `job:${i}`);
    expect(values(await redis.pipeline(keys.flatMap((key, i) => [['set', key, i] as const, ['expire', key, 60] as const])))).toEqual(
      keys.flatMap(() => ['OK', 1]),
    );
    expect(values(await redis.pipeline(keys.map((key) => ['get', key] as const)))).toEqual(keys.map((_, i) => String(i)));
    const sizes = await Promise.all(
      cluster.servers.slice(0, 3).map(async ({ port }) => {
        const admin = adminOf(port);
        const size = await admin.dbsize();
        admin.disconnect();
        return size;
      }),
    );
    expect(sizes.every((size) => size >= 10)).toBe(true);
    await redis.close();
  });

  it('is followed when a slot moves', async () => {
    const redis = await connectRedis(cluster.url);
    await redis.pipeline([['set', 'job:moving', 'a', 'ex', 60]]);
    const admins = cluster.servers.slice(0, 3).map(({ port }) => adminOf(port));
    const slot = Number(await admins[0]?.call('cluster', 'keyslot', 'job:moving'));
    const ids = await Promise.all(admins.map(async (admin) => String(await admin.call('cluster', 'myid'))));
    const owner = Math.floor(slot / Math.ceil(16_384 / 3));
    const target = (owner + 1) % 3;
    await admins[target]?.call('cluster', 'setslot', slot, 'importing', ids[owner] ?? '');
    await admins[owner]?.call('cluster', 'setslot', slot, 'migrating', ids[target] ?? '');
    await admins[owner]?.call('migrate', HOST, cluster.servers[target]?.port ?? 0, 'job:moving', 0, 1_000);
    // The key is at the target, the slot still the owner's: ASK.
    expect(values(await redis.pipeline([['get', 'job:moving']]))).toEqual(['a']);
    for (const i of [target, owner]) await admins[i]?.call('cluster', 'setslot', slot, 'node', ids[target] ?? '');
    // Now MOVED, for two commands whose order matters.
    expect(
      values(
        await redis.pipeline([
          ['append', 'job:moving', 'b'],
          ['get', 'job:moving'],
          [ADD, 'job:fresh', 1],
        ]),
      ),
    ).toEqual([2, 'ab', 1]);
    for (const admin of admins) admin.disconnect();
    await redis.close();
  });

  it('loses a master: calls are not held up, and its replica is found when it takes over', async () => {
    const redis = await connectRedis(cluster.url);
    const keys = Array.from({ length: 30 }, (_, i) => `job:f${i}`);
    const write = () => redis.pipeline(keys.map((key) => ['set', key, 'x', 'ex', 60] as const));
    expect(await write()).toBeDefined();
    await cluster.servers[0]?.kill();
    const waits: number[] = [];
    await until('the replica to take over', async () => {
      const asked = performance.now();
      const replies = await write();
      waits.push(performance.now() - asked);
      return replies?.every((reply) => reply.ok) ?? false;
    });
    expect(Math.max(...waits)).toBeLessThan(1_000);
    expect(values(await redis.pipeline(keys.map((key) => ['get', key] as const)))).toEqual(keys.map(() => 'x'));
    await cluster.servers[0]?.startAgain();
    await redis.close();
  });

  it('goes away whole and comes back', async () => {
    const own = await startRedisCluster({ masters: 2 });
    try {
      const redis = await connectRedis(own.url);
      expect(
        values(
          await redis.pipeline([
            [ADD, 'job:1', 1],
            [ADD, 'job:2', 1],
          ]),
        ),
      ).toEqual([1, 1]);
      await Promise.all(own.servers.map((server) => server.kill()));
      await until('it to be missed', async () => (await redis.pipeline([['get', 'job:1']])) === undefined);
      await Promise.all(own.servers.map((server) => server.startAgain()));
      await until(
        'it to be back',
        async () =>
          (await redis.pipeline([
            ['get', 'job:1'],
            ['get', 'job:2'],
          ])) !== undefined,
      );
      expect(
        values(
          await redis.pipeline([
            [ADD, 'job:1', 1],
            [ADD, 'job:2', 1],
          ]),
        ),
      ).toEqual([1, 1]);
      await redis.close();
    } finally {
      await own.stop();
    }
  });
});
