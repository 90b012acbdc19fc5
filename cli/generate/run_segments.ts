import { setTimeout as sleep } from 'node:timers/promises';
import { enqueue, generationJobs, queueLengths } from '../../shared/cache/job_queue.ts';
import { type JobRecord, readJob } from '../../shared/cache/job_record.ts';
import { startWorker } from '../../shared/cache/job_worker.ts';
import type { RedisConnection } from '../../shared/cache/redis_connection.ts';
import { type Decimal, decimal, sum } from '../../shared/domain/money.ts';
import { type AskTool, generateSegment } from './generate_segment.ts';
import { failedOutcome, SegmentOutcome } from './segment_outcome.ts';
import type { SegmentRequest } from './segment_request.ts';

/** A segment to be written for. */
export type Segment = {
  readonly id: string;
  readonly line: number;
  readonly campaignId: string;
  readonly campaignName: string;
  readonly clientId: string;
  readonly request: SegmentRequest;
  /** US dollars, decimal text; null: nobody knows. */
  readonly mostCostUsd: string | null;
};

/** A segment that is over. `earlier`: another run had paid for it before this one asked. */
export type Settled = { readonly segment: Segment; readonly outcome: SegmentOutcome; readonly earlier: boolean };

export type RunOptions = {
  readonly concurrency: number;
  readonly priority: 'high' | 'normal' | 'low' | undefined;
  /** What failed for good before is asked for again. */
  readonly retryFailed: boolean;
  /** Nothing is queued that might bring this run's spending above it: US dollars as decimal text. */
  readonly maxCostUsd: string | undefined;
  /** Aborts to finish what is under way and stop. */
  readonly stop: AbortSignal;
  /** Aborts to leave what is under way to another run. */
  readonly stopNow: AbortSignal;
};

/** Why a run ended; 'redis': Redis has not answered for a minute. */
export type RunEnd = 'done' | 'max cost' | 'stopped' | 'redis';

/** A worker that dies with a job holds it no longer than that. */
const LEASE_MS = 10_000;
/** With the worker's pauses, 1 s doubling, a job waits two minutes for a service to come back or a limit's minute to end. */
const ATTEMPTS = 8;
/** Messages are written for one population of a campaign at a time (lock:content_generation): more would only wait, in a worker's place. */
const OF_A_CAMPAIGN = 2;
const LOOK_MS = 250;
const QUEUE_AGAIN_MS = 5_000;
const WITHOUT_REDIS_MS = 60_000;
/** Longer than the longest pause of a worker that finds nothing. */
const SWEEP_MS = 2_000;
/** The longest that a call under way takes. */
const GRACE_MS = 120_000;

type Open = { readonly segment: Segment; readonly jobId: string; queuedAt: number };

/**
 * Queues the segments, a few at a time, works on the queue beside whoever else does, and tells `settled` of each as it ends, in the order in
 * which they end. A client whose plan is used up is not asked for again. Returns when all have ended, or why it stopped before.
 */
export async function runSegments(
  segments: readonly Segment[],
  { redis, ask, settled }: { redis: RedisConnection; ask: AskTool; settled: (one: Settled) => Promise<void> },
  options: RunOptions,
): Promise<RunEnd> {
  const { stop, maxCostUsd } = options;
  const waiting = inTurns(segments);
  const open = new Map<string, Open>();
  const usedUp = new Map<string, string>();
  let spent: Decimal = decimal(0);
  let wake = new AbortController();
  let answeredAt = performance.now();
  const worker = startWorker(
    redis,
    generationJobs,
    ({ payload, signal, attempt }) => generateSegment({ payload, signal, attempt }, ask, ATTEMPTS),
    { concurrency: options.concurrency, leaseMs: LEASE_MS, attempts: ATTEMPTS, onAttempt: () => wake.abort() },
  );

  /** Writes down those that are over. */
  const collect = async (): Promise<boolean> => {
    const looked = await Promise.all([...open.values()].map(async (one) => ({ one, record: await readJob(redis, one.jobId) })));
    let any = false;
    for (const { one, record } of looked) {
      if (record !== undefined) answeredAt = performance.now();
      const outcome = record === undefined ? undefined : outcomeOfJob(one.segment, record);
      if (outcome !== undefined) {
        open.delete(one.segment.id);
        spent = spent.plus(outcome.costUsd);
        if (outcome.errorClass === 'quota_exceeded') usedUp.set(one.segment.clientId, outcome.why ?? '');
        await settled({ segment: one.segment, outcome, earlier: false });
        any = true;
      } else if (record === undefined && performance.now() - one.queuedAt > QUEUE_AGAIN_MS) {
        // Redis came back empty, or does not answer: the same job asked for again is the same job.
        await put(one);
      }
    }
    return any;
  };

  const put = async (one: Open): Promise<boolean> => {
    const { campaignId, request, mostCostUsd } = one.segment;
    const segmento = JSON.stringify({ ...request, agreedCostUsd: mostCostUsd } satisfies SegmentRequest);
    one.queuedAt = performance.now();
    const job = { id: one.jobId, payload: { campana_id: campaignId, segmento }, priority: options.priority };
    const queued = await enqueue(redis, generationJobs, [job]);
    if (queued !== undefined) answeredAt = performance.now();
    return queued !== undefined;
  };

  const hasRoom = (campaignId: string): boolean =>
    [...open.values()].filter(({ segment }) => segment.campaignId === campaignId).length < OF_A_CAMPAIGN;
  const isAffordable = ({ mostCostUsd }: Segment): boolean => {
    if (maxCostUsd === undefined) return true;
    const underWay = sum([...open.values()].map(({ segment }) => segment.mostCostUsd ?? '0'));
    return spent
      .plus(underWay)
      .plus(mostCostUsd ?? '0')
      .lessThanOrEqualTo(maxCostUsd);
  };

  /** Queues what there is room for. 'max cost': the next one might cost more than is left, when nothing more comes back. */
  const fill = async (): Promise<'filled' | 'max cost'> => {
    while (open.size < options.concurrency * 2 && waiting.length > 0 && !stop.aborted) {
      const at = waiting.findIndex(({ campaignId, clientId }) => usedUp.has(clientId) || hasRoom(campaignId));
      const next = waiting[at];
      if (next === undefined) return 'filled';
      const because = usedUp.get(next.clientId);
      if (because !== undefined) {
        waiting.splice(at, 1);
        await settled({ segment: next, outcome: unasked(next, 'quota_exceeded', because), earlier: false });
        continue;
      }
      const job = await jobOf(redis, next, options.retryFailed);
      if (job.outcome !== undefined) {
        waiting.splice(at, 1);
        await settled({ segment: next, outcome: job.outcome, earlier: true });
        continue;
      }
      if (!isAffordable(next)) return open.size === 0 ? 'max cost' : 'filled';
      waiting.splice(at, 1);
      const one = { segment: next, jobId: job.id, queuedAt: 0 };
      open.set(next.id, one);
      if (!(await put(one))) return 'filled';
    }
    return 'filled';
  };

  try {
    while (open.size + waiting.length > 0) {
      if (stop.aborted) return 'stopped';
      wake = new AbortController();
      if ((await fill()) === 'max cost') return 'max cost';
      if (await collect()) continue;
      if (performance.now() - answeredAt > WITHOUT_REDIS_MS) return 'redis';
      await sleep(LOOK_MS, undefined, { signal: AbortSignal.any([wake.signal, stop]) }).catch(() => undefined);
    }
    await swept(redis, stop);
    return 'done';
  } finally {
    const hurry = () => void worker.stop(0);
    options.stopNow.addEventListener('abort', hurry, { once: true });
    await worker.stop(options.stopNow.aborted ? 0 : GRACE_MS);
    options.stopNow.removeEventListener('abort', hurry);
    if (open.size > 0) await collect();
  }
}

