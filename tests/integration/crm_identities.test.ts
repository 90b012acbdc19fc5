import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { keysCommand } from '../../cli/commands/keys.ts';
import { migrateHub } from '../../database/postgresql/hub/migrate.ts';
import { streams } from '../../etl/streams.ts';
import { contactHashes } from '../../shared/access/identities.ts';
import { renewIdentities } from '../../shared/access/identity_rotation.ts';
import { packageRoot } from '../../shared/config/package_root.ts';
import type { SqlDatabase } from '../../shared/db/sql_database.ts';
import { type ContactKind, normalisedContact } from '../../shared/domain/contact.ts';
import { query } from '../support/etl_databases.ts';
import { type IdentitiesWorld, openIdentitiesWorld, soon, startIdentitiesServer, TIME_ZONE } from '../support/identities_world.ts';
import type { ScratchPostgres } from '../support/scratch_postgres.ts';

let server: ScratchPostgres;
let world: IdentitiesWorld;

beforeAll(async () => {
  server = await startIdentitiesServer();
});
afterAll(async () => {
  await world?.close();
  await server?.stop();
});

async function freshDatabases(): Promise<void> {
  await world?.close();
  world = await openIdentitiesWorld(server);
}

describe('who the customers are, in the hub (S3, S5)', () => {
  beforeAll(freshDatabases);
  beforeEach(async () => {
    expect(await world.round()).toMatchObject({ status: 'done' });
  });

  it('is what PromptCRM says, encrypted, and nothing of it can be read in any table', async () => {
    await world.expectInStep();
    expect(await world.readable()).toEqual([]);
  });

  it('would be found by this search where it is not encrypted', async () => {
    const [somebody] = await world.inSource();
    await world.hub(`UPDATE crm.leads SET source = $1 WHERE lead_id = 1`, [`from ${somebody?.email ?? ''}`]);
    expect(await world.readable()).toEqual([`crm.leads: ${somebody?.email ?? ''}`]);
    await expect(world.hub('UPDATE crm.identities SET sealed = $1 WHERE customer_id = 1', [somebody?.email])).rejects.toThrow(
      'check constraint',
    );
    await world.hub(`UPDATE crm.leads SET source = 'organic' WHERE lead_id = 1`);
  });

  it('follows who is new, changed and gone, and writes nobody again who is the same person', async () => {
    const copy = (id: string, firstName: string, email: string, whose: string) =>
      `INSERT INTO crm.customers SELECT ${id}, client_id, customer_type, ${firstName}, last_name, ${email}, phone, document, birth_date, sex, industry,
         segment, potential, city_id, latitude, longitude, created_at, updated_at FROM crm.customers WHERE ${whose}`;
    await world.crm(copy('customer_id + 400', 'first_name', `'copia.' || email`, 'customer_id BETWEEN 30 AND 35')); // without leads and orders
    expect(await world.round()).toMatchObject({ mode: 'delta', written: 6 });
    const before = new Map((await world.hub('SELECT customer_id, sealed FROM crm.identities')).map((row) => [row.customer_id, row.sealed]));
    await world.crm(`UPDATE crm.customers SET segment = 'vip' WHERE customer_id BETWEEN 20 AND 29;
      UPDATE crm.customers SET email = 'nueva.' || customer_id || '@example.com', last_name = NULL WHERE customer_id IN (21, 22);
      UPDATE crm.customers SET customer_id = 9001 WHERE customer_id = 430; DELETE FROM crm.customers WHERE customer_id BETWEEN 431 AND 435;
      ${copy('9002', `'Recién Llegada'`, `'recien@example.com'`, 'customer_id = 40')}`);
    expect(await world.round()).toMatchObject({ mode: 'delta', read: 12, written: 4, unchanged: 8, deleted: 6, rejected: 0 });
    await world.expectInStep();
    const after = await world.hub('SELECT customer_id, sealed FROM crm.identities');
    expect(
      after
        .filter((row) => before.get(row.customer_id) !== row.sealed)
        .map((row) => Number(row.customer_id))
        .sort((a, b) => a - b),
    ).toEqual([21, 22, 9001, 9002]);
    expect(await world.readable()).toEqual([]);
  });

  it('stays as it is when everybody is read again', async () => {
    expect(await world.round({ snapshot: true })).toMatchObject({ mode: 'snapshot', written: 0, deleted: 0 });
    await world.expectInStep();
  });

  it('is made good from the source where a value cannot be opened', async () => {
    await world.hub(`UPDATE crm.identities SET sealed = overlay(sealed PLACING 'AAAA' FROM 60) WHERE customer_id IN (3, 4)`);
    await expect(world.profiles().people([3], soon())).rejects.toThrow('cannot be opened');
    expect(await world.round({ snapshot: true })).toMatchObject({ written: 2, deleted: 0 });
    await world.expectInStep();
  });

  it('does not get into a dead letter when a row is refused', async () => {
    const people = await world.inSource();
    await world.crm(`ALTER TABLE crm.customers ALTER COLUMN email DROP NOT NULL; ALTER TABLE crm.customers ALTER COLUMN segment DROP NOT NULL;
      UPDATE crm.customers SET email = NULL WHERE customer_id = 50; UPDATE crm.customers SET birth_date = 'infinity' WHERE customer_id = 51`);
    expect(await world.round()).toMatchObject({ status: 'done', written: 0, rejected: 2 });
    expect(
      await world.hub(
        `SELECT row_key, reason, row_data FROM etl.dead_letters WHERE table_name = 'crm.identities' AND resolved_at IS NULL ORDER BY 1`,
      ),
    ).toEqual([
      { row_key: '50', reason: 'email is missing', row_data: null },
      { row_key: '51', reason: 'birth_date is not a day of the calendar', row_data: null },
    ]);
    expect(await world.hub('SELECT count(*)::int AS known FROM crm.identities WHERE customer_id IN (50, 51)')).toEqual([{ known: 2 }]);
    expect(await world.readable(people)).toEqual([]);
    await world.crm(
      `UPDATE crm.customers SET email = 'otra.vez@example.com' WHERE customer_id = 50; UPDATE crm.customers SET birth_date = '1980-05-06' WHERE customer_id = 51`,
    );
    await world.round();
    await world.expectInStep();
    expect(await world.hub(`SELECT FROM etl.dead_letters WHERE table_name = 'crm.identities' AND resolved_at IS NULL`)).toEqual([]);
  });

  it('finds everybody by each of their contacts, and nobody by what is no contact', async () => {
    const people = await world.inSource();
    const repo = world.profiles();
    for (const person of people.filter(({ id }) => id % 11 === 0 || id < 15)) {
      for (const kind of ['email', 'phone', 'document'] satisfies ContactKind[]) {
        const normalised = normalisedContact(kind, person[kind]);
        if (normalised === undefined) {
          expect(await world.hub(`SELECT ${kind}_hash AS hash FROM crm.identities WHERE customer_id = $1`, [person.id])).toEqual([
            { hash: null },
          ]);
          continue;
        }
        const same = people.filter((other) => normalisedContact(kind, other[kind]) === normalised).map(({ id }) => id);
        expect(await repo.customersByContact(kind, normalised, soon())).toEqual(same.slice(0, 9));
      }
    }
    expect(await repo.customersByContact('email', 'nobody@example.com', soon())).toEqual([]);
  });

  it('is looked up through an index', async () => {
    const key = await world.freshKeys().active('contact-hash', soon());
    const [person] = await world.inSource();
    if (person === undefined) throw new Error('there is nobody');
    await world.hub('VACUUM ANALYZE crm.identities');
    for (const [kind, hash] of Object.entries(contactHashes(person, key))) {
      const rows = await world.hub(
        `SET plan_cache_mode = force_generic_plan; PREPARE asked(bytea[]) AS SELECT i.customer_id FROM crm.identities i WHERE i.${kind}_hash = ANY ($1);
         EXPLAIN EXECUTE asked(ARRAY['\\x${Buffer.from(hash ?? []).toString('hex')}']::bytea[])`,
      );
      expect(rows.map((row) => row['QUERY PLAN']).join('\n')).toContain(`identities_${kind}`);
    }
  });

  it('is shown to the reading login by its two functions only, in constant words', async () => {
    const asReader = (text: string) => world.reader.rows({ name: text.slice(0, 60), text }, [], (row) => row, soon());
    await expect(asReader('SELECT sealed FROM crm.identities')).rejects.toThrow('permission denied');
    await expect(asReader(`SELECT * FROM crm.customers_of_contact('secret@example.com', '{}')`)).rejects.toThrow(
      /^a contact is an email, a phone or a document$/,
    );
    await expect(asReader(`SELECT * FROM crm.customers_of_contact('email', array_fill('\\x00'::bytea, ARRAY[101]))`)).rejects.toThrow(
      /^at most 100 hashes at a time$/,
    );
    for (const role of ['sales', 'marketing', 'users']) {
      await expect(world.hub(`SET ROLE ${role}; SELECT sealed FROM crm.identities`)).rejects.toThrow('permission denied');
      await expect(world.hub(`SET ROLE ${role}; SELECT * FROM crm.people('{1}')`)).rejects.toThrow('permission denied');
    }
  });
});

