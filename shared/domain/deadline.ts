/** How long a call may still take. The signal aborts when time is up or the caller has gone. */
export type Deadline = {
  readonly signal: AbortSignal;
  /** Milliseconds left, never negative. */
  readonly remainingMs: () => number;
};

/** A deadline so many milliseconds from now, ended early when `cancelled` aborts. */
export function deadlineIn(milliseconds: number, cancelled?: AbortSignal): Deadline {
  const end = performance.now() + milliseconds;
  const timeUp = AbortSignal.timeout(Math.ceil(milliseconds));
  return {
    signal: cancelled === undefined ? timeUp : AbortSignal.any([timeUp, cancelled]),
    remainingMs: () => Math.max(0, end - performance.now()),
  };
}
