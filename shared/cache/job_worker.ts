import { setTimeout as sleep } from 'node:timers/promises';
import { ToolError } from '../domain/tool_error.ts';
import { type JobPayload, type JobQueue, type ReadElement, readElement } from './job_queue.ts';
import { claimJobs, type Ending, renewClaim, settleJob } from './job_record.ts';
import { keepRenewed } from './lease.ts';
import type { RedisCommand, RedisConnection } from './redis_connection.ts';

/** One attempt at a job. The signal aborts when the job is cancelled, when another may have taken it over, and when the worker stops. */
export type Job<Payload> = { readonly id: string; readonly payload: Payload; readonly attempt: number; readonly signal: AbortSignal };

export type WorkerOptions = {
  /** Jobs at a time. */
  readonly concurrency?: number | undefined;
  /** How long a job stays with a worker that does not say it lives, in milliseconds. Renewed three times in its length. */
  readonly leaseMs?: number | undefined;
  /** After so many the job is dead, its error in job:{id}. A worker that dies with the job uses one up too. */
  readonly attempts?: number | undefined;
  /** Pause before the attempt after this one, in milliseconds. */
  readonly pauseAfter?: ((attempt: number) => number) | undefined;
  /** Longest pause of a worker that finds nothing to do, in milliseconds. */
  readonly idleMs?: number | undefined;
  /** Hears how each attempt ended: for logs and figures. */
  readonly onAttempt?: ((attempt: AttemptReport) => void) | undefined;
};

/** 'lost': the job was another's by then, or Redis could not be told. */
export type AttemptReport = {
  readonly id: string;
  readonly attempt: number;
  readonly ended: Ending['state'] | 'lost';
  readonly durationMs: number;
  readonly error: unknown;
};

export type JobWorker = {
  /**
   * Takes no more jobs and waits for those under way, at most `graceMs` milliseconds. Then their signals abort; those that end by it go
   * back to the queue without an attempt used up, the others are free when their leases end.
   */
  readonly stop: (graceMs?: number) => Promise<void>;
};

/** The first pause of a worker that found nothing; it doubles to the longest. */
const FIRST_IDLE_MS = 20;
/** Jobs looked at in one search that finds none at the end of the list: those under way, and those that wait for another attempt. */
const WINDOW = 256;
/** Claims without an answer that are remembered; a job whose claim is forgotten is free again when its lease ends. */
const MOST_UNSURE = 1_000;
/** How long work that was told to stop may take to do so. */
const FAREWELL_MS = 2_000;

type Taken<Payload> = {
  readonly key: string;
  readonly element: string;
  readonly read: ReadElement<Payload>;
  readonly owner: string;
  readonly attempt: number;
  readonly claimedAt: number;
};

type Found<Payload> = { readonly taken: readonly Taken<Payload>[]; readonly waitMs: number };

