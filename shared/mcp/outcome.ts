import { z } from 'zod';
import { NO_USAGE, type Usage } from '../cache/result_cache.ts';
import { sum } from '../domain/money.ts';
import { ToolError } from '../domain/tool_error.ts';
import type { Answer, Tool } from './contract.ts';
import { structuredAnswer } from './envelope.ts';

/** What a question led to, as the cache keeps it: an answer and how old its data was, or that what it names is not there. */
export type Outcome =
  | { readonly kind: 'answer'; readonly answer: Answer; readonly dataAsOf: Readonly<Record<string, string>> }
  | { readonly kind: 'error'; readonly error: StoredError };

const StoredError = z.object({
  errorClass: z.enum(['not_found', 'ambiguous']),
  message: z.string(),
  remedy: z.string().optional(),
  candidates: z.array(z.record(z.string(), z.string())).optional(),
  next: z.array(z.object({ tool: z.string(), arguments: z.record(z.string(), z.unknown()), why: z.string() })),
});
type StoredError = z.infer<typeof StoredError>;

/** A name that is not there may be there soon: so long is it remembered that it is not, in seconds. */
export const NEGATIVE_SECONDS = 60;

/** The error as something to keep; undefined for one that says nothing of the question, only of the moment. */
export function negativeOutcome(error: unknown): Outcome | undefined {
  if (!(error instanceof ToolError)) return undefined;
  const { errorClass, message, remedy, candidates, next } = error;
  if (errorClass !== 'not_found' && errorClass !== 'ambiguous') return undefined;
  const kept = {
    errorClass,
    message,
    next: [...next],
    ...(remedy === undefined ? {} : { remedy }),
    ...(candidates === undefined ? {} : { candidates: [...candidates] }),
  };
  return { kind: 'error', error: kept };
}

/** The answer, or the kept error thrown again. */
export function answerIn(outcome: Outcome): Extract<Outcome, { kind: 'answer' }> {
  if (outcome.kind === 'answer') return outcome;
  const { errorClass, message, ...more } = outcome.error;
  throw new ToolError(errorClass, message, more);
}

/** What the answer took of models. */
export function usageOf(outcome: Outcome): Usage {
  return (outcome.kind === 'answer' ? outcome.answer.usage : undefined) ?? NO_USAGE;
}

/** What the answer did not take, because parts of it were kept from before. */
export function savedOf(outcome: Outcome): Usage | undefined {
  return outcome.kind === 'answer' ? outcome.answer.saved : undefined;
}

/** What the answer would take with nothing kept from before, which is what keeping it spares the next who asks. */
export function worthOf(outcome: Outcome): Usage {
  const usage = usageOf(outcome);
  const saved = savedOf(outcome);
  if (saved === undefined) return usage;
  return {
    tokens: usage.tokens + saved.tokens,
    costUsd: sum([usage.costUsd, saved.costUsd]).toFixed(),
    segment: usage.segment ?? saved.segment,
  };
}

/** An answer that breaks its own contract must not reach a host, which would refuse it without saying why. */
export function checkAnswer(tool: Tool, answer: Answer): void {
  const parsed = tool.output.safeParse(structuredAnswer(answer, { dataAsOf: {}, cache: { hit: false, ageSeconds: 0 }, warnings: [] }));
  if (!parsed.success) throw new Error(`the answer of ${tool.name} breaks its output schema`, { cause: parsed.error });
}

/** An outcome read back from JSON; undefined, or an exception, when it is not one of this tool. */
export function readOutcome(tool: Tool, json: string): Outcome | undefined {
  const stored: unknown = JSON.parse(json);
  if (!isObject(stored)) return undefined;
  if (stored.kind === 'error') return { kind: 'error', error: StoredError.parse(stored.error) };
  const { answer, dataAsOf } = stored;
  if (!isAnswer(answer) || !isTimes(dataAsOf)) return undefined;
  checkAnswer(tool, answer);
  return { kind: 'answer', answer, dataAsOf };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function isAnswer(value: unknown): value is Answer {
  return isObject(value) && 'data' in value && typeof value.text === 'string';
}

function isTimes(value: unknown): value is Readonly<Record<string, string>> {
  return isObject(value) && Object.values(value).every((time) => typeof time === 'string');
}
