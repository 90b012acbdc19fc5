import type { z } from 'zod';
import type { Usage } from '../cache/result_cache.ts';
import type { AnsweredCampaign } from '../domain/campaign.ts';
import type { Clock } from '../domain/clock.ts';
import type { Deadline } from '../domain/deadline.ts';
import type { NextCall } from '../domain/tool_error.ts';

export type { AnsweredCampaign } from '../domain/campaign.ts';

/** Hints a host shows and acts on. Every tool states all four. */
export type ToolAnnotations = {
  readonly readOnlyHint: boolean;
  readonly destructiveHint: boolean;
  readonly idempotentHint: boolean;
  readonly openWorldHint: boolean;
};

/** How long an answer stays true: until the hub's next load, or never. */
export type CachePolicy = 'until-next-load' | 'none';

/** A tool's contract: everything a host, the pipeline and a document need to know of it. Data, no logic. */
export type Tool<Input extends z.ZodObject = z.ZodObject, Output extends z.ZodType = z.ZodType> = {
  readonly name: string;
  readonly title: string;
  /** First line: what. Then when to use it, when not (and which tool then), an example. Below 2,048 characters. */
  readonly description: string;
  /** Strict object built at module scope; unknown keys are reported, not ignored. */
  readonly input: Input;
  /** Schema of the whole structured answer, made with answerOf(). */
  readonly output: Output;
  readonly annotations: ToolAnnotations;
  /** What the caller must be allowed, all of them. */
  readonly scopes: readonly string[];
  readonly cache: CachePolicy;
  /** Other names hosts may call the tool by. Answered, never listed. */
  readonly otherNames?: readonly string[] | undefined;
  /** How long a call may take, in milliseconds, where the settings' usual deadline is too short: a model writes slowly. */
  readonly deadlineMs?: number | undefined;
  /** Other names models use for an argument: {campaign: 'campaignName'}. Accepted, never shown. */
  readonly aliases?: Readonly<Record<string, string>> | undefined;
};

/** What every handler is handed beside its arguments. */
export type CallContext<Repos> = {
  readonly repos: Repos;
  readonly clock: Clock;
  readonly deadline: Deadline;
  readonly caller: Caller;
  /** The caller wants nothing that was kept: what a handler keeps by itself is not to be used either. */
  readonly fresh: boolean;
  /** Tells the host how far a long call is; does nothing when the host did not ask. */
  readonly progress: (message: string) => void;
};

export type Caller = {
  /** Whose name limits and accounts run under. */
  readonly client: string;
  readonly role: 'admin' | 'marketing' | 'sales' | 'users';
  readonly scopes: ReadonlySet<string>;
};

/** Arguments in, answer out. Throws ToolError for what the caller can mend. */
export type Handler<T extends Tool, Repos> = (args: z.output<T['input']>, context: CallContext<Repos>) => Promise<Answer>;

/** A period as it was read from the question. Dates inclusive, 'YYYY-MM-DD'. */
export type AnsweredPeriod = {
  readonly from: string;
  readonly to: string;
  readonly timeZone: string;
  readonly today: string;
  /** How the words were read: 'last month → November 2026'. */
  readonly readAs: string;
};

/**
 * A handler's answer before the pipeline adds what it knows itself (dataAsOf, cache).
 * `data` is the tool's own part; `text` carries the same numbers as a compact table for hosts that read only text.
 * The pipeline writes campaign, period, page, warnings, next, dataAsOf and cache around that text: a handler does not repeat them.
 */
export type Answer = {
  readonly data: Readonly<Record<string, unknown>>;
  readonly text: string;
  readonly campaign?: AnsweredCampaign | undefined;
  readonly period?: AnsweredPeriod | undefined;
  readonly previousPeriod?: { readonly from: string; readonly to: string } | undefined;
  readonly page?: { readonly returned: number; readonly total: number; readonly nextCursor: string | null } | undefined;
  readonly warnings?: readonly string[] | undefined;
  readonly next?: readonly NextCall[] | undefined;
  /** What models took for this answer; absent when none was asked. */
  readonly usage?: Usage | undefined;
  /** What models would have taken, had parts of this answer not been kept from before. */
  readonly saved?: Usage | undefined;
};
