import { setTimeout as pause } from 'node:timers/promises';
import { withLock } from './locks.ts';
import type { RedisConnection } from './redis_connection.ts';

/** A process that dies while it works is replaced after so long, in milliseconds; work may take longer, the lock is renewed. */
const LEASE_MS = 3_000;
const FIRST_LOOK_MS = 10;
const LAST_LOOK_MS = 100;

/**
 * Lets one process of all work on a question; the others look for its result meanwhile, and one of them takes over when it fails or dies.
 * Without Redis everybody works. Rejects with what the work rejects with, or with the signal's reason once it aborts.
 */
export async function onceForAll<T>(
  redis: RedisConnection | undefined,
  question: string,
  { look, work, signal }: { readonly look: () => Promise<T | undefined>; readonly work: () => Promise<T>; readonly signal: AbortSignal },
): Promise<{ readonly value: T; readonly shared: boolean }> {
  let waited = false;
  for (let wait = FIRST_LOOK_MS; ; wait = Math.min(wait * 1.5, LAST_LOOK_MS)) {
    signal.throwIfAborted();
    const locked = await withLock(
      redis,
      { resource: 'mcp_tool', id: question },
      async () => {
        // Whoever waited may get the lock because the work is done.
        const found = waited ? await look() : undefined;
        return found === undefined ? { value: await work(), shared: false } : { value: found, shared: true };
      },
      { leaseMs: LEASE_MS },
    );
    if (locked.outcome === 'held') return locked.value;
    if (locked.outcome === 'unavailable') return { value: await work(), shared: false };
    waited = true;
    await pause(wait, undefined, { signal }).catch(() => undefined);
    const found = await look();
    if (found !== undefined) return { value: found, shared: true };
  }
}
