import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { packageRoot } from '../../../shared/config/package_root.ts';

/** A hub that cannot be brought to this version: the message names the migration and what to do. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError';
}

type Migration = { readonly name: string; readonly text: string; readonly checksum: string };

// Any constant will do, as long as it stays the same in all versions.
const MIGRATION_LOCK = 4_712_026;

const CREATE_LEDGER = `
  CREATE TABLE IF NOT EXISTS public.hub_migrations (
    name       text PRIMARY KEY,
    checksum   text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
  )`;

/**
 * Brings the hub to this version and returns the names of the migrations it applied, in order; none when the hub is
 * up to date. Each runs in a transaction of its own that also writes its line in public.hub_migrations, under a lock
 * taken inside the transaction, so that two callers at once (through a connection pooler too) apply each one once.
 * Needs the owner of the hub. Throws {@link MigrationError} when an applied file was changed since, when the hub is
 * ahead of this version, or when a statement fails; what was committed before stays.
 */
export async function migrateHub(
  adminUrl: string,
  folder: string = join(packageRoot(), 'database', 'postgresql', 'hub', 'migrations'),
): Promise<string[]> {
  const migrations = await readMigrations(folder);
  const client = new pg.Client({ connectionString: adminUrl, application_name: 'promptsales migrate' });
  client.on('error', () => {}); // A lost connection fails the query that is waiting; there is nothing more to say about it here.
  await client.connect();
  try {
    const applied: string[] = [];
    for (const migration of migrations) {
      if (await applyOnce(client, migration, migrations)) {
        applied.push(migration.name);
      }
    }
    return applied;
  } finally {
    await client.end();
  }
}

async function applyOnce(client: pg.Client, migration: Migration, known: readonly Migration[]): Promise<boolean> {
  await client.query('BEGIN');
  try {
    await client.query('SELECT pg_advisory_xact_lock($1)', [MIGRATION_LOCK]);
    await client.query(`SET LOCAL client_min_messages = warning; ${CREATE_LEDGER}`);
    const ledger = await client.query<{ name: string; checksum: string }>('SELECT name, checksum FROM public.hub_migrations ORDER BY name');
    refuseForeign(ledger.rows, known);
    const isNew = !ledger.rows.some((row) => row.name === migration.name);
    if (isNew) {
      await client.query(migration.text);
      await client.query('INSERT INTO public.hub_migrations (name, checksum) VALUES ($1, $2)', [migration.name, migration.checksum]);
    }
    await client.query('COMMIT');
    return isNew;
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {}); // the first error is the one to tell
    if (error instanceof MigrationError) {
      throw error;
    }
    throw new MigrationError(
      `Migration ${migration.name} failed and was rolled back: ${error instanceof Error ? error.message : String(error)}`,
      {
        cause: error,
      },
    );
  }
}

function refuseForeign(ledger: readonly { readonly name: string; readonly checksum: string }[], known: readonly Migration[]): void {
  for (const { name, checksum } of ledger) {
    const migration = known.find((candidate) => candidate.name === name);
    if (migration === undefined) {
      throw new MigrationError(
        `The hub already has migration ${name}, which this version does not know. Use the newer version of the program.`,
      );
    }
    if (migration.checksum !== checksum) {
      throw new MigrationError(
        `Migration ${name} was changed after it was applied to this hub. Restore the file, and put the change in a new migration.`,
      );
    }
  }
}

async function readMigrations(folder: string): Promise<Migration[]> {
  const names = (await readdir(folder)).filter((name) => /^\d{4}_.+\.sql$/.test(name)).sort();
  return await Promise.all(
    names.map(async (name) => {
      // A checkout with CRLF line ends is the same migration.
      const text = (await readFile(join(folder, name), 'utf8')).replaceAll('\r\n', '\n');
      return { name, text, checksum: createHash('sha256').update(text).digest('hex') };
    }),
  );
}
