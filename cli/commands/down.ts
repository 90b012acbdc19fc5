import { setTimeout as sleep } from 'node:timers/promises';
import type { Settings } from '../../shared/config/settings.ts';
import { stopStack } from '../../shared/stack/ensure_stack.ts';
import { existingHome } from '../../shared/stack/home.ts';
import { stopLeftovers } from '../../shared/stack/leftovers.ts';
import { takeLock } from '../../shared/stack/lock.ts';
import { readRecordedStack, readStack, removeStack } from '../../shared/stack/state.ts';

export type DownOptions = Readonly<Record<string, never>>;

const GIVE_UP_AFTER_MS = 60_000;

/**
 * `promptsales down`: stops the home's stack and returns when none of its processes is left, those included that an earlier, killed
 * stack left behind. Returns the exit code: 0 also when there was nothing to stop.
 */
export async function runDown(_options: DownOptions, settings: Settings): Promise<number> {
  const home = await existingHome(settings);
  if (home === undefined) return say('No stack runs: there is no data folder yet.', 0);
  const end = performance.now() + GIVE_UP_AFTER_MS;
  let stopped = false;
  while (performance.now() < end) {
    const state = readStack(home);
    if (state !== undefined) {
      await stopStack(state);
      stopped = true;
      continue;
    }
    const lock = takeLock(home);
    if (lock === undefined) {
      // A supervisor that has not written its state yet, or has just removed it.
      await sleep(50);
      continue;
    }
    try {
      const left = await stopLeftovers(home, readRecordedStack(home)?.parts ?? []);
      removeStack(home);
      if (stopped) return say(`Stopped the stack in ${home}.`, 0);
      return say(left.length === 0 ? `No stack runs in ${home}.` : `Stopped what an ended stack had left: ${left.join(', ')}.`, 0);
    } finally {
      lock.release();
    }
  }
  return say(`A supervisor holds ${home} and does not end. See logs/supervisor.log in it.`, 1);
}

function say(text: string, exitCode: number): number {
  process.stdout.write(`${text}\n`);
  return exitCode;
}
