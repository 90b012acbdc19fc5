import { setTimeout as pause } from 'node:timers/promises';
import { withLock } from '../../../shared/cache/locks.ts';
import type { RedisConnection } from '../../../shared/cache/redis_connection.ts';
import type { Deadline } from '../../../shared/domain/deadline.ts';
import { orAborted } from '../../../shared/domain/or_aborted.ts';
import { ToolError } from '../../../shared/domain/tool_error.ts';

/** Lets one at a time write for a campaign. */
export type CampaignTurns = {
  /**
   * Does the work when nobody else writes for the campaign, in any process; without Redis, in this one. The work's signal aborts when
   * the caller goes, when time is up, or when the turn was lost to another process. Rejects with what the work rejects with; while waiting,
   * with ToolError 'unavailable' when time is up, with the caller's own reason when the caller goes.
   */
  readonly take: <T>(campaignId: string, work: (signal: AbortSignal) => Promise<T>, deadline: Deadline) => Promise<T>;
};

const FIRST_LOOK_MS = 20;
const LAST_LOOK_MS = 250;

function othersWrite(): ToolError {
  return new ToolError('unavailable', 'Others have been writing for this campaign all the while.', {
    remedy: 'Ask again in half a minute: what they wrote for the same populations is answered at no cost.',
    retryAfterSeconds: 30,
  });
}

export function openCampaignTurns(redis: RedisConnection | undefined): CampaignTurns {
  /** The end of the last turn taken in this process, by campaign: whoever waits here does not ask Redis meanwhile. */
  const last = new Map<string, Promise<unknown>>();

  const acrossProcesses = async <T>(campaignId: string, work: (signal: AbortSignal) => Promise<T>, { signal }: Deadline): Promise<T> => {
    for (let wait = FIRST_LOOK_MS; ; wait = Math.min(wait * 2, LAST_LOOK_MS)) {
      signal.throwIfAborted();
      const turn = await withLock(redis, { resource: 'content_generation', id: campaignId }, work, { signal });
      if (turn.outcome === 'held') return turn.value;
      if (turn.outcome === 'unavailable') return work(signal);
      await pause(Math.min(wait, turn.freeInMs + 1), undefined, { signal });
    }
  };

  return {
    async take(campaignId, work, deadline) {
      const before = last.get(campaignId);
      const turn = (async () => {
        let begun = false;
        const ours = (signal: AbortSignal) => {
          begun = true;
          return work(signal);
        };
        try {
          if (before !== undefined) await orAborted(before, deadline.signal);
          return await acrossProcesses(campaignId, ours, deadline);
        } catch (error) {
          throw !begun && deadline.remainingMs() === 0 ? othersWrite() : error;
        }
      })();
      // The next waits for this turn and for those before it, which go on when this one gives up waiting.
      const over = Promise.allSettled([before, turn]);
      last.set(campaignId, over);
      void over.then(() => {
        if (last.get(campaignId) === over) last.delete(campaignId);
      });
      return turn;
    },
  };
}
