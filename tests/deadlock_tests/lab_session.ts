import pg from 'pg';
import type { LabEvent, Victim } from './experiment.ts';

type Row = Readonly<Record<string, unknown>>;

/** A statement that waits for a lock. */
export type Waiting = {
  /** Awaits its end and notes it; throws what the statement failed with. */
  readonly ends: (did: string) => Promise<Row[]>;
};

/** One statement of a transaction, and how people call it. */
export type LabStatement = { readonly did: string; readonly sql: string; readonly values?: readonly unknown[] };

/** A connection whose every statement is noted in the run's record. */
export type LabSession = {
  readonly name: string;
  /** Begins a transaction; part of the step that follows. */
  readonly begin: (isolation?: string) => Promise<void>;
  /** Runs a statement to its end. What it fails with is noted, rolled back, and thrown. */
  readonly run: (statement: LabStatement) => Promise<Row[]>;
  /** Starts a statement that somebody keeps waiting, and returns once pg_stat_activity and the lock table show that it waits. */
  readonly wait: (statement: LabStatement) => Promise<Waiting>;
  /** As {@link run}, for the statement that closes a circle of waiting: this session looks for deadlocks first, so it is the victim. */
  readonly close: (statement: LabStatement) => Promise<Row[]>;
  readonly commit: () => Promise<void>;
  readonly rollback: () => Promise<void>;
  /** A whole transaction, begin to commit, as one step; rolled back when a statement fails. */
  readonly whole: (did: string, statements: readonly LabStatement[], isolation?: string) => Promise<void>;
};

/** What one run of an experiment leaves behind, and the sessions it is made with. */
export type LabRecord = {
  readonly events: readonly LabEvent[];
  readonly victims: readonly Victim[];
  readonly session: (name: string, url: string) => Promise<LabSession>;
  /** Notes what was done by other means than a session's statement; `follows`: as a consequence of the step before. */
  readonly note: (session: string, did: string, saw: string, follows?: 'follows') => void;
  readonly noteVictim: (session: string, reason: string) => void;
  readonly end: () => Promise<void>;
};

/** Nobody but the session that closes a circle looks for one, so who is the victim does not depend on the machine's speed. */
const NEVER_LOOKS = '1h';
const LOOKS_AT_ONCE = '10ms';
const PATIENCE_MS = 20_000;

