import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { type EtlOptions, runEtl } from '../../cli/commands/etl.ts';
import { streams } from '../../etl/streams.ts';
import { readSettings } from '../../shared/config/settings.ts';
import { createEtlDatabases, type EtlDatabases, fillSources, imageOf, query, startEtlPostgres } from '../support/etl_databases.ts';
import type { ScratchPostgres } from '../support/scratch_postgres.ts';

let server: ScratchPostgres;
let databases: EtlDatabases;

beforeAll(async () => {
  server = await startEtlPostgres();
  databases = await createEtlDatabases(server);
  await fillSources(databases.urls);
});
afterAll(async () => {
  await server?.stop();
});
afterEach(() => {
  vi.restoreAllMocks();
});

async function etl(
  subcommand: 'once' | 'status' | 'replay',
  options: EtlOptions = {},
): Promise<{ code: number; out: string; err: string }> {
  const out = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  const err = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  try {
    const code = await runEtl(subcommand, options, readSettings({ PROMPTSALES_KEYS_FOLDER: databases.urls.keysFolder }), databases.urls);
    const written = (spy: typeof out) => spy.mock.calls.map((call) => String(call[0])).join('');
    return { code, out: written(out), err: written(err) };
  } finally {
    vi.restoreAllMocks();
  }
}

it('prints what each stream did, in the order of the streams, and a total', async () => {
  const { code, out } = await etl('once');
  const lines = out.trimEnd().split('\n');
  expect(code).toBe(0);
  expect(lines[0]).toMatch(/^stream +mode +read +written +unchanged +deleted +rejected +ms$/);
  expect(lines.slice(1, -1).map((line) => line.split(' ')[0])).toEqual(streams.map((stream) => stream.table));
  expect(lines.find((line) => line.startsWith('crm.customers'))).toMatch(/^crm\.customers +snapshot +400 +400 +0 +0 +0 +\d+$/);
  expect(lines.at(-1)).toMatch(new RegExp(`^${streams.length} streams in \\d+ ms, 0 failed$`));
});

it('tells how old each stream is and what is wrong with it, as a table and as JSON', async () => {
  await query(databases.urls.content, `INSERT INTO content.imagenes (id, document) VALUES ('IMG-7', '{}')`);
  await etl('once');
  const { out } = await etl('status');
  expect(out.split('\n').find((line) => line.includes('content.images'))).toMatch(
    /^PromptContent +content\.images +20\S+Z +\d+ s +done 20\S+Z +1$/,
  );
  const status = JSON.parse((await etl('status', { json: true })).out);
  expect(status).toHaveLength(streams.length);
  expect(status[0]).toMatchObject({ database: 'PromptAds', table: 'ads.daily_metrics', openDeadLetters: 0, lastRun: { status: 'done' } });
});

it('replays the streams that have dead letters, and says when none has', async () => {
  await query(databases.urls.content, 'UPDATE content.imagenes SET document = $1 WHERE id = $2', [JSON.stringify(imageOf(7)), 'IMG-7']);
  const replay = await etl('replay');
  expect(replay.code).toBe(0);
  expect(replay.out).toMatch(/\ncontent\.images +snapshot +4 +1 +3 +0 +0 +\d+\n1 streams in/);
  expect((await etl('replay')).out).toBe('No stream has open dead letters.\n');
});

it('names the streams there are when one is asked for that is not', async () => {
  expect(await etl('replay', { stream: 'ads.nothing' })).toMatchObject({ code: 2, err: expect.stringContaining('ads.campaigns, ') });
});

it('ends with 1 and the reason when a stream failed', async () => {
  await query(databases.urls.crm, 'ALTER TABLE crm.cities RENAME TO towns');
  const { code, out } = await etl('once');
  expect(code).toBe(1);
  expect(out).toMatch(/\ncrm\.cities +- .* failed relation "crm\.cities" does not exist \(42P01\)\n/);
  expect(out).toMatch(/1 failed\n$/);
});
