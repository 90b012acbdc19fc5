import { hash, randomUUID } from 'node:crypto';
import { z } from 'zod';
import { toolResultKey } from '../cache/keys.ts';
import { type Limits, RateLimits } from '../cache/rate_limits.ts';
import type { CachedResult, ResultCache } from '../cache/result_cache.ts';
import { SingleFlight } from '../cache/single_flight.ts';
import type { Clock } from '../domain/clock.ts';
import { type Deadline, deadlineIn } from '../domain/deadline.ts';
import { ToolError } from '../domain/tool_error.ts';
import type { CallMetrics, CallOutcome } from '../telemetry/call_metrics.ts';
import { canonicalJson, nearestWord, readArguments } from './arguments.ts';
import type { Answer, CallContext, Caller, Handler, Tool } from './contract.ts';
import { answerText, errorResult, structuredAnswer, type ToolResult } from './envelope.ts';
import { type DataState, dataAsOf, type Freshness, lateSources } from './freshness.ts';

/** A contract and the handler that fulfils it. */
export type ServedTool<Repos> = {
  readonly tool: Tool<z.ZodObject, z.ZodObject>;
  /** `never`: only the pipeline calls it, with arguments the tool's own schema has read. */
  readonly handler: (args: never, context: CallContext<Repos>) => Promise<Answer>;
};

/** Pairs a contract with its handler; the compiler checks that they fit. */
export function serve<Input extends z.ZodObject, Output extends z.ZodObject, Repos>(
  tool: Tool<Input, Output>,
  handler: Handler<Tool<Input, Output>, Repos>,
): ServedTool<Repos> {
  return { tool, handler };
}

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
  readonly cache: ResultCache<Answer>;
  readonly limits: Limits;
  readonly freshness: Freshness;
  readonly etlIntervalMinutes: number;
  readonly metrics: CallMetrics;
  readonly logger: PipelineLog;
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

/** The path of every call, from its arguments to its answer. */
export type Pipeline = {
  /** Answers a call. Never throws: what goes wrong is a result that says so. */
  readonly call: (tool: string, args: unknown, caller: Caller, options?: CallOptions) => Promise<{ readonly result: ToolResult }>;
  /**
   * The answer of a call this process remembers, after the same checks, at once. Undefined when it remembers none or when the call must be
   * refused: then `call` is to be asked, and nothing has been counted.
   */
  readonly remembered: (tool: string, args: unknown, caller: Caller) => ToolResult | undefined;
};

type Line<Repos> = ServedTool<Repos> & { readonly schema: z.ZodObject; readonly aliases: Readonly<Record<string, string>> };

/** Counts that no cache read took along are written this much later, in milliseconds. */
const COUNT_DELAY_MS = 20;

/** The argument every tool has beside its own. */
const Fresh = z.boolean().optional().describe('true: skip the cache');

/** The input schema of a tool as hosts see it and calls are read by: strict, with `fresh`. */
export function inputSchemaOf(tool: Tool): z.ZodObject {
  return tool.input.safeExtend({ fresh: Fresh }).strict();
}

/**
 * Builds the path of all calls to one server: validate → authorise → rate limit → cache → single flight → handler with
 * deadline → envelope → cache → metrics. Who calls has been identified by the entry point.
 */
