import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectRedis, type RedisReply, type RedisScript } from '../../shared/cache/redis_connection.ts';
import { freePort } from '../../shared/stack/ports.ts';
import { hasRedisServer } from '../support/redis_engines.ts';
import { adminOf, HOST, type RedisProcess, startPlainRedis, startRedisProcess, until } from '../support/redis_servers.ts';

const ADD: RedisScript = { name: 'add', lua: "return redis.call('incrby', KEYS[1], ARGV[1])" };
const values = (replies: readonly RedisReply[] | undefined) => replies?.map((reply) => (reply.ok ? reply.value : 'refused'));

describe.skipIf(!hasRedisServer)('Redis behind Sentinels (redis-server)', () => {
  const servers: RedisProcess[] = [];
  let sentinels: RedisProcess[] = [];
  const url = (parameters = 'sentinel_password=watch%2Fman', database = '') =>
    `redis+sentinel://:data%40secret@${sentinels.map(({ port }) => `${HOST}:${port}`).join(',')}/shop${database}?${parameters}`;

  beforeAll(async () => {
    const login = ['requirepass data@secret', 'masterauth data@secret'];
    const master = await startPlainRedis(login);
    servers.push(master, await startPlainRedis([...login, `replicaof ${HOST} ${master.port}`]));
    for (let i = 0; i < 3; i++) {
      const port = await freePort(HOST);
      const lines = [
        `bind ${HOST}`,
        `port ${port}`,
        `sentinel monitor shop ${HOST} ${master.port} 2`,
        'sentinel auth-pass shop data@secret',
        'sentinel down-after-milliseconds shop 700',
        'sentinel failover-timeout shop 1000',
        'requirepass watch/man',
        'sentinel sentinel-pass watch/man',
      ];
      sentinels = [...sentinels, await startRedisProcess(lines.join('\n'), { port, sentinel: true })];
    }
    await until('the Sentinels to know each other and the replica', async () => {
      const admin = adminOf(sentinels[0]?.port ?? 0, { password: 'watch/man' });
      const info = String(await admin.call('info', 'sentinel'));
      admin.disconnect();
      return info.includes('slaves=1,sentinels=3');
    });
    await until('the replica to follow', async () => {
      const admin = adminOf(servers[1]?.port ?? 0, { password: 'data@secret' });
      const info = await admin.info('replication');
      admin.disconnect();
      return info.includes('master_link_status:up');
    });
  });
  afterAll(() => Promise.all([...servers, ...sentinels].map((server) => server.stop())));

  it('is found by the name of its master, in the database the URL names', async () => {
    const redis = await connectRedis(url('sentinel_password=watch%2Fman', '/3'));
    expect(values(await redis.pipeline([['set', 'job:s', 'x', 'ex', 60], [ADD, 'job:n', 2], ['role']]))).toEqual([
      'OK',
      2,
      expect.arrayContaining(['master']),
    ]);
    await redis.close();
    const admin = adminOf(servers[0]?.port ?? 0, { password: 'data@secret', db: 3 });
    expect(await admin.get('job:s')).toBe('x');
    admin.disconnect();
  });

  it('is not reached without the Sentinels’ own password, and does not hold up a start', async () => {
    const began = performance.now();
    const redis = await connectRedis(url(''));
    expect(performance.now() - began).toBeLessThan(1_000);
    expect(await redis.pipeline([['ping']])).toBeUndefined();
    await redis.close();
  });

  it('fails over: calls are not held up, and the new master takes the next ones', async () => {
    const redis = await connectRedis(url());
    expect(
      values(
        await redis.pipeline([
          ['set', 'job:before', '1', 'ex', 60],
          ['wait', 1, 200],
        ]),
      ),
    ).toEqual(['OK', 1]);
    await servers[0]?.kill();
    const waits: number[] = [];
    await until('the new master', async () => {
      const asked = performance.now();
      const replies = await redis.pipeline([[ADD, 'job:after', 1]]);
      waits.push(performance.now() - asked);
      return replies?.[0]?.ok === true;
    });
    expect(Math.max(...waits)).toBeLessThan(1_000);
    expect(values(await redis.pipeline([['get', 'job:before'], ['role']]))).toEqual(['1', expect.arrayContaining(['master'])]);
    await redis.close();
  });

  it('leaves a master that has become a replica', async () => {
    await servers[0]?.startAgain();
    const port = async () => {
      const admin = adminOf(sentinels[0]?.port ?? 0, { password: 'watch/man' });
      const [, found] = (await admin.call('sentinel', 'get-master-addr-by-name', 'shop')) as string[];
      const info = String(await admin.call('sentinel', 'replicas', 'shop'));
      admin.disconnect();
      return { master: Number(found), replicaIsWell: !/s_down|disconnected|err/.test(info) };
    };
    await until('the old master to follow', async () => (await port()).replicaIsWell, 45_000);
    const before = await port();
    const redis = await connectRedis(url());
    const admin = adminOf(sentinels[0]?.port ?? 0, { password: 'watch/man' });
    await until(
      'a failover to be possible',
      async () => (await admin.call('sentinel', 'failover', 'shop').catch(() => 'no')) === 'OK',
      45_000,
    );
    admin.disconnect();
    await until('another master', async () => (await port()).master !== before.master, 45_000);
    await until('calls to reach it', async () => values(await redis.pipeline([['set', 'job:moved', 'x', 'ex', 60]]))?.[0] === 'OK', 45_000);
    await redis.close();
    // Sentinels look after a server that came back every ten seconds.
  }, 120_000);
});
