import type { CustomTypesConfig, Pool, PoolClient } from 'pg';
import type { Deadline } from '../domain/deadline.ts';
import { ToolError } from '../domain/tool_error.ts';
import type { SqlDatabase, Statement } from './sql_database.ts';

/** How a pool behaves. Times are milliseconds. */
export type PostgresOptions = {
  /** Shown in pg_stat_activity. */
  readonly applicationName: string;
  readonly maxConnections?: number | undefined;
  readonly connectTimeoutMs?: number | undefined;
  /** The server's own limit on a statement, behind the deadline of each call. */
  readonly statementTimeoutMs?: number | undefined;
  /** Told of connections that die while nobody uses them; they are replaced by themselves. */
  readonly onIdleError?: ((error: Error) => void) | undefined;
  /** What callers know it by; 'The PromptSales database' when not said. */
  readonly called?: string | undefined;
};

/** A {@link SqlDatabase} with the life of its pool. */
export interface PostgresDatabase extends SqlDatabase {
  /** True when the database answers within the deadline. Never throws. */
  answers(deadline: Deadline): Promise<boolean>;
  /** Ends the pool; queries under way finish first. */
  close(): Promise<void>;
}

/** A restarted server drops every connection at once: the pool needs a moment to see that before a second try helps. */
const RETRY_PAUSE_MS = 100;

/**
 * Opens a pool of read connections. Connects nowhere yet: the first statement does.
 * A read that lost its connection is tried once more on another one; statements are prepared once a connection.
 */
export async function openPostgres(url: string, options: PostgresOptions): Promise<PostgresDatabase> {
  const { called = 'The PromptSales database' } = options;
  const { default: pg } = await import('pg');
  const pool = new pg.Pool({
    connectionString: url,
    max: options.maxConnections ?? 10,
    connectionTimeoutMillis: options.connectTimeoutMs ?? 5_000,
    idleTimeoutMillis: 60_000,
    application_name: options.applicationName,
    keepAlive: true,
    // Connections that nobody uses keep no process alive.
    allowExitOnIdle: true,
    types: exactTypes(pg.types.getTypeParser),
    ...(options.statementTimeoutMs === undefined ? {} : { statement_timeout: options.statementTimeoutMs }),
  });
  pool.on('error', (error) => options.onIdleError?.(error));

  const cancel = async (processId: number): Promise<void> => {
    const canceller = new pg.Client({
      connectionString: url,
      connectionTimeoutMillis: 2_000,
      application_name: `${options.applicationName} cancel`,
    });
    canceller.on('error', () => undefined);
    try {
      await canceller.connect();
      await canceller.query('SELECT pg_cancel_backend($1)', [processId]);
    } finally {
      await canceller.end();
    }
  };

  const runOnce = async (statement: Statement, values: readonly unknown[], deadline: Deadline) => {
    const client = await connect(pool, deadline);
    return runOn(client, statement, values, deadline, cancel);
  };

  return {
    async rows(statement, values, map, deadline) {
      try {
        return (await runOnce(statement, values, deadline)).map(map);
      } catch (error) {
        if (!isConnectionFailure(error) || deadline.signal.aborted) throw asToolError(error, called);
      }
      await pause(Math.min(RETRY_PAUSE_MS, deadline.remainingMs()));
      try {
        return (await runOnce(statement, values, deadline)).map(map);
      } catch (error) {
        throw asToolError(error, called);
      }
    },
    async answers(deadline) {
      try {
        await runOnce({ name: 'answers', text: 'SELECT 1' }, [], deadline);
        return true;
      } catch {
        return false;
      }
    },
    close: () => pool.end(),
  };
}

type Row = Readonly<Record<string, unknown>>;

/** A connection from the pool, or ToolError 'timeout' when the deadline passes first; a late one goes back unused. */
async function connect(pool: Pool, deadline: Deadline): Promise<PoolClient> {
  if (deadline.signal.aborted) throw timedOut();
  const connecting = pool.connect();
  try {
    return await endedBy(deadline.signal, connecting);
  } catch (error) {
    connecting.then(
      (client) => client.release(),
      () => undefined,
    );
    throw error;
  }
}

