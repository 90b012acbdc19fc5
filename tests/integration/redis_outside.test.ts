import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { z } from 'zod';
import { circuitBreaker } from '../../shared/cache/circuit_breaker.ts';
import { circuitBreakerKey, minuteLimitKey, outsideCallKey, outsideStatisticsKey, providerConfigKey } from '../../shared/cache/keys.ts';
import { connectRedis, type RedisConnection } from '../../shared/cache/redis_connection.ts';
import { canonicalHash } from '../../shared/domain/canonical_json.ts';
import { deadlineIn } from '../../shared/domain/deadline.ts';
import { outsideLimit } from '../../shared/gateway/outside_limit.ts';
import { callOutside, type Outside, type OutsideCall, type OutsideReply } from '../../shared/gateway/outside_service.ts';
import { readOutsideStatistics } from '../../shared/gateway/outside_statistics.ts';
import { readProviderConfig, writeProviderConfig } from '../../shared/gateway/provider_config.ts';
import { describeOnEachRedis, type RedisEngine, startRedisEngine } from '../support/redis_engines.ts';

const Answer = z.object({ text: z.string() });
type Answer = z.infer<typeof Answer>;
const GOOD: OutsideReply = { status: 200, response: { text: 'hello' } };
const MINUTE = new Date('2026-11-21T10:07:12Z');

