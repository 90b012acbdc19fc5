/** What can go wrong with a question, as the person who asked needs to know it. */
export type ToolErrorClass =
  | 'invalid_input'
  | 'not_found'
  | 'ambiguous'
  | 'forbidden'
  | 'quota_exceeded'
  | 'rate_limited'
  | 'unavailable'
  | 'timeout'
  | 'internal';

/** A tool call that continues or mends the question: the tool's name and arguments ready to send. */
export type NextCall = { readonly tool: string; readonly arguments: Readonly<Record<string, unknown>>; readonly why: string };

/**
 * A failed question. `message` says what was wrong; `remedy` what would be right; `candidates` what tells several
 * matches apart. Never holds SQL, a stack or a host name: those go to the log under the correlation id.
 */
export class ToolError extends Error {
  override readonly name = 'ToolError';
  readonly errorClass: ToolErrorClass;
  readonly remedy: string | undefined;
  readonly candidates: readonly Readonly<Record<string, string>>[] | undefined;
  readonly next: readonly NextCall[];
  readonly retryAfterSeconds: number | undefined;

  constructor(
    errorClass: ToolErrorClass,
    message: string,
    more: {
      readonly remedy?: string | undefined;
      readonly candidates?: readonly Readonly<Record<string, string>>[] | undefined;
      readonly next?: readonly NextCall[] | undefined;
      readonly retryAfterSeconds?: number | undefined;
      readonly cause?: unknown;
    } = {},
  ) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause });
    this.errorClass = errorClass;
    this.remedy = more.remedy;
    this.candidates = more.candidates;
    this.next = more.next ?? [];
    this.retryAfterSeconds = more.retryAfterSeconds;
  }
}
