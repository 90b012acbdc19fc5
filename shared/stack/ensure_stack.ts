import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Settings } from '../config/settings.ts';
import { missingSettings, requireEmbeddable } from './embedded_parts.ts';
import { openHome } from './home.ts';
import { requirePort } from './ports.ts';
import { stopProcess } from './process_identity.ts';
import { environmentOf, innerCommand, type Program, type UrlName } from './program.ts';
import { StackError } from './stack_error.ts';
import { type Progress, readRecordedStack, readStack, type StackState, type StackUrls } from './state.ts';

export type EnsureOptions<Needed extends UrlName = UrlName> = {
  readonly program: Program;
  /** What the caller uses; when all of it is configured, nothing is started. Everything by default. */
  readonly needs?: readonly Needed[];
  readonly onProgress?: (progress: Progress) => void;
  /** Ends the waiting; the start goes on in the background. */
  readonly signal?: AbortSignal;
};

const DEFAULT_NEEDS: readonly UrlName[] = ['hub', 'ads', 'crm', 'content', 'redis'];
const LOOK_EVERY_MS = 50;
/** A supervisor that loses to another ends at once; more than a few in a row means that something else is wrong. */
const MOST_STARTS = 5;
/** A stop has bounded steps that add up to less. */
const STOP_WITHIN_MS = 25_000;

/**
 * The addresses a server needs: as configured, else of the embedded stack, which is started in the background where none runs, and
 * waited for. A stack of another version is replaced. Throws {@link StackError} when it cannot be started, and the signal's reason when
 * the caller no longer waits.
 */
export async function ensureStack<Needed extends UrlName = UrlName>(
  settings: Settings,
  options: EnsureOptions<Needed>,
): Promise<Readonly<Record<Needed, string>>> {
  const needs: readonly UrlName[] = options.needs ?? DEFAULT_NEEDS;
  requireEmbeddable(settings, needs);
  const configured = Object.fromEntries(Object.entries(settings.urls).filter(([, url]) => url !== undefined));
  // Each name of `needs` is configured, or one of the stack's addresses, which has them all.
  if (missingSettings(settings, needs).length === 0) return configured as Record<Needed, string>;
  const { urls } = await awaitStack(settings, options);
  return { ...urls, ...configured } as Record<Needed, string>;
}

/** A stack that is up; `planKey` is the one its servers sign plans with. */
export type ReadyStack = { readonly state: StackState; readonly urls: StackUrls; readonly planKey: Uint8Array };

type WaitOptions = Pick<EnsureOptions, 'program' | 'onProgress' | 'signal'>;

/**
 * Waits for the home's stack, starting one in the background where none runs. With `keepPort` a taken port is an error; without it
 * the stack then takes any free one. Throws as {@link ensureStack} does.
 */
export async function awaitStack(settings: Settings, options: WaitOptions & { readonly keepPort?: boolean }): Promise<ReadyStack> {
  const home = await openHome(settings);
  let started: ChildProcess | undefined;
  for (let starts = 0; ; ) {
    const ready = await joinStack(home, options);
    if (ready !== undefined) return ready;
    if (started === undefined || hasEnded(started)) {
      if (started !== undefined) throwIfFailed(home, started);
      if (starts++ >= MOST_STARTS) throw new StackError('The stack could not be started.', `See ${join(home, 'logs', 'supervisor.log')}.`);
      started = await startInBackground(home, settings, options.program, options.keepPort === true);
    }
    await lookAgainLater(options.signal);
  }
}

/**
 * Waits until the stack that runs or starts in that home is up; undefined when none does, or when it ends before it is up. One of
 * another version is stopped, as is one whose state file does not name all that servers need.
 */
export async function joinStack(home: string, { program, onProgress, signal }: WaitOptions): Promise<ReadyStack | undefined> {
  let reported = '';
  for (let state = readStack(home); state !== undefined; state = readStack(home)) {
    const { urls, planKey } = state;
    if (state.phase === 'ready' && state.version === program.version && urls !== undefined && planKey !== undefined) {
      return { state, urls, planKey: Buffer.from(planKey, 'base64') };
    }
    // One that is up and does not name all of this is of a version before it, whatever it calls itself.
    if (state.phase === 'ready' || (state.version !== program.version && state.phase !== 'stopping')) {
      await stopStack(state);
      continue;
    }
    const progress = JSON.stringify(state.progress);
    if (state.progress !== undefined && progress !== reported) {
      reported = progress;
      onProgress?.(state.progress);
    }
    await lookAgainLater(signal);
  }
  return undefined;
}

async function lookAgainLater(signal: AbortSignal | undefined): Promise<void> {
  await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => {});
  signal?.throwIfAborted();
}

/** Asks a stack to stop and waits until its supervisor is gone. Returns whether it is; a supervisor that hangs is ended. */
export async function stopStack(state: StackState): Promise<boolean> {
  return stopProcess(state.supervisor, [
    { signal: 'SIGTERM', waitMs: STOP_WITHIN_MS },
    { signal: 'SIGKILL', waitMs: 1000 },
  ]);
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

function throwIfFailed(home: string, child: ChildProcess): void {
  if (child.exitCode === 0) return; // another supervisor was first, and has ended meanwhile
  const state = readRecordedStack(home);
  const log = join(home, 'logs', 'supervisor.log');
  if (state?.supervisor.pid === child.pid && state?.failure !== undefined)
    throw new StackError(state.failure.message, state.failure.remedy);
  throw new StackError(
    `The stack ended while it started (${child.signalCode ?? `exit code ${child.exitCode}`}).`,
    `See ${log}, or run "promptsales doctor".`,
  );
}

async function startInBackground(home: string, settings: Settings, program: Program, keepPort: boolean): Promise<ChildProcess> {
  const shared: Settings = keepPort
    ? { ...settings, home }
    : // Others will use this stack too: who happened to start it must not decide what they may see, nor fail for a port it did not ask for.
      { ...settings, home, role: 'admin', extraScopes: [], port: await portOrAny(settings) };
  const [command = process.execPath, ...commandArguments] = innerCommand(program.selfCommand, 'supervisor');
  const log = openSync(join(home, 'logs', 'supervisor.log'), 'a', 0o600);
  try {
    const child = spawn(command, commandArguments, {
      env: environmentOf(shared),
      detached: true,
      windowsHide: true,
      stdio: ['ignore', log, log],
      cwd: home,
    });
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', (error) =>
        reject(new StackError(`The stack cannot be started: ${error.message}.`, 'Run "promptsales doctor".', { cause: error })),
      );
    });
    child.unref();
    return child;
  } finally {
    closeSync(log);
  }
}

async function portOrAny({ host, port }: Settings): Promise<number> {
  try {
    await requirePort(host, port);
    return port;
  } catch {
    return 0;
  }
}
