import pg from 'pg';
import { z } from 'zod';
import type { SessionUser } from '../shared/access/sessions.ts';
import type { Caller } from '../shared/mcp/contract.ts';

/** A user as the hub has it. */
export type HubUser = SessionUser & { readonly active: boolean };

const UserRow = z
  .object({
    user_id: z.uuid(),
    email: z.string(),
    role: z.enum(['admin', 'marketing', 'sales', 'users']),
    client_id: z.string().nullable(),
    active: z.boolean(),
  })
  .transform(({ user_id, email, role, client_id, active }): HubUser => ({ userId: user_id, email, role, clientId: client_id, active }));

const COLUMNS = 'u.user_id, u.email, u.role, u.client_id, u.active';

/** The user of an e-mail address, in whatever case it is written. */
export async function findUser(hubAdmin: string, email: string): Promise<HubUser | undefined> {
  const rows = await ask(hubAdmin, `SELECT ${COLUMNS} FROM access.users u WHERE lower(u.email) = lower($1)`, [email]);
  return rows.map((row) => UserRow.parse(row))[0];
}

export async function listUsers(hubAdmin: string): Promise<readonly HubUser[]> {
  return (await ask(hubAdmin, `SELECT ${COLUMNS} FROM access.users u ORDER BY u.email`)).map((row) => UserRow.parse(row));
}

/** Adds a user, with a line in the audit; false when there is one of that address. */
export async function addUser(
  hubAdmin: string,
  user: { readonly email: string; readonly name: string; readonly role: Caller['role']; readonly clientId: string | null },
): Promise<boolean> {
  const added = await ask(
    hubAdmin,
    `WITH added AS (
       INSERT INTO access.users (email, full_name, role, client_id)
       SELECT $1, $2, $3, $4 WHERE NOT EXISTS (SELECT FROM access.users u WHERE lower(u.email) = lower($1))
       ON CONFLICT DO NOTHING RETURNING user_id, email, role, client_id)
     INSERT INTO access.audit (actor, action, subject, details)
     SELECT current_user, 'user added', added.email, jsonb_build_object('role', added.role, 'client_id', added.client_id) FROM added
     RETURNING audit_id`,
    [user.email, user.name, user.role, user.clientId],
  );
  return added.length > 0;
}

async function ask(url: string, text: string, values: readonly unknown[] = []): Promise<readonly unknown[]> {
  const client = new pg.Client({ connectionString: url, application_name: 'promptsales access', connectionTimeoutMillis: 5_000 });
  await client.connect();
  try {
    return (await client.query(text, [...values])).rows;
  } finally {
    await client.end();
  }
}
