import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { CircuitBreaker } from '../cache/circuit_breaker.ts';
import { outsideCallKey, providerConfigKey } from '../cache/keys.ts';
import type { RedisConnection } from '../cache/redis_connection.ts';
import { canonicalHash } from '../domain/canonical_json.ts';
import type { Deadline } from '../domain/deadline.ts';
import { orAborted } from '../domain/or_aborted.ts';
import { ToolError } from '../domain/tool_error.ts';
import type { OutsideLimit } from './outside_limit.ts';
import { countOutsideCall } from './outside_statistics.ts';
import { readProviderConfig } from './provider_config.ts';

/** What every call to the outside stands on; one for a process. */
export type Outside = {
  readonly redis: RedisConnection | undefined;
  readonly breaker: CircuitBreaker;
  readonly limit: OutsideLimit;
  readonly now?: (() => Date) | undefined;
  readonly retries?: RetryRules | undefined;
};

export type RetryRules = {
  /** Attempts in all. */
  readonly attempts: number;
  /** Pause before the second attempt, in milliseconds; it doubles. */
  readonly firstPauseMs: number;
  /** Longest that one attempt may take, in milliseconds. */
  readonly attemptMs: number;
};

const USUAL_RETRIES: RetryRules = { attempts: 3, firstPauseMs: 200, attemptMs: 15_000 };

/** What the service answered, whatever it was. */
export type OutsideReply = {
  /** As HTTP counts them. */
  readonly status: number;
  readonly response: unknown;
  /** The header Retry-After, as it came: seconds or a date. */
  readonly retryAfter?: string | null | undefined;
};

export type OutsideCall<Response> = {
  /** 'openai', 'canva': the name in the keys of Redis and in messages. */
  readonly service: string;
  readonly method: string;
  /** Everything the answer depends on, the account included where answers differ by account; never a secret. */
  readonly arguments: unknown;
  /**
   * Sends it once. Resolves with whatever status came; rejects when there was no answer. Should stop when the signal aborts, and is not
   * waited for when it does not.
   */
  readonly send: (signal: AbortSignal) => Promise<OutsideReply>;
  /** What a good answer looks like. */
  readonly response: z.ZodType<Response>;
  /**
   * It changes nothing and costs nothing to ask again: sent again when it is not known whether it arrived, its answer kept for an hour.
   * Any call is sent again after a refusal (429, 503), which says that nothing was done.
   */
  readonly repeatable: boolean;
};

export type OutsideAnswer<Response> = {
  readonly response: Response;
  readonly status: number;
  readonly fromCache: boolean;
  /** When the service gave it. */
  readonly answeredAt: Date;
  /** Attempts made now; 0 from the cache. */
  readonly attempts: number;
};

const Stored = z.object({ response: z.unknown(), timestamp: z.iso.datetime(), status: z.number().int() });

/**
 * Calls an outside service: the one way to do it. Setting → kept answer → breaker → limit → attempt, with further attempts after pauses
 * while the deadline allows. Throws ToolError: 'forbidden' when the service is turned off, 'rate_limited', 'unavailable' when it fails
 * or is thought to be down (with when to ask again), 'timeout' at the deadline, 'internal' when it refused what was sent. A caller that
 * goes away gets its own reason back. Redis being away costs the cache, and makes limit and breaker those of this process.
 */
export async function callOutside<Response>(
  outside: Outside,
  call: OutsideCall<Response>,
  deadline: Deadline,
): Promise<OutsideAnswer<Response>> {
  const { redis, now = () => new Date() } = outside;
  const { service, method } = call;
  const key = outsideCallKey.of({ service, method, hash: canonicalHash(call.arguments ?? null) });
  const replies = await redis?.pipeline([
    ['hgetall', providerConfigKey.of({ provider: service })],
    ['get', key],
  ]);
  const config = readProviderConfig(replies?.[0]?.ok ? replies[0].value : undefined);
  if (config.status === 'disabled') {
    throw new ToolError('forbidden', `${service} is turned off.`, {
      remedy: `An administrator can turn it on in the setting of ${service}.`,
    });
  }
  const kept = replies?.[1];
  if (call.repeatable && kept !== undefined && !(kept.ok && kept.value === null)) {
    const answer = kept.ok ? readKept(kept.value, call) : undefined;
    if (answer !== undefined) return answer;
    // Nobody could read it the next time either.
    await redis?.pipeline([['del', key]]);
  }

  const { attempts, firstPauseMs, attemptMs } = outside.retries ?? USUAL_RETRIES;
  for (let attempt = 1; ; attempt++) {
    const outcome = await attemptOnce(outside, call, deadline, { attemptMs, callsPerMinute: config.callsPerMinute });
    if ('response' in outcome) {
      const answeredAt = now();
      if (call.repeatable) {
        const json = JSON.stringify({ response: outcome.written, timestamp: answeredAt.toISOString(), status: outcome.status });
        void redis?.pipeline([['set', key, json, 'EX', outsideCallKey.seconds]]);
      }
      return { response: outcome.response, status: outcome.status, fromCache: false, answeredAt, attempts: attempt };
    }
    const { error, again } = outcome;
    // Half of the pause is chance, so that those who failed together do not come back together.
    const ownPauseMs = firstPauseMs * 2 ** (attempt - 1) * (0.5 + Math.random() / 2);
    const pauseMs = Math.max(ownPauseMs, (error.retryAfterSeconds ?? 0) * 1_000);
    if (again === 'never' || (again === 'if repeatable' && !call.repeatable) || attempt >= attempts) throw error;
    if (pauseMs >= deadline.remainingMs()) throw error;
    await sleep(pauseMs, undefined, { signal: deadline.signal }).catch(() => {
      throw timeIsUp(service, deadline);
    });
  }
}

