import { describe, expect, it } from 'vitest';
import { describeRedisAddress, parseRedisAddress, withTlsFiles } from '../../shared/cache/redis_address.ts';
import { readSettings } from '../../shared/config/settings.ts';

describe('the address of Redis', () => {
  it.each([
    ['redis://cache', { kind: 'server', nodes: [{ host: 'cache', port: 6379 }], login: {}, tls: undefined, database: 0 }],
    [
      'redis://:p%40s%3As@[::1]:7000/2',
      {
        kind: 'server',
        nodes: [{ host: '::1', port: 7000 }],
        login: { username: undefined, password: 'p@s:s' },
        tls: undefined,
        database: 2,
      },
    ],
    [
      'REDISS://user:pass:word@cache.example?tls_ca=%2Fca.crt',
      {
        kind: 'server',
        nodes: [{ host: 'cache.example', port: 6379 }],
        login: { username: 'user', password: 'pass:word' },
        tls: { ca: '/ca.crt', cert: undefined, key: undefined },
        database: 0,
      },
    ],
    [
      'redis+cluster://u:p@a:1,b:2,c',
      {
        kind: 'cluster',
        nodes: [
          { host: 'a', port: 1 },
          { host: 'b', port: 2 },
          { host: 'c', port: 6379 },
        ],
        login: { username: 'u', password: 'p' },
        tls: undefined,
      },
    ],
    [
      'rediss+sentinel://:p@a,b:2/shop/3?sentinel_username=s&sentinel_password=x%26y',
      {
        kind: 'sentinel',
        nodes: [
          { host: 'a', port: 26_379 },
          { host: 'b', port: 2 },
        ],
        login: { username: undefined, password: 'p' },
        tls: { ca: undefined, cert: undefined, key: undefined },
        master: 'shop',
        database: 3,
        sentinelLogin: { username: 's', password: 'x&y' },
      },
    ],
  ])('%s', (url, expected) => {
    expect(parseRedisAddress(url)).toEqual(expected);
  });

  it.each([
    ['http://cache', 'must be like redis://'],
    ['redis://', 'names no host'],
    ['redis://:s3cret@', 'names no host'],
    ['redis://:s3cret@a,b', 'redis+cluster://'],
    ['redis://:s3cret@a:port', 'must name hosts with their ports'],
    ['redis://:s3cret@a:70000', 'between 1 and 65535'],
    ['redis://:s3cret@a/one', 'a database that is not a number'],
    ['redis://:s3cret/part@a', 'must name hosts with their ports'],
    ['redis://:s3cret%zz@a', '%25'],
    ['redis://s3cret@a', 'a user name without a password'],
    ['redis://:s3cret@a/1/2', 'only a database number'],
    ['redis+cluster://:s3cret@a/1', 'must name no database'],
    ['redis+sentinel://:s3cret@a', "the master's name"],
    ['redis://:s3cret@a?tls=s3cret', 'a parameter that is not known'],
    ['redis://:s3cret@a?tls_ca=/s3cret', 'which only rediss:// uses'],
    ['rediss://:s3cret@a?tls_cert=/s3cret', 'together'],
  ])('%s is refused at the start by the name of its variable, without the password', (url, reason) => {
    const start = () => readSettings({ REDIS_URL: url });
    expect(start).toThrow(reason);
    expect(start).toThrow(/^REDIS_URL: (?!.*s3cret)/s);
  });

  it('is shown without user and password', () => {
    expect(describeRedisAddress(parseRedisAddress('rediss+sentinel://u:p@[::1],b:2/shop/3?sentinel_password=x'))).toBe(
      'rediss+sentinel://[::1]:26379,b:2/shop/3',
    );
    expect(describeRedisAddress(parseRedisAddress('redis+cluster://u:p@a,b:2'))).toBe('redis+cluster://a:6379,b:2');
  });

  it('takes the files of REDIS_TLS_* along, once, and only where there is TLS', () => {
    const once = withTlsFiles('rediss://r?tls_ca=%2Fown', { ca: '/other', cert: '/c d', key: '/k' });
    expect(parseRedisAddress(once).tls).toEqual({ ca: '/own', cert: '/c d', key: '/k' });
    expect(withTlsFiles(once, { ca: '/other', cert: '/c d', key: '/k' })).toBe(once);
    const settings = readSettings({ REDIS_URL: 'rediss://r', REDIS_TLS_CA: '/ca' });
    expect(readSettings({ REDIS_URL: settings.urls.redis, REDIS_TLS_CA: '/ca' }).urls.redis).toBe(settings.urls.redis);
    expect(() => readSettings({ REDIS_URL: 'redis://r', REDIS_TLS_CA: '/ca' })).toThrow(/^REDIS_TLS_CA, .* rediss/);
    expect(() => readSettings({ REDIS_TLS_CA: '/ca' })).toThrow(/^REDIS_TLS_CA/);
  });
});
