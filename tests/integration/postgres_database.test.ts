import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openPostgres, type PostgresDatabase } from '../../shared/db/postgres_database.ts';
import { deadlineIn } from '../../shared/domain/deadline.ts';
import { type ScratchPostgres, startScratchPostgres } from '../support/scratch_postgres.ts';

let server: ScratchPostgres;
let database: PostgresDatabase;

beforeAll(async () => {
  server = await startScratchPostgres();
  database = await openPostgres(server.url('postgres'), { applicationName: 'tests', maxConnections: 2, statementTimeoutMs: 3_000 });
});

afterAll(async () => {
  await database?.close();
  await server?.stop();
});

const ask = (text: string, values: readonly unknown[] = [], deadline = deadlineIn(10_000)) =>
  database.rows({ name: text.slice(0, 60), text }, values, (row) => ({ ...row }), deadline);

describe('values', () => {
  it('arrive exact: whole and decimal numbers as text, days as they were written', async () => {
    const text = `SELECT 9007199254740993::bigint AS big, 0.10::numeric AS money, date '2026-03-01' AS day, NULL::date AS no_day,
                         timestamptz '2026-03-01 00:30:00+00' AS moment`;
    expect(await ask(text)).toEqual([
      { big: '9007199254740993', money: '0.10', day: '2026-03-01', no_day: null, moment: new Date('2026-03-01T00:30:00Z') },
    ]);
  });
});

describe('statements', () => {
  it('are prepared once a connection, unless each is to be planned for its values', async () => {
    const [every, each] = ['SELECT $1::int + 1 AS sum', 'SELECT $1::int + 2 AS sum'];
    const rows = (text: string, more: { readonly plannedForValues?: true } = {}) =>
      database.rows({ name: text, text, ...more }, [1], (row) => row.sum, deadlineIn(5_000));
    expect([await rows(every), await rows(each, { plannedForValues: true })]).toEqual([[2], [3]]);
    const names = new Set(
      (await Promise.all([1, 2].map(() => ask('SELECT name FROM pg_prepared_statements')))).flat().map(({ name }) => name),
    );
    expect(names).toContain(every);
    expect(names).not.toContain(each);
  });
});

describe('deadlines', () => {
  it('end a query here and in the server', async () => {
    const began = performance.now();
    await expect(ask('SELECT pg_sleep(30)', [], deadlineIn(150))).rejects.toMatchObject({ errorClass: 'timeout' });
    expect(performance.now() - began).toBeLessThan(1_000);
    const running = `SELECT count(*)::int AS running FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(30)' AND state = 'active'`;
    await expect.poll(async () => await ask(running), { timeout: 2_000 }).toEqual([{ running: 0 }]);
  });

  it('end the waiting for a connection, and the connections come back', async () => {
    const busy = [1, 2].map(() => ask('SELECT pg_sleep(0.6)'));
    const began = performance.now();
    await expect(ask('SELECT 1 AS one', [], deadlineIn(100))).rejects.toMatchObject({ errorClass: 'timeout' });
    expect(performance.now() - began).toBeLessThan(500);
    await Promise.all(busy);
    expect(await Promise.all([1, 2, 3].map(() => ask('SELECT 1 AS one')))).toEqual([[{ one: 1 }], [{ one: 1 }], [{ one: 1 }]]);
  });

  it('never hit the next query of the connection', async () => {
    // Deadlines around the time the query takes: some end it, some come too late, none may end the query after it.
    for (let i = 0; i < 40; i += 1) {
      await ask('SELECT pg_sleep(0.004)', [], deadlineIn(3 + (i % 4))).catch((error: { errorClass: string }) =>
        expect(error.errorClass).toBe('timeout'),
      );
      expect(await ask('SELECT pg_sleep(0.002), 1 AS one')).toEqual([expect.objectContaining({ one: 1 })]);
    }
  });

  it('that had passed before ask nothing', async () => {
    const left = AbortSignal.abort();
    await expect(ask('SELECT 1 AS one', [], deadlineIn(1_000, left))).rejects.toMatchObject({ errorClass: 'timeout' });
  });

  it('of the server stand behind ours', async () => {
    await expect(ask('SELECT pg_sleep(20)')).rejects.toMatchObject({ errorClass: 'timeout' });
  });
});

describe('failures', () => {
  it('of the connection are tried once more on another', async () => {
    const victim = await ask('SELECT pg_backend_pid() AS pid');
    const killer = await openPostgres(server.url('postgres'), { applicationName: 'killer', maxConnections: 1 });
    const query = ask('SELECT pg_sleep(0.4), 1 AS one');
    try {
      await new Promise((resolve) => setTimeout(resolve, 100));
      const text = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'tests'`;
      await killer.rows({ name: 'kill', text }, [], () => undefined, deadlineIn(2_000));
      expect(await query).toEqual([expect.objectContaining({ one: 1 })]);
      expect(await ask('SELECT pg_backend_pid() AS pid')).not.toEqual(victim);
    } finally {
      await killer.close();
    }
  });

  it('of the SQL are not: they stay what they are', async () => {
    await expect(ask('SELECT no_such_column')).rejects.toMatchObject({ code: '42703' });
  });

  it('of a server that is away say so without its address', async () => {
    const away = await openPostgres('postgres://nobody:secret@127.0.0.1:9/none', { applicationName: 'tests' });
    try {
      const failure = await away.rows({ name: 'one', text: 'SELECT 1' }, [], () => 1, deadlineIn(5_000)).catch((error: Error) => error);
      expect(failure).toMatchObject({ errorClass: 'unavailable', retryAfterSeconds: 5 });
      expect(String((failure as Error).message)).not.toMatch(/127\.0\.0\.1|secret/);
      expect(await away.answers(deadlineIn(1_000))).toBe(false);
    } finally {
      await away.close();
    }
  });
});
