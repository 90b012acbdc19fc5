import { deadlineIn } from '../domain/deadline.ts';
import { openedOnce } from '../domain/opened_once.ts';
import { ToolError } from '../domain/tool_error.ts';
import { type CompletionAnswer, completed, completionOf } from './completion.ts';
import type { Caller } from './contract.ts';
import { toldError } from './internal_error.ts';
import type { PipelineLog } from './pipeline.ts';
import { hasScopes, requireScopes } from './required_scopes.ts';
import { type OpenedResource, type ResourceParts, type ServedResource, uriOf, valueIn, variableOf } from './resource.ts';

/** What a host can ask about resources, by what it asks for. */
export type ResourceAsks = {
  readonly list: { readonly cursor: string | undefined };
  readonly read: { readonly uri: string };
  readonly complete: { readonly uriTemplate: string; readonly variable: string; readonly typed: string };
};

/** And what it gets, as the protocol writes it. */
export type ResourceAnswers = {
  readonly list: {
    readonly resources: { uri: string; name: string; title: string; mimeType: string }[];
    readonly nextCursor?: string;
  };
  readonly read: { readonly contents: { uri: string; mimeType: string; text: string }[] };
  readonly complete: CompletionAnswer;
};

/** Answers a question about resources. Throws ToolError, of class 'internal' for what went wrong on our side. */
export type Resources = <Kind extends keyof ResourceAsks>(
  kind: Kind,
  ask: ResourceAsks[Kind],
  caller: Caller,
  options: { readonly signal?: AbortSignal | undefined },
) => Promise<ResourceAnswers[Kind]>;

export type ResourcesOptions = { readonly deadlineMs: number; readonly logger: PipelineLog };

const PAGE = 100;

type Opened = ServedResource & { readonly opened: () => Promise<OpenedResource> };

/** Serves families of resources from their databases. Reads and loads nothing before the first question. */
export function openResources(
  served: readonly ServedResource[],
  parts: ResourceParts,
  { deadlineMs, logger }: ResourcesOptions,
): Resources {
  const families = served.map((resource): Opened => ({ ...resource, opened: openedOnce(() => resource.open(parts)) }));

  const answers: { readonly [Kind in keyof ResourceAsks]: Answering<Kind> } = {
    async list({ cursor }, caller, signal) {
      // One family a page after the other: the cursor says which, and after which value.
      const at = cursor === undefined ? { family: 0, after: undefined } : readCursor(cursor);
      const family = families[at.family];
      if (family === undefined) throw badCursor();
      const { template, opened } = family;
      const found = hasScopes(template.scopes, caller)
        ? await (await opened()).list(at.after, PAGE + 1, deadlineIn(deadlineMs, signal))
        : [];
      const shown = found.slice(0, PAGE);
      const resources = shown.map(({ value, title }) => ({
        uri: uriOf(template, value),
        name: value,
        title,
        mimeType: template.mimeType,
      }));
      const last = shown.at(-1);
      if (found.length > PAGE && last !== undefined) return { resources, nextCursor: writeCursor(at.family, last.value) };
      return at.family + 1 < families.length ? { resources, nextCursor: writeCursor(at.family + 1, undefined) } : { resources };
    },

    async read({ uri }, caller, signal) {
      for (const { template, opened } of families) {
        const value = valueIn(template, uri);
        if (value === undefined) continue;
        requireScopes(template.name, template.scopes, caller);
        const content = await (await opened()).read(value, deadlineIn(deadlineMs, signal));
        return { contents: [{ uri, mimeType: template.mimeType, text: JSON.stringify(content) }] };
      }
      throw new ToolError('not_found', `There is no resource ${uri.slice(0, 200)}.`, {
        remedy: `Resources are: ${families.map(({ template }) => template.uriTemplate).join(', ')}.`,
      });
    },

    async complete({ uriTemplate, variable, typed }, caller, signal) {
      const family = families.find(({ template }) => template.uriTemplate === uriTemplate && variableOf(template) === variable);
      if (family === undefined || !hasScopes(family.template.scopes, caller)) return completionOf([]);
      return completed((await family.opened()).complete, typed, deadlineIn(deadlineMs, signal));
    },
  };

  return async (kind, ask, caller, { signal }) => {
    try {
      return await answers[kind](ask, caller, signal);
    } catch (error) {
      throw toldError(error, { asked: 'resource', doing: `resources: ${kind}`, client: caller.client, logger });
    }
  };
}

type Answering<Kind extends keyof ResourceAsks> = (
  ask: ResourceAsks[Kind],
  caller: Caller,
  signal: AbortSignal | undefined,
) => Promise<ResourceAnswers[Kind]>;

function writeCursor(family: number, after: string | undefined): string {
  return Buffer.from(JSON.stringify(after === undefined ? [family] : [family, after])).toString('base64url');
}

function readCursor(cursor: string): { readonly family: number; readonly after: string | undefined } {
  try {
    const read: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    if (!Array.isArray(read)) throw badCursor();
    const [family, after] = read as unknown[];
    if (!Number.isInteger(family) || (after !== undefined && typeof after !== 'string')) throw badCursor();
    return { family: Number(family), after };
  } catch {
    throw badCursor();
  }
}

function badCursor(): ToolError {
  return new ToolError('invalid_input', 'The cursor is none that this server gave.', { remedy: 'List again without a cursor.' });
}
