import type { Deadline } from '../domain/deadline.ts';
import { ToolError } from '../domain/tool_error.ts';

/** At most so many pieces of work at once; the others wait in the order in which they came. */
export type ConcurrencyLimit = {
  /**
   * Does the work when there is room. Whoever waits leaves the queue when the deadline ends: with ToolError 'timeout' when time is up,
   * with the caller's own reason when the caller went away. The work then never begins.
   */
  readonly run: <T>(work: () => Promise<T>, deadline: Deadline) => Promise<T>;
};

/** A limit for this process. `what` is named in the message of who waited too long. */
export function concurrencyLimit(what: string, atOnce: number): ConcurrencyLimit {
  let running = 0;
  const waiting = new Set<() => void>();

  /** Resolves once the place is ours. A place that becomes free goes straight to the first who waits, so that no newcomer is faster. */
  const place = ({ signal }: Deadline): Promise<void> =>
    new Promise((resolve, reject) => {
      if (signal.aborted) return reject(timeIsUp(what, signal.reason));
      if (running < atOnce) {
        running++;
        return resolve();
      }
      const begin = () => {
        signal.removeEventListener('abort', leave);
        resolve();
      };
      const leave = () => {
        waiting.delete(begin);
        reject(timeIsUp(what, signal.reason));
      };
      waiting.add(begin);
      signal.addEventListener('abort', leave, { once: true });
    });

  const free = (): void => {
    const [next] = waiting;
    if (next === undefined) {
      running--;
      return;
    }
    waiting.delete(next);
    next();
  };

  return {
    async run(work, deadline) {
      await place(deadline);
      try {
        return await work();
      } finally {
        free();
      }
    },
  };
}

function timeIsUp(what: string, reason: unknown): unknown {
  if (!(reason instanceof DOMException && reason.name === 'TimeoutError')) return reason;
  return new ToolError('timeout', `The question's time ended while it waited for its turn with ${what}.`, { remedy: 'Ask again later.' });
}
