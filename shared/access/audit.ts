import { openPostgres, type PostgresDatabase } from '../db/postgres_database.ts';
import type { Row } from '../db/row.ts';
import type { SqlDatabase } from '../db/sql_database.ts';
import type { Deadline } from '../domain/deadline.ts';
import { ToolError } from '../domain/tool_error.ts';

/** Somebody is about to be shown personal data unmasked. */
export type PersonalRead = {
  /** Who reads: the caller's name. */
  readonly actor: string;
  /** The tool. */
  readonly action: string;
  /** Whose data: one name a person, for example 'customer:4711'. Never personal data itself. */
  readonly subjects: readonly string[];
  /** Why, in the reader's words: 3 to 500 characters. */
  readonly reason: string;
  /** What else tells readings apart. Never personal data itself. */
  readonly details: Readonly<Record<string, unknown>>;
};

/** Where readings of personal data are written down (S5). */
export type Audit = {
  /**
   * Writes a line for each subject, all or none; it has to be awaited before the data is shown. No subjects: nobody is shown, nothing is
   * written. Throws ToolError 'invalid_input' when the reason is none or there are too many subjects at once, and 'unavailable' when the
   * lines could not be written: then nothing may be shown unmasked.
   */
  readonly recordReads: (read: PersonalRead, deadline: Deadline) => Promise<void>;
};

/** More people at once than any answer shows. */
export const MOST_SUBJECTS = 1_000;
const SHORTEST_REASON = 3;
const LONGEST_REASON = 500;

const RECORD_READ = {
  name: 'record_read',
  text: 'SELECT access.record_read($1, $2, $3::text[], $4, $5::jsonb) AS written',
};

/** The audit of a hub. The database has to let its login write: {@link openAudit} opens such a one. */
export function auditIn(hub: SqlDatabase): Audit {
  return {
    recordReads: async ({ actor, action, subjects, reason, details }, deadline) => {
      if (subjects.length === 0) return;
      if (subjects.length > MOST_SUBJECTS) {
        throw new ToolError('invalid_input', `At most ${MOST_SUBJECTS} people can be shown unmasked at once.`, {
          remedy: 'Ask for fewer, or without personal data.',
        });
      }
      const why = reasonOf(reason);
      const lines = [...new Set(subjects)];
      let written: readonly number[];
      try {
        const values = [actor, action, lines, why, JSON.stringify(details)];
        written = await hub.rows(RECORD_READ, values, (row: Row) => Number(row.written), deadline);
      } catch (error) {
        throw notRecorded(error);
      }
      if (written[0] !== lines.length) throw notRecorded(undefined);
    },
  };
}

/** The reason as it is written down. Throws ToolError 'invalid_input' when it is none. */
function reasonOf(reason: string): string {
  const why = reason.trim();
  if (why.length >= SHORTEST_REASON && [...why].length <= LONGEST_REASON) return why;
  throw new ToolError('invalid_input', 'Personal data is shown unmasked for a reason only.', {
    remedy: `Give 'reason' as ${SHORTEST_REASON} to ${LONGEST_REASON} characters, for example "call back about order 1042". It is written down.`,
  });
}

function notRecorded(cause: unknown): ToolError {
  return new ToolError('unavailable', 'Personal data is not shown, because its reading cannot be written down just now.', {
    remedy: 'Try again in a few seconds, or ask without personal data.',
    retryAfterSeconds: 5,
    cause,
  });
}

/**
 * Opens the audit of the hub for the servers' reading login, on connections of its own: the login's others begin read-only. What it may write
 * here is what access.record_read does and nothing else. A line can stand twice where a connection was lost in the middle of the call.
 */
export async function openAudit(
  hubUrl: string,
  options: { readonly applicationName: string; readonly onIdleError?: ((error: Error) => void) | undefined },
): Promise<Audit & Pick<PostgresDatabase, 'close'>> {
  const hub = await openPostgres(writable(hubUrl), { ...options, maxConnections: 2 });
  return { ...auditIn(hub), close: () => hub.close() };
}

/** The address, with a wish that comes after what the role's settings say. */
function writable(hubUrl: string): string {
  const url = new URL(hubUrl);
  const wish = '-c default_transaction_read_only=off';
  url.searchParams.set('options', [url.searchParams.get('options') ?? '', wish].join(' ').trim());
  return url.href;
}