/**
 * Runs one statement and gives the connection back. When the deadline passes first, the caller hears at once, the query is
 * cancelled in the server, and the connection stays out of the pool until both have settled, so that the cancel
 * can never hit the next query.
 */
async function runOn(
  client: PoolClient,
  statement: Statement,
  values: readonly unknown[],
  deadline: Deadline,
  cancel: (processId: number) => Promise<void>,
): Promise<readonly Row[]> {
  // While a client is out of the pool, its connection's death is an 'error' event that nobody else hears.
  const ignore = () => undefined;
  client.on('error', ignore);
  const release = (broken?: boolean) => {
    client.off('error', ignore);
    client.release(broken);
  };
  const running = client.query<Record<string, unknown>>({
    ...(statement.plannedForValues === true ? {} : { name: statement.name }),
    text: statement.text,
    values: [...values],
  });
  try {
    const result = await endedBy(deadline.signal, running);
    release();
    return result.rows;
  } catch (error) {
    if (deadline.signal.aborted) {
      // The driver keeps the backend's process id for just this; its types do not say so.
      const processId = 'processID' in client && typeof client.processID === 'number' ? client.processID : undefined;
      const cancelled = processId === undefined ? Promise.reject(new Error('no process id')) : cancel(processId);
      Promise.allSettled([cancelled, running]).then(([outcome]) => release(outcome.status === 'rejected'));
      throw timedOut(error);
    }
    release(isConnectionFailure(error));
    throw error;
  }
}

/** The work's outcome, or ToolError 'timeout' as soon as the signal aborts. The work itself goes on. */
function endedBy<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(timedOut());
    signal.addEventListener('abort', stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
    if (signal.aborted) stop();
  });
}

function timedOut(cause?: unknown): ToolError {
  return new ToolError('timeout', 'The question took longer than a call may take and was stopped.', {
    remedy: 'Ask for a shorter period or fewer rows, or ask again later.',
    cause,
  });
}

function asToolError(error: unknown, called: string): unknown {
  if (error instanceof ToolError) return error;
  if (sqlState(error) === '57014') return timedOut(error);
  // Without the cause: the server's own words quote the whole row.
  if (sqlState(error) === CHECK_VIOLATION)
    return new ToolError('internal', `${called} does not take what was to be written: it breaks its rules.`);
  if (isConnectionFailure(error)) {
    return new ToolError('unavailable', `${called} cannot be reached just now.`, {
      remedy: 'Try again in a few seconds; `promptsales status` shows which part is down.',
      retryAfterSeconds: 5,
      cause: error,
    });
  }
  return error;
}

const CHECK_VIOLATION = '23514';

/** Class 08 is a lost connection, 57P0x a server going down or coming up, 53300 no free slot, 28 and 3D a refused login. */
const CONNECTION_STATES = /^(08...|57P0[1-5]|53300|28...|3D000)$/;
const NETWORK_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EAI_AGAIN',
  'ENOENT',
]);
/** What pg itself throws without any code. */
const DRIVER_MESSAGES =
  /connection terminated|timeout exceeded when trying to connect|connection ended|not queryable|after calling end|Client was closed/i;

function isConnectionFailure(error: unknown): boolean {
  if (!(error instanceof Error) || error instanceof ToolError) return false;
  if (error instanceof AggregateError) return error.errors.some(isConnectionFailure);
  const code = sqlState(error);
  if (code !== undefined) return CONNECTION_STATES.test(code) || NETWORK_CODES.has(code);
  return DRIVER_MESSAGES.test(error.message);
}

function sqlState(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

const DATE_OID = 1082;

/** pg turns a date into a Date in the machine's time zone, which moves days; here a day stays the text PostgreSQL sent. */
function exactTypes(getTypeParser: CustomTypesConfig['getTypeParser']): CustomTypesConfig {
  const parserOf = (oid: number, format?: 'text' | 'binary') =>
    oid === DATE_OID && format !== 'binary' ? (text: string) => text : getTypeParser(oid, format as 'text');
  return { getTypeParser: parserOf as CustomTypesConfig['getTypeParser'] };
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
