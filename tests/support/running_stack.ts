import { execFile } from 'node:child_process';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { packageRoot } from '../../shared/config/package_root.ts';
import { readStack, type StackUrls } from '../../shared/stack/state.ts';
import { fillFromTemplate } from './template.ts';

const run = promisify(execFile);

/** The day that counts as today in the tests' data. */
const REFERENCE_DATE = '2026-11-21';

/** A whole stack of its own, started by the command people use. */
export type RunningStack = {
  readonly home: string;
  readonly urls: StackUrls;
  /** The environment in which any command finds this stack. */
  readonly environment: NodeJS.ProcessEnv;
  readonly cli: (...words: string[]) => Promise<{ readonly stdout: string; readonly stderr: string }>;
  readonly stop: () => Promise<void>;
};

/** The bundle as `npm ci` builds it. */
export const CLI = join(packageRoot(), 'dist', 'promptsales.mjs');

/**
 * Starts the small data set on free ports, in a home of its own: a copy of the one that the first start of the run filled. What the settings
 * say of models and of Redis does not change what a home holds; what would change the data has no place in them.
 */
export async function startStack(settings: Readonly<Record<string, string>> = {}): Promise<RunningStack> {
  const home = await emptyHome();
  const environment = { ...environmentOf(home), ...settings };
  const cli = (...words: string[]) => call(environment, words);
  const stop = async () => {
    await cli('down');
    await rm(home, { recursive: true, force: true });
  };
  try {
    await fillHome(home);
    await cli('up', '--detach');
    const urls = readStack(home)?.urls;
    if (urls === undefined) throw new Error('the stack says that it is up, but its state file names no addresses');
    return { home, urls, environment, cli, stop };
  } catch (error) {
    await stop().catch(() => {});
    throw error;
  }
}

/** A home whose databases are filled, and of which nothing runs. Whoever asks for it stops what it starts there and removes it. */
export async function filledHome(): Promise<string> {
  const home = await emptyHome();
  await fillHome(home);
  return home;
}

async function emptyHome(): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), 'promptsales-stack-'));
  await chmod(home, 0o755); // so that a test run as root keeps its databases in there, and removes them with it
  return home;
}

async function fillHome(home: string): Promise<void> {
  await fillFromTemplate('stack', home, async () => {
    await call(environmentOf(home), ['up', '--detach']);
    // Who the customers are is loaded after a start is ready: no copy shall have to.
    await call(environmentOf(home), ['etl', 'once']);
    await call(environmentOf(home), ['down']);
  });
}

function environmentOf(home: string): NodeJS.ProcessEnv {
  return {
    ...process.env,
    PROMPTSALES_HOME: home,
    PROMPTSALES_PORT: '0',
    PROMPTSALES_SCALE: 'small',
    PROMPTSALES_REFERENCE_DATE: REFERENCE_DATE,
  };
}

function call(env: NodeJS.ProcessEnv, words: readonly string[]) {
  return run(process.execPath, [CLI, ...words], { env, timeout: 110_000, maxBuffer: 64 * 1024 * 1024 });
}
