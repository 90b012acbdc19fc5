import { afterEach, describe, expect, it } from 'vitest';
import { ClientLimits } from '../../shared/cache/client_limits.ts';
import { type Limits, RateLimits } from '../../shared/cache/rate_limits.ts';
import type { RedisConnection } from '../../shared/cache/redis_connection.ts';
import { describeOnEachRedis, useRedis } from '../support/redis_engines.ts';
import { type SampleOptions, type SampleWorld, sampleWorld, someone } from '../support/sample_pipeline.ts';

const NOW = new Date('2026-11-21T12:00:30Z');
const MINUTE_KEY = 'ratelimit:tests:sample:minute:2026-11-21-12-00';
const HOUR_KEY = 'ratelimit:mcp:dawdle:tests:hour:2026-11-21-12';
const CALL = { client: 'tests', server: 'sample', tool: 'dawdle' };

describeOnEachRedis('limits of calls in Redis', (engineName) => {
  const used = useRedis(engineName);
  /** The connection of the world made last. */
  let redis: RedisConnection;

  const world = async (options: SampleOptions): Promise<SampleWorld> => {
    redis = await used.connected();
    return sampleWorld({ redis, ...options });
  };
  const call = async (at: SampleWorld) => (await at.pipeline.call('dawdle', { seconds: 0 }, someone)).result;

  it('are counters a minute and an hour, with the lives the customer gave them', async () => {
    await call(await world({}));
    expect(await used.eye.mget(MINUTE_KEY, HOUR_KEY)).toEqual(['1', '1']);
    expect(await used.eye.ttl(MINUTE_KEY)).toBeGreaterThan(115);
    expect(await used.eye.ttl(HOUR_KEY)).toBeGreaterThan(7_195);
  });

  it('are exact for 10,000 checks of four processes at once', { timeout: 60_000 }, async () => {
    const limits: Limits = { callsPerMinute: 6_000, toolCallsPerHour: 1_000_000 };
    const processes = await Promise.all(
      Array.from({ length: 4 }, async () => ({
        redis: await used.connected(),
        limits: new RateLimits({ now: () => NOW, redis: { isUp: true }, withoutRedis: 'refuse' }),
      })),
    );
    const check = async (at: (typeof processes)[number]): Promise<boolean> => {
      const spent = at.limits.spend(CALL, limits);
      if (spent !== 'ask') return spent === 'spent';
      const question = at.limits.question(CALL, limits);
      return question.settle(await at.redis.pipeline(question.commands)) === 'spent';
    };
    // In waves, as calls come: a wave is more than what a connection answers within its short timeout.
    let allowed = 0;
    for (let wave = 0; wave < 25; wave += 1) {
      const outcomes = await Promise.all(processes.flatMap((at) => Array.from({ length: 100 }, () => check(at))));
      allowed += outcomes.filter((passed) => passed).length;
    }
    expect(allowed).toBe(6_000);
    expect(await used.eye.get(MINUTE_KEY)).toBe('6000');
  });

  it('are asked for in blocks when calls come fast, and what was not used is given back', async () => {
    const redis = await used.connected();
    let roundTrips = 0;
    const limits = new RateLimits({ now: () => new Date(), redis });
    const allowance: Limits = { callsPerMinute: 100_000, toolCallsPerHour: 100_000 };
    for (let i = 0; i < 5_000; i += 1) {
      if (limits.spend(CALL, allowance) !== 'ask') continue;
      const question = limits.question(CALL, allowance);
      roundTrips += 1;
      expect(question.settle(await redis.pipeline(question.commands))).toBe('spent');
    }
    expect(roundTrips).toBeLessThan(40);
    await redis.pipeline(limits.giveBack());
    const [minute = ''] = await used.eye.keys('ratelimit:tests:*');
    expect(Number(await used.eye.get(minute))).toBe(5_000);
  });

  it('refuse with when to try again, and tell what is left', async () => {
    const worlds = [await world({ limits: { callsPerMinute: 3, toolCallsPerHour: 100 } })];
    worlds.push(await world({ limits: { callsPerMinute: 3, toolCallsPerHour: 100 } }));
    const answered = [];
    for (let i = 0; i < 6; i += 1) answered.push(await worlds[i % 2]?.pipeline.call('dawdle', { seconds: 0 }, someone));
    expect(answered.map((one) => one?.result.isError === true)).toEqual([false, false, false, true, true, true]);
    expect(answered[0]?.limits).toEqual([
      { window: 'minute', limit: 3, windowSeconds: 60, remaining: 2, resetSeconds: 30 },
      { window: 'hour', limit: 100, windowSeconds: 3_600, remaining: 99, resetSeconds: 3_570 },
    ]);
    expect(answered[3]).toMatchObject({
      result: { structuredContent: { error: { class: 'rate_limited', message: '3 calls a minute are used up.', retryAfterSeconds: 30 } } },
      limits: [{ remaining: 0 }, {}],
      retryAfterSeconds: 30,
    });
  });

  it('start anew with the next minute', async () => {
    const at = await world({ limits: { callsPerMinute: 1, toolCallsPerHour: 100 } });
    expect((await call(at)).isError).toBeUndefined();
    expect((await call(at)).isError).toBe(true);
    at.now = new Date(at.now.getTime() + 30_000);
    expect((await call(at)).isError).toBeUndefined();
  });

  it('are those of config:client where it is there (S6)', async () => {
    await used.eye.hset('config:client:tests', {
      tools_acceso: '["repeat_word","dawdle"]',
      rate_limit: '2',
      max_requests_hora: '100',
      estado: 'activo',
    });
    const at = await world({ limits: { callsPerMinute: 1_000, toolCallsPerHour: 1_000 } });
    const outcomes = [await call(at), await call(at), await call(at)];
    expect(outcomes.map(({ isError }) => isError === true)).toEqual([false, false, true]);
    const { result } = await at.pipeline.call('write_text', { length: 5 }, someone);
    expect(result.structuredContent.error).toMatchObject({
      class: 'forbidden',
      remedy: 'It may use: dawdle, repeat_word. Ask an administrator for more.',
    });
  });

  it('are asked of the hub where config:client is not there or makes no sense, and written there for the others', async () => {
    await used.eye.hset('config:client:tests', { tools_acceso: 'everything', rate_limit: '-5' });
    const at = await world({ permissions: { active: false } });
    expect((await call(at)).structuredContent.error).toMatchObject({ class: 'forbidden', message: 'The client tests is suspended.' });
    await expect
      .poll(() => used.eye.hgetall('config:client:tests'))
      .toMatchObject({ estado: 'suspendido', tools_acceso: '["*"]', rate_limit: '60000' });
    expect(await used.eye.ttl('config:client:tests')).toBeGreaterThan(3_590);
  });

  it('are asked for anew within ten seconds, behind the calls’ backs', async () => {
    let now = 0;
    const redis = await used.connected();
    const clients = new ClientLimits({ redis, now: () => now, source: async () => undefined });
    expect((await clients.of('tests')).active).toBe(true);
    await used.eye.hset('config:client:tests', { tools_acceso: '["*"]', rate_limit: 5, max_requests_hora: 5, estado: 'suspendido' });
    now = 9_999;
    expect(clients.known('tests')?.active).toBe(true);
    now = 10_001;
    clients.known('tests');
    await expect.poll(() => clients.known('tests')?.active).toBe(false);
  });

  describe('while Redis is away', () => {
    const limits: Limits = { callsPerMinute: 2, toolCallsPerHour: 100 };
    afterEach(() => used.engine.startAgain());

    it.each([
      ['local', [false, false, true]],
      ['allow', [false, false, false]],
      ['refuse', [true, true, true]],
    ] as const)('hold as the setting says: %s', async (withoutRedis, refused) => {
      const at = await world({ limits, withoutRedis });
      await at.pipeline.call('repeat_word', { wrong: 1 }, someone);
      await used.engine.kill();
      await expect.poll(() => redis.isUp).toBe(false);
      const outcomes = [await call(at), await call(at), await call(at)];
      expect(outcomes.map(({ isError }) => isError === true)).toEqual(refused);
      if (withoutRedis === 'refuse')
        expect(outcomes[0]?.structuredContent.error).toMatchObject({ class: 'unavailable', retryAfterSeconds: 5 });
    });

    it('do not keep an answer at hand from being given at once', async () => {
      const at = await world({});
      await at.pipeline.call('repeat_word', { word: 'sol' }, someone);
      await used.engine.kill();
      await expect.poll(() => redis.isUp).toBe(false);
      for (let i = 0; i < 3; i += 1) expect(at.pipeline.remembered('repeat_word', { word: 'sol' }, someone)).toBeDefined();
    });

    it('are told afterwards what was called meanwhile', async () => {
      const at = await world({ limits: { callsPerMinute: 5, toolCallsPerHour: 100 } });
      await used.engine.kill();
      await expect.poll(() => redis.isUp).toBe(false);
      for (let i = 0; i < 3; i += 1) await call(at);
      await used.engine.startAgain();
      await expect.poll(() => redis.isUp, { timeout: 10_000 }).toBe(true);
      await call(at);
      expect(await used.eye.get(MINUTE_KEY)).toBe('4');
      await used.engine.kill();
    });
  });
});
