import { setTimeout as sleep } from 'node:timers/promises';
import { openOwnerSession } from '../../database/sqlserver/owner_session.ts';

/** Holds what `lock` locks, as the owner at that address, until so many calls wait for locks, so that all go on from the same moment. */
export async function whileHeldOnSqlServer<T>(address: string, lock: string, waiting: number, start: () => Promise<T>[]): Promise<T[]> {
  const [holder, watcher] = await Promise.all([openOwnerSession(address), openOwnerSession(address)]);
  const counted = `SELECT COUNT(DISTINCT w.session_id) AS number FROM sys.dm_os_waiting_tasks AS w WHERE w.wait_type LIKE 'LCK%' AND w.session_id > 50`;
  try {
    const calls = await holder.whole(async (transaction) => {
      await transaction.batch(lock);
      const started = start();
      const end = performance.now() + 10_000;
      while (Number((await watcher.batch(counted))[0]?.number) < waiting) {
        if (performance.now() > end) throw new Error(`not ${waiting} calls wait for: ${lock}`);
        await sleep(20);
      }
      // Not awaited here: they end when this transaction has.
      return { started };
    });
    return await Promise.all(calls.started);
  } finally {
    await Promise.all([holder.close(), watcher.close()]);
  }
}
