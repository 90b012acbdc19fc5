import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import type { CustomerProfiles } from '../../mcp-servers/crm_analyzer/repo/customer_profile.ts';
import { renewIdentities } from '../../shared/access/identity_rotation.ts';
import { type IdentitiesWorld, openIdentitiesWorld, soon, startIdentitiesServer } from '../support/identities_world.ts';
import type { ScratchPostgres } from '../support/scratch_postgres.ts';

let server: ScratchPostgres;
let world: IdentitiesWorld;

beforeAll(async () => {
  server = await startIdentitiesServer();
});
beforeEach(async () => {
  world = await openIdentitiesWorld(server);
});
afterEach(() => world?.close());
afterAll(() => server?.stop());

it('a rotation brings every value under the new keys while reads and lookups go on, and none of them fails or misses', async () => {
  await world.round();
  const people = await world.inSource();
  const running = world.profiles();
  let done = false;
  let reads = 0;
  const readOn = async (repo: () => CustomerProfiles): Promise<void> => {
    for (let turn = 0; !done; turn += 1) {
      const person = people[(turn * 37) % people.length];
      if (person === undefined) throw new Error('there is nobody');
      const { id, ...identity } = person;
      expect((await repo().people([id], soon())).get(id)).toEqual(identity);
      expect(await repo().customersByContact('email', identity.email.toLowerCase(), soon())).toEqual([id]);
      reads += 1;
    }
  };
  const rotateOn = async (): Promise<void> => {
    try {
      for (let turn = 0; turn < 3; turn += 1) {
        await world.rotate();
        expect(await renewIdentities(world.owner, world.freshKeys(), { batchRows: 20, deadline: soon() })).toEqual({
          sealed: 400,
          hashed: 400,
        });
      }
    } finally {
      done = true;
    }
  };
  await Promise.all([readOn(() => running), readOn(() => world.profiles()), rotateOn()]);
  expect(reads).toBeGreaterThan(20);
  expect(await world.keysInUse()).toEqual(await world.activeKeys());
  await world.expectInStep();
  expect(await world.readable()).toEqual([]);
});

it('a load that was killed in its middle begins again, nobody lost, nobody doubled, nothing readable', async () => {
  await world.crm(`INSERT INTO crm.customers SELECT g, 'CLI-1', 'person', 'Persona', 'Apellido' || g, 'masa.' || g || '@example.com', '+506 6' || 1000000 + g, '7-' || g, NULL, NULL,
               NULL, 'new', 'low', 1, 9.9, -84.1, now(), now() FROM generate_series(10001, 40000) g`);
  const child = spawn(process.execPath, [join(import.meta.dirname, '../support/etl_child.ts')], {
    env: { ...process.env, ETL_URLS: JSON.stringify(world.urls) },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  await identitiesUnderWay(child);
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
  expect(await world.hub(`SELECT FROM etl.watermarks WHERE table_name = 'crm.identities'`)).toEqual([]);
  await expect.poll(async () => (await world.round()).status, { timeout: 20_000 }).toBe('done');
  const [counts] = await world.hub(
    `SELECT (SELECT count(*)::int FROM crm.identities) AS known, (SELECT count(*)::int FROM crm.customers) AS customers,
            (SELECT count(*)::int FROM pg_indexes WHERE tablename = 'identities') AS indexes`,
  );
  expect(counts).toEqual({ known: 30_400, customers: 30_400, indexes: 4 });
  expect((await world.profiles().people([40_000], soon())).get(40_000)?.email).toBe('masa.40000@example.com');
  expect(await world.keysInUse()).toEqual(await world.activeKeys());
  expect(
    (await world.hub('SELECT sealed FROM crm.identities')).filter(({ sealed }) => /example\.com|Apellido/.test(String(sealed))),
  ).toEqual([]);
});

/** Resolves when the child is in the middle of encrypting: its COPY has sent some of the rows. */
async function identitiesUnderWay(child: ChildProcess): Promise<void> {
  await expect
    .poll(
      async () => {
        if (child.exitCode !== null) throw new Error('the load ended before it could be killed');
        const rows = await world.hub(
          `SELECT tuples_processed::int AS rows FROM pg_stat_progress_copy WHERE relid = 'crm.identities'::regclass`,
        );
        return Number(rows[0]?.rows ?? 0);
      },
      { timeout: 30_000, interval: 5 },
    )
    .toBeGreaterThan(1_000);
}