type Failure = { readonly error: ToolError; readonly again: 'always' | 'if repeatable' | 'never' };
/** `written` is the answer as it came: what is kept is read by the same schema again. */
type Success<Response> = { readonly response: Response; readonly written: unknown; readonly status: number };

/** One attempt, of which breaker and statistics are told. */
async function attemptOnce<Response>(
  outside: Outside,
  call: OutsideCall<Response>,
  deadline: Deadline,
  bounds: { readonly attemptMs: number; readonly callsPerMinute: number },
): Promise<Success<Response> | Failure> {
  const { redis, breaker, now = () => new Date() } = outside;
  const { service } = call;
  if (deadline.signal.aborted) throw timeIsUp(service, deadline);
  const limitMs = Math.max(1, Math.min(bounds.attemptMs, deadline.remainingMs()));
  const passage = await breaker.enter(service, limitMs);
  try {
    await outside.limit.take(service, bounds.callsPerMinute);
  } catch (limitReached) {
    await passage.abandoned();
    throw limitReached;
  }
  const begun = performance.now();
  const count = (failed: boolean) => void redis?.pipeline(countOutsideCall(service, { failed, latencyMs: performance.now() - begun }));
  const ownTime = AbortSignal.timeout(Math.ceil(limitMs));
  const signal = AbortSignal.any([deadline.signal, ownTime]);
  let reply: OutsideReply;
  try {
    reply = await orAborted(call.send(signal), signal);
  } catch (cause) {
    const callerLeft = deadline.signal.aborted && !isTimeUp(deadline.signal.reason);
    count(!callerLeft);
    // A caller that went away says nothing about the service.
    await (callerLeft ? passage.abandoned() : passage.failed());
    if (deadline.signal.aborted) throw timeIsUp(service, deadline);
    const message = ownTime.aborted ? `${service} did not answer in time.` : `${service} could not be reached.`;
    return { error: unavailable(message, { cause }), again: 'if repeatable' };
  }
  const judged = judge(call, reply, now());
  count('error' in judged);
  // A service that refuses a call, or asks for patience, is up.
  await ('error' in judged && reply.status !== 429 && (reply.status >= 500 || reply.status < 400) ? passage.failed() : passage.succeeded());
  return judged;
}

function judge<Response>(call: OutsideCall<Response>, reply: OutsideReply, now: Date): Success<Response> | Failure {
  const { service } = call;
  const { status } = reply;
  const retryAfterSeconds = secondsOf(reply.retryAfter, now);
  if (status === 429) {
    const error = new ToolError('rate_limited', `${service} takes no more calls for now.`, {
      remedy: `Ask again in ${retryAfterSeconds ?? 60} s.`,
      retryAfterSeconds,
    });
    return { error, again: 'always' };
  }
  if (status === 503) return { error: unavailable(`${service} is not available now.`, { retryAfterSeconds }), again: 'always' };
  if (status === 408 || status >= 500) {
    return { error: unavailable(`${service} failed (status ${status}).`, { retryAfterSeconds }), again: 'if repeatable' };
  }
  if (status >= 400) {
    const error = new ToolError('internal', `${service} refused the call (status ${status}).`, {
      remedy: `The key or the setting of ${service} may be wrong; the log says what was sent.`,
      cause: reply.response,
    });
    return { error, again: 'never' };
  }
  const read = call.response.safeParse(reply.response);
  if (read.success) return { response: read.data, written: reply.response, status };
  return { error: unavailable(`${service} gave an answer that cannot be read.`, { cause: read.error }), again: 'if repeatable' };
}

/** A kept answer; undefined when it is not one of this call. */
function readKept<Response>(value: unknown, call: OutsideCall<Response>): OutsideAnswer<Response> | undefined {
  try {
    const { response, timestamp, status } = Stored.parse(JSON.parse(String(value)));
    return { response: call.response.parse(response), status, fromCache: true, answeredAt: new Date(timestamp), attempts: 0 };
  } catch {
    return undefined;
  }
}

function unavailable(message: string, more: { readonly retryAfterSeconds?: number | undefined; readonly cause?: unknown }): ToolError {
  return new ToolError('unavailable', message, { remedy: `Ask again in ${more.retryAfterSeconds ?? 60} s.`, ...more });
}

/** What to throw when a deadline's signal has aborted: 'timeout' when time is up, else the caller's own reason. */
function timeIsUp(service: string, deadline: Deadline): unknown {
  return isTimeUp(deadline.signal.reason)
    ? new ToolError('timeout', `${service} did not answer in the time the question may take.`, { remedy: 'Ask again later.' })
    : deadline.signal.reason;
}

function isTimeUp(reason: unknown): boolean {
  return reason instanceof DOMException && reason.name === 'TimeoutError';
}

/** Retry-After (RFC 9110, 10.2.3) is seconds or a date. */
function secondsOf(retryAfter: string | null | undefined, now: Date): number | undefined {
  if (retryAfter === undefined || retryAfter === null || retryAfter.trim() === '') return undefined;
  if (/^\s*\d+\s*$/.test(retryAfter)) return Number(retryAfter);
  const until = Date.parse(retryAfter);
  return Number.isNaN(until) ? undefined : Math.max(0, Math.ceil((until - now.getTime()) / 1_000));
}
