/** The embedded stack cannot do what was asked: the message says what is wrong, the remedy what the user can do about it. */
export class StackError extends Error {
  override readonly name = 'StackError';
  readonly remedy: string;

  constructor(message: string, remedy: string, options?: ErrorOptions) {
    super(message, options);
    this.remedy = remedy;
  }
}

/** The system's code of an error ('ENOENT', 'EADDRINUSE' …), undefined where there is none. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** An error as one or two lines for a person. */
export function describeError(error: unknown): string {
  if (error instanceof StackError) return `${error.message}\n  ${error.remedy}`;
  return error instanceof Error ? error.message : String(error);
}