describe('rotation (S3)', () => {
  beforeAll(async () => {
    await freshDatabases();
    await world.round();
  });

  it('that was stopped says what is left, and goes on with it', async () => {
    const told = async (verb: 'rotate' | 'status', options: { resume?: boolean; json?: boolean }) => {
      let out = '';
      const write = process.stdout.write;
      process.stdout.write = ((text: string) => {
        out += text;
        return true;
      }) as typeof write;
      try {
        return { code: await keysCommand(verb, options, world.urls.keysFolder, world.hubOwner), out };
      } finally {
        process.stdout.write = write;
      }
    };
    await world.rotate();
    let statements = 0;
    const killed: SqlDatabase = {
      rows: (statement, values, map, deadline) => {
        statements += 1;
        return statements > 9 ? Promise.reject(new Error('stopped')) : world.owner.rows(statement, values, map, deadline);
      },
    };
    await expect(renewIdentities(killed, world.freshKeys(), { batchRows: 50, deadline: soon() })).rejects.toThrow('stopped');
    const left = await told('status', { json: true });
    expect(left.code).toBe(1);
    const { toDo } = JSON.parse(left.out);
    expect(toDo).toEqual([expect.stringMatching(/^\d+ values are still under retired keys: promptsales keys rotate --resume$/)]);
    await world.expectInStep();

    const keys = await world.activeKeys();
    expect(await told('rotate', { resume: true })).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^\d+ people encrypted anew, 400 hashed anew/),
    });
    expect(await world.activeKeys()).toEqual(keys);
    expect(await world.keysInUse()).toEqual(keys);
    expect((await told('status', {})).code).toBe(0);

    expect((await told('rotate', {})).out).toContain('400 people encrypted anew, 400 hashed anew');
    expect(await world.activeKeys()).not.toEqual(keys);
    expect(await world.keysInUse()).toEqual(await world.activeKeys());
    await world.expectInStep();
  });

  it('leaves the load to write what is new under the new keys', async () => {
    await world.rotate();
    await world.crm(`UPDATE crm.customers SET email = 'despues@example.com' WHERE customer_id = 8`);
    await world.round();
    const active = await world.activeKeys();
    const [row] = await world.hub('SELECT substr(sealed, 4, 16) AS sealed, hash_key FROM crm.identities WHERE customer_id = 8');
    expect([row?.sealed, row?.hash_key].sort()).toEqual(active);
    expect(await world.profiles().customersByContact('email', 'despues@example.com', soon())).toEqual([8]);
    await renewIdentities(world.owner, world.freshKeys(), { deadline: soon() });
    await world.expectInStep();
  });
});

