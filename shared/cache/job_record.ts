import { jobKey } from './keys.ts';
import type { RedisConnection, RedisScript } from './redis_connection.ts';

/** How far a job is. 'dead': it failed for good, and `error` says why. */
export type JobState = 'waiting' | 'active' | 'done' | 'dead' | 'cancelled';

/** What job:{id} says of a job; instants in milliseconds since 1970, by Redis' clock. */
export type JobRecord = {
  readonly state: JobState;
  readonly attempts: number;
  readonly owner: string | undefined;
  readonly leaseUntil: number | undefined;
  readonly result: unknown;
  readonly error: string | undefined;
  readonly queuedAt: number | undefined;
  readonly startedAt: number | undefined;
  readonly finishedAt: number | undefined;
};

/** What a worker that wants a job hears: it is the worker's, or could be, or when to look again, or that it is over and may leave its list. */
export type Claim =
  | { readonly outcome: 'claimed'; readonly attempt: number }
  | { readonly outcome: 'free' }
  | { readonly outcome: 'not now'; readonly waitMs: number }
  | { readonly outcome: 'over' };

// Each script touches job:{id} alone and takes the time from Redis, so that no two machines' clocks are compared.
const NOW = `local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local job = KEYS[1]`;

/** ARGV: life. Leaves a job that is known already as it is, so that asking twice by the same id is asking once. */
const RECORD: RedisScript = {
  name: 'recordJob',
  lua: `${NOW}
if redis.call('exists', job) == 0 then redis.call('hset', job, 'state', 'waiting', 'attempts', 0, 'queued_at', now) end
redis.call('expire', job, ARGV[1])
return redis.call('hget', job, 'state')`,
};

/**
 * ARGV: owner, lease, most attempts, life, 'claim' or 'look'. A job whose hash is gone is taken for one that waits: its element says what to do. An owner
 * that asks again had no answer the first time: the claim is its own.
 */
const CLAIM: RedisScript = {
  name: 'claimJob',
  lua: `${NOW}
local state = redis.call('hget', job, 'state')
local attempts = tonumber(redis.call('hget', job, 'attempts') or 0)
if state == 'done' or state == 'dead' or state == 'cancelled' then return {'over'} end
if state == 'active' and redis.call('hget', job, 'owner') == ARGV[1] then
  if ARGV[5] == 'look' then return {'free'} end
  redis.call('hset', job, 'lease_until', now + ARGV[2])
  return {'claimed', attempts}
end
local waiting_until = tonumber(redis.call('hget', job, state == 'active' and 'lease_until' or 'run_after') or 0)
if waiting_until > now then return {'not now', waiting_until - now} end
redis.call('expire', job, ARGV[4])
if state == 'active' and redis.call('hget', job, 'cancel_asked') then
  redis.call('hset', job, 'state', 'cancelled', 'finished_at', now)
  return {'over'}
end
if attempts >= tonumber(ARGV[3]) then
  redis.call('hset', job, 'state', 'dead', 'finished_at', now,
    'error', 'The worker ended before the job did, ' .. attempts .. ' times; last: ' .. (redis.call('hget', job, 'error') or 'no error was reported'))
  return {'over'}
end
if ARGV[5] == 'look' then return {'free'} end
redis.call('hset', job, 'state', 'active', 'attempts', attempts + 1, 'owner', ARGV[1], 'lease_until', now + ARGV[2], 'started_at', now)
redis.call('expire', job, ARGV[4])
return {'claimed', attempts + 1}`,
};

/**
 * ARGV: owner, lease, attempt, life. A hash that is gone (Redis came back empty, or memory was short) is written again: as long as
 * nobody else has claimed the job it is still the worker's.
 */
const RENEW: RedisScript = {
  name: 'renewJob',
  lua: `${NOW}
local state = redis.call('hget', job, 'state')
if state and not (state == 'active' and redis.call('hget', job, 'owner') == ARGV[1]) then return 'lost' end
redis.call('hset', job, 'state', 'active', 'owner', ARGV[1], 'attempts', ARGV[3], 'lease_until', now + ARGV[2])
redis.call('expire', job, ARGV[4])
return redis.call('hget', job, 'cancel_asked') and 'cancel' or 'held'`,
};

/** ARGV: owner, state, attempts, 'result' or 'error', that text, pause before the next attempt, life. Only the owner ends an attempt. */
const SETTLE: RedisScript = {
  name: 'settleJob',
  lua: `${NOW}
local state = redis.call('hget', job, 'state')
if state and not (state == 'active' and redis.call('hget', job, 'owner') == ARGV[1]) then return 0 end
redis.call('hdel', job, 'owner', 'lease_until', 'run_after', 'error')
local to = ARGV[2]
if to == 'waiting' and redis.call('hget', job, 'cancel_asked') then to = 'cancelled' end
redis.call('hset', job, 'state', to, 'attempts', ARGV[3])
if ARGV[5] ~= '' then redis.call('hset', job, ARGV[4], ARGV[5]) end
if to == 'waiting' then redis.call('hset', job, 'run_after', now + ARGV[6]) else redis.call('hset', job, 'finished_at', now) end
redis.call('expire', job, ARGV[7])
return 1`,
};

/** ARGV: life. */
const CANCEL: RedisScript = {
  name: 'cancelJob',
  lua: `${NOW}
local state = redis.call('hget', job, 'state')
if not state then return 'unknown' end
if state == 'waiting' then redis.call('hset', job, 'state', 'cancelled', 'finished_at', now)
elseif state == 'active' then redis.call('hset', job, 'cancel_asked', 1)
else return 'over' end
redis.call('expire', job, ARGV[1])
return state == 'waiting' and 'cancelled' or 'asked'`,
};

