import { ToolError } from '../domain/tool_error.ts';

/**
 * What a failed call left behind.
 * - 'undone': the server rolled back everything; the whole may be asked again.
 * - 'not_begun': no statement ran; the same.
 * - 'unknown': nobody heard whether it was committed. Only what may be repeated is asked again.
 * - 'final': asking again would give the same.
 */
export type FailureKind = 'undone' | 'not_begun' | 'unknown' | 'final';

/**
 * The errors that SQL Server itself calls transient, by what they leave behind: the baseline list of Microsoft.Data.SqlClient's retry providers
 * (learn.microsoft.com/dotnet/api/microsoft.data.sqlclient.sqlconfigurableretryfactory.baselinetransienterrors), and 3960, 3935 and 3961 of snapshot isolation
 * (learn.microsoft.com/sql/relational-databases/errors-events/database-engine-events-and-errors). The procedures run under XACT_ABORT, so an error in one
 * ends its transaction.
 */
const TRANSIENT: ReadonlyMap<number, FailureKind> = new Map([
  [1204, 'undone'], // no lock could be had
  [1205, 'undone'], // deadlock victim
  [1222, 'undone'], // waited too long for a lock
  [3960, 'undone'], // snapshot isolation: somebody else changed the row
  [3935, 'undone'],
  [3961, 'undone'], // snapshot isolation: the table's definition changed
  [50_002, 'undone'], // our procedures: the same plan is being carried out elsewhere
  [10_928, 'not_begun'], // no free worker or session
  [10_929, 'not_begun'],
  [40_501, 'not_begun'], // the service is busy
  [49_918, 'not_begun'],
  [49_919, 'not_begun'],
  [49_920, 'not_begun'],
  [4_060, 'not_begun'], // the database cannot be opened just now
  [4_221, 'not_begun'],
  [40_613, 'unknown'], // the database moves to another machine
  [40_197, 'unknown'],
  [40_143, 'unknown'],
  [40_540, 'unknown'],
  [42_108, 'unknown'],
  [42_109, 'unknown'],
]);

/** What the driver and the network call a lost connection. */
const LOST = /^(ECONNRESET|ECONNCLOSED|ESOCKET|EPIPE|ECLOSE|EINVALIDSTATE|ENOTOPEN|ECONNREFUSED|ETIMEDOUT)$/;

type Told = { readonly name: string; readonly code: string | undefined; readonly number: number | undefined };

function told(error: unknown): Told {
  if (!(error instanceof Error)) return { name: '', code: undefined, number: undefined };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  const number = 'number' in error && typeof error.number === 'number' ? error.number : undefined;
  return { name: error.name, code, number };
}

/** The pool's own words when nobody gives a connection back in time; it has no code. */
const isPoolExhausted = (error: unknown): boolean =>
  error instanceof Error && error.message.startsWith('Failed to acquire a connection from the pool');

export function failureKind(error: unknown): FailureKind {
  const { name, code, number } = told(error);
  const known = number === undefined ? undefined : TRANSIENT.get(number);
  if (known !== undefined) return known;
  if (isPoolExhausted(error)) return 'final'; // waiting for it was the retry
  // Of refused logins the driver has by then tried the transient ones again (4060, 10928, 10929, 40197, 40501, 40613), and hides the number.
  if (name === 'ConnectionError') return code === 'ELOGIN' ? 'final' : 'not_begun';
  return code !== undefined && LOST.test(code) ? 'unknown' : 'final';
}

/** The failure as the caller should hear it; what is none of the database's state comes back as it is. */
export function asToolError(error: unknown, called: string): unknown {
  if (error instanceof ToolError) return error;
  const { name, code, number } = told(error);
  if (code === 'ETIMEOUT' && name === 'RequestError') return timedOut(error);
  const kind = failureKind(error);
  if (kind === 'undone') {
    return new ToolError('unavailable', `${called} is being written by others just now; nothing was changed.`, {
      remedy: 'Try again in a few seconds.',
      retryAfterSeconds: 3,
      cause: error,
    });
  }
  if (kind !== 'final' || isPoolExhausted(error) || name === 'ConnectionError' || (number ?? 0) === 18_456) {
    return new ToolError('unavailable', `${called} cannot be reached just now.`, {
      remedy: 'Try again in a few seconds; `promptsales status` shows which part is down.',
      retryAfterSeconds: 5,
      cause: error,
    });
  }
  return error;
}

export function timedOut(cause?: unknown): ToolError {
  return new ToolError('timeout', 'The question took longer than a call may take and was stopped.', {
    remedy: 'Ask for a shorter period or fewer rows, or ask again later.',
    cause,
  });
}