describe('a hub whose identities are not there', () => {
  beforeEach(freshDatabases);

  it('says so until they are loaded, and loads everything else meanwhile', async () => {
    expect(streams.at(-1)?.table).toBe('crm.identities');
    const before = world.profiles();
    await expect(before.people([1], soon())).rejects.toMatchObject({
      errorClass: 'unavailable',
      message: expect.stringContaining('still being loaded'),
    });
    expect(await before.contactsAreIndexed(soon())).toBe(false);
    expect(await before.customersByContact('email', 'correo.1@persona.example.com', soon())).toEqual([]);
    await world.round();
    expect((await before.people([1], soon())).get(1)?.email).toBe('Correo.1@Persona.example.com');
    expect(await before.contactsAreIndexed(soon())).toBe(true);
  });

  it('without a key: the load says what to run, and brings all the rest', async () => {
    await world.hub('DELETE FROM access.data_keys');
    expect(await world.round()).toMatchObject({
      status: 'failed',
      written: 0,
      error: expect.stringContaining('promptsales keys generate'),
    });
    expect(await world.hub('SELECT count(*)::int AS customers FROM crm.customers')).toEqual([{ customers: 400 }]);
    expect(await world.hub('SELECT count(*)::int AS known FROM crm.identities')).toEqual([{ known: 0 }]);
    expect(await world.readable()).toEqual([]);
  });

  it('without the certificate: load and server say which one is missing, other answers go on', async () => {
    const empty = await mkdtemp(join(tmpdir(), 'promptsales-no-keys-'));
    try {
      expect(await world.round({ keysFolder: empty })).toMatchObject({
        status: 'failed',
        error: expect.stringMatching(/certificate .* is missing here.*keys status/s),
      });
      expect(await world.round()).toMatchObject({ status: 'done', written: 400 });
      const repo = world.profiles(empty);
      await expect(repo.people([1], soon())).rejects.toMatchObject({
        errorClass: 'unavailable',
        remedy: expect.stringContaining('certificate'),
      });
      await expect(repo.customersByContact('email', 'a@example.com', soon())).rejects.toMatchObject({ errorClass: 'unavailable' });
      expect(await repo.customer(1, TIME_ZONE, soon())).toMatchObject({ customerId: 1 });
      expect(await repo.totals(1, TIME_ZONE, soon())).toMatchObject({ touches: expect.any(Number) });
    } finally {
      await rm(empty, { recursive: true, force: true });
    }
  });
});