describeOnEachRedis('calls to outside services (R: api:call, api:stats, config:api)', (engine) => {
  let server: RedisEngine;
  let redis: RedisConnection;
  let number = 0;
  let service = '';
  let now = MINUTE;
  let sent = 0;

  /** A process that calls the outside. */
  const outside = (connection: RedisConnection | undefined = redis): Outside => ({
    redis: connection,
    breaker: circuitBreaker({ redis: connection, now: () => now.getTime() }),
    limit: outsideLimit(connection, () => now),
    now: () => now,
    retries: { attempts: 3, firstPauseMs: 20, attemptMs: 300 },
  });
  /** A call that gets these replies in turn (the last again and again); an Error is no reply at all. */
  const call = (replies: readonly (OutsideReply | Error)[], more: Partial<OutsideCall<Answer>> = {}): OutsideCall<Answer> => ({
    service,
    method: 'write',
    arguments: { about: 'summer' },
    response: Answer,
    repeatable: true,
    send: async () => {
      const reply = replies[Math.min(sent++, replies.length - 1)];
      if (reply === undefined || reply instanceof Error) throw reply;
      return reply;
    },
    ...more,
  });
  const ask = async (...command: readonly [string, ...(string | number)[]]) => {
    const [reply] = (await redis.pipeline([command])) ?? [];
    return reply?.ok ? reply.value : undefined;
  };
  const keyOf = (what: unknown) => outsideCallKey.of({ service, method: 'write', hash: canonicalHash(what) });

  beforeAll(async () => {
    server = await startRedisEngine(engine);
    redis = await connectRedis(server.url);
  });
  beforeEach(async () => {
    await expect.poll(() => redis.isUp, { timeout: 10_000 }).toBe(true);
    service = `service-${++number}`;
    now = MINUTE;
    sent = 0;
  });
  afterAll(async () => {
    await redis.close();
    await server.stop();
  });

  it('are answered, and the answer is kept for an hour and given again, also to other processes', async () => {
    expect(await callOutside(outside(), call([GOOD]), deadlineIn(5_000))).toEqual({
      response: { text: 'hello' },
      status: 200,
      fromCache: false,
      answeredAt: MINUTE,
      attempts: 1,
    });
    const key = keyOf({ about: 'summer' });
    await expect.poll(() => ask('get', key)).toEqual(expect.any(String));
    expect(JSON.parse(String(await ask('get', key)))).toEqual({
      response: { text: 'hello' },
      timestamp: MINUTE.toISOString(),
      status: 200,
    });
    expect(await ask('ttl', key)).toSatisfy((seconds: number) => seconds > 3_590 && seconds <= 3_600);
    now = new Date(MINUTE.getTime() + 60_000);
    const again = await callOutside(outside(), call([GOOD]), deadlineIn(5_000));
    expect(again).toEqual({ response: { text: 'hello' }, status: 200, fromCache: true, answeredAt: MINUTE, attempts: 0 });
    expect(sent).toBe(1);
    await callOutside(outside(), call([GOOD], { arguments: { about: 'winter' } }), deadlineIn(5_000));
    expect(sent).toBe(2);
  });

  it('that may not be repeated are never answered from what was kept', async () => {
    const order = () => callOutside(outside(), call([GOOD], { repeatable: false }), deadlineIn(5_000));
    await order();
    await order();
    expect(sent).toBe(2);
    expect(await ask('exists', keyOf({ about: 'summer' }))).toBe(0);
  });

  it('do not believe a kept answer that cannot be read: it is deleted and asked for anew', async () => {
    const key = keyOf({ about: 'summer' });
    const poison = ['not json', '{"response":{"text":7},"timestamp":"2026-11-21T10:00:00.000Z","status":200}', '{"response":{"text":"x"}}'];
    for (const text of poison) {
      await ask('set', key, text);
      expect((await callOutside(outside(), call([GOOD]), deadlineIn(5_000))).fromCache).toBe(false);
    }
    await ask('del', key);
    await ask('lpush', key, 'a list');
    expect((await callOutside(outside(), call([GOOD]), deadlineIn(5_000))).fromCache).toBe(false);
    await expect.poll(() => ask('type', key)).toBe('string');
    expect(sent).toBe(4);
  });

  it('are tried again after failures, with pauses', async () => {
    const begun = performance.now();
    const answer = await callOutside(outside(), call([{ status: 500, response: '' }, new Error('reset'), GOOD]), deadlineIn(5_000));
    expect(answer.attempts).toBe(3);
    expect(performance.now() - begun).toBeGreaterThanOrEqual(10 + 20);
  });

  it('give up after the last attempt, and say so without the name of a host', async () => {
    const failing = callOutside(outside(), call([new Error('connect ECONNREFUSED 10.0.0.7:443')]), deadlineIn(5_000));
    await expect(failing).rejects.toMatchObject({ errorClass: 'unavailable', message: `${service} could not be reached.` });
    expect(sent).toBe(3);
  });

  it('that may not be repeated are tried again only when the service said that it did nothing', async () => {
    const once = { repeatable: false };
    await expect(callOutside(outside(), call([new Error('reset'), GOOD], once), deadlineIn(5_000))).rejects.toMatchObject({
      errorClass: 'unavailable',
    });
    expect(sent).toBe(1);
    sent = 0;
    const answer = await callOutside(outside(), call([{ status: 503, response: '' }, GOOD], once), deadlineIn(5_000));
    expect(answer.attempts).toBe(2);
  });

  it('wait as long as the service asks, in seconds or until a date', async () => {
    for (const retryAfter of ['1', new Date(MINUTE.getTime() + 1_000).toUTCString()]) {
      sent = 0;
      const begun = performance.now();
      const answer = await callOutside(
        outside(),
        call([{ status: 429, response: '', retryAfter }, GOOD], { arguments: { retryAfter } }),
        deadlineIn(5_000),
      );
      expect(answer.attempts).toBe(2);
      expect(performance.now() - begun).toBeGreaterThanOrEqual(990);
    }
  });

  it('do not wait beyond the deadline: the caller hears at once when to ask again', async () => {
    const begun = performance.now();
    const refused = callOutside(outside(), call([{ status: 429, response: '', retryAfter: '30' }]), deadlineIn(2_000));
    await expect(refused).rejects.toMatchObject({ errorClass: 'rate_limited', retryAfterSeconds: 30 });
    expect(performance.now() - begun).toBeLessThan(500);
  });

  it('are not tried again when the service refused what was sent', async () => {
    await expect(callOutside(outside(), call([{ status: 401, response: 'bad key' }]), deadlineIn(5_000))).rejects.toMatchObject({
      errorClass: 'internal',
      message: `${service} refused the call (status 401).`,
    });
    expect(sent).toBe(1);
  });

  it('take an answer that is not as described for a failure, and do not keep it', async () => {
    await expect(callOutside(outside(), call([{ status: 200, response: '<html>' }]), deadlineIn(5_000))).rejects.toMatchObject({
      errorClass: 'unavailable',
    });
    expect(await ask('exists', keyOf({ about: 'summer' }))).toBe(0);
  });

  it('end at the deadline, though the service ignores the signal', async () => {
    const begun = performance.now();
    const hanging = callOutside(outside(), call([], { send: () => new Promise(() => undefined) }), deadlineIn(250));
    await expect(hanging).rejects.toMatchObject({ errorClass: 'timeout' });
    expect(performance.now() - begun).toBeLessThan(700);
  });

  it('pass on a caller that goes away, and do not hold it against the service', async () => {
    const caller = new AbortController();
    const hanging = callOutside(outside(), call([], { send: () => new Promise(() => undefined) }), deadlineIn(5_000, caller.signal));
    setTimeout(() => caller.abort(new Error('the caller went away')), 50);
    await expect(hanging).rejects.toThrow('the caller went away');
    expect(await ask('exists', circuitBreakerKey.of({ service }))).toBe(0);
    expect(await readOutsideStatistics(redis, service)).toMatchObject({ calls: 1, errors: 0 });
  });

  it('stop for every process when the service fails again and again; kept answers are still given', async () => {
    await callOutside(outside(), call([GOOD], { arguments: 'known' }), deadlineIn(5_000));
    sent = 0;
    const failing = () => callOutside(outside(), call([{ status: 500, response: '' }]), deadlineIn(5_000));
    await expect(failing()).rejects.toMatchObject({ errorClass: 'unavailable' });
    await expect(failing()).rejects.toMatchObject({ errorClass: 'unavailable', retryAfterSeconds: 5 });
    expect(sent).toBe(5);
    await expect(failing()).rejects.toMatchObject({ errorClass: 'unavailable', retryAfterSeconds: 5 });
    expect(sent).toBe(5);
    expect((await callOutside(outside(), call([GOOD], { arguments: 'known' }), deadlineIn(5_000))).fromCache).toBe(true);
    now = new Date(MINUTE.getTime() + 5_000);
    expect((await callOutside(outside(), call([GOOD]), deadlineIn(5_000))).response.text).toBe('hello');
  });

  it('are not stopped by refusals of what was sent', async () => {
    for (let i = 0; i < 7; i++) {
      const refused = callOutside(outside(), call([{ status: 400, response: '' }]), deadlineIn(5_000));
      await expect(refused).rejects.toMatchObject({ errorClass: 'internal' });
    }
    expect(sent).toBe(7);
  });

  it('are counted: calls, errors, milliseconds', async () => {
    expect(await readOutsideStatistics(redis, service)).toBeUndefined();
    const slow = async (): Promise<OutsideReply> => {
      await sleep(50);
      return sent++ === 0 ? { status: 500, response: '' } : GOOD;
    };
    await callOutside(outside(), call([], { send: slow }), deadlineIn(5_000));
    await expect.poll(() => readOutsideStatistics(redis, service)).toMatchObject({ calls: 2, errors: 1 });
    const statistics = await readOutsideStatistics(redis, service);
    expect(statistics?.latencyMs).toSatisfy((ms: number) => ms >= 98 && ms < 600);
    expect(await ask('type', outsideStatisticsKey.of({ service }))).toBe('hash');
    expect(await ask('ttl', outsideStatisticsKey.of({ service }))).toBe(86_400);
  });

  it('are refused when the service is turned off, and made again when it is turned on', async () => {
    const config = { status: 'disabled', callsPerMinute: 60, endpoints: ['/v1/images'] } as const;
    expect(await writeProviderConfig(redis, service, config, () => now)).toBe(true);
    await expect(callOutside(outside(), call([GOOD]), deadlineIn(5_000))).rejects.toMatchObject({
      errorClass: 'forbidden',
      message: `${service} is turned off.`,
    });
    const key = providerConfigKey.of({ provider: service });
    expect(await ask('hgetall', key)).toEqual({
      status: 'disabled',
      rate_limit: '60',
      endpoints: '["/v1/images"]',
      last_updated: MINUTE.toISOString(),
    });
    expect(await ask('ttl', key)).toSatisfy((seconds: number) => seconds > 3_590 && seconds <= 3_600);
    expect(readProviderConfig(await ask('hgetall', key))).toEqual({ ...config, lastUpdated: MINUTE });
    await writeProviderConfig(redis, service, { ...config, status: 'active' });
    await callOutside(outside(), call([GOOD]), deadlineIn(5_000));
    expect(sent).toBe(1);
  });

  it('read a setting that makes no sense as the usual one', () => {
    const usual = { status: 'active', callsPerMinute: 300, endpoints: [], lastUpdated: undefined };
    for (const odd of [undefined, {}, { status: 'maybe', rate_limit: '-3', endpoints: 'x', last_updated: 'yesterday' }]) {
      expect(readProviderConfig(odd)).toEqual(usual);
    }
  });

  it('keep the limit a minute exactly, over processes that call at once', async () => {
    await writeProviderConfig(redis, service, { status: 'active', callsPerMinute: 10, endpoints: [] });
    const processes = [outside(), outside(), outside()];
    const outcomes = await Promise.allSettled(
      Array.from({ length: 30 }, (_, i) =>
        callOutside(processes[i % 3] as Outside, call([GOOD], { arguments: i, repeatable: false }), deadlineIn(5_000)),
      ),
    );
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(10);
    expect(sent).toBe(10);
    const refusals = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
    for (const refusal of refusals) expect(refusal).toMatchObject({ errorClass: 'rate_limited', retryAfterSeconds: 48 });
    const key = minuteLimitKey.of({ client: 'promptsales', service, 'yyyy-mm-dd-HH-MM': '2026-11-21-10-07' });
    expect([await ask('get', key), await ask('ttl', key)]).toEqual(['10', 120]);
    now = new Date(MINUTE.getTime() + 48_000);
    await callOutside(outside(), call([GOOD], { arguments: 'next minute' }), deadlineIn(5_000));
  });

  it('made while Redis is away count once it is back', async () => {
    const { limit } = outside();
    await limit.take(service, 4);
    await server.kill();
    await expect.poll(() => redis.isUp).toBe(false);
    for (let i = 0; i < 2; i++) await limit.take(service, 4);
    await server.startAgain();
    await expect.poll(() => redis.isUp, { timeout: 10_000 }).toBe(true);
    // The server came back empty: two that it had not heard of, and this one.
    await limit.take(service, 4);
    const key = minuteLimitKey.of({ client: 'promptsales', service, 'yyyy-mm-dd-HH-MM': '2026-11-21-10-07' });
    expect(await ask('get', key)).toBe('3');
    await outside().limit.take(service, 4);
    await expect(limit.take(service, 4)).rejects.toMatchObject({ errorClass: 'rate_limited', retryAfterSeconds: 48 });
    expect(await ask('get', key)).toBe('4');
  });

  it('go on while Redis is away, with limit and breaker of the process itself', async () => {
    const alone = outside();
    await writeProviderConfig(redis, service, { status: 'active', callsPerMinute: 10, endpoints: [] });
    await callOutside(alone, call([GOOD]), deadlineIn(5_000));
    await server.kill();
    expect((await callOutside(alone, call([GOOD]), deadlineIn(5_000))).fromCache).toBe(false);
    sent = 0;
    for (let i = 0; i < 2; i++) {
      await expect(callOutside(alone, call([{ status: 500, response: '' }]), deadlineIn(5_000))).rejects.toMatchObject({
        errorClass: 'unavailable',
      });
    }
    expect(sent).toBe(5);
    expect(await readOutsideStatistics(redis, service)).toBeUndefined();
    expect(await writeProviderConfig(redis, service, { status: 'active', callsPerMinute: 10, endpoints: [] })).toBe(false);
    await server.startAgain();
    const without = outside(undefined);
    const limit = without.limit;
    for (let i = 0; i < 2; i++) await limit.take(service, 2);
    await expect(limit.take(service, 2)).rejects.toMatchObject({ errorClass: 'rate_limited' });
  });
});