export function createPipeline<Repos>(parts: PipelineParts<Repos>): Pipeline {
  const { serverName, clock, cache, freshness, metrics, logger, deadlineMs } = parts;
  const lines = new Map<string, Line<Repos>>(
    parts.tools.map((served) => [served.tool.name, { ...served, schema: inputSchemaOf(served.tool), aliases: served.tool.aliases ?? {} }]),
  );
  const limits = new RateLimits(parts.limits, clock.now);
  const flights = new SingleFlight<Answer>();
  let countsWaiting = false;

  /** Writes counts that no cache read has taken along. */
  const countSoon = () => {
    if (countsWaiting) return;
    countsWaiting = true;
    setTimeout(() => {
      countsWaiting = false;
      void cache.fromRedis(undefined, limits.drain(), readNothing);
    }, COUNT_DELAY_MS).unref();
  };

  const lineOf = (name: string): Line<Repos> => {
    const line = lines.get(name);
    if (line !== undefined) return line;
    const meant = name.length > 64 ? undefined : nearestWord(name, [...lines.keys()]);
    throw new ToolError(
      'not_found',
      `${serverName} has no tool '${name.slice(0, 64)}'${meant === undefined ? '' : `; did you mean '${meant}'?`}`,
      {
        remedy: `Its tools are: ${[...lines.keys()].join(', ')}.`,
      },
    );
  };

  const envelope = (answer: Answer, state: DataState | undefined, cached?: CachedResult<Answer>): ToolResult => {
    const now = clock.now();
    const structured = structuredAnswer(answer, {
      dataAsOf: dataAsOf(state),
      cache: {
        hit: cached !== undefined,
        ageSeconds: cached === undefined ? 0 : Math.max(0, Math.round((now.getTime() - cached.storedAt) / 1_000)),
      },
      warnings: lateSources(state, now, parts.etlIntervalMinutes),
    });
    return { content: [{ type: 'text', text: answerText(answer, structured) }], structuredContent: structured };
  };

  const answerCall = async (
    name: string,
    raw: unknown,
    caller: Caller,
    options: CallOptions,
    seen: (cache: CallOutcome['cache']) => void,
  ): Promise<ToolResult> => {
    const line = lineOf(name);
    const { tool, handler } = line;
    const { fresh, ...args } = readArguments({ tool: name, schema: line.schema, aliases: line.aliases }, raw);
    authorise(tool, caller);
    refuseWhenReached(limits.take(caller.client, serverName, name));

    const state = await freshness.read();
    const key =
      tool.cache === 'none' || state === undefined ? undefined : cacheKey(parts, name, args, caller, clock.today(), state.version);
    const readKey = fresh === true ? undefined : key;
    const remembered = readKey === undefined ? undefined : cache.fromMemory(readKey);
    if (remembered !== undefined) {
      countSoon();
      seen('memory');
      return envelope(remembered.value, state, remembered);
    }
    const stored = await cache.fromRedis(readKey, limits.drain(), (json) => readStored(tool, json));
    refuseWhenReached(limits.exceeded(caller.client, serverName, name));
    if (stored !== undefined) {
      seen('redis');
      return envelope(stored.value, state, stored);
    }

    const deadline = deadlineIn(deadlineMs, options.signal);
    const progress = options.progress ?? ignore;
    const work = async (abandoned: AbortSignal, tell: (message: string) => void): Promise<Answer> => {
      const context: CallContext<Repos> = {
        repos: parts.repos,
        clock,
        deadline: deadlineIn(deadlineMs, abandoned),
        caller,
        progress: tell,
      };
      const answer = await handler(args as never, context);
      checkAnswer(tool, answer);
      // Kept by the work, not by who waits for it: the answer is good even when its first asker has left.
      if (key !== undefined) cache.store(key, answer);
      return answer;
    };
    // A question that must be fresh, or that nothing says is equal, is worked on by itself.
    const flight = readKey ?? randomUUID();
    seen(key === undefined || fresh === true ? 'skipped' : 'miss');
    const { value, shared } = await untilDeadline(flights.join(flight, work, { signal: deadline.signal, progress }), deadline);
    if (shared) seen('shared');
    return envelope(value, state);
  };

  const recall = (name: string, raw: unknown, caller: Caller): ToolResult | undefined => {
    const state = freshness.known();
    const line = lines.get(name);
    if (state === undefined || line === undefined || line.tool.cache === 'none') return undefined;
    const { fresh, ...args } = readArguments({ tool: name, schema: line.schema, aliases: line.aliases }, raw);
    if (fresh === true) return undefined;
    authorise(line.tool, caller);
    const found = cache.fromMemory(cacheKey(parts, name, args, caller, clock.today(), state.version));
    if (found === undefined || limits.take(caller.client, serverName, name) !== undefined) return undefined;
    countSoon();
    return envelope(found.value, state, found);
  };

  return {
    async call(name, raw, caller, options = {}) {
      const startedAt = performance.now();
      let cacheState: CallOutcome['cache'] = 'skipped';
      let failed: ToolError | undefined;
      try {
        return { result: await answerCall(name, raw, caller, options, (state) => (cacheState = state)) };
      } catch (thrown) {
        const correlationId = options.requestId ?? randomUUID();
        failed = thrown instanceof ToolError ? thrown : internalError(thrown);
        if (failed.errorClass === 'internal' || failed.cause !== undefined) {
          logger.error({ err: failed.cause, correlationId, server: serverName, tool: name, client: caller.client }, failed.message);
        }
        return { result: errorResult(failed, correlationId) };
      } finally {
        const tool = lines.has(name) ? name : 'unknown';
        metrics.record({ tool, durationMs: performance.now() - startedAt, cache: cacheState, error: failed?.errorClass });
      }
    },
    remembered(name, raw, caller) {
      const startedAt = performance.now();
      try {
        const result = recall(name, raw, caller);
        if (result !== undefined) {
          metrics.record({ tool: name, durationMs: performance.now() - startedAt, cache: 'memory', error: undefined });
        }
        return result;
      } catch {
        // Refused: call() says why.
        return undefined;
      }
    },
  };
}

