import type { z } from 'zod';
import type { Deadline } from '../domain/deadline.ts';
import { ToolError, type ToolErrorClass } from '../domain/tool_error.ts';
import type { ModelUsage } from './model_usage.ts';

export type ModelPrompt = { readonly system: string; readonly user: string };

/** A model that writes what a schema describes. */
export type TextModel = {
  readonly model: string;
  /**
   * Writes once; nothing is kept and nothing is asked again after an answer, whatever it was. Throws {@link UnusableAnswer} for an answer
   * that is no value of the schema, and the ToolErrors of callOutside when no answer came.
   */
  readonly generate: <T>(
    request: {
      readonly prompt: ModelPrompt;
      /** Letters, digits, '_' and '-', at most 64: the model sees it. */
      readonly schemaName: string;
      readonly schema: z.ZodType<T>;
      /** The most tokens the answer may have. */
      readonly maxTokens: number;
    },
    deadline: Deadline,
  ) => Promise<{ readonly value: T; readonly usage: ModelUsage; readonly durationMs: number }>;
  /**
   * The most that writing would take, before it is asked for: the prompt's tokens as estimated, and an answer of `maxTokens` (2,000 when not
   * said). Where `costKnown` is false no price is known: a step that needs a consent above some cost needs it then too.
   */
  readonly estimate: (
    prompt: ModelPrompt,
    maxTokens?: number,
  ) => { readonly tokens: number; readonly costUsd: string; readonly costKnown: boolean };
};

/**
 * What was wrong with an answer that came.
 * - `refused`: the model declined in words of its own. Asking the same again is no use.
 * - `filtered`: the service's content filter stopped the question or the answer. The same.
 * - `too_long`: the prompt is longer than the model can read. Give it less.
 * - `truncated`: the answer reached `maxTokens`. Allow more, or ask for less.
 * - `empty`: there was no choice, or no text in it. May be asked again.
 * - `invalid_json`, `wrong_shape`: the text is not JSON, or not of the schema. Ask again with the complaint.
 * - `broken_off`: the connection ended within the answer. It may have been billed; ask again if that is worth it.
 */
export type UnusableReason = 'refused' | 'filtered' | 'too_long' | 'truncated' | 'empty' | 'invalid_json' | 'wrong_shape' | 'broken_off';

/** An answer came, was paid for, and cannot be used. Nothing of the prompt is in it. */
export class UnusableAnswer extends ToolError {
  readonly reason: UnusableReason;
  /** What to tell the model when asking it again; undefined where asking again with the same prompt is no use. */
  readonly complaint: string | undefined;
  /** What it took all the same. */
  readonly usage: ModelUsage;
  readonly durationMs: number;

  constructor(
    reason: UnusableReason,
    of: { readonly complaint?: string | undefined; readonly usage: ModelUsage; readonly durationMs: number; readonly cause?: unknown },
  ) {
    const { errorClass, message, remedy } = EXPLANATIONS[reason];
    super(errorClass, message, { remedy, cause: of.cause });
    this.reason = reason;
    this.complaint = of.complaint;
    this.usage = of.usage;
    this.durationMs = of.durationMs;
  }
}

const EXPLANATIONS: Readonly<
  Record<UnusableReason, { readonly errorClass: ToolErrorClass; readonly message: string; readonly remedy: string }>
> = {
  refused: {
    errorClass: 'invalid_input',
    message: 'The model declined to write this.',
    remedy: 'Change what is asked for, then ask again.',
  },
  filtered: {
    errorClass: 'invalid_input',
    message: "The model's content filter stopped this.",
    remedy: 'Change what is asked for or the texts it is written from, then ask again.',
  },
  too_long: {
    errorClass: 'invalid_input',
    message: 'This is more than the model can read at once.',
    remedy: 'Ask with fewer images or shorter texts.',
  },
  truncated: {
    errorClass: 'unavailable',
    message: "The model's answer was cut off at its longest length.",
    remedy: 'Ask for less at once.',
  },
  empty: { errorClass: 'unavailable', message: 'The model answered nothing.', remedy: 'Ask again.' },
  invalid_json: { errorClass: 'unavailable', message: "The model's answer could not be read.", remedy: 'Ask again.' },
  wrong_shape: { errorClass: 'unavailable', message: "The model's answer did not have the form it was asked for.", remedy: 'Ask again.' },
  broken_off: {
    errorClass: 'unavailable',
    message: "The model's answer broke off.",
    remedy: 'Ask again; the broken answer may have been billed.',
  },
};