/** Starts doing a queue's jobs. `work` returns the job's result (kept as JSON for a day) or throws; see {@link isWorthAnotherTry}. */
export function startWorker<Payload extends JobPayload>(
  redis: RedisConnection,
  queue: JobQueue<Payload>,
  work: (job: Job<Payload>) => Promise<unknown>,
  options: WorkerOptions = {},
): JobWorker {
  const { concurrency = 1, leaseMs = 30_000, attempts = 5, pauseAfter = usualPause, idleMs = 1_000, onAttempt = () => undefined } = options;
  const name = crypto.randomUUID();
  const stopping = new AbortController();
  const graceOver = new AbortController();
  const underWay = new Set<Promise<void>>();
  let claims = 0;
  /** Owners whose claim had no answer: they may own a job, so they ask again before new ones do. */
  const unsure = new Map<string, string>();

  type Seen = { readonly element: string; readonly read: ReadElement<Payload>; readonly id: string; readonly owner: string };

  /** Asks for what was seen in a list: jobs that are this worker's now, those that could be, how long until one may be free. */
  const ask = async (key: string, seen: readonly Seen[], mode: 'claim' | 'look'): Promise<Found<Payload> & { free: readonly Seen[] }> => {
    const taken: Taken<Payload>[] = [];
    const free: Seen[] = [];
    const over: string[] = [];
    let waitMs = idleMs;
    const claimedAt = performance.now();
    const answers = seen.length === 0 ? [] : await claimJobs(redis, seen, { leaseMs, attempts }, mode);
    for (const [i, candidate] of seen.entries()) {
      const { element, read, id, owner } = candidate;
      const claim = answers[i];
      switch (claim?.outcome) {
        case 'claimed':
          taken.push({ key, element, read, owner, attempt: claim.attempt, claimedAt });
          break;
        case 'free':
          free.push(candidate);
          break;
        case 'not now':
          waitMs = Math.min(waitMs, claim.waitMs);
          break;
        case 'over':
          over.push(element);
          break;
        case undefined:
          if (unsure.size >= MOST_UNSURE) unsure.clear();
          unsure.set(id, owner);
          continue;
      }
      if (claim.outcome !== 'free') unsure.delete(id);
    }
    if (over.length > 0) await redis.pipeline(over.map((element) => ['lrem', key, 1, element]));
    return { taken, free, waitMs };
  };

  const toSeen = (elements: readonly unknown[]): readonly Seen[] =>
    [...new Set(elements.filter((element) => typeof element === 'string'))].map((element) => {
      const read = readElement(element, queue);
      return { element, read, id: read.id, owner: unsure.get(read.id) ?? `${name}:${++claims}` };
    });

  /**
   * Turns one list and claims what comes, at most `room` jobs. What is under way moves behind what waits, so that usually the first turn
   * brings a job. When it does not, the whole list is looked at before anybody goes to rest.
   */
  const search = async (key: string, room: number): Promise<Found<Payload>> => {
    const turned = (await redis.pipeline(turns(key, room))) ?? [];
    const first = await ask(key, toSeen(turned.map((reply) => (reply.ok ? reply.value : undefined))), 'claim');
    if (first.taken.length > 0 || turned.every((reply) => !reply.ok || reply.value === null)) return first;
    const [reply] = (await redis.pipeline([['lrange', key, -WINDOW, -1]])) ?? [];
    const oldestFirst = reply?.ok && Array.isArray(reply.value) ? reply.value.reverse() : [];
    const looked = await ask(key, toSeen(oldestFirst), 'look');
    if (looked.free.length > 0) return ask(key, looked.free.slice(0, room), 'claim');
    if (oldestFirst.length < WINDOW) return { taken: [], waitMs: Math.min(first.waitMs, looked.waitMs) };
    // All of these wait or are under way, and there are more behind them.
    await redis.pipeline(turns(key, WINDOW));
    return { taken: [], waitMs: 0 };
  };

  /** The most urgent jobs there are. */
  const take = async (room: number): Promise<Found<Payload>> => {
    const taken: Taken<Payload>[] = [];
    let waitMs = idleMs;
    for (const { key } of queue.lists) {
      if (taken.length >= room) break;
      const found = await search(key, room - taken.length);
      taken.push(...found.taken);
      waitMs = Math.min(waitMs, found.waitMs);
    }
    return { taken, waitMs };
  };

  const attemptJob = async ({ key, element, read, owner, attempt, claimedAt }: Taken<Payload>): Promise<void> => {
    const { id } = read;
    const told = new AbortController();
    const over = new AbortController();
    let why: 'cancelled' | 'lost' | undefined;
    const tell = (reason: 'cancelled' | 'lost', error: ToolError): void => {
      why ??= reason;
      told.abort(error);
    };
    void keepRenewed(
      async () => {
        const kept = await renewClaim(redis, id, { owner, leaseMs, attempt });
        if (kept === 'cancel') tell('cancelled', new ToolError('unavailable', 'The job was cancelled.'));
        return kept === 'cancel' ? 'held' : kept;
      },
      {
        leaseMs,
        heldSince: claimedAt,
        over: over.signal,
        onLost: () => tell('lost', new ToolError('unavailable', 'Another worker may have taken the job over.')),
      },
    );
    const begun = performance.now();
    let ending: Ending;
    let error: unknown;
    try {
      if (read.problem !== undefined) throw new ToolError('invalid_input', read.problem);
      const result = await work({ id, payload: read.payload, attempt, signal: AbortSignal.any([told.signal, graceOver.signal]) });
      ending = { state: 'done', result: result === undefined ? undefined : JSON.stringify(result) };
    } catch (thrown) {
      error = thrown;
      const said = describeError(thrown);
      if (why === 'cancelled') ending = { state: 'cancelled' };
      else if (graceOver.signal.aborted || why === 'lost') ending = { state: 'waiting', pauseMs: 0, error: undefined };
      else if (attempt >= attempts || !isWorthAnotherTry(thrown)) ending = { state: 'dead', error: said };
      else ending = { state: 'waiting', pauseMs: pauseAfter(attempt), error: said };
    }
    over.abort();
    const usedUp = ending.state === 'waiting' && ending.error === undefined ? attempt - 1 : attempt;
    const settled = await settle(id, { owner, attempts: usedUp }, ending);
    // What is over must leave the list; if this does not arrive, the next who turns it sees so too.
    if (settled === true && ending.state !== 'waiting') await redis.pipeline([['lrem', key, 1, element]]);
    onAttempt({ id, attempt, ended: settled === true ? ending.state : 'lost', durationMs: performance.now() - begun, error });
  };

  /** Says how an attempt ended, again and again while Redis is away: work that is done should not be done again. */
  const settle = async (id: string, by: { owner: string; attempts: number }, ending: Ending): Promise<boolean | undefined> => {
    for (let pauseMs = 100; ; pauseMs = Math.min(pauseMs * 2, 2_000)) {
      const settled = await settleJob(redis, id, by, ending);
      if (settled !== undefined || graceOver.signal.aborted) return settled;
      await sleep(pauseMs, undefined, { signal: graceOver.signal }).catch(() => undefined);
    }
  };

  const run = async (): Promise<void> => {
    let idle = FIRST_IDLE_MS;
    while (!stopping.signal.aborted) {
      if (underWay.size >= concurrency) {
        await Promise.race(underWay);
        continue;
      }
      const { taken, waitMs } = await take(concurrency - underWay.size);
      for (const job of taken) {
        const attempt = attemptJob(job).finally(() => underWay.delete(attempt));
        underWay.add(attempt);
      }
      if (taken.length > 0) {
        idle = FIRST_IDLE_MS;
        continue;
      }
      // Between three quarters and all of it, so that workers do not ask in step.
      const pauseMs = Math.max(FIRST_IDLE_MS, Math.min(idle, waitMs)) * (0.75 + Math.random() / 4);
      await sleep(pauseMs, undefined, { signal: stopping.signal }).catch(() => undefined);
      idle = Math.min(idle * 2, idleMs);
    }
  };
  const running = run();

  return {
    async stop(graceMs = 10_000) {
      stopping.abort();
      const finished = async (): Promise<void> => {
        await running;
        await Promise.allSettled(underWay);
      };
      const timer = new AbortController();
      await Promise.race([finished(), sleep(graceMs, undefined, { signal: timer.signal }).catch(() => undefined)]);
      graceOver.abort(new ToolError('unavailable', 'The worker is stopping; the job goes back to its queue.'));
      await Promise.race([finished(), sleep(FAREWELL_MS, undefined, { signal: timer.signal }).catch(() => undefined)]);
      timer.abort();
    },
  };
}

function turns(key: string, times: number): RedisCommand[] {
  return Array.from({ length: times }, () => ['lmove', key, key, 'RIGHT', 'LEFT']);
}

/** Whether what went wrong may go right another time: anything but an answer that says the question itself is wrong. */
function isWorthAnotherTry(error: unknown): boolean {
  if (!(error instanceof ToolError)) return true;
  switch (error.errorClass) {
    case 'invalid_input':
    case 'not_found':
    case 'ambiguous':
    case 'forbidden':
      return false;
    case 'quota_exceeded':
    case 'rate_limited':
    case 'unavailable':
    case 'timeout':
    case 'internal':
      return true;
  }
}

/** One second, doubling to five minutes, of which between half and all: so that what failed together does not come back together. */
function usualPause(attempt: number): number {
  return Math.min(1_000 * 2 ** (attempt - 1), 300_000) * (0.5 + Math.random() / 2);
}

function describeError(error: unknown): string {
  return (error instanceof Error ? `${error.name}: ${error.message}` : String(error)).slice(0, 1_000);
}