describe('a hub that held people in plain text', () => {
  it('keeps the year of birth and nothing else, not even in the file of the table', async () => {
    const all = join(packageRoot(), 'database', 'postgresql', 'hub', 'migrations');
    const before = await mkdtemp(join(tmpdir(), 'promptsales-migrations-'));
    try {
      await cp(all, before, {
        recursive: true,
        filter: (path) => !/\d{4}_/.test(path) || (/(\d{4})_[^/]*$/.exec(path)?.[1] ?? '') <= '0011',
      });
      await server.createDatabase('old_hub');
      const url = server.url('old_hub');
      await migrateHub(url, before);
      await query(
        url,
        `INSERT INTO crm.customers SELECT g, 'CLI-1', 'person', 'Nombre', 'Apellido', 'secreta' || g || '@example.com', '+506 8888 7777', '1-1', date '1990-05-06' + g, NULL, NULL,
           'new', 'low', 1, 9.9, -84.1, now(), now() FROM generate_series(1, 300) g;
         INSERT INTO etl.dead_letters (run_id, database_name, table_name, row_key, reason, row_data)
           VALUES (1, 'PromptCRM', 'crm.customers', '7', 'segment is missing', '{"email": "secreta@example.com", "potential": "low"}')`,
      );
      const inFile = `SELECT position('secreta' IN encode(pg_read_binary_file(pg_relation_filepath('crm.customers')), 'escape')) > 0 AS found`;
      await query(url, 'CHECKPOINT');
      expect(await query(url, inFile)).toEqual([{ found: true }]);
      await migrateHub(url);
      await query(url, 'CHECKPOINT');
      expect(await query(url, inFile)).toEqual([{ found: false }]);
      expect(await query(url, 'SELECT birth_year, count(*)::int AS customers FROM crm.customers GROUP BY 1 ORDER BY 1')).toEqual([
        { birth_year: 1990, customers: 239 },
        { birth_year: 1991, customers: 61 },
      ]);
      expect(await query(url, 'SELECT row_data FROM etl.dead_letters')).toEqual([{ row_data: { potential: 'low' } }]);
    } finally {
      await rm(before, { recursive: true, force: true });
    }
  });
});
