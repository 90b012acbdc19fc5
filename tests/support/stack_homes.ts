import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import { expect } from 'vitest';
import { runDown } from '../../cli/commands/down.ts';
import { readSettings, type Settings } from '../../shared/config/settings.ts';
import { orphanClusters, possibleDataDirectories, removeOrphan } from '../../shared/stack/cluster_place.ts';
import { awaitStack } from '../../shared/stack/ensure_stack.ts';
import { type ProcessIdentity, processesIn } from '../../shared/stack/process_identity.ts';
import type { PartName, StackState } from '../../shared/stack/state.ts';
import { stackProgram } from './stack_program.ts';

const run = promisify(execFile);

/** Homes that tests made and nobody has removed yet. */
const homes: string[] = [];

/** A home of its own for each test, that any user can enter unless a test says otherwise. */
export async function emptyHome(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'promptsales-home-'));
  await chmod(folder, 0o755);
  homes.push(folder);
  return folder;
}

export function settingsFor(home: string, more: Readonly<Record<string, string>> = {}): Settings {
  return readSettings({ PROMPTSALES_HOME: home, PROMPTSALES_PORT: '0', PROMPTSALES_SCALE: 'small', ...more });
}

export function environmentFor(home: string, more: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  return { ...process.env, PROMPTSALES_HOME: home, PROMPTSALES_PORT: '0', PROMPTSALES_SCALE: 'small', ...more };
}

/** Starts the stack of a home, or finds it running. */
export async function start(home: string, more: Readonly<Record<string, string>> = {}): Promise<StackState> {
  return (await awaitStack(settingsFor(home, more), { program: stackProgram() })).state;
}

/** A verb of the small program, in a process of its own. */
export function verb(words: string[], environment: NodeJS.ProcessEnv, version?: string) {
  const [node = '', ...rest] = stackProgram(version).selfCommand;
  return run(node, [...rest, ...words], { env: environment, timeout: 50_000 });
}

/** The verb without a process of its own, for tests about something else. */
export async function down(home: string): Promise<void> {
  await runQuietly(() => runDown({}, settingsFor(home)));
}

/** A part that runs; throws when it does not. */
export function part(state: StackState | undefined, name: PartName) {
  const found = state?.parts.find((candidate) => candidate.name === name);
  if (found?.process === undefined) throw new Error(`${name} does not run`);
  return { ...found, process: found.process };
}

/** The supervisor and its parts. */
export function everyProcess(state: StackState): ProcessIdentity[] {
  return [state.supervisor, ...state.parts.flatMap((candidate) => candidate.process ?? [])];
}

/** What `look` finds in the end; rejects when it finds nothing in time. */
export async function until<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
  withinMs = 20_000,
): Promise<T> {
  const end = performance.now() + withinMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > end) throw new Error(`${what} did not happen within ${withinMs} ms`);
    await sleep(20);
  }
}

/** The first row of a question on a connection of its own. */
export async function one<T>(url: string, sql: string): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows[0] as T;
  } finally {
    await client.end();
  }
}

/** A home inside one that {@link emptyHome} made, to be removed before it. */
export async function homeIn(outer: string): Promise<string> {
  const home = join(outer, 'data');
  await mkdir(home);
  homes.unshift(home);
  return home;
}

/** A home that was used before, for tests that need no empty one: its stack may still run. */
export async function usedHome(): Promise<string> {
  used ??= await emptyHome();
  if (homes.includes(used)) homes.splice(homes.indexOf(used), 1);
  return used;
}
let used: string | undefined;

/** After the last test: {@link removeHomes}, and the used home with them. */
export async function removeAllHomes(): Promise<void> {
  if (used !== undefined) homes.push(used);
  await removeHomes();
}

/** After each test: stops the stacks of its homes and removes them. Fails when a stop left a process running. */
export async function removeHomes(): Promise<void> {
  for (const home of homes.splice(0)) {
    await down(home);
    const left = possibleDataDirectories(home).flatMap(processesIn);
    for (const identity of left) process.kill(identity.pid, 'SIGKILL');
    await rm(home, { recursive: true, force: true });
    await removeOrphansOf(home);
    expect(left).toEqual([]);
  }
}

async function removeOrphansOf(home: string): Promise<void> {
  // Looking for orphans weighs every one of the machine.
  if (!possibleDataDirectories(home).some((data) => existsSync(dirname(data)))) return;
  for (const orphan of await orphanClusters()) {
    if (orphan.home.startsWith(home)) await removeOrphan(orphan);
  }
}

/** The stack in the foreground, and what it has said so far. */
export function foreground(home: string, more: Readonly<Record<string, string>> = {}): { child: ChildProcess; output: () => string } {
  const [node = '', ...rest] = stackProgram().selfCommand;
  const child = spawn(node, [...rest, 'up'], { env: environmentFor(home, more), stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  return { child, output: () => text };
}

/** What was written to standard output meanwhile. */
export async function printed(work: () => Promise<number>): Promise<string> {
  let text = '';
  const write = process.stdout.write;
  process.stdout.write = (chunk: string | Uint8Array) => {
    text += chunk.toString();
    return true;
  };
  try {
    await work();
    return text;
  } finally {
    process.stdout.write = write;
  }
}

/** The exit code of a verb whose words nobody reads. */
export async function runQuietly(work: () => Promise<number>): Promise<number> {
  let code = -1;
  await printed(async () => {
    code = await work();
    return code;
  });
  return code;
}
