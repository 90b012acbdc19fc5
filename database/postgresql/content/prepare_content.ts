import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { packageRoot } from '../../../shared/config/package_root.ts';

/** Any constant will do, as long as it stays the same in all versions. */
const CONTENT_LOCK = 4_712_027;

/**
 * Gives PromptContent on PostgreSQL what content_generator needs beside its documents: an index, and the rights of its group role
 * (content_generator.sql). Its tables must be there; a fill makes them anew, without these. Milliseconds when nothing is missing. Needs
 * the owner of the database.
 */
export async function prepareContent(url: string): Promise<void> {
  const text = await readFile(join(packageRoot(), 'database', 'postgresql', 'content', 'content_generator.sql'), 'utf8');
  const client = new pg.Client({ connectionString: url, application_name: 'promptsales prepare' });
  client.on('error', () => {}); // A lost connection fails the query that is waiting.
  await client.connect();
  try {
    // One text of several statements is one transaction. Two that grant at once would trip over each other's rows.
    await client.query(`SET LOCAL client_min_messages = warning; SELECT pg_advisory_xact_lock(${CONTENT_LOCK}); ${text}`);
  } finally {
    await client.end();
  }
}
