import type { ToolErrorClass } from '../domain/tool_error.ts';

/** How a call was answered. */
export type CallOutcome = {
  readonly tool: string;
  readonly durationMs: number;
  /** 'stale': from the cache though the data has changed since, because the data could not be asked. */
  readonly cache: 'memory' | 'redis' | 'shared' | 'stale' | 'miss' | 'skipped';
  readonly error: ToolErrorClass | undefined;
};

/** Figures of a server since it started, and of its last minute and hour. Times in milliseconds. */
export type CallFigures = {
  readonly calls: number;
  readonly errors: number;
  readonly errorsByClass: Readonly<Partial<Record<ToolErrorClass, number>>>;
  readonly answeredFrom: Readonly<Record<CallOutcome['cache'], number>>;
  readonly redisFailures: number;
  readonly callsLastMinute: number;
  readonly averageMsLastMinute: number;
  readonly errorsLastHour: number;
};

type Minute = { readonly minute: number; calls: number; errors: number; totalMs: number };

/** Counts what a server did, in this process. The last hour is kept by minute. */
export class CallMetrics {
  #calls = 0;
  #redisFailures = 0;
  readonly #errors = new Map<ToolErrorClass, number>();
  readonly #answeredFrom = { memory: 0, redis: 0, shared: 0, stale: 0, miss: 0, skipped: 0 };
  readonly #minutes: Minute[] = [];
  readonly #now: () => number;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  record(outcome: CallOutcome): void {
    this.#calls += 1;
    this.#answeredFrom[outcome.cache] += 1;
    const minute = this.#currentMinute();
    minute.calls += 1;
    minute.totalMs += outcome.durationMs;
    if (outcome.error === undefined) return;
    minute.errors += 1;
    this.#errors.set(outcome.error, (this.#errors.get(outcome.error) ?? 0) + 1);
  }

  /** A Redis command that failed: the call it belonged to went on without. */
  redisFailed(): void {
    this.#redisFailures += 1;
  }

  figures(): CallFigures {
    const now = Math.floor(this.#now() / 60_000);
    // The minute under way is young; with the one before it, a full minute is always covered.
    const recent = this.#minutes.filter(({ minute }) => minute >= now - 1);
    const calls = sum(recent, (minute) => minute.calls);
    return {
      calls: this.#calls,
      errors: [...this.#errors.values()].reduce((a, b) => a + b, 0),
      errorsByClass: Object.fromEntries(this.#errors),
      answeredFrom: { ...this.#answeredFrom },
      redisFailures: this.#redisFailures,
      callsLastMinute: sum(
        this.#minutes.filter(({ minute }) => minute === now - 1),
        (minute) => minute.calls,
      ),
      averageMsLastMinute: calls === 0 ? 0 : sum(recent, (minute) => minute.totalMs) / calls,
      errorsLastHour: sum(
        this.#minutes.filter(({ minute }) => minute > now - 60),
        (minute) => minute.errors,
      ),
    };
  }

  #currentMinute(): Minute {
    const minute = Math.floor(this.#now() / 60_000);
    const last = this.#minutes.at(-1);
    if (last?.minute === minute) return last;
    const fresh = { minute, calls: 0, errors: 0, totalMs: 0 };
    this.#minutes.push(fresh);
    if (this.#minutes.length > 61) this.#minutes.shift();
    return fresh;
  }
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}
