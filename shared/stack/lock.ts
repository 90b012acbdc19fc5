import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** Held by one process at a time. */
export type FileLock = { readonly release: () => void };

/** Takes the home's lock, held by its one supervisor; undefined when another process holds it. */
export function takeLock(home: string): FileLock | undefined {
  return takeFileLock(join(home, 'stack.lock'));
}

/**
 * Takes the lock whose file this is, which is created where there is none and stays; undefined when another process holds it.
 *
 * The lock is the operating system's own (fcntl, LockFileEx), reached through SQLite's exclusive transaction on an empty database
 * file: the kernel drops it when its holder dies, by kill -9 too, so that no stale lock ever has to be judged and broken. A lock file
 * with a process id cannot be taken over without a moment in which two take it.
 */
export function takeFileLock(path: string): FileLock | undefined {
  const database = new DatabaseSync(path);
  try {
    database.exec('PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if (error instanceof Error && /locked|busy/i.test(error.message)) return undefined;
    throw error;
  }
  chmodSync(path, 0o600);
  return {
    release: () => {
      database.exec('ROLLBACK');
      database.close();
    },
  };
}
