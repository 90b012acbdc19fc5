import { hash, randomBytes, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { sessionKey } from '../cache/keys.ts';
import type { RedisConnection } from '../cache/redis_connection.ts';
import type { Caller } from '../mcp/contract.ts';
import { SCOPES_OF_ROLE } from './roles.ts';

/** A user of the hub as a session needs it. */
export type SessionUser = {
  /** access.users' UUID. */
  readonly userId: string;
  readonly email: string;
  readonly role: Caller['role'];
  /** The client whose people may use it; null: the whole company. */
  readonly clientId: string | null;
};

/** A session as it may be shown: everything but its token, of which nobody but its holder knows more than a hash. */
export type SessionInfo = {
  readonly userId: string;
  readonly email: string;
  readonly roles: readonly string[];
  readonly scopes: readonly string[];
  readonly client: string;
  /** ISO 8601. */
  readonly createdAt: string;
  /** Seconds until it ends if nobody uses it. */
  readonly secondsLeft: number;
};

/** What a token proved to be: 'unknown' when there is no such session (any more), 'unavailable' when Redis cannot say. */
export type SessionRead = Caller | 'unknown' | 'unavailable';

/** Signed-in users, in Redis for all processes. */
export type Sessions = {
  /** Opens a user's session and returns its token. A user has one: an older one ends. Undefined when Redis is away. */
  readonly open: (user: SessionUser) => Promise<string | undefined>;
  /** Who holds a token. A session lives on while it is used, at most MOST_HOURS after it was opened. */
  readonly read: (token: string) => Promise<SessionRead>;
  /** Ends a user's session: true when there was one, undefined when Redis is away. */
  readonly close: (userId: string) => Promise<boolean | undefined>;
  /** The open sessions among these users. Undefined when Redis is away. */
  readonly list: (userIds: readonly string[]) => Promise<readonly SessionInfo[] | undefined>;
};

/** However much it is used, a session ends so long after it was opened: a role that was taken away does not live on for ever. */
export const MOST_HOURS = 12;
/** A session in use is renewed when it has lost this much of its life, in seconds: not by every call. */
const RENEW_AFTER_SECONDS = 60;
const SECRET_BYTES = 32;
const TOKEN = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.([\w-]{43})$/;

const FIELDS = ['email', 'roles', 'scopes', 'client', 'token_hash', 'created_at'] as const;

const jsonList = z.string().transform((text, context) => {
  try {
    return z.array(z.string()).parse(JSON.parse(text));
  } catch {
    context.addIssue({ code: 'custom', message: 'not a JSON list of texts' });
    return z.NEVER;
  }
});
const Stored = z.tuple([z.string(), jsonList, jsonList, z.string().min(1), z.string(), z.iso.datetime()]);
const Role = z.enum(['admin', 'marketing', 'sales', 'users']);

/** Keeps sessions in a Redis. */
export function sessionsIn(redis: RedisConnection | undefined, now: () => number = Date.now): Sessions {
  const isOver = (createdAt: string): boolean => now() - Date.parse(createdAt) >= MOST_HOURS * 3_600_000;

  return {
    open: async ({ userId, email, role, clientId }) => {
      const secret = randomBytes(SECRET_BYTES).toString('base64url');
      const token = `${userId}.${secret}`;
      // A token that could not be read back would be handed out for nothing.
      if (!TOKEN.test(token)) throw new RangeError(`'${userId}' is not the UUID of a user`);
      const key = sessionKey.of({ user_id: userId });
      const fields = {
        email,
        roles: JSON.stringify([role]),
        scopes: JSON.stringify(SCOPES_OF_ROLE[role]),
        client: clientId ?? email.toLowerCase(),
        token_hash: hashOf(token),
        created_at: new Date(now()).toISOString(),
      } satisfies Record<(typeof FIELDS)[number], string>;
      const replies = await redis?.pipeline([
        ['hset', key, ...Object.entries(fields).flat()],
        ['expire', key, sessionKey.seconds],
      ]);
      return replies?.every(({ ok }) => ok) === true ? token : undefined;
    },

    read: async (token) => {
      const userId = TOKEN.exec(token)?.[1];
      if (userId === undefined) return 'unknown';
      const key = sessionKey.of({ user_id: userId });
      const replies = await redis?.pipeline([
        ['hmget', key, ...FIELDS],
        ['ttl', key],
      ]);
      const [fields, secondsLeft] = replies ?? [];
      if (fields === undefined || !fields.ok) return 'unavailable';
      const stored = Stored.safeParse(fields.value);
      if (!stored.success) return 'unknown';
      const [, roles, scopes, client, tokenHash, createdAt] = stored.data;
      const role = Role.safeParse(roles[0]);
      if (!isSame(tokenHash, hashOf(token)) || isOver(createdAt) || !role.success) return 'unknown';
      // Only a held token keeps its session alive. EXPIRE brings nothing back: one that is closed meanwhile stays closed.
      if (secondsLeft?.ok === true && Number(secondsLeft.value) <= sessionKey.seconds - RENEW_AFTER_SECONDS) {
        void redis?.pipeline([['expire', key, sessionKey.seconds]]);
      }
      return { client, role: role.data, scopes: new Set(scopes) };
    },

    close: async (userId) => {
      const [reply] = (await redis?.pipeline([['del', sessionKey.of({ user_id: userId })]])) ?? [];
      return reply?.ok === true ? Number(reply.value) > 0 : undefined;
    },

    list: async (userIds) => {
      const keys = userIds.map((userId) => sessionKey.of({ user_id: userId }));
      const replies = await redis?.pipeline(keys.flatMap((key) => [['hmget', key, ...FIELDS] as const, ['ttl', key] as const]));
      if (replies === undefined) return undefined;
      return userIds.flatMap((userId, index) => {
        const [fields, ttl] = [replies[2 * index], replies[2 * index + 1]];
        const stored = Stored.safeParse(fields?.ok === true ? fields.value : undefined);
        if (!stored.success) return [];
        const [email, roles, scopes, client, , createdAt] = stored.data;
        const secondsLeft = ttl?.ok === true ? Math.max(0, Number(ttl.value)) : 0;
        return isOver(createdAt) ? [] : [{ userId, email, roles, scopes, client, createdAt, secondsLeft }];
      });
    },
  };
}

/** A secret of 256 random bits needs no slow hash: there is nothing to guess it from. */
function hashOf(token: string): string {
  return hash('sha256', token, 'base64url');
}

/** Takes the same time wherever the two differ. */
function isSame(one: string, other: string): boolean {
  const [left, right] = [Buffer.from(one), Buffer.from(other)];
  return left.length === right.length && timingSafeEqual(left, right);
}
