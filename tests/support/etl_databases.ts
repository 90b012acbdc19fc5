import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { migrateHub } from '../../database/postgresql/hub/migrate.ts';
import type { EtlUrls } from '../../etl/connections.ts';
import { packageRoot } from '../../shared/config/package_root.ts';
import type { ScratchPostgres } from './scratch_postgres.ts';

/** Three empty sources and an empty hub of their own on a scratch server. */
export type EtlDatabases = { readonly urls: EtlUrls; readonly hubOwner: string };

/** Creates the databases with their schemas and, unless `constraints` is false, keys and change tracking; a login for the ETL beside them. */
export async function createEtlDatabases(server: ScratchPostgres, options: { readonly constraints: boolean } = { constraints: true }): Promise<EtlDatabases> {
  const suffix = randomUUID().slice(0, 8);
  const source = async (name: 'ads' | 'crm' | 'content'): Promise<string> => {
    const database = `${name}_${suffix}`;
    await server.createDatabase(database);
    const files = ['tracking.sql', `${name}/schema.sql`, ...(options.constraints ? [`${name}/constraints.sql`] : [])];
    for (const file of files) {
      await query(server.url(database), await readFile(join(packageRoot(), 'database', 'postgresql', file), 'utf8'));
    }
    return server.url(database);
  };
  const hub = `hub_${suffix}`;
  const [ads, crm, content] = [await source('ads'), await source('crm'), await source('content')];
  await server.createDatabase(hub);
  await migrateHub(server.url(hub));
  await query(
    server.url(hub),
    `DO $$ BEGIN
       CREATE ROLE loader LOGIN PASSWORD 'loader';
     EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
     END $$;
     GRANT promptsales_etl TO loader;`,
  );
  return { urls: { ads, crm, content, hubEtl: server.url(hub, 'loader') }, hubOwner: server.url(hub) };
}

/** Runs SQL (several statements without values, or one with them) on a connection of its own and returns the last result's rows. */
export async function query(url: string, text: string, values?: readonly unknown[]): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const result: pg.QueryResult | pg.QueryResult[] = await client.query(text, values === undefined ? undefined : [...values]);
    return (Array.isArray(result) ? result.at(-1) : result)?.rows ?? [];
  } finally {
    await client.end();
  }
}
