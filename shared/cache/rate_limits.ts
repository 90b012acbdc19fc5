import { hourStamp, minuteStamp } from './catalogue.ts';
import { hourLimitKey, minuteLimitKey } from './keys.ts';
import type { RedisCommand, RedisReply } from './redis_connection.ts';

/** How many calls a client may make. */
export type Limits = { readonly callsPerMinute: number; readonly toolCallsPerHour: number };

/** Far above what a person and their host ask for; config:client will lower them client by client. */
export const DEFAULT_LIMITS: Limits = { callsPerMinute: 60_000, toolCallsPerHour: 1_000_000 };

/** Which limit is used up, and when it starts anew. */
export type LimitReached = { readonly limit: number; readonly window: 'minute' | 'hour'; readonly retryAfterSeconds: number };

/** Counts that wait to be written, and what to do with the replies (undefined when Redis gave none). */
export type CountsToWrite = {
  readonly commands: readonly RedisCommand[];
  readonly absorb: (replies: readonly RedisReply[] | undefined) => void;
};

type Counter = {
  readonly limit: number;
  readonly window: 'minute' | 'hour';
  readonly endsAt: number;
  readonly seconds: number;
  known: number;
  pending: number;
};

/**
 * Counts calls by client, in Redis for all processes together. A call is checked against the last known count plus what this
 * process has counted since, which needs no round trip; the counts travel with the next cache read. Processes learn of each
 * other's calls with each reply, so the overshoot is at most what the others do between two replies. Without Redis the
 * limits hold by process.
 */
export class RateLimits {
  readonly #counters = new Map<string, Counter>();
  readonly #limits: Limits;
  readonly #now: () => Date;

  constructor(limits: Limits, now: () => Date) {
    this.#limits = limits;
    this.#now = now;
  }

  /** Counts a call; or, when a limit is used up, counts nothing and says which. */
  take(client: string, server: string, tool: string): LimitReached | undefined {
    const counters = this.#countersOf(client, server, tool);
    const reached = this.#firstReached(counters, 1);
    if (reached === undefined) for (const counter of counters) counter.pending += 1;
    return reached;
  }

  /** The limit that other processes' calls have meanwhile used up, this call's own count included. */
  exceeded(client: string, server: string, tool: string): LimitReached | undefined {
    return this.#firstReached(this.#countersOf(client, server, tool), 0);
  }

  /** Takes the counts not yet written. They are this process's own until `absorb` has the replies. */
  drain(): CountsToWrite {
    const now = this.#now().getTime();
    const written: { counter: Counter; count: number }[] = [];
    const commands: RedisCommand[] = [];
    for (const [key, counter] of this.#counters) {
      if (counter.endsAt <= now) {
        this.#counters.delete(key);
      } else if (counter.pending > 0) {
        commands.push(['incrby', key, counter.pending], ['expire', key, counter.seconds]);
        written.push({ counter, count: counter.pending });
        counter.known += counter.pending;
        counter.pending = 0;
      }
    }
    return {
      commands,
      absorb: (replies) => {
        for (const [index, { counter }] of written.entries()) {
          const reply = replies?.[index * 2];
          if (reply?.ok && typeof reply.value === 'number') counter.known = Math.max(counter.known, reply.value);
        }
      },
    };
  }

  #firstReached(counters: readonly Counter[], more: 0 | 1): LimitReached | undefined {
    const full = counters.find(({ known, pending, limit }) => known + pending + more > limit);
    if (full === undefined) return undefined;
    const retryAfterSeconds = Math.max(1, Math.ceil((full.endsAt - this.#now().getTime()) / 1_000));
    return { limit: full.limit, window: full.window, retryAfterSeconds };
  }

  #countersOf(client: string, server: string, tool: string): readonly Counter[] {
    const now = this.#now();
    const { callsPerMinute, toolCallsPerHour } = this.#limits;
    return [
      this.#counter(
        minuteLimitKey.of({ client, service: server, 'yyyy-mm-dd-HH-MM': minuteStamp(now) }),
        'minute',
        callsPerMinute,
        minuteLimitKey.seconds,
        now,
      ),
      this.#counter(
        hourLimitKey.of({ tool, client, 'yyyy-mm-dd-HH': hourStamp(now) }),
        'hour',
        toolCallsPerHour,
        hourLimitKey.seconds,
        now,
      ),
    ];
  }

  #counter(key: string, window: 'minute' | 'hour', limit: number, seconds: number, now: Date): Counter {
    const found = this.#counters.get(key);
    if (found !== undefined) return found;
    const length = window === 'minute' ? 60_000 : 3_600_000;
    const counter = { limit, window, endsAt: (Math.floor(now.getTime() / length) + 1) * length, seconds, known: 0, pending: 0 };
    this.#counters.set(key, counter);
    return counter;
  }
}
