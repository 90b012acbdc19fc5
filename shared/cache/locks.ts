import { setTimeout as sleep } from 'node:timers/promises';
import { ToolError } from '../domain/tool_error.ts';
import { lockKey } from './keys.ts';
import { keepRenewed } from './lease.ts';
import type { RedisConnection, RedisScript } from './redis_connection.ts';

/** What is locked: 'content_generation' and the campaign's id. */
export type LockName = Parameters<typeof lockKey.of>[0];

/** What became of a lock that was asked for: ours, somebody else's for at most so many milliseconds more, or Redis cannot say. */
export type LockOutcome =
  | { readonly outcome: 'held'; readonly lock: HeldLock }
  | { readonly outcome: 'taken'; readonly freeInMs: number }
  | { readonly outcome: 'unavailable' };

/** A lock that was ours when it was taken. */
export type HeldLock = {
  readonly token: string;
  /** Begins the lease anew. 'lost': it ended meanwhile, and another may have the lock. */
  readonly renew: () => Promise<'held' | 'lost' | 'unavailable'>;
  /** Gives it back. 'lost': it was no longer ours, and whose it is keeps it. 'unavailable': it ends with the lease. */
  readonly release: () => Promise<'released' | 'lost' | 'unavailable'>;
};

/** How a piece of work under a lock ended. `lost`: the lock went to another before the end, so it may have been done twice. */
export type LockedWork<T> =
  | { readonly outcome: 'held'; readonly value: T; readonly lost: boolean }
  | Exclude<LockOutcome, { outcome: 'held' }>;

/** The longest lease, in milliseconds: a dead owner is in the way no longer than that. Work may take longer, by renewing. */
const LONGEST_LEASE_MS = lockKey.seconds * 1_000;

const RENEW: RedisScript = {
  name: 'renewLock',
  lua: `if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('pexpire', KEYS[1], ARGV[2]) end
return 0`,
};

const RELEASE: RedisScript = {
  name: 'releaseLock',
  lua: `if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end
return 0`,
};

/**
 * Asks once for a lock, for `leaseMs` milliseconds (1 to 30,000) unless renewed. The owner is known by a token that only it has, so
 * one that comes too late can neither renew nor release what is another's by then. Never throws but for a lease that cannot be.
 */
export async function takeLock(redis: RedisConnection | undefined, name: LockName, leaseMs = LONGEST_LEASE_MS): Promise<LockOutcome> {
  if (!Number.isInteger(leaseMs) || leaseMs < 1 || leaseMs > LONGEST_LEASE_MS) {
    throw new RangeError(`a lock is held for 1 to ${LONGEST_LEASE_MS} ms at a time, not ${leaseMs}`);
  }
  if (redis === undefined) return { outcome: 'unavailable' };
  const key = lockKey.of(name);
  const token = crypto.randomUUID();
  /** 1 when the lock was ours. */
  const ifOurs = async (script: RedisScript, ...more: readonly number[]): Promise<boolean | undefined> => {
    const [reply] = (await redis.pipeline([[script, key, token, ...more]])) ?? [];
    return reply?.ok ? reply.value === 1 : undefined;
  };
  const [set, life] =
    (await redis.pipeline([
      ['set', key, token, 'PX', leaseMs, 'NX'],
      ['pttl', key],
    ])) ?? [];
  if (!set?.ok) {
    void giveBack(() => ifOurs(RELEASE), leaseMs);
    return { outcome: 'unavailable' };
  }
  if (set.value !== 'OK') {
    return { outcome: 'taken', freeInMs: life?.ok && typeof life.value === 'number' ? Math.max(0, life.value) : LONGEST_LEASE_MS };
  }
  return {
    outcome: 'held',
    lock: {
      token,
      renew: async () => {
        const ours = await ifOurs(RENEW, leaseMs);
        return ours === undefined ? 'unavailable' : ours ? 'held' : 'lost';
      },
      release: async () => {
        const ours = await ifOurs(RELEASE);
        return ours === undefined ? 'unavailable' : ours ? 'released' : 'lost';
      },
    },
  };
}

/**
 * Does work under a lock, renewed while it goes on and released at its end, however it ends. The work's signal aborts when the lock
 * is lost (the process slept longer than the lease, or Redis was away so long) or when `signal` does. Does not wait for a lock that is
 * taken. Rejects with what the work rejects with.
 */
export async function withLock<T>(
  redis: RedisConnection | undefined,
  name: LockName,
  work: (signal: AbortSignal) => Promise<T>,
  options: { readonly leaseMs?: number | undefined; readonly signal?: AbortSignal | undefined } = {},
): Promise<LockedWork<T>> {
  const leaseMs = options.leaseMs ?? LONGEST_LEASE_MS;
  const askedAt = performance.now();
  const taken = await takeLock(redis, name, leaseMs);
  if (taken.outcome !== 'held') return taken;
  const { lock } = taken;

  const lost = new AbortController();
  const over = new AbortController();
  const renewing = keepRenewed(lock.renew, { leaseMs, heldSince: askedAt, over: over.signal, onLost: () => lost.abort(lockLost()) });
  try {
    const signal = options.signal === undefined ? lost.signal : AbortSignal.any([lost.signal, options.signal]);
    const value = await work(signal);
    return { outcome: 'held', value, lost: lost.signal.aborted };
  } finally {
    over.abort();
    await renewing;
    if (!lost.signal.aborted) await lock.release();
  }
}

/** The answer to a question for a lock may have been lost, and not the question: what was taken unknowingly must not stand in the way. */
async function giveBack(release: () => Promise<boolean | undefined>, leaseMs: number): Promise<void> {
  const end = performance.now() + leaseMs;
  while (performance.now() < end && (await release()) === undefined) await sleep(Math.min(leaseMs / 10, 500), undefined, { ref: false });
}

function lockLost(): ToolError {
  return new ToolError('unavailable', 'The work was stopped: another process may have taken it over.', {
    remedy: 'Ask again; if the other process finishes it, its result is returned.',
  });
}
