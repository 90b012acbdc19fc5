import { randomBytes, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { StackError } from './stack_error.ts';

const Credentials = z.object({
  /** Tells this home's cluster from one an earlier home at the same path left behind. */
  clusterId: z.string().min(1),
  owner: z.string().min(1),
  reader: z.string().min(1),
  loader: z.string().min(1),
  redis: z.string().min(1),
});
/** The passwords of the embedded parts, made at random for each home. */
export type Credentials = Readonly<z.infer<typeof Credentials>>;

function credentialsPath(home: string): string {
  return join(home, 'credentials.json');
}

/** Reads the home's passwords; undefined when it has none yet. Throws {@link StackError} when the file cannot be understood. */
export async function readCredentials(home: string): Promise<Credentials | undefined> {
  const path = credentialsPath(home);
  if (!existsSync(path)) return undefined;
  try {
    return Credentials.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (error) {
    throw new StackError(
      `${path} cannot be read: the passwords of the embedded databases are in it.`,
      `Restore the file, or delete the folder ${home} to begin anew (its data is lost).`,
      { cause: error },
    );
  }
}

/** The home's passwords, made on first use. Written before the cluster that uses them, so that a kill in between loses nothing. */
export async function ensureCredentials(home: string): Promise<Credentials> {
  const known = await readCredentials(home);
  if (known !== undefined) return known;
  const password = (): string => randomBytes(24).toString('base64url');
  const made: Credentials = { clusterId: randomUUID(), owner: password(), reader: password(), loader: password(), redis: password() };
  const draft = `${credentialsPath(home)}.${process.pid}`;
  await writeFile(draft, `${JSON.stringify(made, undefined, 2)}\n`, { mode: 0o600 });
  await rename(draft, credentialsPath(home));
  return made;
}
