import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { MigrationError, migrateHub } from '../../database/postgresql/hub/migrate.ts';
import { packageRoot } from '../../shared/config/package_root.ts';
import { query } from '../support/etl_databases.ts';
import { type ScratchPostgres, startScratchPostgres } from '../support/scratch_postgres.ts';

let server: ScratchPostgres;
let folder: string;
let count = 0;

beforeAll(async () => {
  server = await startScratchPostgres();
  folder = await mkdtemp(join(tmpdir(), 'promptsales-migrations-'));
});
afterAll(async () => {
  await server?.stop();
  await rm(folder, { recursive: true, force: true });
});

async function emptyHub(): Promise<string> {
  count += 1;
  const name = `hub_${count}`;
  await server.createDatabase(name);
  return server.url(name);
}

async function migrations(files: Readonly<Record<string, string>>): Promise<string> {
  const own = await mkdtemp(join(folder, 'set-'));
  await Promise.all(Object.entries(files).map(([name, text]) => writeFile(join(own, name), text)));
  return own;
}

// First, while the server has no roles yet.
it('migrates two hubs on one server at the same time, although roles belong to the server', async () => {
  const hubs = await Promise.all([emptyHub(), emptyHub()]);
  const [one, other] = await Promise.all(hubs.map((hub) => migrateHub(hub)));
  expect(one).toEqual(other);
  expect(one).not.toEqual([]);
});

it('applies each migration once, in order, and nothing the second time', async () => {
  const hub = await emptyHub();
  const applied = await migrateHub(hub);
  expect(applied[0]).toBe('0001_schemas_and_roles.sql');
  expect(applied).toEqual([...applied].sort());
  expect(await migrateHub(hub)).toEqual([]);
});

it('applies each migration once when three start at the same time', async () => {
  const hub = await emptyHub();
  const applied = await Promise.all([migrateHub(hub), migrateHub(hub), migrateHub(hub)]);
  expect(new Set(applied.flat()).size).toBe(applied.flat().length);
  expect(await query(hub, 'SELECT count(*)::int AS applied FROM public.hub_migrations')).toEqual([{ applied: applied.flat().length }]);
});

it('takes the whole of a failed migration back, keeps those before it, and goes on once it is mended', async () => {
  const hub = await emptyHub();
  const set = await migrations({ '0001_a.sql': 'CREATE TABLE a (x int)', '0002_b.sql': 'CREATE TABLE b (x int); SELECT 1 / 0' });
  await expect(migrateHub(hub, set)).rejects.toThrow(/0002_b\.sql failed and was rolled back: division by zero/);
  expect(await query(hub, `SELECT to_regclass('a') IS NOT NULL AS a, to_regclass('b') IS NOT NULL AS b`)).toEqual([{ a: true, b: false }]);
  await writeFile(join(set, '0002_b.sql'), 'CREATE TABLE b (x int)');
  expect(await migrateHub(hub, set)).toEqual(['0002_b.sql']);
});

it('refuses a migration that was changed after it was applied, line ends aside', async () => {
  const hub = await emptyHub();
  const set = await migrations({ '0001_a.sql': 'CREATE TABLE a (\n  x int)' });
  await migrateHub(hub, set);
  await writeFile(join(set, '0001_a.sql'), 'CREATE TABLE a (\r\n  x int)');
  expect(await migrateHub(hub, set)).toEqual([]);
  await writeFile(join(set, '0001_a.sql'), 'CREATE TABLE a (\n  x bigint)');
  await expect(migrateHub(hub, set)).rejects.toThrow(
    new MigrationError(
      'Migration 0001_a.sql was changed after it was applied to this hub. Restore the file, and put the change in a new migration.',
    ),
  );
});

it('refuses a hub that a newer version has migrated', async () => {
  const hub = await emptyHub();
  const newer = await migrations({ '0001_a.sql': 'SELECT 1', '0002_b.sql': 'SELECT 1' });
  const older = await migrations({ '0001_a.sql': 'SELECT 1' });
  await migrateHub(hub, newer);
  await expect(migrateHub(hub, older)).rejects.toThrow(/already has migration 0002_b\.sql, which this version does not know/);
});

it('finds the product’s own migrations by number, with no gap', async () => {
  const own = await mkdtemp(join(folder, 'own-'));
  await cp(join(packageRoot(), 'database', 'postgresql', 'hub', 'migrations'), own, { recursive: true });
  const applied = await migrateHub(await emptyHub(), own);
  expect(applied.map((name) => Number(name.slice(0, 4)))).toEqual(applied.map((_, index) => index + 1));
});
