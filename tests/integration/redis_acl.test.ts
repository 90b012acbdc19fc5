import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lastSyncIn } from '../../etl/last_sync.ts';
import {
  campaignDayKey,
  generationQueueKey,
  jobQueueKey,
  KEY_CATALOGUE,
  lastSyncKey,
  lockKey,
  sessionKey,
  toolResultKey,
} from '../../shared/cache/keys.ts';
import { openKeyspace } from '../../shared/cache/keyspace.ts';
import { connectRedis, type RedisCommand, type RedisConnection, type RedisReply } from '../../shared/cache/redis_connection.ts';
import { freePort } from '../../shared/stack/ports.ts';
import { type Authority, hasOpenssl, makeAuthority } from '../support/certificates.ts';
import { hasRedisServer } from '../support/redis_engines.ts';
import { adminOf, HOST, type RedisProcess, startRedisCluster, startRedisProcess } from '../support/redis_servers.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const CONFIG = join(ROOT, 'database/redis/config');
const PASSWORD = 'a long random password';
const SERVER = 'promptsales_server';
const ETL = 'promptsales_etl';
const OPERATIONS = 'promptsales_operations';

const values = (replies: readonly RedisReply[] | undefined) => replies?.map((reply) => (reply.ok ? reply.value : 'refused'));
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

/** users.acl with the passwords put in as its README says. */
async function usersWithPasswords(): Promise<string> {
  const users = await readFile(join(CONFIG, 'users.acl'), 'utf8');
  return users.replaceAll(/^(user promptsales_\w+ on) resetpass/gm, `$1 #${sha256(PASSWORD)}`);
}

/** The words of a user's line. */
async function rulesOf(user: string): Promise<readonly string[]> {
  const lines = (await readFile(join(CONFIG, 'users.acl'), 'utf8')).split('\n');
  return lines.find((line) => line.startsWith(`user ${user} `))?.split(' ') ?? [];
}

/** What the driver sends by itself: to connect, to find its way in a Cluster, and for scripts. */
const OF_THE_DRIVER: ReadonlySet<string> = new Set(['ping', 'info', 'select', 'client', 'cluster', 'eval', 'evalsha']);

/** A key of the family, as the catalogue builds it. */
const aKeyOf = (family: (typeof KEY_CATALOGUE)[number]) => family.pattern.replaceAll(/\{[^}]*\}/g, 'x');

/** One write that suits the type of the family. */
function writing(family: (typeof KEY_CATALOGUE)[number]): RedisCommand {
  const key = aKeyOf(family);
  switch (family.type) {
    case 'hash':
      return ['hset', key, 'f', 'v'];
    case 'list':
      return ['lpush', key, 'v'];
    case 'sorted set':
      return ['zadd', key, 1, 'm'];
    case 'counter':
      return ['incrby', key, 1];
    case 'string':
      return ['set', key, 'v', 'px', 60_000];
  }
}

function reading(family: (typeof KEY_CATALOGUE)[number]): RedisCommand {
  const key = aKeyOf(family);
  switch (family.type) {
    case 'hash':
      return ['hmget', key, 'f'];
    case 'list':
      return ['lrange', key, 0, -1];
    case 'sorted set':
      return ['zrevrange', key, 0, -1];
    case 'counter':
    case 'string':
      return ['get', key];
  }
}

/** What only the ETL writes. Days of campaigns are the exception: servers count in them what they generate. */
const etlFills = KEY_CATALOGUE.filter(({ writer }) => writer.startsWith('etl/'));
const onlyEtlWrites = etlFills.filter(({ pattern }) => pattern !== campaignDayKey.pattern);

