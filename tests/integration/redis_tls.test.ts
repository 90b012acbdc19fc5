import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectRedis } from '../../shared/cache/redis_connection.ts';
import { connectDriver, openRedisDriver } from '../../shared/cache/redis_driver.ts';
import { readSettings, SettingsError } from '../../shared/config/settings.ts';
import { freePort } from '../../shared/stack/ports.ts';
import { type Authority, hasOpenssl, makeAuthority } from '../support/certificates.ts';
import { hasRedisServer } from '../support/redis_engines.ts';
import { HOST, type RedisProcess, startRedisCluster, startRedisProcess, until } from '../support/redis_servers.ts';

const needed = hasRedisServer && hasOpenssl;

describe.skipIf(!needed)('an encrypted connection to Redis (redis-server and openssl)', () => {
  let folder: string;
  let own: Authority;
  let client: { readonly cert: string; readonly key: string };
  let tlsLines: (clients: 'yes' | 'no') => string[];
  const servers: RedisProcess[] = [];

  const startTls = async (clients: 'yes' | 'no'): Promise<number> => {
    const port = await freePort(HOST);
    const lines = [`bind ${HOST}`, 'port 0', `tls-port ${port}`, 'save ""', 'requirepass p%40ss', ...tlsLines(clients)];
    servers.push(await startRedisProcess(lines.join('\n'), { port }));
    return port;
  };
  /** Whether the settings of an environment lead to a Redis that answers. */
  const reaches = async (environment: Record<string, string>): Promise<boolean> => {
    const url = readSettings(environment).urls.redis ?? '';
    const driver = await openRedisDriver(url);
    // Sentinels are asked again and again; any other refusal is told at once.
    const waited = new AbortController();
    const isConnected = await Promise.race([
      connectDriver(driver).then(
        () => true,
        () => false,
      ),
      sleep(1_500, false, { signal: waited.signal }),
    ]);
    waited.abort();
    driver.client.disconnect();
    if (!isConnected) return false;
    const redis = await connectRedis(url);
    await until('an answer', () => redis.isUp, 1_500).catch(() => undefined);
    const replies = await redis.pipeline([['ping']]);
    await redis.close();
    return replies?.[0]?.ok === true;
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'promptsales-tls-'));
    own = makeAuthority(folder, 'own');
    client = own.issue('client');
    const server = own.issue('server');
    tlsLines = (clients) => [
      `tls-cert-file ${server.cert}`,
      `tls-key-file ${server.key}`,
      `tls-ca-cert-file ${own.ca}`,
      `tls-auth-clients ${clients}`,
    ];
  });
  afterAll(async () => {
    await Promise.all(servers.map((server) => server.stop()));
    await rm(folder, { recursive: true, force: true });
  });

  it('takes a certificate of the authority REDIS_TLS_CA names, wherever a process starts', async () => {
    const url = `rediss://:p%2540ss@${HOST}:${await startTls('no')}`;
    expect(await reaches({ REDIS_URL: url, REDIS_TLS_CA: own.ca })).toBe(true);
    expect(await reaches({ REDIS_URL: url, REDIS_TLS_CA: relative(process.cwd(), own.ca) })).toBe(true);
    expect(await reaches({ REDIS_URL: `${url}?tls_ca=${encodeURIComponent(own.ca)}` })).toBe(true);
  });

  it('refuses a certificate nobody vouches for, another authority’s, and one made out to another name; nothing turns that off', async () => {
    const port = await startTls('no');
    const url = `rediss://:p%2540ss@${HOST}:${port}`;
    expect(await reaches({ REDIS_URL: url })).toBe(false);
    expect(await reaches({ REDIS_URL: url, REDIS_TLS_CA: makeAuthority(folder, 'other').ca })).toBe(false);
    expect(await reaches({ REDIS_URL: url.replace(HOST, 'localhost'), REDIS_TLS_CA: own.ca })).toBe(false);
    expect(() => readSettings({ REDIS_URL: `${url}?rejectUnauthorized=false` })).toThrow('REDIS_URL: has a parameter that is not known');
    const before = process.env.NODE_TLS_REJECT_UNAUTHORIZED;
    try {
      process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
      expect(await reaches({ REDIS_URL: url })).toBe(false);
    } finally {
      if (before === undefined) delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
      else process.env.NODE_TLS_REJECT_UNAUTHORIZED = before;
    }
  });

  it('survives the second error of a connection that is refused in its handshake', async () => {
    const url = `rediss://:p%2540ss@${HOST}:${await startTls('no')}?tls_ca=${encodeURIComponent(makeAuthority(folder, 'third').ca)}`;
    const { client, kind } = await openRedisDriver(url);
    if (kind !== 'server') throw new Error('not a single server');
    const refused = new Promise<typeof client.stream>((resolve) => client.once('error', () => resolve(client.stream)));
    await client.connect().catch(() => undefined);
    const connection = await refused;
    expect(() => connection.emit('error', new Error('tlsv1 alert decode error'))).not.toThrow();
    client.disconnect();
  });

  it('shows a client certificate where the server asks for one', async () => {
    const url = `rediss://:p%2540ss@${HOST}:${await startTls('yes')}`;
    expect(await reaches({ REDIS_URL: url, REDIS_TLS_CA: own.ca })).toBe(false);
    expect(await reaches({ REDIS_URL: url, REDIS_TLS_CA: own.ca, REDIS_TLS_CERT: client.cert, REDIS_TLS_KEY: client.key })).toBe(true);
  });

  it('does not speak plain text to a server that expects TLS', async () => {
    expect(await reaches({ REDIS_URL: `redis://:p%2540ss@${HOST}:${await startTls('no')}` })).toBe(false);
  });

  it('reaches every node of a Cluster', async () => {
    const cluster = await startRedisCluster({ masters: 2, lines: tlsLines('no'), tls: own.ca });
    try {
      const redis = await connectRedis(`${cluster.url}?tls_ca=${encodeURIComponent(own.ca)}`);
      const keys = Array.from({ length: 20 }, (_, i) => `job:${i}`);
      const replies = await redis.pipeline(keys.map((key) => ['set', key, '1', 'ex', 60] as const));
      expect(replies?.every((reply) => reply.ok)).toBe(true);
      await redis.close();
    } finally {
      await cluster.stop();
    }
  });

  it('reaches Sentinels and their master', async () => {
    const master = await startTls('no');
    const port = await freePort(HOST);
    const lines = [
      `bind ${HOST}`,
      'port 0',
      `tls-port ${port}`,
      'tls-replication yes',
      ...tlsLines('no'),
      `sentinel monitor shop ${HOST} ${master} 1`,
      'sentinel auth-pass shop p%40ss',
    ];
    servers.push(await startRedisProcess(lines.join('\n'), { port, sentinel: true }));
    const url = `rediss+sentinel://:p%2540ss@${HOST}:${port}/shop`;
    expect(await reaches({ REDIS_URL: url, REDIS_TLS_CA: own.ca })).toBe(true);
    expect(await reaches({ REDIS_URL: url })).toBe(false);
  });

  it('is refused at the start when a file is missing or is no certificate, by the name of its variable', async () => {
    const open = (environment: Record<string, string>) =>
      connectRedis(readSettings({ REDIS_URL: 'rediss://r', ...environment }).urls.redis ?? '');
    const text = join(folder, 'text');
    await writeFile(text, 'hello');
    await expect(open({ REDIS_TLS_CA: join(folder, 'absent') })).rejects.toThrow(/^REDIS_TLS_CA: .*absent cannot be read \(ENOENT\)/);
    await expect(open({ REDIS_TLS_CA: text })).rejects.toThrow(/^REDIS_TLS_CA: .* is not a PEM file/);
    await expect(open({ REDIS_TLS_CERT: client.cert, REDIS_TLS_KEY: own.issue('else').key })).rejects.toThrow(SettingsError);
  });
});