/** Says no when the caller lacks a scope the tool needs (T6). */
function authorise(tool: Tool, caller: Caller): void {
  const missing = tool.scopes.filter((scope) => !caller.scopes.has(scope));
  if (missing.length === 0) return;
  throw new ToolError('forbidden', `${tool.name} needs ${missing.join(', ')}, which the role ${caller.role} does not include.`, {
    remedy: 'Ask an administrator for a role or a token with that scope.',
  });
}

function refuseWhenReached(reached: ReturnType<RateLimits['take']>): void {
  if (reached === undefined) return;
  const { limit, window, retryAfterSeconds } = reached;
  throw new ToolError('rate_limited', `${limit} calls a ${window} are used up.`, {
    remedy: `The ${window} ends in ${retryAfterSeconds} s.`,
    retryAfterSeconds,
  });
}

/** The key of an answer: everything that could make it another one. */
function cacheKey(
  { serverName, version }: Pick<PipelineParts<unknown>, 'serverName' | 'version'>,
  tool: string,
  args: Readonly<Record<string, unknown>>,
  caller: Caller,
  today: string,
  dataVersion: string,
): string {
  const asked = canonicalJson({ args, today, role: caller.role, scopes: [...caller.scopes].sort(), version, dataVersion });
  return toolResultKey.of({ server: serverName, tool, params_hash: hash('sha256', asked, 'base64url').slice(0, 32) });
}

/** An answer that breaks its own contract must not reach a host, which would refuse it without saying why. */
function checkAnswer(tool: Tool, answer: Answer): void {
  const parsed = tool.output.safeParse(structuredAnswer(answer, { dataAsOf: {}, cache: { hit: false, ageSeconds: 0 }, warnings: [] }));
  if (!parsed.success) throw new Error(`the answer of ${tool.name} breaks its output schema`, { cause: parsed.error });
}

/** A stored answer read back; undefined when it is not one of this tool. */
function readStored(tool: Tool, json: string): Answer | undefined {
  const stored: unknown = JSON.parse(json);
  if (!isAnswer(stored)) return undefined;
  checkAnswer(tool, stored);
  return stored;
}

function isAnswer(value: unknown): value is Answer {
  return typeof value === 'object' && value !== null && 'data' in value && 'text' in value && typeof value.text === 'string';
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

/** What happened is for the log; the caller gets a number to ask about. */
function internalError(cause: unknown): ToolError {
  return new ToolError('internal', 'Something in PromptSales went wrong with this question.', {
    remedy: 'Try again; if it happens again, report the correlation id.',
    cause: cause ?? 'nothing was thrown',
  });
}

function readNothing(): undefined {
  return undefined;
}

function ignore(): void {}
