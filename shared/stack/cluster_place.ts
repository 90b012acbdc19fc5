import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chown, cp, lstat, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { readCredentials } from './credentials.ts';
import { type PostgresBinaries, postgresBinaries } from './postgres_binaries.ts';
import { processesIn, type StopStep, stopProcess } from './process_identity.ts';
import { describeError, errorCode, StackError } from './stack_error.ts';

/** Whose rights a program runs with, when not ours. */
export type Owner = { readonly uid: number; readonly gid: number };

/** Where the embedded PostgreSQL's files are and who runs it. */
export type ClusterPlace = {
  /** Belongs to the server alone; the data directory is in it. */
  readonly folder: string;
  readonly dataDirectory: string;
  readonly binaries: PostgresBinaries;
  /** Set when we are root: PostgreSQL refuses to run as root. */
  readonly owner: Owner | undefined;
};

/**
 * Under which folder clusters live whose home the server's user cannot enter. A root user's home has mode 0700 on most machines, so a
 * data folder in it is closed to every other user, and so are the programs of a node_modules in it.
 */
const COMMON_FOLDER = '/var/lib/promptsales';

/** Names the home a folder of {@link COMMON_FOLDER} belongs to. */
const Belonging = z.object({ home: z.string(), clusterId: z.string() });
const BELONGING_FILE = 'home.json';

/**
 * Fast shutdown: open transactions are rolled back and a checkpoint is written; then, for a disk too slow to write it, an immediate one
 * that leaves recovery to the next start.
 */
export const POSTGRES_STOP: readonly StopStep[] = [
  { signal: 'SIGINT', waitMs: 5000 },
  { signal: 'SIGQUIT', waitMs: 1500 },
  { signal: 'SIGKILL', waitMs: 1000 },
];

/**
 * Decides where the home's cluster lives, and makes its folder. As an ordinary user: in the home. As root: run by the user `postgres`
 * (created where there is none), in the home when that user can enter it, else under /var/lib/promptsales; its programs likewise.
 * A folder there that an earlier home at the same path left behind is emptied.
 */
export async function placeCluster(home: string, clusterId: string): Promise<ClusterPlace> {
  const binaries = await postgresBinaries();
  if (process.getuid?.() !== 0) {
    const folder = join(home, 'postgresql');
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return { folder, dataDirectory: join(folder, 'data'), binaries, owner: undefined };
  }
  const owner = postgresUser();
  const folder = allows(owner, home, '-x') ? join(home, 'postgresql') : await outsideFolder(home, clusterId);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await chown(folder, owner.uid, owner.gid);
  return {
    folder,
    dataDirectory: join(folder, 'data'),
    binaries: allows(owner, binaries.postgres, '-x') ? binaries : await copyBinaries(binaries, folder),
    owner,
  };
}

/** Where the data directory of that home may be, made or not: what a kill left running is looked for there. */
export function possibleDataDirectories(home: string): string[] {
  return [join(home, 'postgresql', 'data'), join(outsideFolderOf(home), 'data')];
}

function outsideFolderOf(home: string): string {
  return join(COMMON_FOLDER, createHash('sha256').update(home).digest('hex').slice(0, 16));
}

async function outsideFolder(home: string, clusterId: string): Promise<string> {
  const folder = outsideFolderOf(home);
  const belonging = await readBelonging(folder);
  if (belonging !== undefined && belonging.clusterId !== clusterId) {
    for (const left of processesIn(folder)) await stopProcess(left, POSTGRES_STOP);
    await removeFolder(folder);
  }
  try {
    await mkdir(COMMON_FOLDER, { recursive: true, mode: 0o755 });
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await writeFile(join(folder, BELONGING_FILE), `${JSON.stringify({ home, clusterId })}\n`);
  } catch (error) {
    throw new StackError(
      `As root, PostgreSQL runs as the user postgres, who cannot enter ${home}, and ${COMMON_FOLDER} cannot be written (${describeError(error)}).`,
      'Choose a folder every user can enter with PROMPTSALES_HOME, or start as an ordinary user.',
      { cause: error },
    );
  }
  return folder;
}

async function readBelonging(folder: string): Promise<z.infer<typeof Belonging> | undefined> {
  try {
    return Belonging.safeParse(JSON.parse(await readFile(join(folder, BELONGING_FILE), 'utf8'))).data;
  } catch {
    return undefined;
  }
}

