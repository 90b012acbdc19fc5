import { randomUUID } from 'node:crypto';
import type { z } from 'zod';
import type { ClientLimits, ClientPermissions } from '../cache/client_limits.ts';
import { type LimitedCall, type LimitState, RateLimits, type Verdict, type WithoutRedis } from '../cache/rate_limits.ts';
import type { RedisConnection } from '../cache/redis_connection.ts';
import { type CachedResult, NO_USAGE, type ResultCache, type Usage } from '../cache/result_cache.ts';
import { onceForAll } from '../cache/shared_flight.ts';
import { SingleFlight } from '../cache/single_flight.ts';
import type { UsageAccounts } from '../cache/usage_accounts.ts';
import type { Clock } from '../domain/clock.ts';
import { type Deadline, deadlineIn } from '../domain/deadline.ts';
import { ToolError } from '../domain/tool_error.ts';
import type { CallMetrics, CallOutcome } from '../telemetry/call_metrics.ts';
import { nearestWord, readArguments } from './arguments.ts';
import { callKey, KnownKeys } from './call_key.ts';
import type { Answer, CallContext, Caller, Tool } from './contract.ts';
import { answerText, errorResult, structuredAnswer, type ToolResult } from './envelope.ts';
import { type DataState, dataAsOf, type Freshness, lateSources } from './freshness.ts';
import { internalError } from './internal_error.ts';
import {
  answerIn,
  checkAnswer,
  NEGATIVE_SECONDS,
  negativeOutcome,
  type Outcome,
  readOutcome,
  savedOf,
  usageOf,
  worthOf,
} from './outcome.ts';
import { requireScopes } from './required_scopes.ts';
import { inputSchemaOf, type ServedTool } from './served_tool.ts';

/** What the pipeline writes to its log; pino fits. */
export type PipelineLog = {
  readonly error: (details: object, message: string) => void;
  readonly warn: (details: object, message: string) => void;
};

export type PipelineParts<Repos> = {
  readonly serverName: string;
  /** Part of every cache key: answers of another build are not reused. */
  readonly version: string;
  readonly tools: readonly ServedTool<Repos>[];
  readonly repos: Repos;
  readonly clock: Clock;
  readonly redis: RedisConnection | undefined;
  readonly cache: ResultCache<Outcome>;
  readonly clients: ClientLimits;
  readonly accounts: UsageAccounts;
  readonly withoutRedis: WithoutRedis;
  readonly freshness: Freshness;
  readonly etlIntervalMinutes: number;
  readonly metrics: CallMetrics;
  readonly logger: PipelineLog;
  /** How long a call may take; a tool may ask for longer. The hub ends a single statement at its own limit all the same. */
  readonly deadlineMs: number;
};

/** What a call brings beside its arguments. */
export type CallOptions = {
  /** Aborts when the caller no longer waits. */
  readonly signal?: AbortSignal | undefined;
  readonly progress?: ((message: string) => void) | undefined;
  /** The request's id, when the entry point gave it one: an error names it. */
  readonly requestId?: string | undefined;
};

/** A call's result, and what is left of its caller's limits: empty when the call was refused before they were looked at. */
export type Answered = {
  readonly result: ToolResult;
  readonly limits: readonly LimitState[];
  readonly retryAfterSeconds: number | undefined;
};

/** An answer at hand: the JSON of its result without the brace that ends it, in UTF-8, a character a byte (latin1). */
export type Remembered = { readonly openResult: string; readonly limits: readonly LimitState[] };

/** The path of every call, from its arguments to its answer. */
export type Pipeline = {
  /** Answers a call under the tool's name or one of its others. Never throws: what goes wrong is a result that says so. */
  readonly call: (tool: string, args: unknown, caller: Caller, options?: CallOptions) => Promise<Answered>;
  /**
   * The answer of a call this process remembers, after the same checks in the same order, at once. Undefined when it remembers none or when
   * something must be asked or refused: then `call` is to be asked, and nothing has been counted.
   */
  readonly remembered: (tool: string, args: unknown, caller: Caller) => Remembered | undefined;
  /** Writes what has been counted and gives back what has not been used. */
  readonly close: () => Promise<void>;
};

