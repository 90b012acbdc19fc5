import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { lockKey } from '../../shared/cache/keys.ts';
import { type HeldLock, type LockOutcome, takeLock, withLock } from '../../shared/cache/locks.ts';
import { connectRedis, type RedisConnection } from '../../shared/cache/redis_connection.ts';
import { describeOnEachRedis, type RedisEngine, startRedisEngine } from '../support/redis_engines.ts';

/** Redis holds a lease a few milliseconds longer than it is counted here. */
const A_MOMENT_MS = 60;

function held(outcome: LockOutcome): HeldLock {
  if (outcome.outcome !== 'held') throw new Error(`expected the lock, got ${JSON.stringify(outcome)}`);
  return outcome.lock;
}

describeOnEachRedis('locks (R: lock:{resource}:{id})', (engine) => {
  let server: RedisEngine;
  let one: RedisConnection;
  let other: RedisConnection;
  let number = 0;
  const someName = () => ({ resource: 'content_generation', id: `CMP-${++number}` });
  const ask = async (...command: readonly [string, ...(string | number)[]]) => {
    const [reply] = (await one.pipeline([command])) ?? [];
    return reply?.ok ? reply.value : undefined;
  };

  beforeAll(async () => {
    server = await startRedisEngine(engine);
    one = await connectRedis(server.url);
    other = await connectRedis(server.url);
  });
  afterEach(async () => {
    await expect.poll(() => one.isUp && other.isUp, { timeout: 10_000 }).toBe(true);
  });
  afterAll(async () => {
    await one.close();
    await other.close();
    await server.stop();
  });

  it('go to one of two who ask; the other hears how long at most', async () => {
    const name = someName();
    const lock = held(await takeLock(one, name, 5_000));
    const refused = await takeLock(other, name, 5_000);
    expect(refused).toEqual({ outcome: 'taken', freeInMs: expect.any(Number) });
    expect(refused.outcome === 'taken' && refused.freeInMs > 4_000 && refused.freeInMs <= 5_000).toBe(true);
    expect(await lock.release()).toBe('released');
    held(await takeLock(other, name, 5_000));
  });

  it('are a string that holds the owner’s token, for 30 seconds unless asked for less', async () => {
    const name = someName();
    const lock = held(await takeLock(one, name));
    const key = lockKey.of(name);
    expect(key).toBe(`lock:content_generation:${name.id}`);
    expect(await ask('type', key)).toBe('string');
    expect(await ask('get', key)).toBe(lock.token);
    expect(await ask('pttl', key)).toSatisfy((life: number) => life > 29_000 && life <= 30_000);
    await expect(takeLock(one, someName(), 30_001)).rejects.toThrow(RangeError);
  });

  it('go to exactly one of a hundred who ask at once', async () => {
    const name = someName();
    const outcomes = await Promise.all(Array.from({ length: 100 }, (_, i) => takeLock(i % 2 === 0 ? one : other, name, 5_000)));
    expect(outcomes.filter(({ outcome }) => outcome === 'held')).toHaveLength(1);
    expect(outcomes.filter(({ outcome }) => outcome === 'taken')).toHaveLength(99);
  });

  it('of an owner that died are free when the lease ends, and not before', async () => {
    const name = someName();
    held(await takeLock(one, name, 400));
    expect((await takeLock(other, name, 400)).outcome).toBe('taken');
    await sleep(400 + A_MOMENT_MS);
    held(await takeLock(other, name, 400));
  });

  it('cannot be renewed or released by an owner that comes too late', async () => {
    const name = someName();
    const late = held(await takeLock(one, name, 100));
    await sleep(100 + A_MOMENT_MS);
    const owner = held(await takeLock(other, name, 5_000));
    expect(await late.renew()).toBe('lost');
    expect(await late.release()).toBe('lost');
    expect(await ask('get', lockKey.of(name))).toBe(owner.token);
    expect(await owner.renew()).toBe('held');
  });

  it('are renewed while the work goes on, long before each lease ends, and free after it', async () => {
    const name = someName();
    const left: number[] = [];
    const done = await withLock(
      one,
      name,
      async (signal) => {
        for (let i = 0; i < 20; i++) {
          await sleep(100);
          const refused = await takeLock(other, name, 1_000);
          left.push(refused.outcome === 'taken' ? refused.freeInMs : 0);
        }
        return signal.aborted;
      },
      { leaseMs: 900 },
    );
    expect(done).toEqual({ outcome: 'held', value: false, lost: false });
    expect(Math.min(...left)).toBeGreaterThan(0);
    // Renewed after a third, 600 to 900 ms are left; a machine that is busy for a moment makes one look shorter, not most.
    expect(left.toSorted((a, b) => a - b)[left.length / 2]).toBeGreaterThan(500);
    held(await takeLock(other, name, 1_000));
  });

  it('are released when the work fails, and its error is passed on', async () => {
    const name = someName();
    await expect(withLock(one, name, () => Promise.reject(new Error('no ink')))).rejects.toThrow('no ink');
    held(await takeLock(other, name, 1_000));
  });

  it('do not start work on what another holds', async () => {
    const name = someName();
    held(await takeLock(other, name, 5_000));
    let worked = false;
    const outcome = await withLock(one, name, async () => {
      worked = true;
    });
    expect([outcome.outcome, worked]).toEqual(['taken', false]);
  });

  it('lost to another abort the work, which leaves the new owner’s lock alone', async () => {
    const name = someName();
    const outcome = await withLock(
      one,
      name,
      async (signal) => {
        await ask('set', lockKey.of(name), 'somebody-else', 'PX', 10_000);
        await expect.poll(() => signal.aborted, { timeout: 2_000 }).toBe(true);
        expect(signal.reason).toMatchObject({ errorClass: 'unavailable' });
        return 'finished all the same';
      },
      { leaseMs: 300 },
    );
    expect(outcome).toEqual({ outcome: 'held', value: 'finished all the same', lost: true });
    expect(await ask('get', lockKey.of(name))).toBe('somebody-else');
  });

  it('pass on a caller that goes away', async () => {
    const caller = new AbortController();
    const work = withLock(one, someName(), (signal) => sleep(5_000, undefined, { signal }), { signal: caller.signal });
    setTimeout(() => caller.abort(new Error('the caller went away')), 50);
    await expect(work).rejects.toThrow();
  });

  it('are unavailable, at once, while Redis is away; work under one is stopped when its lease must have ended', async () => {
    const name = someName();
    let stoppedAfterMs = 0;
    const begun = performance.now();
    const outcome = await withLock(
      one,
      name,
      async (signal) => {
        await server.kill();
        const askedAt = performance.now();
        expect(await takeLock(other, someName(), 1_000)).toEqual({ outcome: 'unavailable' });
        expect(performance.now() - askedAt).toBeLessThan(500);
        await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
        stoppedAfterMs = performance.now() - begun;
        return 'stopped';
      },
      { leaseMs: 600 },
    );
    await server.startAgain();
    expect(outcome).toEqual({ outcome: 'held', value: 'stopped', lost: true });
    expect(stoppedAfterMs).toBeGreaterThan(550);
    expect(stoppedAfterMs).toBeLessThan(1_500);
    expect(await takeLock(undefined, name)).toEqual({ outcome: 'unavailable' });
  });

  it('taken from a Redis that hangs, and so without knowing, are given back when it answers again', async () => {
    const name = someName();
    await expect.poll(() => one.isUp && other.isUp, { timeout: 10_000 }).toBe(true);
    server.hang();
    const askedAt = performance.now();
    const outcome = await takeLock(one, name, 20_000);
    expect(performance.now() - askedAt).toBeLessThan(1_000);
    server.resume();
    expect(outcome).toEqual({ outcome: 'unavailable' });
    await expect.poll(async () => (await takeLock(other, name, 1_000)).outcome, { timeout: 10_000, interval: 100 }).toBe('held');
  });

  it('work again when Redis is back, scripts included', async () => {
    await expect.poll(() => one.isUp, { timeout: 10_000 }).toBe(true);
    const lock = held(await takeLock(one, someName(), 1_000));
    expect(await lock.renew()).toBe('held');
    expect(await lock.release()).toBe('released');
  });
});
