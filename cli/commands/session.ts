import type { SessionInfo, Sessions, SessionUser } from '../../shared/access/sessions.ts';
import { MOST_HOURS, sessionsIn } from '../../shared/access/sessions.ts';
import { connectRedis } from '../../shared/cache/redis_connection.ts';
import type { Settings } from '../../shared/config/settings.ts';
import { StackError } from '../../shared/stack/stack_error.ts';
import { findUser, listUsers } from '../hub_users.ts';
import { neededUrls } from '../needed_urls.ts';

export type SessionOptions = {
  /** Machine-readable. */
  readonly json?: boolean | undefined;
};

/**
 * `promptsales session open|list|close`: signs users of the hub in and out. `open` prints the token, once: nobody can read it again. Returns
 * the exit code: 1 when the user is not known or not active, or had no session to close.
 */
export async function runSession(
  verb: 'open' | 'list' | 'close',
  email: string | undefined,
  { json = false }: SessionOptions,
  settings: Settings,
): Promise<number> {
  const urls = await neededUrls(settings, ['hubAdmin', 'redis']);
  const redis = await connectRedis(urls.redis);
  try {
    const sessions = sessionsIn(redis);
    if (verb === 'list') return print(await listed(urls.hubAdmin, sessions), json);
    if (email === undefined) {
      process.stderr.write(`promptsales session ${verb} needs the e-mail address of a user\n`);
      return 2;
    }
    const user = await findUser(urls.hubAdmin, email);
    if (user === undefined) {
      process.stderr.write(
        `There is no user ${email}. Add one: promptsales user add ${email} --name "…" --role marketing|sales|users|admin\n`,
      );
      return 1;
    }
    return verb === 'open' ? await open(sessions, user, json) : await close(sessions, user, json);
  } finally {
    await redis.close();
  }
}

async function open(sessions: Sessions, user: SessionUser & { readonly active: boolean }, json: boolean): Promise<number> {
  if (!user.active) {
    process.stderr.write(`${user.email} is not active and cannot sign in.\n`);
    return 1;
  }
  const token = await sessions.open(user);
  if (token === undefined) throw redisAway();
  process.stdout.write(
    json
      ? `${JSON.stringify({ email: user.email, role: user.role, token })}\n`
      : `${token}\n\nThe token of ${user.email} (${user.role}), shown only now. Send it as  Authorization: Bearer <token>\n` +
          `It ends after two hours without use, ${MOST_HOURS} hours from now, or with: promptsales session close ${user.email}\n`,
  );
  return 0;
}

async function close(sessions: Sessions, user: SessionUser, json: boolean): Promise<number> {
  const closed = await sessions.close(user.userId);
  if (closed === undefined) throw redisAway();
  const text = closed
    ? `The session of ${user.email} is closed; every server refuses it within ten seconds.`
    : `${user.email} has no session.`;
  process.stdout.write(json ? `${JSON.stringify({ email: user.email, closed })}\n` : `${text}\n`);
  return closed ? 0 : 1;
}

/** By the users there are, not by a SCAN: in a Cluster that would have to be asked of every node. */
async function listed(hubAdmin: string, sessions: Sessions): Promise<readonly SessionInfo[]> {
  const users = await listUsers(hubAdmin);
  const open = await sessions.list(users.map(({ userId }) => userId));
  if (open === undefined) throw redisAway();
  return open;
}

function print(open: readonly SessionInfo[], json: boolean): number {
  if (json) {
    process.stdout.write(`${JSON.stringify(open)}\n`);
  } else if (open.length === 0) {
    process.stdout.write('Nobody is signed in.\n');
  } else {
    const width = Math.max(...open.map(({ email }) => email.length));
    for (const { email, roles, client, createdAt, secondsLeft } of open) {
      process.stdout.write(
        `${email.padEnd(width)}  ${roles.join(', ')}  as ${client}  since ${createdAt}  ${Math.ceil(secondsLeft / 60)} min left\n`,
      );
    }
  }
  return 0;
}

function redisAway(): StackError {
  return new StackError('Redis cannot be reached, and sessions are kept there.', '`promptsales status` shows which part is down.');
}