type Line<Repos> = ServedTool<Repos> & {
  readonly schema: z.ZodObject;
  readonly aliases: Readonly<Record<string, string>>;
  readonly deadlineMs: number;
};

/** Where an answer came from, for metrics and accounts. */
type Seen = {
  cache: CallOutcome['cache'];
  hitAgeSeconds: number | undefined;
  usage: Usage;
  saved: Usage | undefined;
  limits: readonly LimitState[];
};

/**
 * Builds the path of all calls to one server: validate → authorise → rate limit → cache → single flight → handler with
 * deadline → envelope → cache → account → metrics. Who calls has been identified by the entry point.
 * Throws when two tools share a name.
 */
export function createPipeline<Repos>(parts: PipelineParts<Repos>): Pipeline {
  const { serverName, clock, redis, cache, clients, accounts, freshness, metrics, logger } = parts;
  const lines = linesOf(parts);
  const toolNames = parts.tools.map(({ tool }) => tool.name);
  const limits = new RateLimits({ now: clock.now, redis, withoutRedis: parts.withoutRedis });
  const flights = new SingleFlight<{ readonly outcome: Outcome; readonly shared: boolean }>();
  const knownKeys = new KnownKeys();
  let refilling = false;

  /** Asks for more of the limits that calls are using up, behind their backs. */
  const refillSoon = () => {
    if (refilling || redis === undefined || !limits.runsLow) return;
    refilling = true;
    setImmediate(async () => {
      const question = limits.refill();
      if (question !== undefined) question.settle(await redis.pipeline(question.commands));
      refilling = false;
    });
  };

  const lineOf = (name: string): Line<Repos> => {
    const line = lines.get(name);
    if (line !== undefined) return line;
    const nearest = name.length > 64 ? undefined : nearestWord(name, [...lines.keys()]);
    const meant = nearest === undefined ? undefined : lines.get(nearest)?.tool.name;
    throw new ToolError(
      'not_found',
      `${serverName} has no tool '${name.slice(0, 64)}'${meant === undefined ? '' : `; did you mean '${meant}'?`}`,
      {
        remedy: `Its tools are: ${toolNames.join(', ')}.`,
      },
    );
  };

  const keyOf = (line: Line<Repos>, args: Readonly<Record<string, unknown>>, caller: Caller, today: string): string =>
    callKey({ server: serverName, build: parts.version, tool: line.tool.name, args, caller, today });

  const ageOf = (cached: CachedResult<Outcome>): number => Math.max(0, Math.round((clock.now().getTime() - cached.storedAt) / 1_000));

  const envelope = (
    answer: Answer,
    about: { readonly dataAsOf: Readonly<Record<string, string>>; readonly ageSeconds?: number; readonly warnings: readonly string[] },
  ): ToolResult => {
    const structured = structuredAnswer(answer, {
      dataAsOf: about.dataAsOf,
      cache: { hit: about.ageSeconds !== undefined, ageSeconds: about.ageSeconds ?? 0 },
      warnings: about.warnings,
    });
    return { content: [{ type: 'text', text: answerText(answer, structured) }], structuredContent: structured };
  };

  /** An answer of the data as it is now; with an age when it comes from the cache. Throws a kept error. */
  const current = (outcome: Outcome, state: DataState | undefined, ageSeconds?: number): ToolResult =>
    envelope(answerIn(outcome).answer, {
      dataAsOf: dataAsOf(state),
      warnings: lateSources(state, clock.now(), parts.etlIntervalMinutes),
      ...(ageSeconds === undefined ? {} : { ageSeconds }),
    });

  /** An answer of older data, because the data cannot be asked now. */
  const stale = (cached: CachedResult<Outcome>, failure: ToolError): ToolResult => {
    const { answer, dataAsOf: asOf } = answerIn(cached.value);
    const ageSeconds = ageOf(cached);
    const minutes = Math.floor(ageSeconds / 60);
    const age = minutes === 0 ? `${ageSeconds} s` : `${minutes} min`;
    return envelope(answer, {
      dataAsOf: asOf,
      ageSeconds,
      warnings: [`The data cannot be asked just now (${failure.errorClass}); this answer is ${age} old, and newer data may say otherwise.`],
    });
  };

  const answerCall = async (name: string, raw: unknown, caller: Caller, options: CallOptions, seen: Seen): Promise<ToolResult> => {
    const line = lineOf(name);
    const { tool, deadlineMs } = line;
    const { fresh, ...args } = readArguments({ tool: tool.name, schema: line.schema, aliases: line.aliases }, raw);
    const permissions = clients.known(caller.client) ?? (await clients.of(caller.client));
    authorise(tool, caller, permissions);

    const counted: LimitedCall = { client: caller.client, server: serverName, tool: tool.name };
    const spent = limits.spend(counted, permissions.limits);
    const question = spent === 'ask' ? limits.question(counted, permissions.limits) : undefined;
    seen.limits = limits.states(counted, permissions.limits);
    if (spent !== 'ask') admit(spent);
    refillSoon();

    const state = await freshness.read();
    const key = tool.cache === 'none' ? undefined : keyOf(line, args, caller, clock.today());
    const readKey = fresh === true ? undefined : key;
    const isCurrent = (found: CachedResult<Outcome> | undefined) => found !== undefined && found.dataVersion === state?.version;
    const inMemory = readKey === undefined ? undefined : cache.fromMemory(readKey);

    // The limits and the cached result in one round trip.
    const reading = readKey === undefined || isCurrent(inMemory) ? [] : [cache.reading(readKey)];
    const commands = [...(question?.commands ?? []), ...reading];
    const replies = redis === undefined || commands.length === 0 ? undefined : await redis.pipeline(commands);
    if (question !== undefined) {
      const verdict = question.settle(replies);
      seen.limits = limits.states(counted, permissions.limits);
      admit(verdict);
    }
    const inRedis =
      readKey === undefined || reading.length === 0
        ? undefined
        : await cache.fromReply(readKey, replies?.at(-1), (json) => readOutcome(tool, json));

    const found = isCurrent(inMemory) ? inMemory : (inRedis ?? inMemory);
    if (found !== undefined && isCurrent(found)) {
      seen.cache = found === inMemory ? 'memory' : 'redis';
      seen.hitAgeSeconds = ageOf(found);
      seen.usage = found.usage;
      return current(found.value, state, seen.hitAgeSeconds);
    }

    const old = found?.value.kind === 'answer' ? found : undefined;
    const giveOld = (kept: CachedResult<Outcome>, failure: ToolError): ToolResult => {
      seen.cache = 'stale';
      seen.hitAgeSeconds = ageOf(kept);
      seen.usage = kept.usage;
      return stale(kept, failure);
    };
    // The hub could not even say which version its data has: nobody needs to wait for it to say so again.
    if (old !== undefined && state === undefined) return giveOld(old, new ToolError('unavailable', 'the state of the data is unknown'));
    const deadline = deadlineIn(deadlineMs, options.signal);
    const keep = key !== undefined && state !== undefined ? { key, dataVersion: state.version } : undefined;
    const work = async (abandoned: AbortSignal, progress: (message: string) => void) => {
      const compute = () => computed(line, args, caller, state, keep, deadlineIn(deadlineMs, abandoned), fresh === true, progress);
      // A question that must be fresh, or that nothing says is equal, is worked on by itself.
      if (readKey === undefined || keep === undefined) return { outcome: await compute(), shared: false };
      const look = async () => {
        const reply = (await redis?.pipeline([cache.reading(readKey)]))?.[0];
        const result = await cache.fromReply(readKey, reply, (json) => readOutcome(tool, json));
        return isCurrent(result) ? result?.value : undefined;
      };
      const { value, shared } = await onceForAll(redis, readKey.slice(readKey.lastIndexOf(':') + 1), {
        look,
        work: compute,
        signal: abandoned,
      });
      return { outcome: value, shared };
    };
    seen.cache = key === undefined || fresh === true ? 'skipped' : 'miss';
    try {
      // Work on older data is none for a question of newer.
      const flightKey = readKey === undefined ? randomUUID() : `${readKey} ${state?.version ?? ''}`;
      const flight = flights.join(flightKey, work, { signal: deadline.signal, progress: options.progress ?? ignore });
      const { value, shared } = await untilDeadline(flight, deadline);
      if (shared || value.shared) {
        seen.cache = 'shared';
        seen.hitAgeSeconds = 0;
        seen.usage = worthOf(value.outcome);
      } else {
        seen.usage = usageOf(value.outcome);
        seen.saved = savedOf(value.outcome);
      }
      return current(value.outcome, state);
    } catch (error) {
      if (old === undefined || !isOutage(error) || options.signal?.aborted === true) throw error;
      return giveOld(old, error);
    }
  };

  /** Asks the handler and keeps what it says. */
  const computed = async (
    { tool, handler }: Line<Repos>,
    args: Readonly<Record<string, unknown>>,
    caller: Caller,
    state: DataState | undefined,
    keep: { readonly key: string; readonly dataVersion: string } | undefined,
    deadline: Deadline,
    fresh: boolean,
    progress: (message: string) => void,
  ): Promise<Outcome> => {
    const context: CallContext<Repos> = { repos: parts.repos, clock, deadline, caller, fresh, progress };
    let outcome: Outcome;
    let seconds: number | undefined;
    try {
      const answer = await handler(args as never, context);
      checkAnswer(tool, answer);
      outcome = { kind: 'answer', answer, dataAsOf: dataAsOf(state) };
    } catch (error) {
      const negative = negativeOutcome(error);
      if (negative === undefined) throw error;
      outcome = negative;
      seconds = NEGATIVE_SECONDS;
    }
    // Kept by the work, not by who waits for it: the answer is good even when its first asker has left. Waited for, since
    // the next process may look for it as soon as the lock is free; Redis answers within its own short timeout.
    if (keep !== undefined) await cache.store(keep.key, outcome, { dataVersion: keep.dataVersion, usage: worthOf(outcome), seconds });
    return outcome;
  };

  /** The last rendering of each kept answer: its age is told in whole seconds, so within one the bytes are the same. */
  const renderings = new WeakMap<
    CachedResult<Outcome>,
    { readonly ageSeconds: number; readonly state: DataState; readonly openResult: string }
  >();

  const rendered = (found: CachedResult<Outcome>, state: DataState, ageSeconds: number): string => {
    const before = renderings.get(found);
    if (before !== undefined && before.ageSeconds === ageSeconds && before.state === state) return before.openResult;
    const json = JSON.stringify(current(found.value, state, ageSeconds)).slice(0, -1);
    const openResult = Buffer.from(json, 'utf8').toString('latin1');
    renderings.set(found, { ageSeconds, state, openResult });
    return openResult;
  };

  const recall = (name: string, raw: unknown, caller: Caller, startedAt: number): Remembered | undefined => {
    const line = lines.get(name);
    const state = freshness.known();
    const permissions = clients.known(caller.client);
    if (line === undefined || state === undefined || permissions === undefined || line.tool.cache === 'none') return undefined;
    const today = clock.today();
    const tool = line.tool.name;
    const key = knownKeys.of(tool, raw, caller, today, () => {
      const { fresh, ...args } = readArguments({ tool, schema: line.schema, aliases: line.aliases }, raw);
      return fresh === true ? undefined : keyOf(line, args, caller, today);
    });
    if (key === undefined) return undefined;
    authorise(line.tool, caller, permissions);
    const found = cache.fromMemory(key);
    if (found === undefined || found.dataVersion !== state.version || found.value.kind !== 'answer') return undefined;
    const counted: LimitedCall = { client: caller.client, server: serverName, tool };
    if (limits.spend(counted, permissions.limits) !== 'spent') return undefined;
    refillSoon();
    const ageSeconds = ageOf(found);
    const openResult = rendered(found, state, ageSeconds);
    const durationMs = performance.now() - startedAt;
    metrics.record({ tool, durationMs, cache: 'memory', error: undefined });
    accounts.record({ client: caller.client, tool, durationMs, failed: false, hitAgeSeconds: ageSeconds, usage: found.usage });
    return { openResult, limits: limits.states(counted, permissions.limits) };
  };

  return {
    async call(name, raw, caller, options = {}) {
      const startedAt = performance.now();
      const seen: Seen = { cache: 'skipped', hitAgeSeconds: undefined, usage: NO_USAGE, saved: undefined, limits: [] };
      let failed: ToolError | undefined;
      try {
        return { result: await answerCall(name, raw, caller, options, seen), limits: seen.limits, retryAfterSeconds: undefined };
      } catch (thrown) {
        const correlationId = options.requestId ?? randomUUID();
        failed = thrown instanceof ToolError ? thrown : internalError('question', thrown);
        if (failed.errorClass === 'internal' || failed.cause !== undefined) {
          const tool = lines.get(name)?.tool.name;
          logger.error({ err: failed.cause, correlationId, server: serverName, tool, client: caller.client }, failed.message);
        }
        return { result: errorResult(failed, correlationId), limits: seen.limits, retryAfterSeconds: failed.retryAfterSeconds };
      } finally {
        const tool = lines.get(name)?.tool.name ?? 'unknown';
        const durationMs = performance.now() - startedAt;
        metrics.record({ tool, durationMs, cache: seen.cache, error: failed?.errorClass });
        const { hitAgeSeconds, usage, saved } = seen;
        accounts.record({ client: caller.client, tool, durationMs, failed: failed !== undefined, hitAgeSeconds, usage, saved });
      }
    },
    remembered(name, raw, caller) {
      try {
        return recall(name, raw, caller, performance.now());
      } catch {
        // Refused: call() says why.
        return undefined;
      }
    },
    async close() {
      await Promise.all([accounts.write(), redis?.pipeline(limits.giveBack())]);
    },
  };
}

