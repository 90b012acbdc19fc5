import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

/** The folder of what this run of the tests makes once and copies; where the variable is not set, nothing is shared. */
export const TEMPLATES = 'TEST_TEMPLATES';

const run = promisify(execFile);
const MADE_WITHIN_MS = 90_000;

/**
 * Has `make` fill the folder `target`, for the first test file of the run that asks for the template of that name, and keeps a copy; every
 * later one gets the copy, with owners and modes. `make` leaves nothing running there. Rejects with what it rejects with.
 */
export async function fillFromTemplate(name: string, target: string, make: () => Promise<void>): Promise<void> {
  const templates = process.env[TEMPLATES];
  if (templates === undefined) return make();
  const template = join(templates, name);
  const draft = `${template}.draft`;
  const end = performance.now() + MADE_WITHIN_MS;
  while (!existsSync(template)) {
    if (await isMine(draft)) {
      try {
        if (existsSync(template)) continue; // made between the two looks
        await make();
        await copy(target, join(draft, name));
        await rename(join(draft, name), template);
        return;
      } finally {
        await rm(draft, { recursive: true, force: true });
      }
    }
    if (performance.now() > end) throw new Error(`nobody has made the template ${name} within ${MADE_WITHIN_MS} ms`);
    await sleep(50);
  }
  await copy(template, target);
}

async function copy(from: string, to: string): Promise<void> {
  await run('cp', ['-Rp', `${from}/.`, to]);
}

/** Makes the folder, which only one of many does. */
async function isMine(folder: string): Promise<boolean> {
  try {
    await mkdir(folder);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}