async function removeFolder(folder: string): Promise<void> {
  // Under another name first: what is removed half can never be taken for a cluster.
  const doomed = `${folder}.removed.${process.pid}`;
  await rename(folder, doomed);
  await rm(doomed, { recursive: true, force: true });
}

function postgresUser(): Owner {
  const known = lookUpUser('postgres');
  if (known !== undefined) return known;
  spawnSync(
    'useradd',
    ['--system', '--user-group', '--no-create-home', '--home-dir', '/nonexistent', '--shell', '/usr/sbin/nologin', 'postgres'],
    {
      stdio: 'ignore',
    },
  );
  const made = lookUpUser('postgres');
  if (made !== undefined) return made;
  throw new StackError(
    'PostgreSQL does not run as root, and the user postgres that should run it does not exist and could not be created.',
    'Create it (for example: adduser --system --group postgres), or start as an ordinary user.',
  );
}

function lookUpUser(name: string): Owner | undefined {
  const id = (option: string): number => Number.parseInt(spawnSync('id', [option, name], { encoding: 'utf8' }).stdout ?? '', 10);
  const [uid, gid] = [id('-u'), id('-g')];
  return Number.isNaN(uid) || Number.isNaN(gid) ? undefined : { uid, gid };
}

/** Asks the system itself, so that access lists and mount options count too. */
function allows(owner: Owner, path: string, test: '-x' | '-w'): boolean {
  return spawnSync('/bin/sh', ['-c', `test ${test} "$1"`, 'sh', path], { ...owner, cwd: '/', stdio: 'ignore' }).status === 0;
}

async function copyBinaries(binaries: PostgresBinaries, folder: string): Promise<PostgresBinaries> {
  const name = `programs-${binaries.version}`;
  const target = join(folder, name);
  if (!existsSync(target)) {
    for (const entry of await readdir(folder)) {
      if (entry.startsWith('programs-')) await rm(join(folder, entry), { recursive: true, force: true });
    }
    const draft = join(folder, `programs-${process.pid}.new`);
    await cp(binaries.folder, draft, { recursive: true, verbatimSymlinks: true });
    await rename(draft, target);
  }
  const moved = (path: string): string => join(target, 'bin', basename(path));
  return { ...binaries, folder: target, initdb: moved(binaries.initdb), postgres: moved(binaries.postgres), pgCtl: moved(binaries.pgCtl) };
}

/** A cluster outside its home whose home is gone or has become another one. */
export type OrphanCluster = {
  readonly folder: string;
  readonly home: string;
  readonly bytes: number;
  /** Some process works in it. */
  readonly inUse: boolean;
};

/** Clusters under /var/lib/promptsales that no home needs any more. */
export async function orphanClusters(): Promise<OrphanCluster[]> {
  const orphans: OrphanCluster[] = [];
  for (const name of await entriesOf(COMMON_FOLDER)) {
    const folder = join(COMMON_FOLDER, name);
    const belonging = await readBelonging(folder);
    if (belonging === undefined || (await belongsToHome(belonging))) continue;
    orphans.push({ folder, home: belonging.home, bytes: await sizeOf(folder), inUse: processesIn(folder).length > 0 });
  }
  return orphans;
}

async function belongsToHome({ home, clusterId }: z.infer<typeof Belonging>): Promise<boolean> {
  try {
    return (await readCredentials(home))?.clusterId === clusterId;
  } catch {
    return true; // credentials that cannot be read are no proof that the home is gone
  }
}

/** Removes an orphan; refused while a process works in it. Returns whether it was removed. */
export async function removeOrphan(orphan: OrphanCluster): Promise<boolean> {
  if (dirname(orphan.folder) !== COMMON_FOLDER || processesIn(orphan.folder).length > 0) return false;
  await removeFolder(orphan.folder);
  return true;
}

async function entriesOf(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR' || errorCode(error) === 'EACCES') return [];
    throw error;
  }
}

async function sizeOf(path: string): Promise<number> {
  try {
    const entry = await lstat(path);
    if (!entry.isDirectory()) return (await stat(path)).size;
    let total = 0;
    for (const name of await readdir(path)) total += await sizeOf(join(path, name));
    return total;
  } catch {
    return 0; // removed meanwhile
  }
}