describe('users.acl', () => {
  it('gives the servers every key of the catalogue, those only the ETL fills to read, and no other', async () => {
    const patterns = (await rulesOf(SERVER)).filter((rule) => /^[~%]/.test(rule));
    const due = KEY_CATALOGUE.map((family) => `${onlyEtlWrites.includes(family) ? '%R~' : '~'}${family.glob}`);
    expect([...patterns].sort()).toEqual([...due].sort());
  });

  it('gives the ETL the keys it fills, and no other', async () => {
    const patterns = (await rulesOf(ETL)).filter((rule) => /^[~%]/.test(rule));
    expect([...patterns].sort()).toEqual(etlFills.map(({ glob }) => `~${glob}`).sort());
  });

  it('gives operations every key of the catalogue, and no other', async () => {
    const patterns = (await rulesOf(OPERATIONS)).filter((rule) => /^[~%]/.test(rule));
    expect([...patterns].sort()).toEqual(KEY_CATALOGUE.map(({ glob }) => `~${glob}`).sort());
  });

  it('names each command: no category, nothing dangerous', async () => {
    for (const user of [SERVER, ETL, OPERATIONS]) {
      const commands = (await rulesOf(user)).filter((rule) => rule.startsWith('+'));
      expect(commands.length).toBeGreaterThan(5);
      expect(
        commands.filter((rule) =>
          /^\+(@|all|keys|flush|config|debug|acl|monitor|shutdown|swapdb|publish|subscribe|eval_ro|module)/.test(rule),
        ),
      ).toEqual([]);
    }
  });
});