/** The tools by every name they answer to. Throws when two share one. */
function linesOf<Repos>({ serverName, tools, deadlineMs }: PipelineParts<Repos>): ReadonlyMap<string, Line<Repos>> {
  const lines = new Map<string, Line<Repos>>();
  for (const served of tools) {
    const { name, otherNames = [], aliases = {}, deadlineMs: ownDeadlineMs = 0 } = served.tool;
    const line = { ...served, schema: inputSchemaOf(served.tool), aliases, deadlineMs: Math.max(deadlineMs, ownDeadlineMs) };
    for (const answered of [name, ...otherNames]) {
      const other = lines.get(answered)?.tool.name;
      if (other !== undefined) throw new Error(`two tools of ${serverName} answer to the name '${answered}': ${other} and ${name}`);
      lines.set(answered, line);
    }
  }
  return lines;
}

/** Says no when the caller lacks a scope the tool needs (T6), or its client may not use the tool (S6). */
function authorise(tool: Tool, caller: Caller, { active, tools }: ClientPermissions): void {
  requireScopes(tool.name, tool.scopes, caller);
  if (!active) {
    throw new ToolError('forbidden', `The client ${caller.client} is suspended.`, { remedy: 'Ask an administrator to activate it.' });
  }
  if (tools !== 'all' && !tools.has(tool.name) && !tool.otherNames?.some((name) => tools.has(name))) {
    throw new ToolError('forbidden', `The client ${caller.client} may not use ${tool.name}.`, {
      remedy: `It may use: ${[...tools].sort().join(', ') || 'no tool'}. Ask an administrator for more.`,
    });
  }
}

