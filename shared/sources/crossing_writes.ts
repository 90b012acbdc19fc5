import { setTimeout as sleep } from 'node:timers/promises';
import { ToolError } from '../domain/tool_error.ts';

/** unique_violation, serialization_failure, deadlock_detected: somebody wrote the same rows beside the transaction. */
const CROSSINGS = new Set(['23505', '40001', '40P01']);

const ATTEMPTS = 3;
const FIRST_PAUSE_MS = 20;

/**
 * Carries out a transaction of PostgreSQL that may cross another's way. Nothing of one that did is kept; the next finds what the other left. Before
 * it there is a pause, of another length for each: at once, it could take its first row before those it crossed have their last, and cross
 * them again. Throws ToolError 'unavailable' when the third crosses another's as well, and every other error as it came. `subject` is how people
 * call the source.
 */
export async function pastCrossings<T>(subject: string, write: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await write();
    } catch (cause) {
      if (!isCrossing(cause)) throw cause;
      if (attempt === ATTEMPTS) {
        throw new ToolError('unavailable', `${subject} is being written by others just now; nothing was changed.`, {
          remedy: 'Try again in a few seconds.',
          retryAfterSeconds: 3,
          cause,
        });
      }
    }
    await sleep(FIRST_PAUSE_MS * attempt * (1 + Math.random()));
  }
}

function isCrossing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && CROSSINGS.has(error.code);
}
