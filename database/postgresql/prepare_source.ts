import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { packageRoot } from '../../shared/config/package_root.ts';

/** Any constant will do, as long as it stays the same in all versions. */
const RIGHTS_LOCK = 4_712_027;

/** What a document of PromptContent must be. */
export const DOCUMENT_CHECKS = 'content/document_checks.sql';

/**
 * Gives a source on PostgreSQL what a server that writes to it needs beside its data: indexes or functions, and the rights of the server's group
 * role. `script` is the SQL file of that, below database/postgresql. The source's tables must be there; a fill makes them anew, without these.
 * Milliseconds when nothing is missing. Needs the owner of the database.
 */
export async function prepareSource(url: string, script: string): Promise<void> {
  const text = await readFile(join(packageRoot(), 'database', 'postgresql', ...script.split('/')), 'utf8');
  const client = new pg.Client({ connectionString: url, application_name: 'promptsales prepare' });
  client.on('error', () => {}); // A lost connection fails the query that is waiting.
  await client.connect();
  try {
    // One text of several statements is one transaction. Two that grant at once would trip over each other's rows.
    await client.query(`SET LOCAL client_min_messages = warning; SELECT pg_advisory_xact_lock(${RIGHTS_LOCK}); ${text}`);
  } finally {
    await client.end();
  }
}