/** Lets the call pass, or says why not. */
function admit(verdict: Verdict): void {
  if (verdict === 'spent') return;
  if (verdict === 'unavailable') {
    throw new ToolError('unavailable', 'The limits of calls cannot be checked just now.', {
      remedy: 'Try again in a few seconds; `promptsales status` shows which part is down.',
      retryAfterSeconds: 5,
    });
  }
  const { limit, window, retryAfterSeconds } = verdict;
  throw new ToolError('rate_limited', `${limit} calls a ${window} are used up.`, {
    remedy: `The ${window} ends in ${retryAfterSeconds} s.`,
    retryAfterSeconds,
  });
}

/** Whether a failure says nothing of the question, only that the data cannot be asked now. */
function isOutage(error: unknown): error is ToolError {
  return error instanceof ToolError && (error.errorClass === 'unavailable' || error.errorClass === 'timeout');
}

/** The outcome, or ToolError 'timeout' once the deadline has passed. */
async function untilDeadline<T>(work: Promise<T>, deadline: Deadline): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof ToolError || !deadline.signal.aborted) throw error;
    throw new ToolError('timeout', 'The question took longer than a call may take and was stopped.', {
      remedy: 'Ask for a shorter period or fewer rows, or ask again later.',
    });
  }
}

function ignore(): void {}
