import type { ConnectionPool, IBulkOptions, Request, Table } from 'mssql';
import { sqlServerPlace } from '../../shared/db/sql_server_address.ts';

type Driver = typeof import('mssql');
type Row = Readonly<Record<string, unknown>>;

/** What runs within a transaction. */
export type OwnerTransaction = {
  /** Runs a batch of statements; the rows of its last result. */
  readonly batch: (text: string) => Promise<readonly Row[]>;
  /** Runs a statement with parameters. */
  readonly query: (text: string, parameters: Readonly<Record<string, string | number>>) => Promise<readonly Row[]>;
};

/** The owner of a database of SQL Server at work on its definition or its bulk data: one connection, no deadline, nothing repeated. */
export type OwnerSession = OwnerTransaction & {
  readonly driver: Driver;
  /** What `work` does, whole or not at all. */
  readonly whole: <T>(work: (transaction: OwnerTransaction) => Promise<T>) => Promise<T>;
  /** Loads rows by the protocol's bulk copy; all of them or none. */
  readonly bulk: (table: Table, options: IBulkOptions) => Promise<void>;
  /** Calls a procedure with one table-valued parameter. */
  readonly callWithTable: (procedure: string, parameter: string, rows: Table) => Promise<readonly Row[]>;
  readonly close: () => Promise<void>;
};

/** Connects. Throws UnreadableAddress for an address that is none, the driver's ConnectionError when it cannot be reached. */
export async function openOwnerSession(address: string): Promise<OwnerSession> {
  const { instance, encrypt, trustServerCertificate, ...place } = sqlServerPlace(address);
  const { default: driver } = await import('mssql');
  const pool: ConnectionPool = new driver.ConnectionPool({
    ...place,
    connectionTimeout: 15_000,
    // An index over a million rows takes as long as it takes.
    requestTimeout: 0,
    validateConnection: 'socket',
    pool: { max: 1, min: 0, idleTimeoutMillis: 600_000 },
    options: {
      appName: 'promptsales deploy',
      encrypt,
      trustServerCertificate,
      ...(instance === undefined ? {} : { instanceName: instance }),
      useUTC: true,
      enableArithAbort: true,
    },
  });
  pool.on('error', () => undefined); // what runs fails by itself
  try {
    await pool.connect();
  } catch (error) {
    await pool.close().catch(() => undefined);
    throw error;
  }
  const running = (request: () => Request): OwnerTransaction => ({
    batch: async (text) => (await request().batch<Row>(text)).recordset ?? [],
    async query(text, parameters) {
      const asked = request();
      for (const [name, value] of Object.entries(parameters)) {
        asked.input(name, typeof value === 'number' ? driver.BigInt : driver.NVarChar(4000), value);
      }
      return (await asked.query<Row>(text)).recordset ?? [];
    },
  });
  return {
    driver,
    ...running(() => pool.request()),
    async whole(work) {
      const transaction = new driver.Transaction(pool);
      // Rolled back by the server already: the error of the statement says why.
      transaction.on('rollback', () => undefined);
      await transaction.begin();
      try {
        const result = await work(running(() => new driver.Request(transaction)));
        await transaction.commit();
        return result;
      } catch (error) {
        await transaction.rollback().catch(() => undefined);
        throw error;
      }
    },
    bulk: async (table, options) => void (await pool.request().bulk(table, options)),
    callWithTable: async (procedure, parameter, rows) => {
      const { recordset } = await pool.request().input(parameter, rows).execute<Row>(procedure);
      return recordset ?? [];
    },
    close: () => pool.close(),
  };
}
