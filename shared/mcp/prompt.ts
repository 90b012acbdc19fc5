import { ToolError } from '../domain/tool_error.ts';
import { type Complete, type CompletionAnswer, completionOf } from './completion.ts';
import type { ResourceParts } from './resource.ts';

/** The languages prompts are written in. */
export type PromptLanguage = 'es' | 'en';

export type PromptArgument = {
  readonly name: string;
  readonly description: string;
  readonly required: boolean;
  /** The only values there are; completed without any input or output. */
  readonly values?: readonly string[] | undefined;
  /** Values that a database knows; it is opened when a host first asks, of a caller who has these scopes. */
  readonly completion?: { readonly scopes: readonly string[]; readonly open: (parts: ResourceParts) => Promise<Complete> } | undefined;
};

export type PromptMessage = { readonly role: 'user' | 'assistant'; readonly text: string };

/** A text that a host offers its user, with blanks to fill in: data, and a pure function that fills them. */
export type Prompt = {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  /** One called 'language' decides the language of the text. */
  readonly arguments: readonly PromptArgument[];
  /** The messages; arguments left out are absent. No input or output beside loading its own parts, which a host that only looks does not need. */
  readonly render: (
    args: Readonly<Record<string, string>>,
    language: PromptLanguage,
  ) => readonly PromptMessage[] | Promise<readonly PromptMessage[]>;
};

/** What a host can ask about an argument of a prompt. */
export type PromptCompletionAsk = { readonly prompt: string; readonly argument: string; readonly typed: string };

const LONGEST_ARGUMENT = 2_000;

/** The argument by which a host chooses the language. */
export const LanguageArgument: PromptArgument = {
  name: 'language',
  description: 'Language of the text: es or en; es when left out',
  required: false,
  values: ['es', 'en'],
};

/** Whether a host can have any argument of these prompts completed. */
export function hasCompletions(prompts: readonly Prompt[]): boolean {
  return prompts.some((prompt) => prompt.arguments.some(({ values, completion }) => values !== undefined || completion !== undefined));
}

/** Fills a prompt in. Throws ToolError invalid_input that says which argument is missing, unknown, too long or none of the values there are. */
export async function renderPrompt(prompt: Prompt, given: Readonly<Record<string, string>>): Promise<readonly PromptMessage[]> {
  const known = prompt.arguments.map(({ name }) => name);
  const unknown = Object.keys(given).filter((name) => !known.includes(name));
  if (unknown.length > 0) throw invalid(prompt, `It has no argument ${unknown.map((name) => `'${name.slice(0, 60)}'`).join(', ')}.`);
  const args: Record<string, string> = {};
  for (const { name, required, values } of prompt.arguments) {
    const value = (Object.hasOwn(given, name) ? given[name] : undefined)?.trim() ?? '';
    if (value === '') {
      if (required) throw invalid(prompt, `It needs '${name}'.`);
      continue;
    }
    if (value.length > LONGEST_ARGUMENT) throw invalid(prompt, `'${name}' is longer than ${LONGEST_ARGUMENT} characters.`);
    if (values !== undefined && !values.includes(value)) throw invalid(prompt, `'${name}' is one of ${values.join(', ')}.`);
    args[name] = value;
  }
  return prompt.render(args, args.language === 'en' ? 'en' : 'es');
}

function invalid(prompt: Prompt, why: string): ToolError {
  const shown = prompt.arguments.map(({ name, required }) => (required ? `${name} (required)` : name)).join(', ');
  return new ToolError('invalid_input', `The prompt ${prompt.name} cannot be filled in. ${why}`, {
    remedy: `Its arguments: ${shown || 'none'}.`,
  });
}

/** The values of an argument that begin with what was typed; undefined when its values are a database's to know. */
export function completeFromValues(
  served: readonly Prompt[],
  { prompt, argument, typed }: PromptCompletionAsk,
): CompletionAnswer | undefined {
  const found = argumentOf(served, prompt, argument);
  if (found?.completion !== undefined) return undefined;
  const begun = typed.trim().toLowerCase();
  return completionOf((found?.values ?? []).filter((value) => value.toLowerCase().startsWith(begun)));
}

/** The argument of that name of the prompt of that name. */
export function argumentOf(served: readonly Prompt[], prompt: string, argument: string): PromptArgument | undefined {
  return served.find(({ name }) => name === prompt)?.arguments.find(({ name }) => name === argument);
}
