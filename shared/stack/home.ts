import { randomUUID } from 'node:crypto';
import { mkdir, realpath, rm, statfs, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import envPaths from 'env-paths';
import type { Settings } from '../config/settings.ts';
import { errorCode, StackError } from './stack_error.ts';

/** Where the embedded stack keeps its data: PROMPTSALES_HOME, else the user's data folder. */
export function homePath(settings: Pick<Settings, 'home'>): string {
  return resolve(settings.home ?? envPaths('promptsales', { suffix: '' }).data);
}

/**
 * Creates the home where needed, proves that it can be written, and returns its real path (two names of one folder must be one home).
 * Throws {@link StackError} when it cannot be used.
 */
export async function openHome(settings: Pick<Settings, 'home'>): Promise<string> {
  const path = homePath(settings);
  try {
    await mkdir(path, { recursive: true });
    const probe = join(path, `.write-test-${randomUUID()}`);
    await writeFile(probe, 'x');
    await rm(probe);
    await mkdir(join(path, 'logs'), { recursive: true });
    return await realpath(path);
  } catch (error) {
    throw unusableHome(path, error);
  }
}

/** The home's real path when there is one; for commands that look and do not make one. */
export async function existingHome(settings: Pick<Settings, 'home'>): Promise<string | undefined> {
  try {
    return await realpath(homePath(settings));
  } catch {
    return undefined;
  }
}

const MEGABYTE = 1024 * 1024;

/**
 * What the disk must have free, in megabytes. Before the first fill: the databases, their indexes and the write-ahead log between two
 * checkpoints; afterwards only what the day-to-day deltas and a checkpoint take.
 */
export function neededMegabytes(scale: Settings['scale'], filled: boolean): number {
  if (filled) return scale === 'full' ? 300 : 100;
  return scale === 'full' ? 3000 : 300;
}

/** Free space where that folder lies, in megabytes, as an ordinary user may use it. */
export async function freeMegabytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return Math.floor((bavail * bsize) / MEGABYTE);
}

/** Throws {@link StackError} when the disk of that folder has less free than the data needs. */
export async function requireSpace(folder: string, needed: number): Promise<void> {
  const free = await freeMegabytes(folder);
  if (free >= needed) return;
  throw new StackError(
    `The disk of ${folder} has ${free} MB free; the data needs ${needed} MB.`,
    'Free some space, or choose a folder on another disk with PROMPTSALES_HOME, or take the small data set with PROMPTSALES_SCALE=small.',
  );
}

/** The error for a disk that ran full while the stack was at work. */
export function fullDisk(folder: string, cause?: unknown): StackError {
  return new StackError(
    `The disk of ${folder} is full.`,
    'Free some space and start again, or choose a folder on another disk with PROMPTSALES_HOME.',
    {
      cause,
    },
  );
}

function unusableHome(path: string, error: unknown): unknown {
  const chooseAnother = 'Choose a folder you can write to with PROMPTSALES_HOME, for example PROMPTSALES_HOME=$HOME/promptsales.';
  switch (errorCode(error)) {
    case 'EEXIST':
    case 'ENOTDIR':
      return new StackError(
        `The data folder ${path} cannot be made: it, or a part of its path, is a file and not a folder.`,
        chooseAnother,
        {
          cause: error,
        },
      );
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new StackError(`The data folder ${path} cannot be written.`, chooseAnother, { cause: error });
    case 'ENOENT':
    case 'ENAMETOOLONG':
    case 'ELOOP':
    case 'EINVAL':
      return new StackError(`The data folder ${path} is not a path that can exist here.`, chooseAnother, { cause: error });
    case 'ENOSPC':
    case 'EDQUOT':
      return fullDisk(path, error);
    default:
      return error;
  }
}
