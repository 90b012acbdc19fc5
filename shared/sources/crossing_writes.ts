import { ToolError } from '../domain/tool_error.ts';

/** unique_violation, serialization_failure, deadlock_detected: somebody wrote the same rows beside the transaction. */
const CROSSINGS = new Set(['23505', '40001', '40P01']);

/**
 * Carries out a transaction of PostgreSQL that may cross another's way. Nothing of one that did is kept; once more it finds what the other left.
 * Throws ToolError 'unavailable' when it crosses another's again, and every other error as it came. `subject` is how people call the source.
 */
export async function pastCrossings<T>(subject: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (!isCrossing(error)) throw error;
  }
  try {
    return await write();
  } catch (cause) {
    if (!isCrossing(cause)) throw cause;
    throw new ToolError('unavailable', `${subject} is being written by others just now; nothing was changed.`, {
      remedy: 'Try again in a few seconds.',
      retryAfterSeconds: 3,
      cause,
    });
  }
}

function isCrossing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && CROSSINGS.has(error.code);
}
