import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

/**
 * Holds what `lock` locks, as the owner at that URL, until so many calls of the login 'writer' wait for it, so that all go on from the same moment.
 */
export async function whileHeld<T>(url: string, lock: string, waiting: number, start: () => Promise<T>[]): Promise<T[]> {
  const holder = new pg.Client({ connectionString: url });
  await holder.connect();
  try {
    await holder.query(`BEGIN; ${lock}`);
    const calls = start();
    const counted = `SELECT count(*)::int AS n FROM pg_stat_activity WHERE usename = 'writer' AND wait_event_type = 'Lock'`;
    const end = performance.now() + 10_000;
    // Not in the holder's transaction: what it saw of the server's activity first it would see ever after.
    const watcher = new pg.Client({ connectionString: url });
    await watcher.connect();
    try {
      while (Number((await watcher.query<{ n: number }>(counted)).rows[0]?.n) < waiting) {
        if (performance.now() > end) throw new Error(`not ${waiting} calls wait for: ${lock}`);
        await sleep(20);
      }
    } finally {
      await watcher.end();
    }
    await holder.query('COMMIT');
    return await Promise.all(calls);
  } finally {
    await holder.end();
  }
}
