import { describe, expect, it } from 'vitest';
import { MemoryCache } from '../../shared/cache/memory_cache.ts';
import { SingleFlight } from '../../shared/cache/single_flight.ts';

describe('the cache in memory', () => {
  it('lets the least recently used leave when it is full', () => {
    let now = 0;
    const cache = new MemoryCache<string>(400, () => now);
    for (const key of ['a', 'b', 'c', 'd']) cache.set(key, key, 100, 60);
    now = 1_000;
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
