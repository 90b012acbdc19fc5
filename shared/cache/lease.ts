import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Renews a lease three times in its life, ten times when Redis does not answer, until it is over or lost. While Redis cannot be asked
 * the lease is believed in until it must have ended there: counted from before it was last asked for.
 */
export async function keepRenewed(
  renew: () => Promise<'held' | 'lost' | 'unavailable'>,
  lease: { readonly leaseMs: number; readonly heldSince: number; readonly over: AbortSignal; readonly onLost: () => void },
): Promise<void> {
  const { leaseMs, over, onLost } = lease;
  let endsAt = lease.heldSince + leaseMs;
  let answered = true;
  while (!over.aborted) {
    const pause = Math.max(0, Math.min(leaseMs / (answered ? 3 : 10), endsAt - performance.now()));
    await sleep(pause, undefined, { signal: over, ref: false }).catch(() => undefined);
    if (over.aborted) return;
    const askedAt = performance.now();
    const renewed = await renew();
    answered = renewed !== 'unavailable';
    if (renewed === 'held') endsAt = askedAt + leaseMs;
    else if (renewed === 'lost' || performance.now() >= endsAt) {
      if (!over.aborted) onLost();
      return;
    }
  }
}
