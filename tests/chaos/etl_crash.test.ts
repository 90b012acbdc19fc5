import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openConnections } from '../../etl/connections.ts';
import { runOnce } from '../../etl/run.ts';
import { createEtlDatabases, type EtlDatabases, fillSources, imageOf, query, startEtlPostgres } from '../support/etl_databases.ts';
import { differencesFromFacts, differencesFromSources } from '../support/hub_checks.ts';
import type { ScratchPostgres } from '../support/scratch_postgres.ts';

const KILLS = 40;
const LONGEST_LIFE_MS = 400;
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

/** Runs a round in a process of its own and kills it so many milliseconds after it began. Whether it was killed before it was done. */
function runAndKill(afterMs: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(new URL('../support/etl_child.ts', import.meta.url)), {
      env: { ...process.env, ETL_URLS: JSON.stringify(databases.urls) },
      execArgv: [],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    child.once('error', reject);
    child.once('message', () => setTimeout(() => child.kill('SIGKILL'), afterMs));
    child.once('exit', (_code, signal) => resolve(signal === 'SIGKILL'));
  });
}

it(`loses and doubles nothing when the runner is killed ${KILLS} times in its life, the first load included (E2)`, async () => {
  let seed = 20_260_101;
  let killed = 0;
  for (let number = 0; killed < KILLS; number++) {
    expect(number).toBeLessThan(3 * KILLS);
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    killed += Number(await runAndKill((seed / 2 ** 31) * LONGEST_LIFE_MS));
    await query(
      databases.urls.crm,
      `UPDATE crm.orders SET total_usd = total_usd + 1, channel_id = CASE WHEN campaign_id IS NULL THEN NULL ELSE 'facebook' END WHERE order_id % 15 = ${number % 15};
       DELETE FROM crm.leads WHERE lead_id % 40 = ${number};
       INSERT INTO crm.interactions SELECT 1000 * ${number + 1} + g, 1, 'chat', 'neutral', now() FROM generate_series(1, 20) g`,
    );
    await query(
      databases.urls.ads,
      `UPDATE ads.daily_metrics SET clicks = clicks + 1 WHERE day = date '2026-01-01' + ${number % 30};
       UPDATE ads.touches SET touch_id = touch_id + 100000 WHERE touch_id = ${number + 1}`,
    );
    const image = { ...imageOf(1000 + number), descripcion: 'nueva' };
    await query(
      databases.urls.content,
      `INSERT INTO content.imagenes (id, document) VALUES ('IMG-${1000 + number}', '${JSON.stringify(image)}');
       UPDATE content.imagenes SET document = document || '{"descripcion": "vez ${number}"}' WHERE right(id, 1) = '${number % 10}';
       DELETE FROM content.imagenes WHERE id = 'IMG-${997 + number}'`,
    );
  }

  const connections = await openConnections(databases.urls);
  try {
    // A killed runner's server process may hold its locks until it notices.
    await expect
      .poll(async () => (await runOnce({ connections, timeZone: 'America/Costa_Rica' })).runs.filter((run) => run.status !== 'done'), {
        timeout: 10_000,
      })
      .toEqual([]);
    expect(await differencesFromSources(databases)).toEqual([]);
    expect(await differencesFromFacts(databases.hubOwner)).toEqual([]);
    const told = `SELECT id, document ->> 'descripcion' AS description FROM content.imagenes ORDER BY id`;
    const held = 'SELECT content_id AS id, description FROM content.images ORDER BY content_id';
    expect(await query(databases.hubOwner, held)).toEqual(await query(databases.urls.content, told));
    expect(await query(databases.hubOwner, `SELECT count(*)::int AS running FROM etl.runs WHERE status = 'running'`)).toEqual([
      { running: 0 },
    ]);
  } finally {
    await connections.close();
  }
}, 240_000);
