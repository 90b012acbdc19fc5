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
  /** Of the login that reads and writes PromptContent for content_generator. */
  writer: z.string().min(1),
  /** Of the login that carries out budget plans in PromptAds for ads_optimizer. */
  adsWriter: z.string().min(1),
  /** Of the login that moves leads in PromptCRM for crm_analyzer. */
  crmWriter: z.string().min(1),
  /** Plans that await a confirmation are signed with it: 32 bytes in base64. */
  planKey: z.base64().min(44),
});
/** The secrets of the embedded parts, made at random for each home. */
export type Credentials = Readonly<z.infer<typeof Credentials>>;

/** As homes of all versions have them: an older one did not make the last four, and what a newer one adds is kept. */
const StoredCredentials = Credentials.partial({ writer: true, adsWriter: true, crmWriter: true, planKey: true }).loose();
type StoredCredentials = Readonly<z.infer<typeof StoredCredentials>>;

function credentialsPath(home: string): string {
  return join(home, 'credentials.json');
}

/** Reads the home's secrets; undefined when it has none yet. Throws {@link StackError} when the file cannot be understood. */
export async function readCredentials(home: string): Promise<StoredCredentials | undefined> {
  const path = credentialsPath(home);
  if (!existsSync(path)) return undefined;
  try {
    return StoredCredentials.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (error) {
    throw new StackError(
      `${path} cannot be read: the passwords of the embedded databases are in it.`,
      `Restore the file, or delete the folder ${home} to begin anew (its data is lost).`,
      { cause: error },
    );
  }
}

/**
 * The home's secrets, made on first use; those that an older version did not make are added to it. Written before anything uses them, so
 * that a kill in between loses nothing. Throws as {@link readCredentials} does. Its caller holds the home's lock.
 */
export async function ensureCredentials(home: string): Promise<Credentials> {
  const known = await readCredentials(home);
  const complete = Credentials.safeParse(known);
  if (complete.success) return complete.data;
  const made: Credentials = {
    clusterId: randomUUID(),
    owner: password(),
    reader: password(),
    loader: password(),
    redis: password(),
    writer: password(),
    adsWriter: password(),
    crmWriter: password(),
    planKey: randomBytes(32).toString('base64'),
    ...known,
  };
  const draft = `${credentialsPath(home)}.${process.pid}`;
  // Flushed: a file that is empty after a power cut would lock the owner out of the data.
  await writeFile(draft, `${JSON.stringify(made, undefined, 2)}\n`, { mode: 0o600, flush: true });
  await rename(draft, credentialsPath(home));
  return Credentials.parse(made);
}

function password(): string {
  return randomBytes(24).toString('base64url');
}
