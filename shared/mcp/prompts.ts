import { randomUUID } from 'node:crypto';
import { deadlineIn } from '../domain/deadline.ts';
import { ToolError } from '../domain/tool_error.ts';
import type { Caller } from './contract.ts';
import type { PipelineLog } from './pipeline.ts';
import {
  argumentOf,
  type CompleteArgument,
  type CompletionAnswer,
  completionOf,
  MOST_COMPLETIONS,
  type Prompt,
  type PromptCompletionAsk,
} from './prompt.ts';
import type { ResourceParts } from './resource.ts';

/** Completes arguments of prompts. Throws ToolError, of class 'internal' for what went wrong on our side. */
export type Prompts = (
  ask: PromptCompletionAsk,
  caller: Caller,
  options: { readonly signal?: AbortSignal | undefined },
) => Promise<CompletionAnswer>;

const LONGEST_TYPED = 200;

/** Completes arguments of prompts from their databases. Reads and loads nothing before the first question. */
export function openPrompts(
  served: readonly Prompt[],
  parts: ResourceParts,
  { deadlineMs, logger }: { readonly deadlineMs: number; readonly logger: PipelineLog },
): Prompts {
  const opened = new Map<string, Promise<CompleteArgument>>();
  return async ({ prompt, argument, typed }, caller, { signal }) => {
    const completion = argumentOf(served, prompt, argument)?.completion;
    if (completion === undefined || !completion.scopes.every((scope) => caller.scopes.has(scope))) return completionOf([]);
    const key = JSON.stringify([prompt, argument]);
    try {
      const opening = opened.get(key) ?? completion.open(parts);
      opened.set(key, opening);
      const complete = await opening;
      return completionOf(await complete(typed.slice(0, LONGEST_TYPED), MOST_COMPLETIONS + 1, deadlineIn(deadlineMs, signal)));
    } catch (error) {
      if (error instanceof ToolError) throw error;
      opened.delete(key);
      const correlationId = randomUUID();
      logger.error({ err: error, correlationId, client: caller.client }, `prompts: completing ${prompt} failed`);
      throw new ToolError('internal', 'Something in PromptSales went wrong with this completion.', {
        remedy: `Try again; if it happens again, report the correlation id ${correlationId}.`,
        cause: error,
      });
    }
  };
}
