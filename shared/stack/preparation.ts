import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { startChild } from './child.ts';
import { lastLines } from './part.ts';
import { StackError } from './stack_error.ts';
import type { Progress } from './state.ts';

/**
 * What the preparing program writes to standard output, a line of JSON each: how far it is, or why it cannot go on. Lines of another
 * form are left alone.
 */
const Line = z.union([
  z.object({ label: z.string(), done: z.number(), total: z.number() }),
  z.object({ failure: z.object({ message: z.string(), remedy: z.string() }) }),
]);

export type PreparationOptions = {
  readonly command: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
  readonly log: string;
  readonly onProgress: (progress: Progress) => void;
  /** Stops the program; what it had committed stays, and the next start finishes the rest. */
  readonly signal: AbortSignal;
  /**
   * Asked after a failure: resolves when what the program stands on is well again, to whether any of it had gone away, so that trying
   * again is worth it.
   */
  readonly whenWellAgain: () => Promise<boolean>;
};

const ATTEMPTS = 3;

/**
 * Runs the program that migrates, fills and loads the databases. It finishes what an earlier run of it left undone, so that it can be
 * run at every start and again after a crash. Throws {@link StackError} when it fails.
 */
export async function runPreparation(options: PreparationOptions): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const { error, wasKilled } = await prepareOnce(options);
    if (error === undefined) return;
    options.signal.throwIfAborted();
    // The end of a database is noticed a moment after the program that used it has failed.
    await sleep(300);
    if (attempt === ATTEMPTS) throw error;
    const wasDisturbed = await options.whenWellAgain();
    options.signal.throwIfAborted();
    if (!wasDisturbed && !wasKilled) throw error;
  }
}

async function prepareOnce({
  command,
  environment,
  log,
  onProgress,
  signal,
}: PreparationOptions): Promise<{ error?: StackError; wasKilled?: boolean }> {
  let failure: { message: string; remedy: string } | undefined;
  const child = await startChild({
    command,
    environment,
    log,
    input: 'lifeline',
    stopSteps: [
      { signal: 'SIGTERM', waitMs: 1500 },
      { signal: 'SIGKILL', waitMs: 1000 },
    ],
    onLine: (line) => {
      const said = parseLine(line);
      if (said === undefined) return;
      if ('failure' in said) failure = said.failure;
      else onProgress(said);
    },
  });
  let stopped: Promise<void> | undefined;
  const stop = (): void => {
    stopped = child.stop();
  };
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop, { once: true });
  const exit = await child.exited;
  signal.removeEventListener('abort', stop);
  await stopped;
  signal.throwIfAborted();
  if (exit.code === 0) return {};
  if (failure !== undefined) return { error: new StackError(failure.message, failure.remedy) };
  const words = child.lastWords();
  if (/No space left on device|ENOSPC/i.test(words)) {
    return {
      error: new StackError(
        'The disk ran full while the data was prepared.',
        'Free some space and start again: it goes on where it stopped.',
      ),
    };
  }
  return {
    error: new StackError(
      `Preparing the data failed (${exit.signal ?? `exit code ${exit.code}`}): ${lastLines(child)}`,
      `Start again: it goes on where it stopped. The whole log is ${log}.`,
    ),
    wasKilled: exit.signal !== null,
  };
}

function parseLine(line: string): z.infer<typeof Line> | undefined {
  try {
    return Line.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}