/** Writes that a job waits, before it is put into its list. The state it is in; undefined when Redis is away. */
export async function recordJobs(redis: RedisConnection, ids: readonly string[]): Promise<readonly (string | undefined)[]> {
  const replies = await redis.pipeline(ids.map((id) => [RECORD, jobKey.of({ id }), jobKey.seconds]));
  return ids.map((_, i) => {
    const reply = replies?.[i];
    return reply?.ok && typeof reply.value === 'string' ? reply.value : undefined;
  });
}

/**
 * Asks for jobs in one round trip, each for an owner of its own; or, with 'look', only which are free. Undefined in a job's place when Redis does not answer: then it may be
 * claimed, and is free again when the lease ends or the same owner asks again.
 */
export async function claimJobs(
  redis: RedisConnection,
  asked: readonly { readonly id: string; readonly owner: string }[],
  by: { readonly leaseMs: number; readonly attempts: number },
  mode: 'claim' | 'look' = 'claim',
): Promise<readonly (Claim | undefined)[]> {
  const replies = await redis.pipeline(
    asked.map(({ id, owner }) => [CLAIM, jobKey.of({ id }), owner, by.leaseMs, by.attempts, jobKey.seconds, mode]),
  );
  return asked.map((_, i) => {
    const reply = replies?.[i];
    const [outcome, number] = reply?.ok && Array.isArray(reply.value) ? reply.value : [];
    if (outcome === 'claimed') return { outcome, attempt: Number(number) };
    if (outcome === 'not now') return { outcome, waitMs: Number(number) };
    return outcome === 'over' || outcome === 'free' ? { outcome } : undefined;
  });
}

/** Keeps a claim. 'cancel': it is held, but somebody asked that the work be stopped. */
export async function renewClaim(
  redis: RedisConnection,
  id: string,
  by: { readonly owner: string; readonly leaseMs: number; readonly attempt: number },
): Promise<'held' | 'cancel' | 'lost' | 'unavailable'> {
  const value = await run(redis, RENEW, id, by.owner, by.leaseMs, by.attempt, jobKey.seconds);
  return value === 'held' || value === 'cancel' || value === 'lost' ? value : 'unavailable';
}

/** How an attempt ended; `result` is JSON. 'waiting': to be tried again after a pause (milliseconds), for what is said in `error` if anything. */
export type Ending =
  | { readonly state: 'done'; readonly result: string | undefined }
  | { readonly state: 'dead'; readonly error: string }
  | { readonly state: 'cancelled' }
  | { readonly state: 'waiting'; readonly pauseMs: number; readonly error: string | undefined };

/** Ends an attempt: false when the job was no longer the owner's, undefined when Redis does not answer. */
export async function settleJob(
  redis: RedisConnection,
  id: string,
  by: { readonly owner: string; readonly attempts: number },
  ending: Ending,
): Promise<boolean | undefined> {
  const [field, text] =
    ending.state === 'done' ? ['result', ending.result ?? ''] : ['error', 'error' in ending ? (ending.error ?? '') : ''];
  const pauseMs = ending.state === 'waiting' ? Math.round(ending.pauseMs) : 0;
  const value = await run(redis, SETTLE, id, by.owner, ending.state, by.attempts, field, text, pauseMs, jobKey.seconds);
  return value === undefined ? undefined : value === 1;
}

/**
 * Cancels a job that waits; asks the worker of one that is being done to stop, which it hears within a third of its lease. 'unknown':
 * there is no job of that id, or its state has expired. Undefined when Redis is away.
 */
export async function cancelJob(
  redis: RedisConnection | undefined,
  id: string,
): Promise<'cancelled' | 'asked' | 'over' | 'unknown' | undefined> {
  const value = redis === undefined ? undefined : await run(redis, CANCEL, id, jobKey.seconds);
  return value === 'cancelled' || value === 'asked' || value === 'over' || value === 'unknown' ? value : undefined;
}

/** How far a job is. Undefined when nothing is known of it, or Redis is away. */
export async function readJob(redis: RedisConnection | undefined, id: string): Promise<JobRecord | undefined> {
  const [reply] = (await redis?.pipeline([['hgetall', jobKey.of({ id })]])) ?? [];
  if (!reply?.ok || typeof reply.value !== 'object' || reply.value === null) return undefined;
  const fields = new Map<string, unknown>(Object.entries(reply.value));
  const text = (field: string): string | undefined => {
    const value = fields.get(field);
    return typeof value === 'string' ? value : undefined;
  };
  const number = (field: string): number | undefined => (text(field) === undefined ? undefined : Number(text(field)));
  const state = text('state');
  if (!isJobState(state)) return undefined;
  return {
    state,
    attempts: number('attempts') ?? 0,
    owner: text('owner'),
    leaseUntil: number('lease_until'),
    result: parsed(text('result')),
    error: text('error'),
    queuedAt: number('queued_at'),
    startedAt: number('started_at'),
    finishedAt: number('finished_at'),
  };
}

async function run(redis: RedisConnection, script: RedisScript, id: string, ...more: readonly (string | number)[]): Promise<unknown> {
  const [reply] = (await redis.pipeline([[script, jobKey.of({ id }), ...more]])) ?? [];
  return reply?.ok ? reply.value : undefined;
}

function isJobState(state: string | undefined): state is JobState {
  return state === 'waiting' || state === 'active' || state === 'done' || state === 'dead' || state === 'cancelled';
}

function parsed(json: string | undefined): unknown {
  try {
    return json === undefined ? undefined : JSON.parse(json);
  } catch {
    return undefined;
  }
}
