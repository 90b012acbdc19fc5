import type { ConnectionPool, IProcedureResult, Request } from 'mssql';
import type { Deadline } from '../domain/deadline.ts';
import { openedOnce } from '../domain/opened_once.ts';
import { orAborted } from '../domain/or_aborted.ts';
import { sqlServerPlace } from './sql_server_address.ts';
import { asToolError, failureKind, timedOut } from './sql_server_failures.ts';
import type { GivenParameters, ParameterDeclaration, ProcedureDeclaration, ProcedureResults } from './sql_server_procedure.ts';
import { openReading, type SqlServerReading } from './sql_server_reading.ts';
import { driverType, givenValue, readValue, type SqlServerColumns } from './sql_server_types.ts';

/** How a pool behaves. Times are milliseconds. */
export type SqlServerOptions = {
  /** Shown in sys.dm_exec_sessions. */
  readonly applicationName: string;
  /** What callers know it by. */
  readonly called: string;
  readonly maxConnections?: number | undefined;
  readonly connectTimeoutMs?: number | undefined;
  /** The driver's own limit on a call, behind the deadline of each. */
  readonly requestTimeoutMs?: number | undefined;
};

/** A database of SQL Server, reached by its stored procedures alone. */
export interface SqlServerDatabase {
  /**
   * Calls a procedure. A call that failed for a moment's reason is made again, three times in all, unless nobody can know whether it
   * was committed and it may not be repeated.
   * Errors: ToolError 'timeout' when the deadline passes (the call is cancelled in the server too), 'unavailable' when the database cannot
   * be reached or others keep writing; RangeError for a parameter that its type cannot hold; the driver's RequestError of an error
   * that the procedure raised, with its number.
   */
  call<const Declared extends ProcedureDeclaration>(
    procedure: Declared,
    given: GivenParameters<Declared>,
    deadline: Deadline,
  ): Promise<ProcedureResults<Declared>>;
  /** Calls a procedure and hands its rows over as they come, for as long as they are wanted. No deadline, and no second try. */
  read(name: string, given: Readonly<Record<string, string | null>>): Promise<SqlServerReading>;
  /** Ends the pool; calls under way finish first. */
  close(): Promise<void>;
}

const MOST_TRIES = 3;
/** The pause before the second try is up to this long, before the third up to twice that: at random, so that rivals part. */
const PAUSE_MS = 100;

/** Opens a database. Connects nowhere yet: the first call does. Throws UnreadableAddress. */
export function openSqlServer(address: string, options: SqlServerOptions): SqlServerDatabase {
  const place = sqlServerPlace(address);
  const { called, connectTimeoutMs = 5_000, requestTimeoutMs = 20_000 } = options;
  let opened: ConnectionPool | undefined;

  const connect = openedOnce(async () => {
    const { default: driver } = await import('mssql');
    const pool = new driver.ConnectionPool({
      server: place.server,
      database: place.database,
      ...(place.port === undefined ? {} : { port: place.port }),
      ...(place.user === undefined ? {} : { user: place.user }),
      ...(place.password === undefined ? {} : { password: place.password }),
      connectionTimeout: connectTimeoutMs,
      requestTimeout: requestTimeoutMs,
      // A look at the socket; the driver would otherwise ask the server SELECT 1 before each call.
      validateConnection: 'socket',
      pool: { max: options.maxConnections ?? 10, min: 0, idleTimeoutMillis: 60_000, acquireTimeoutMillis: connectTimeoutMs },
      options: {
        appName: options.applicationName,
        encrypt: place.encrypt,
        trustServerCertificate: place.trustServerCertificate,
        ...(place.instance === undefined ? {} : { instanceName: place.instance }),
        useUTC: true,
        enableArithAbort: true,
      },
    });
    pool.on('error', () => undefined); // a connection that dies unused is replaced by the next call
    try {
      await pool.connect();
    } catch (error) {
      await pool.close().catch(() => undefined);
      throw error;
    }
    opened = pool;
    return { driver, pool };
  });

  const attempt = async (procedure: ProcedureDeclaration, given: Readonly<Record<string, unknown>>, deadline: Deadline) => {
    const { driver, pool } = await orAborted(connect(), deadline.signal);
    const request = pool.request();
    for (const [name, declared] of Object.entries(procedure.parameters)) addParameter(driver, request, name, declared, given[name]);
    const running = request.execute(procedure.name);
    running.catch(() => undefined); // heard below, unless the caller has gone before
    const cancel = () => request.cancel(); // its connection goes back to the pool when the server has confirmed
    deadline.signal.addEventListener('abort', cancel, { once: true });
    try {
      return await orAborted(running, deadline.signal);
    } finally {
      deadline.signal.removeEventListener('abort', cancel);
    }
  };

  return {
    async call(procedure, given, deadline) {
      for (let tries = 1; ; tries++) {
        try {
          return resultsOf(procedure, await attempt(procedure, given, deadline));
        } catch (error) {
          if (deadline.signal.aborted) throw timedOut(error);
          const kind = failureKind(error);
          const mayTryAgain = kind === 'undone' || kind === 'not_begun' || (kind === 'unknown' && procedure.isRepeatable);
          if (!mayTryAgain || tries === MOST_TRIES) throw asToolError(error, called);
        }
        await pause(Math.min(Math.random() * PAUSE_MS * tries, deadline.remainingMs()));
      }
    },
    async read(name, given) {
      try {
        const { driver, pool } = await connect();
        return await openReading(pool, name, (request) => {
          for (const [parameter, value] of Object.entries(given)) request.input(parameter, driver.BigInt(), value);
        });
      } catch (error) {
        throw asToolError(error, called);
      }
    },
    async close() {
      await opened?.close();
    },
  };
}

type Driver = typeof import('mssql');

function addParameter(driver: Driver, request: Request, name: string, declared: ParameterDeclaration, value: unknown): void {
  if (typeof declared === 'string') {
    request.input(name, driverType(driver, declared), givenValue(declared, value));
    return;
  }
  const table = new driver.Table(declared.tableType);
  const columns = Object.entries(declared.columns);
  for (const [column, type] of columns) table.columns.add(column, driverType(driver, type));
  for (const row of value as readonly Readonly<Record<string, unknown>>[]) {
    // The driver's types know no null in a row, and it takes one.
    table.rows.push(columns.map(([column, type]) => givenValue(type, row[column])) as never);
  }
  request.input(name, driver.TVP(declared.tableType), table);
}

function resultsOf<Declared extends ProcedureDeclaration>(
  procedure: Declared,
  { recordsets }: IProcedureResult<unknown>,
): ProcedureResults<Declared> {
  const sets = recordsets as unknown as readonly (readonly Readonly<Record<string, unknown>>[])[];
  return {
    rows(place, kind) {
      const columns: SqlServerColumns | undefined = procedure.results[kind];
      const set = sets[place];
      if (set === undefined || columns === undefined) throw new TypeError(`${procedure.name} returned no result set ${place + 1}`);
      const names = Object.keys(columns);
      return set.map((row) => {
        if (Object.keys(row).join() !== names.join()) {
          throw new TypeError(
            `${procedure.name} returned the columns ${Object.keys(row).join(', ')} for ${kind}, which are ${names.join(', ')}`,
          );
        }
        // Each value is read by its declared type: this is that row.
        return Object.fromEntries(Object.entries(columns).map(([name, type]) => [name, readValue(type, row[name])])) as never;
      });
    },
  };
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