/** `watcherUrl` is any database of the server, as superuser: from there the record sees who waits for whom. */
export async function openRecord(watcherUrl: string): Promise<LabRecord> {
  const events: LabEvent[] = [];
  const victims: Victim[] = [];
  const names = new Map<number, string>();
  const clients: pg.Client[] = [];
  let steps = 0;
  const connect = async (url: string, name: string): Promise<pg.Client> => {
    const client = new pg.Client({ connectionString: url, application_name: `lab ${name}` });
    client.on('error', () => undefined); // A lost connection fails the statement that is waiting.
    await client.connect();
    clients.push(client);
    return client;
  };
  const watcher = await connect(watcherUrl, 'watcher');

  const session = async (name: string, url: string): Promise<LabSession> => {
    const client = await connect(url, name);
    const { rows: own } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    const pid = own[0]?.pid ?? 0;
    names.set(pid, name);
    await client.query(`SET deadlock_timeout = '${NEVER_LOOKS}'`);

    const send = async ({ sql, values }: LabStatement): Promise<{ rows: Row[]; saw: string }> => {
      const { rows, rowCount, command } = await client.query<Record<string, unknown>>(sql, values === undefined ? undefined : [...values]);
      return { rows, saw: command === 'SELECT' || rows.length > 0 ? shown(rows) : `${rowCount} row${rowCount === 1 ? '' : 's'}` };
    };
    /** Notes a failure as this session's, whose transaction is over with it. */
    const failed = async (step: number | null, did: string, error: unknown): Promise<never> => {
      const reason = `${stateOf(error)} ${error instanceof Error ? error.message : String(error)}`.trim();
      events.push({ step, session: name, did, saw: `${reason}; rolled back` });
      victims.push({ session: name, reason });
      await client.query('ROLLBACK');
      throw error;
    };
    const run = async (statement: LabStatement): Promise<Row[]> => {
      const step = ++steps;
      try {
        const { rows, saw } = await send(statement);
        events.push({ step, session: name, did: statement.did, saw });
        return rows;
      } catch (error) {
        return failed(step, statement.did, error);
      }
    };
    return {
      name,
      begin: async (isolation = 'READ COMMITTED') => void (await client.query(`BEGIN ISOLATION LEVEL ${isolation}`)),
      run,
      wait: async (statement) => {
        const step = ++steps;
        const sent = send(statement);
        sent.catch(() => undefined); // heard in ends()
        const blockers = await blockersOf(watcher, pid, sent);
        events.push({
          step,
          session: name,
          did: statement.did,
          saw: `waits for ${blockers.map((by) => names.get(by) ?? 'another').join(', ')}`,
        });
        return {
          ends: async (did) => {
            try {
              const { rows, saw } = await sent;
              events.push({ step: null, session: name, did, saw });
              return rows;
            } catch (error) {
              return failed(null, did, error);
            }
          },
        };
      },
      close: async (statement) => {
        await client.query(`SET LOCAL deadlock_timeout = '${LOOKS_AT_ONCE}'`);
        return run(statement);
      },
      commit: async () => {
        const step = ++steps;
        await client.query('COMMIT');
        events.push({ step, session: name, did: 'commits', saw: '' });
      },
      rollback: async () => {
        const step = ++steps;
        await client.query('ROLLBACK');
        events.push({ step, session: name, did: 'rolls back', saw: '' });
      },
      whole: async (did, statements, isolation = 'READ COMMITTED') => {
        const step = ++steps;
        try {
          await client.query(`BEGIN ISOLATION LEVEL ${isolation}`);
          for (const statement of statements) await send(statement);
          await client.query('COMMIT');
          events.push({ step, session: name, did, saw: 'committed' });
        } catch (error) {
          await failed(step, did, error);
        }
      },
    };
  };

  return {
    events,
    victims,
    session,
    note: (by, did, saw, follows) => void events.push({ step: follows === undefined ? ++steps : null, session: by, did, saw }),
    noteVictim: (by, reason) => void victims.push({ session: by, reason }),
    end: async () => void (await Promise.all(clients.map((client) => client.end()))),
  };
}

/**
 * Who keeps the session `pid` waiting. Asks again and again, each time a round trip, until it waits; throws when its statement ends instead,
 * or when it neither ends nor waits.
 */
async function blockersOf(watcher: pg.Client, pid: number, sent: Promise<unknown>): Promise<readonly number[]> {
  let hasEnded = false;
  const ended = () => {
    hasEnded = true;
  };
  sent.then(ended, ended);
  for (const end = performance.now() + PATIENCE_MS; performance.now() < end; ) {
    const { rows } = await watcher.query<{ blockers: number[] }>(
      `SELECT pg_blocking_pids(pid) AS blockers FROM pg_stat_activity WHERE pid = $1 AND wait_event_type = 'Lock'`,
      [pid],
    );
    const blockers = rows[0]?.blockers ?? [];
    if (blockers.length > 0) return blockers;
    if (hasEnded) throw new Error('a statement that should wait ended instead');
  }
  throw new Error('a statement that should wait for a lock does not');
}

function shown(rows: readonly Row[]): string {
  return rows
    .map((row) =>
      Object.entries(row)
        .map(([name, value]) => `${name} ${value}`)
        .join(', '),
    )
    .join('; ');
}

function stateOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/** For a retry by product code: the first attempt goes as the experiment orders it, every later one at its own pace. */
export function scriptedFirst<T>(scripted: () => Promise<T>, again: () => Promise<T>): () => Promise<T> {
  let attempts = 0;
  return () => (++attempts === 1 ? scripted() : again());
}