describe.skipIf(!hasRedisServer || !hasOpenssl)('Redis with the configuration of production (redis-server and openssl)', () => {
  let folder: string;
  let own: Authority;
  let server: RedisProcess;
  let look: Redis;
  let as: (user: string) => Promise<RedisConnection>;
  let url: (user: string, password?: string) => string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'promptsales-acl-'));
    own = makeAuthority(folder, 'own');
    const certificate = own.issue('server');
    const port = await freePort(HOST);
    // Someone to look on with: nobody of the file may ask the server about itself.
    await writeFile(join(folder, 'users.acl'), `${await usersWithPasswords()}user onlooker on >onlooker ~* &* +@all\n`);
    server = await startRedisProcess(await readFile(join(CONFIG, 'redis.conf'), 'utf8'), {
      port,
      folder,
      overrides: [
        ...['--bind', HOST, '--tls-port', String(port), '--dir', folder, '--aclfile', join(folder, 'users.acl')],
        ...['--tls-cert-file', certificate.cert, '--tls-key-file', certificate.key, '--tls-ca-cert-file', own.ca],
      ],
    });
    url = (user, password = PASSWORD) =>
      `rediss://${user}:${encodeURIComponent(password)}@${HOST}:${port}?tls_ca=${encodeURIComponent(own.ca)}`;
    as = (user) => connectRedis(url(user));
    look = adminOf(port, { username: 'onlooker', password: 'onlooker', tls: { ca: await readFile(own.ca) } });
  });
  afterAll(async () => {
    look.disconnect();
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('starts with the file as it is, and keeps queues through a crash', async () => {
    const redis = await as(SERVER);
    const key = jobQueueKey.of({ type: 'crash' });
    expect(values(await redis.pipeline([['lpush', key, '{"id":"1"}']]))).toEqual([1]);
    await sleep(1_200);
    await server.kill('SIGKILL');
    await server.startAgain();
    await expect.poll(async () => values(await redis.pipeline([['lrange', key, 0, -1]])), { timeout: 5_000 }).toEqual([['{"id":"1"}']]);
    await redis.pipeline([['del', key]]);
    await redis.close();
  });

  it('lets nobody in without a name, nor with another password', async () => {
    for (const address of [url(SERVER, 'guess'), url('default', ''), url('nobody')]) {
      const redis = await connectRedis(address);
      await sleep(100);
      expect(await redis.pipeline([['ping']])).toBeUndefined();
      await redis.close();
    }
    const shipped = await readFile(join(CONFIG, 'users.acl'), 'utf8');
    for (const line of shipped.trim().split('\n')) expect(line).toMatch(/^user (default off|promptsales_\w+ on) resetpass /);
  });

  it('lets the servers write and read all of the catalogue but what only the ETL writes', async () => {
    const redis = await as(SERVER);
    for (const family of KEY_CATALOGUE) {
      const replies = await redis.pipeline([writing(family), ['expire', aKeyOf(family), 60], reading(family), ['del', aKeyOf(family)]]);
      const may = !onlyEtlWrites.includes(family);
      expect([family.pattern, ...(replies ?? []).map(({ ok }) => ok)]).toEqual([family.pattern, may, may, true, may]);
    }
    await redis.close();
  });

  it('lets the ETL write and read what it fills, and nothing else', async () => {
    const redis = await as(ETL);
    for (const family of KEY_CATALOGUE) {
      const replies = await redis.pipeline([writing(family), ['expire', aKeyOf(family), 60], ['del', aKeyOf(family)]]);
      const may = etlFills.includes(family);
      expect([family.pattern, ...(replies ?? []).map(({ ok }) => ok)]).toEqual([family.pattern, may, may, may]);
    }
    await lastSyncIn(redis).record(
      { database: 'PromptAds', table: 'ads.campaigns', read: 3, deleted: 0, ms: 5 } as Parameters<
        ReturnType<typeof lastSyncIn>['record']
      >[0],
      '42',
      new Date('2026-11-21T00:00:00Z'),
    );
    const key = lastSyncKey.of({ database: 'PromptAds', table: 'ads.campaigns' });
    expect(await look.hgetall(key)).toMatchObject({ last_id: '42', records_processed: '3' });
    expect(await look.ttl(key)).toBeGreaterThan(lastSyncKey.seconds - 5);
    expect(
      values(
        await redis.pipeline([
          ['get', lockKey.of({ resource: 'a', id: 'b' })],
          ['hgetall', sessionKey.of({ user_id: 'u' })],
        ]),
      ),
    ).toEqual(['refused', 'refused']);
    await redis.close();
  });

  it('lets nobody touch a foreign key or the server itself', async () => {
    await look.set('foreign', 'x');
    for (const user of [SERVER, ETL, OPERATIONS]) {
      const redis = await as(user);
      const replies = await redis.pipeline([
        ['get', 'foreign'],
        ['set', 'foreign', 'y'],
        ['del', 'foreign'],
        ['keys', '*'],
        ['flushall'],
        ['flushdb'],
        ['config', 'get', 'maxmemory'],
        ['config', 'set', 'maxmemory', 1],
        ['acl', 'list'],
        ['debug', 'sleep', 0],
        ['client', 'list'],
        ['client', 'kill', 'type', 'normal'],
        ['script', 'flush'],
        ['publish', 'a', 'b'],
        ['replicaof', HOST, 1],
        ['slowlog', 'get'],
      ]);
      expect(values(replies)).toEqual(Array.from({ length: 16 }, () => 'refused'));
      const scripted = [{ name: 'reach', lua: "return redis.call('get', 'foreign')" }, lockKey.of({ resource: 'a', id: 'b' })] as const;
      expect(values(await redis.pipeline([scripted]))).toEqual(['refused']);
      await redis.close();
    }
    expect(await look.get('foreign')).toBe('x');
    await look.del('foreign');
  });

  it('lets each user find its way in a Cluster', async () => {
    const cluster = await startRedisCluster({ masters: 2 });
    try {
      for (const { port } of cluster.servers) {
        const admin = adminOf(port);
        for (const line of (await usersWithPasswords()).split('\n').filter((rule) => rule.startsWith('user promptsales_'))) {
          const [, user = '', ...rules] = line.split(' ');
          await admin.call('acl', 'setuser', user, ...rules);
        }
        admin.disconnect();
      }
      const within = (user: string) => cluster.url.replace('://', `://${user}:${encodeURIComponent(PASSWORD)}@`);
      const redis = await connectRedis(within(SERVER));
      const keys = Array.from({ length: 20 }, (_, i) => lockKey.of({ resource: 'r', id: String(i) }));
      expect(values(await redis.pipeline(keys.map((key) => ['set', key, 'x', 'px', 60_000] as const)))).toEqual(keys.map(() => 'OK'));
      await redis.close();
      const etl = await connectRedis(within(ETL));
      expect(values(await etl.pipeline([['hset', lastSyncKey.of({ database: 'd', table: 't' }), 'last_id', '1']]))).toEqual([1]);
      await etl.close();
      const keyspace = await openKeyspace(within(OPERATIONS));
      const found: string[] = [];
      for await (const some of keyspace.scan(lockKey.glob)) found.push(...some);
      expect(found.sort()).toEqual([...keys].sort());
      expect(await keyspace.servers()).toHaveLength(2);
      expect(await keyspace.unlink(found)).toBe(20);
      keyspace.close();
    } finally {
      await cluster.stop();
    }
  });

  it('lets operations count, look and delete, and write nothing', async () => {
    await look.hset(toolResultKey.of({ server: 's', tool: 't', params_hash: 'h' }), 'result', '{}');
    await look.set(lockKey.of({ resource: 'a', id: 'b' }), 'token', 'EX', 30);
    const keyspace = await openKeyspace(url(OPERATIONS));
    expect(keyspace.address).toBe(`rediss://${HOST}:${server.port}`);
    expect(await keyspace.servers()).toMatchObject([{ engine: 'Redis', evictionPolicy: 'volatile-lru', maxBytes: 1_073_741_824 }]);
    const keys: string[] = [];
    for await (const found of keyspace.scan('*')) keys.push(...found);
    for (const key of keys) expect(await keyspace.look(key)).toMatchObject({ key });
    expect(await keyspace.unlink(keys)).toBe(keys.length);
    keyspace.close();
    const redis = await as(OPERATIONS);
    const attempts = KEY_CATALOGUE.map((family) => writing(family));
    expect(values(await redis.pipeline(attempts))).toEqual(attempts.map(() => 'refused'));
    await redis.close();
  });

  it.each([
    [SERVER, ['shared', 'mcp-servers']],
    [ETL, ['etl', 'shared/boards']],
  ])('lets %s send the commands that the code of %j sends, and no more', async (user, folders) => {
    const known = new Set(((await look.call('command', 'list')) as string[]).filter((name) => !name.includes('|')));
    const sent = await commandsSent(folders, known);
    expect(sent.size).toBeGreaterThan(3);
    const allowed = new Set((await rulesOf(user)).flatMap((rule) => (rule.startsWith('+') ? [rule.slice(1).split('|')[0] ?? ''] : [])));
    expect([...sent].filter((command) => !allowed.has(command))).toEqual([]);
    expect([...allowed].filter((command) => !sent.has(command) && !OF_THE_DRIVER.has(command))).toEqual([]);
  });

  it('gives up results when memory is full, the longest unused first, and neither queues nor the locks of the moment', async () => {
    const redis = await as(SERVER);
    const queue = generationQueueKey.of({ priority: 'high' });
    const lock = lockKey.of({ resource: 'content_generation', id: 'CMP-1' });
    await redis.pipeline([['lpush', queue, 'one', 'two', 'three']]);
    const [, used = '0'] = /used_memory:(\d+)/.exec(await look.info('memory')) ?? [];
    await look.config('SET', 'maxmemory', Number(used) + 4 * 1024 * 1024);
    let written = 0;
    const writeResults = async (count: number) => {
      for (const until = written + count; written < until; written += 50) {
        const made = Array.from({ length: 50 }, (_, i) => toolResultKey.of({ server: 's', tool: 't', params_hash: String(written + i) }));
        const replies = await redis.pipeline(
          made.flatMap((key) => [['hset', key, 'result', 'r'.repeat(10_000)] as const, ['expire', key, toolResultKey.seconds] as const]),
        );
        expect(replies?.every(({ ok }) => ok)).toBe(true);
      }
    };
    await writeResults(300);
    // Redis tells ages apart by the second.
    await sleep(2_100);
    await redis.pipeline([['set', lock, 'token', 'nx', 'px', 30_000]]);
    await writeResults(250);
    const [, evicted = '0'] = /evicted_keys:(\d+)/.exec(await look.info('stats')) ?? [];
    expect(Number(evicted)).toBeGreaterThan(100);
    expect(
      values(
        await redis.pipeline([
          ['llen', queue],
          ['get', lock],
        ]),
      ),
    ).toEqual([3, 'token']);
    await redis.close();
  });
});

/** The Redis commands that files which speak to Redis name, in arrays of commands and in scripts. */
async function commandsSent(folders: readonly string[], known: ReadonlySet<string>): Promise<ReadonlySet<string>> {
  const sent = new Set<string>();
  for (const folder of folders) {
    for (const entry of await readdir(join(ROOT, folder), { recursive: true, withFileTypes: true })) {
      const file = join(entry.parentPath, entry.name);
      if (!entry.isFile() || !file.endsWith('.ts') || /shared\/stack|keyspace\.ts|redis_(connection|driver)\.ts/.test(file)) continue;
      const text = await readFile(file, 'utf8');
      if (!text.includes('redis_connection.ts')) continue;
      const names = [...text.matchAll(/\[\s*'([a-zA-Z]+)',/g), ...text.matchAll(/redis\.p?call\('(\w+)'/g)];
      for (const [, name = ''] of names) {
        const command = name.toLowerCase().replace(/buffer$/, '');
        if (known.has(command)) sent.add(command);
      }
    }
  }
  return sent;
}
