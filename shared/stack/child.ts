import { spawn } from 'node:child_process';
import { closeSync, copyFileSync, fstatSync, openSync, readSync, statSync, truncateSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { LIFELINE_VARIABLE } from './lifeline.ts';
import { identifyProcess, isRunning, type ProcessIdentity, type StopStep, signalProcess } from './process_identity.ts';
import { StackError } from './stack_error.ts';

export type Exit = { readonly code: number | null; readonly signal: NodeJS.Signals | null };

/** A process the supervisor started. */
export type Child = {
  readonly identity: ProcessIdentity;
  readonly exited: Promise<Exit>;
  readonly hasExited: () => boolean;
  /** The last lines it wrote to its log since it was started. */
  readonly lastWords: () => string;
  /** Asks it to end, ever more firmly; resolves when it is gone. */
  readonly stop: () => Promise<void>;
};

export type ChildOptions = {
  /** Program and arguments. */
  readonly command: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly owner?: { readonly uid: number; readonly gid: number } | undefined;
  /** Standard error goes there, and standard output unless `onLine` takes it. */
  readonly log: string;
  readonly onLine?: (line: string) => void;
  /** 'lifeline': a pipe that closes with this process (see lifeline.ts). Else what the program reads, then the end. */
  readonly input: 'lifeline' | { readonly text: string };
  readonly stopSteps: readonly StopStep[];
};

/**
 * Starts a program in a process group of its own, so that a Ctrl-C in the terminal reaches the supervisor alone, which then stops its
 * parts in order. Its log is a file and no pipe: it can be written whatever becomes of us. Throws {@link StackError} when the program
 * cannot be started.
 */
export async function startChild({ command, environment, cwd, owner, log, onLine, input, stopSteps }: ChildOptions): Promise<Child> {
  const [program = '', ...programArguments] = command;
  const logFile = openSync(log, 'a', 0o600);
  const logStart = fstatSync(logFile).size;
  const child = spawn(program, programArguments, {
    env: input === 'lifeline' ? { ...environment, [LIFELINE_VARIABLE]: '1' } : environment,
    cwd,
    ...owner,
    detached: process.platform !== 'win32',
    windowsHide: true,
    stdio: ['pipe', onLine === undefined ? logFile : 'pipe', logFile],
  });
  closeSync(logFile);

  let exit: Exit | undefined;
  const exited = new Promise<Exit>((resolve) => {
    child.once('exit', (code, signal) => {
      exit = { code, signal };
      resolve(exit);
    });
  });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (error) =>
      reject(
        new StackError(`${program} cannot be started: ${error.message}.`, 'Run "promptsales doctor" to see what is missing.', {
          cause: error,
        }),
      ),
    );
  });
  child.on('error', () => {}); // a signal that could not be sent: seen by the process still running
  child.stdin?.on('error', () => {}); // the program has ended: seen by its exit
  if (input !== 'lifeline') child.stdin?.end(input.text);
  if (onLine !== undefined && child.stdout !== null) createInterface({ input: child.stdout }).on('line', onLine);

  const pid = child.pid ?? 0;
  // A program that has ended already has no start time to ask for; an empty one matches no process.
  const identity = identifyProcess(pid) ?? { pid, startedAt: 'ended' };
  return {
    identity,
    exited,
    hasExited: () => exit !== undefined,
    lastWords: () => readTail(log, logStart),
    stop: async () => {
      child.stdin?.end();
      for (const { signal, waitMs } of stopSteps) {
        if (exit !== undefined) break;
        child.kill(signal);
        await settledWithin(exited, waitMs);
      }
      if (exit === undefined && isRunning(identity)) {
        signalProcess(process.platform === 'win32' ? pid : -pid, 'SIGKILL');
        await settledWithin(exited, 2000);
      }
    },
  };
}

/** Waits for a promise, but no longer than so many milliseconds. Returns whether it was settled. */
export async function settledWithin(promise: Promise<unknown>, milliseconds: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const timeUp = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), milliseconds);
  });
  const settled = promise.then(
    () => true,
    () => true,
  );
  try {
    return await Promise.race([settled, timeUp]);
  } finally {
    clearTimeout(timer);
  }
}

const LOG_LIMIT_BYTES = 20 * 1024 * 1024;

/** Keeps one older log beside the current one when it has grown large. Writers append, so emptying it under them is safe. */
export function limitLog(log: string): void {
  try {
    if (statSync(log).size < LOG_LIMIT_BYTES) return;
    copyFileSync(log, `${log}.1`);
    truncateSync(log);
  } catch {
    // no log yet, or a full disk: neither is worth a stop
  }
}

function readTail(path: string, from: number): string {
  const limit = 2000;
  try {
    const file = openSync(path, 'r');
    try {
      const { size } = fstatSync(file);
      const start = Math.max(from, size - limit);
      const buffer = Buffer.alloc(Math.max(0, size - start));
      readSync(file, buffer, 0, buffer.length, start);
      return buffer.toString('utf8').trim();
    } finally {
      closeSync(file);
    }
  } catch {
    return '';
  }
}
