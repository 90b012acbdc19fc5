import { afterAll, beforeAll, expect, it } from 'vitest';
import type { BatchReport } from '../../etl/report.ts';
import { startSchedule } from '../../etl/schedule.ts';
import { createEtlDatabases, type EtlDatabases, fillSources, query, startEtlPostgres } from '../support/etl_databases.ts';
import { differencesFromSources } from '../support/hub_checks.ts';
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

const options = () => ({ urls: databases.urls, timeZone: 'America/Costa_Rica', intervalMinutes: 11 });

it('runs one round at once when the hub is empty, however many workers start, and ends cleanly (E1)', async () => {
  const rounds: BatchReport[] = [];
  const errors: Error[] = [];
  const workers = await Promise.all(
    [1, 2].map(() => startSchedule({ ...options(), onRound: (round) => rounds.push(round), onError: (error) => errors.push(error) })),
  );
  await expect.poll(() => rounds.length, { timeout: 20_000 }).toBe(1);
  await Promise.all(workers.map((worker) => worker.stop()));
  expect(errors).toEqual([]);
  expect(rounds).toHaveLength(1);
  expect(rounds[0]?.failed).toBe(0);
  expect(await differencesFromSources(databases)).toEqual([]);
  const left = await query(
    databases.hubOwner,
    `SELECT application_name FROM pg_stat_activity WHERE application_name LIKE 'promptsales etl%'`,
  );
  expect(left).toEqual([]);
});

it('waits for its time when the hub is fresh', async () => {
  const rounds: BatchReport[] = [];
  const worker = await startSchedule({ ...options(), onRound: (round) => rounds.push(round) });
  await new Promise((resolve) => setTimeout(resolve, 2_500));
  await worker.stop();
  expect(rounds).toEqual([]);
  expect(await query(databases.hubOwner, 'SELECT cron FROM pgboss.schedule')).toEqual([
    { cron: 'DTSTART:20260101T000000Z\nRRULE:FREQ=MINUTELY;INTERVAL=11' },
  ]);
});
