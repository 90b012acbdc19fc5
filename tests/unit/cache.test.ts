import { describe, expect, it } from 'vitest';
import { MemoryCache } from '../../shared/cache/memory_cache.ts';
import { RateLimits } from '../../shared/cache/rate_limits.ts';
import { SingleFlight } from '../../shared/cache/single_flight.ts';
import { PretendRedis } from '../support/pretend_redis.ts';
import { sampleWorld, someone } from '../support/sample_pipeline.ts';

describe('the cache in memory', () => {
  it('lets the least recently used leave when it is full', () => {
    const cache = new MemoryCache<string>(400);
    for (const key of ['a', 'b', 'c', 'd']) cache.set(key, key, 100, 60);
    cache.get('a');
    cache.set('e', 'e', 100, 60);
    expect(['a', 'b', 'c', 'd', 'e'].filter((key) => cache.get(key) !== undefined)).toEqual(['a', 'c', 'd', 'e']);
    expect(cache.bytes).toBe(400);
  });

  it('forgets a value at the end of its life', () => {
    let now = 0;
    const cache = new MemoryCache<string>(400, () => now);
    cache.set('a', 'a', 100, 10);
    now = 9_999;
    expect(cache.get('a')).toBe('a');
    now = 10_000;
    expect(cache.get('a')).toBeUndefined();
    expect(cache.bytes).toBe(0);
  });

  it('does not let one giant push out everything else', () => {
    const cache = new MemoryCache<string>(400);
    cache.set('a', 'a', 100, 60);
    cache.set('giant', 'giant', 101, 60);
    expect([cache.get('a'), cache.get('giant')]).toEqual(['a', undefined]);
  });

  it('counts a replaced value once', () => {
    const cache = new MemoryCache<string>(400);
    cache.set('a', 'a', 100, 60);
    cache.set('a', 'b', 50, 60);
    expect([cache.get('a'), cache.bytes]).toEqual(['b', 50]);
  });
});

describe('results in Redis', () => {
  it('are written as the customer described them and read by another process', async () => {
    const redis = new PretendRedis();
    await sampleWorld({ redis }).pipeline.call('repeat_word', { word: 'sol' }, someone);
    const [[key, hash] = []] = redis.hashes;
    expect(key).toMatch(/^mcp:tool:sample:repeat_word:[\w-]{32}$/);
    expect([...(hash?.keys() ?? [])]).toEqual(['result', 'timestamp', 'tokens_used', 'cost_usd', 'segmento']);
    expect(redis.lives.get(String(key))).toBe(1800);

    const other = sampleWorld({ redis });
    const { result } = await other.pipeline.call('repeat_word', { word: 'sol' }, someone);
    expect(result.structuredContent).toMatchObject({ data: { repeated: 'sol sol' }, cache: { hit: true } });
    expect(other.repos.asked.count).toBe(0);
    await other.pipeline.call('repeat_word', { word: 'sol' }, someone);
    expect(other.metrics.figures().answeredFrom).toMatchObject({ redis: 1, memory: 1 });
  });

  it('are read and counted in one round trip', async () => {
    const redis = new PretendRedis();
    const world = sampleWorld({ redis });
    await world.pipeline.call('dawdle', { seconds: 0 }, someone);
    expect(redis.roundTrips).toBe(1);
    expect(Object.fromEntries(redis.counters)).toEqual({
      'ratelimit:tests:sample:minute:2026-11-21-12-00': 1,
      'ratelimit:mcp:dawdle:tests:hour:2026-11-21-12': 1,
    });
  });

  it.each([
    ['not JSON', 'result', '{"data":'],
    ['another shape', 'result', '{"data":{"repeated":5},"text":"five"}'],
    ['no time', 'timestamp', 'yesterday'],
  ])('that are spoiled (%s) are dropped and computed anew', async (_what, field, value) => {
    const redis = new PretendRedis();
    await sampleWorld({ redis }).pipeline.call('repeat_word', { word: 'sol' }, someone);
    const [[key, hash] = []] = redis.hashes;
    hash?.set(field, value);

    const other = sampleWorld({ redis });
    const { result } = await other.pipeline.call('repeat_word', { word: 'sol' }, someone);
    expect(result.structuredContent).toMatchObject({ data: { repeated: 'sol sol' }, cache: { hit: false } });
    expect(redis.hashes.get(String(key))?.get(field)).not.toBe(value);
  });

  it('are not needed: without Redis calls are answered', async () => {
    const redis = new PretendRedis();
    redis.isUp = false;
    const { result } = await sampleWorld({ redis }).pipeline.call('repeat_word', { word: 'sol' }, someone);
    expect(result.structuredContent).toMatchObject({ data: { repeated: 'sol sol' } });
  });
});

describe('limits over several processes', () => {
  const limits = { callsPerMinute: 3, toolCallsPerHour: 100 };

  it('hold for all together', async () => {
    const redis = new PretendRedis();
    const worlds = [sampleWorld({ redis, limits }), sampleWorld({ redis, limits })] as const;
    const outcomes = [];
    for (let i = 0; i < 6; i += 1) {
      const world = worlds[i % 2 === 0 ? 0 : 1];
      outcomes.push((await world.pipeline.call('dawdle', { seconds: 0 }, someone)).result.isError === true);
    }
    expect(outcomes.filter((refused) => !refused)).toHaveLength(3);
  });

  it('hold for each process by itself while Redis is away', () => {
    const counts = new RateLimits(limits, () => new Date('2026-11-21T12:00:30Z'));
    for (let i = 0; i < 3; i += 1) {
      expect(counts.take('tests', 'sample', 'tool')).toBeUndefined();
      counts.drain().absorb(undefined);
    }
    expect(counts.take('tests', 'sample', 'tool')).toEqual({ limit: 3, window: 'minute', retryAfterSeconds: 30 });
  });
});

describe('single flight', () => {
  const patient = { signal: new AbortController().signal, progress: () => undefined };

  it('goes on while somebody waits and stops when nobody does', async () => {
    const flights = new SingleFlight<string>();
    const [first, second] = [new AbortController(), new AbortController()];
    let stopped = false;
    const work = (signal: AbortSignal) =>
      new Promise<string>((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          stopped = true;
          reject(new Error('stopped'));
        });
      });
    const waits = [first, second].map(({ signal }) =>
      flights.join('key', work, { ...patient, signal }).catch((error: Error) => error.message),
    );
    first.abort(new Error('first left'));
    expect(await waits[0]).toBe('first left');
    expect(stopped).toBe(false);
    second.abort(new Error('second left'));
    expect(await waits[1]).toBe('second left');
    expect(stopped).toBe(true);
  });

  it('tells all who wait how far the work is', async () => {
    const flights = new SingleFlight<string>();
    const heard: string[] = [];
    const work = async (_signal: AbortSignal, progress: (message: string) => void) => {
      progress('begun');
      await Promise.resolve();
      progress('half');
      return 'done';
    };
    await Promise.all(
      ['a', 'b'].map((name) => flights.join('key', work, { ...patient, progress: (message) => heard.push(`${name} ${message}`) })),
    );
    expect(heard).toEqual(['a begun', 'a half', 'b half']);
  });

  it('does not remember a failure', async () => {
    const flights = new SingleFlight<string>();
    await expect(flights.join('key', () => Promise.reject(new Error('no')), patient)).rejects.toThrow('no');
    expect(await flights.join('key', async () => 'yes', patient)).toEqual({ value: 'yes', shared: false });
  });
});
