import { z } from 'zod';
import type { Settings } from '../../shared/config/settings.ts';
import type { Caller } from '../../shared/mcp/contract.ts';
import { addUser } from '../hub_users.ts';
import { neededUrls } from '../needed_urls.ts';

export type NewUser = {
  readonly name: string;
  readonly role: Caller['role'];
  /** The client whose people may use it; without it the whole company. */
  readonly client?: string | undefined;
};

/** `promptsales user add <email>`: a new user of the hub. Returns the exit code: 1 when there is one of that address. */
export async function runUserAdd(email: string, { name, role, client }: NewUser, settings: Settings): Promise<number> {
  if (!z.email().safeParse(email).success) {
    process.stderr.write(`'${email}' is not an e-mail address.\n`);
    return 2;
  }
  const urls = await neededUrls(settings, ['hubAdmin']);
  const added = await addUser(urls.hubAdmin, { email, name, role, clientId: client ?? null });
  process.stdout.write(added ? `${email} may sign in: promptsales session open ${email}\n` : `There is a user ${email} already.\n`);
  return added ? 0 : 1;
}