/**
 * A job that was asked for again after a kill is in its list twice; a worker that has nothing to do takes out what is over, and gets the time
 * to. At once where nothing is left, as usual.
 */
async function swept(redis: RedisConnection, stop: AbortSignal): Promise<void> {
  const until = performance.now() + SWEEP_MS;
  while (performance.now() < until && !stop.aborted) {
    const lengths = await queueLengths(redis, generationJobs);
    if (lengths === undefined || lengths.every(({ jobs }) => jobs === 0)) return;
    await sleep(LOOK_MS, undefined, { signal: stop }).catch(() => undefined);
  }
}

/** One of each campaign in turn, in the order of the file. */
function inTurns(segments: readonly Segment[]): Segment[] {
  const turns = new Map<string, number>();
  return segments
    .map((segment) => {
      const turn = turns.get(segment.campaignId) ?? 0;
      turns.set(segment.campaignId, turn + 1);
      return { segment, turn };
    })
    .sort((one, other) => one.turn - other.turn)
    .map(({ segment }) => segment);
}

/**
 * The job of a segment, or what it came to when it is over already. Where what failed is to be tried again, it is the first of
 * {id}, {id}.2, {id}.3 … that has not failed: so several runs that try again share that job too.
 */
async function jobOf(
  redis: RedisConnection,
  segment: Segment,
  retryFailed: boolean,
): Promise<{ readonly id: string; readonly outcome: SegmentOutcome | undefined }> {
  for (let turn = 1; ; turn++) {
    const id = turn === 1 ? segment.id : `${segment.id}.${turn}`;
    const record = await readJob(redis, id);
    const outcome = record === undefined ? undefined : outcomeOfJob(segment, record);
    if (outcome?.status !== 'failed' || !retryFailed) return { id, outcome };
  }
}

/** What a job came to; undefined while it is not over. */
function outcomeOfJob(segment: Segment, { state, result, error }: JobRecord): SegmentOutcome | undefined {
  switch (state) {
    case 'waiting':
    case 'active':
      return undefined;
    case 'done': {
      const read = SegmentOutcome.safeParse(result);
      if (!read.success) return unasked(segment, null, 'The job was done by a program that tells its result in another way.');
      return { ...read.data, campaignName: segment.campaignName };
    }
    case 'dead':
      return unasked(segment, null, error ?? 'The job failed, and nothing says why.');
    case 'cancelled':
      return unasked(segment, null, 'Somebody cancelled the job.');
  }
}

function unasked(segment: Segment, errorClass: string | null, why: string): SegmentOutcome {
  const { campaignId, campaignName, request } = segment;
  const { population, channel = 'any', language } = request;
  return failedOutcome({ campaignId, campaignName, population, channel, language }, { errorClass, why });
}

/** The Redis that holds the queue, when it answers. */
export async function queueIn(redis: RedisConnection | undefined): Promise<RedisConnection | undefined> {
  return (await queueLengths(redis, generationJobs)) === undefined ? undefined : redis;
}
