import { deadlineIn } from '../domain/deadline.ts';
import { openedOnce } from '../domain/opened_once.ts';
import { ToolError } from '../domain/tool_error.ts';
import { type Complete, type CompletionAnswer, completed, completionOf } from './completion.ts';
import type { Caller } from './contract.ts';
import { toldError } from './internal_error.ts';
import type { PipelineLog } from './pipeline.ts';
import { argumentOf, type Prompt, type PromptCompletionAsk } from './prompt.ts';
import { hasScopes } from './required_scopes.ts';
import type { ResourceParts } from './resource.ts';

/** Completes arguments of prompts. Throws ToolError, of class 'internal' for what went wrong on our side. */
export type Prompts = (
  ask: PromptCompletionAsk,
  caller: Caller,
  options: { readonly signal?: AbortSignal | undefined },
) => Promise<CompletionAnswer>;

/** Completes arguments of prompts from their databases. Reads and loads nothing before the first question. */
export function openPrompts(
  served: readonly Prompt[],
  parts: ResourceParts,
  { deadlineMs, logger }: { readonly deadlineMs: number; readonly logger: PipelineLog },
): Prompts {
  const openings = new Map<string, () => Promise<Complete>>();
  return async ({ prompt, argument, typed }, caller, { signal }) => {
    const completion = argumentOf(served, prompt, argument)?.completion;
    if (completion === undefined || !hasScopes(completion.scopes, caller)) return completionOf([]);
    const key = JSON.stringify([prompt, argument]);
    try {
      const opened = openings.get(key) ?? openedOnce(() => completion.open(parts));
      openings.set(key, opened);
      return await completed(await opened(), typed, deadlineIn(deadlineMs, signal));
    } catch (error) {
      // What nobody foresaw may be the opened part's own: the next question opens it anew.
      if (!(error instanceof ToolError)) openings.delete(key);
      throw toldError(error, { asked: 'completion', doing: `prompts: completing ${prompt}`, client: caller.client, logger });
    }
  };
}
