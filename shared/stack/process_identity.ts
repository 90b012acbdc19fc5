import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * A process that cannot be mistaken for a later one with the same id: the id and when it started. `startedAt` is opaque (ticks since
 * boot on Linux, a date elsewhere) and empty where the system does not tell.
 */
export type ProcessIdentity = { readonly pid: number; readonly startedAt: string };

/** The identity of a living process; undefined when there is none with that id (a zombie counts as none). */
export function identifyProcess(pid: number): ProcessIdentity | undefined {
  if (process.platform === 'linux') return identifyOnLinux(pid);
  if (!answersSignals(pid)) return undefined;
  if (process.platform === 'win32') return { pid, startedAt: '' };
  try {
    const [state, ...started] = execFileSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], { encoding: 'utf8' })
      .trim()
      .split(/\s+/);
    return state === undefined || state.startsWith('Z') ? undefined : { pid, startedAt: started.join(' ') };
  } catch {
    return undefined; // ps finds no such process
  }
}

/** Whether this very process still runs. */
export function isRunning(identity: ProcessIdentity): boolean {
  return identifyProcess(identity.pid)?.startedAt === identity.startedAt;
}

export type StopStep = { readonly signal: NodeJS.Signals; readonly waitMs: number };

/** Sends one signal after the other until the process is gone. Returns whether it is. */
export async function stopProcess(identity: ProcessIdentity, steps: readonly StopStep[]): Promise<boolean> {
  for (const { signal, waitMs } of steps) {
    if (!isRunning(identity)) return true;
    signalProcess(identity.pid, signal);
    const end = performance.now() + waitMs;
    while (performance.now() < end) {
      if (!isRunning(identity)) return true;
      await sleep(20);
    }
  }
  return !isRunning(identity);
}

/** Sends a signal; a process that is gone already is what was wanted. */
export function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // gone, or not ours to stop: the caller looks again anyway
  }
}

/** The processes whose working directory is that folder or below it; empty where the system does not tell (only Linux does). */
export function processesIn(folder: string): ProcessIdentity[] {
  if (process.platform !== 'linux') return [];
  return processIds().flatMap((pid) => {
    try {
      const cwd = readlinkSync(`/proc/${pid}/cwd`);
      return cwd === folder || cwd.startsWith(`${folder}/`) ? (identifyProcess(pid) ?? []) : [];
    } catch {
      return []; // ended meanwhile, or another user's
    }
  });
}

/** Every process id of the machine as /proc lists them. */
export function processIds(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** The command line of a process, undefined when it is gone or the system does not tell. */
export function commandLineOf(pid: number): string | undefined {
  try {
    const text =
      process.platform === 'linux'
        ? readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
        : execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' });
    return text.trim() || undefined;
  } catch {
    return undefined;
  }
}

function identifyOnLinux(pid: number): ProcessIdentity | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses may hold anything; fields count from behind the last one. State is field 3, start time field 22.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
    // Ticks count from boot, so after a reboot the same pid and ticks could return: the boot's id keeps them apart.
    return { pid, startedAt: `${bootId()}:${fields[19] ?? ''}` };
  } catch {
    return undefined;
  }
}

let knownBootId: string | undefined;
function bootId(): string {
  knownBootId ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').slice(0, 8);
  return knownBootId;
}

function answersSignals(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
