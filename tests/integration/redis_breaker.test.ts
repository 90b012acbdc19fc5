import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { type CircuitBreaker, circuitBreaker, type Passage } from '../../shared/cache/circuit_breaker.ts';
import type { CircuitRules } from '../../shared/cache/circuit_rules.ts';
import { circuitBreakerKey } from '../../shared/cache/keys.ts';
import { connectRedis, type RedisConnection } from '../../shared/cache/redis_connection.ts';
import { describeOnEachRedis, type RedisEngine, startRedisEngine } from '../support/redis_engines.ts';

const RULES: CircuitRules = { failuresToOpen: 3, windowMs: 60_000, pausesMs: [5_000, 20_000] };
const START = Date.parse('2026-11-21T10:00:00Z');

describeOnEachRedis('the circuit breaker (R: circuit:breaker:{service})', (engine) => {
  let server: RedisEngine;
  const connections: RedisConnection[] = [];
  /** Processes that share nothing but Redis. */
  let processes: readonly CircuitBreaker[] = [];
  let now = START;
  let number = 0;
  let service = '';
  const process = (index: number): CircuitBreaker => processes[index % processes.length] as CircuitBreaker;
  const ask = async (...command: readonly [string, ...(string | number)[]]) => {
    const [reply] = (await connections[0]?.pipeline([command])) ?? [];
    return reply?.ok ? reply.value : undefined;
  };
  const enterAll = async (times: number): Promise<{ passed: Passage[]; refused: unknown[] }> => {
    const entries = await Promise.allSettled(Array.from({ length: times }, (_, i) => process(i).enter(service)));
    return {
      passed: entries.flatMap((entry) => (entry.status === 'fulfilled' ? [entry.value] : [])),
      refused: entries.flatMap((entry) => (entry.status === 'rejected' ? [entry.reason] : [])),
    };
  };

  beforeAll(async () => {
    server = await startRedisEngine(engine);
    for (let i = 0; i < 3; i++) connections.push(await connectRedis(server.url));
  });
  beforeEach(() => {
    now = START;
    service = `service-${++number}`;
    processes = connections.map((redis) => circuitBreaker({ redis, rules: RULES, now: () => now }));
  });
  afterAll(async () => {
    for (const connection of connections) await connection.close();
    await server.stop();
  });

  it('opens for every process by the failures of all together', async () => {
    for (let i = 0; i < 3; i++) await (await process(i).enter(service)).failed();
    const { passed, refused } = await enterAll(6);
    expect(passed).toEqual([]);
    for (const refusal of refused) expect(refusal).toMatchObject({ errorClass: 'unavailable', retryAfterSeconds: 5 });
  });

  it('is written as the customer designed it, and is forgotten after 300 seconds', async () => {
    for (let i = 0; i < 3; i++) await (await process(i).enter(service)).failed();
    const key = circuitBreakerKey.of({ service });
    expect(await ask('hgetall', key)).toEqual({
      status: 'open',
      failures: '3',
      last_failure: '2026-11-21T10:00:00.000Z',
      next_check: '2026-11-21T10:00:05.000Z',
    });
    expect(await ask('ttl', key)).toSatisfy((seconds: number) => seconds > 295 && seconds <= 300);
  });

  it('counts every failure of calls that fail at the same moment', async () => {
    const { passed } = await enterAll(3);
    await Promise.all(passed.map((passage) => passage.failed()));
    expect(await process(0).state(service)).toMatchObject({ status: 'open', failures: 3 });
  });

  it('lets exactly one of sixty calls from all processes probe at the end of the pause, and closes by its success', async () => {
    for (let i = 0; i < 3; i++) await (await process(0).enter(service)).failed();
    now += 5_000;
    const { passed, refused } = await enterAll(60);
    expect(passed.map(({ isProbe }) => isProbe)).toEqual([true]);
    expect(refused).toHaveLength(59);
    expect(await ask('hget', circuitBreakerKey.of({ service }), 'status')).toBe('half-open');
    await passed[0]?.succeeded();
    expect((await enterAll(6)).passed).toHaveLength(6);
  });

  it('opens for longer when the probe fails', async () => {
    for (let i = 0; i < 3; i++) await (await process(0).enter(service)).failed();
    now += 5_000;
    await (await process(1).enter(service)).failed();
    await expect(process(2).enter(service)).rejects.toMatchObject({ retryAfterSeconds: 20 });
    now += 19_999;
    await expect(process(2).enter(service)).rejects.toMatchObject({ retryAfterSeconds: 1 });
    now += 1;
    expect((await process(0).enter(service)).isProbe).toBe(true);
  });

  it('gives up a probe whose process died, and lets one other try', async () => {
    for (let i = 0; i < 3; i++) await (await process(0).enter(service)).failed();
    now += 5_000;
    const dead = await process(1).enter(service, 2_000);
    now += 2_000;
    const { passed } = await enterAll(12);
    expect(passed.map(({ isProbe }) => isProbe)).toEqual([true]);
    await dead.succeeded();
    expect((await process(0).state(service)).status).toBe('half-open');
  });

  it('lets another probe at once when the caller of the first went away', async () => {
    for (let i = 0; i < 3; i++) await (await process(0).enter(service)).failed();
    now += 5_000;
    await (await process(1).enter(service)).abandoned();
    expect((await process(2).enter(service)).isProbe).toBe(true);
  });

  it('takes a state it cannot read for a closed circuit, and writes over it', async () => {
    await ask('hset', circuitBreakerKey.of({ service }), 'status', 'ajar', 'failures', 'many');
    const passage = await process(0).enter(service);
    await passage.failed();
    expect(await process(1).state(service)).toMatchObject({ status: 'closed', failures: 1 });
  });

  it('decides with Redis exactly as a process does on its own', async () => {
    const event = fc.record({
      passes: fc.constantFrom(0, 100, 5_000, 20_000, 61_000),
      end: fc.constantFrom('succeeded', 'failed', 'failed', 'abandoned'),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(event, { maxLength: 25 }), async (events) => {
        now = START;
        service = `service-${++number}`;
        const alone = circuitBreaker({ redis: undefined, rules: RULES, now: () => now });
        for (const [index, { passes, end }] of events.entries()) {
          now += passes;
          const shared = await process(index).enter(service).catch(String);
          const own = await alone.enter(service).catch(String);
          expect(typeof shared === 'string' ? shared : shared.isProbe).toEqual(typeof own === 'string' ? own : own.isProbe);
          if (typeof shared === 'string' || typeof own === 'string') continue;
          await shared[end as 'failed']();
          await own[end as 'failed']();
          expect(await process(index + 1).state(service)).toEqual(await alone.state(service));
        }
      }),
      { numRuns: 30 },
    );
  });

  it('goes on by itself from what it last saw while Redis is away, and together again when it is back', async () => {
    for (let i = 0; i < 3; i++) await (await process(0).enter(service)).failed();
    const [, , third] = processes;
    if (third === undefined) throw new Error('three processes were started');
    await expect(third.enter(service)).rejects.toMatchObject({ errorClass: 'unavailable' });
    await server.kill();
    await expect(third.enter(service)).rejects.toMatchObject({ errorClass: 'unavailable', retryAfterSeconds: 5 });
    now += 5_000;
    const probe = await third.enter(service);
    expect(probe.isProbe).toBe(true);
    await probe.failed();
    await expect(third.enter(service)).rejects.toMatchObject({ retryAfterSeconds: 20 });
    await server.startAgain();
    await expect.poll(() => connections.every(({ isUp }) => isUp), { timeout: 10_000 }).toBe(true);
    // The server came back empty: nobody knows of a failure.
    expect((await third.enter(service)).isProbe).toBe(false);
  });
});
