import { possibleDataDirectories } from './cluster_place.ts';
import { stopLeftPostgres } from './postgres_part.ts';
import { isRunning, stopProcess } from './process_identity.ts';
import type { PartState } from './state.ts';

/**
 * Stops what a supervisor that was killed left running: the parts it had recorded, and any database server in the home's cluster. Only
 * for who holds the home's lock. Returns the names of the recorded parts that were still there.
 */
export async function stopLeftovers(home: string, recorded: readonly PartState[]): Promise<string[]> {
  const left = recorded.filter((part) => part.process !== undefined && isRunning(part.process));
  for (const part of left) {
    // A database is asked to end in its own way, below.
    if (part.process === undefined || part.name === 'postgres') continue;
    await stopProcess(part.process, [
      { signal: 'SIGTERM', waitMs: 2000 },
      { signal: 'SIGKILL', waitMs: 1000 },
    ]);
  }
  for (const dataDirectory of possibleDataDirectories(home)) await stopLeftPostgres(dataDirectory);
  return left.map((part) => part.name);
}
