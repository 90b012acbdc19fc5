import type { ConnectionPool, Request } from 'mssql';

/** Result sets of a call, one after the other, as they arrive. */
export type SqlServerReading = {
  /** The next result set's columns, its rows not read yet; undefined after the last. What is left of the one before is skipped. */
  readonly next: () => Promise<SqlServerResultSet | undefined>;
  /** Ends the call, cancelling it when it still runs, and gives its connection back. Never throws. */
  readonly close: () => Promise<void>;
};

export type SqlServerResultSet = {
  readonly columns: readonly string[];
  /** In the order of the columns, as the driver reads them. Can be consumed once. Errors: the call's. */
  readonly rows: AsyncIterable<readonly unknown[]>;
};

type Arrival = { readonly columns: readonly string[] } | { readonly row: readonly unknown[] };

/** So many rows wait for their reader before the server is asked to. */
const MOST_WAITING = 2_000;

/** Calls a procedure for its rows. Errors: the driver's, here when the call fails before its first result set, else with the rows. */
export async function openReading(
  pool: ConnectionPool,
  procedure: string,
  parameters: (request: Request) => void,
): Promise<SqlServerReading> {
  const request = pool.request();
  request.stream = true;
  request.arrayRowMode = true;
  parameters(request);
  const arrivals: Arrival[] = [];
  let failure: unknown;
  let hasEnded = false;
  let isPaused = false;
  let wake: () => void = () => undefined;
  const arrived = (arrival: Arrival): void => {
    arrivals.push(arrival);
    if (!isPaused && arrivals.length >= MOST_WAITING) {
      isPaused = true;
      request.pause();
    }
    wake();
  };
  request.on('recordset', (columns: readonly { readonly name: string }[]) => arrived({ columns: columns.map(({ name }) => name) }));
  request.on('row', (row: readonly unknown[]) => arrived({ row }));
  request.on('error', (error: unknown) => {
    failure ??= error;
    wake();
  });
  const ended = new Promise<void>((resolve) => {
    request.on('done', () => {
      hasEnded = true;
      wake();
      resolve();
    });
  });
  request.execute(procedure).catch(() => undefined); // told by the events

  /** Waits until there is an arrival, and looks at it; undefined when there will be none. */
  const peek = async (): Promise<Arrival | undefined> => {
    for (;;) {
      const [first] = arrivals;
      if (first !== undefined) return first;
      if (failure !== undefined) throw failure;
      if (hasEnded) return undefined;
      const waiting = new Promise<void>((resolve) => {
        wake = resolve;
      });
      if (isPaused) {
        isPaused = false;
        request.resume();
      }
      await waiting;
    }
  };

  return {
    async next() {
      for (let arrival = await peek(); arrival !== undefined; arrival = await peek()) {
        arrivals.shift();
        if ('columns' in arrival) return { columns: arrival.columns, rows: rows() };
      }
      return undefined;
    },
    async close() {
      if (hasEnded) return;
      if (isPaused) request.resume();
      arrivals.length = 0;
      request.cancel();
      await ended;
    },
  };

  async function* rows(): AsyncGenerator<readonly unknown[]> {
    for (let arrival = await peek(); arrival !== undefined && 'row' in arrival; arrival = await peek()) {
      // All that is here at once: a shift for each row would cost more than the row.
      const end = arrivals.findIndex((each) => 'columns' in each);
      const batch = arrivals.splice(0, end === -1 ? arrivals.length : end);
      for (const each of batch) if ('row' in each) yield each.row;
    }
  }
}
