import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { keysCommand } from '../../cli/commands/keys.ts';
import { migrateHub } from '../../database/postgresql/hub/migrate.ts';
import { openConnections } from '../../etl/connections.ts';
import type { RunReport } from '../../etl/report.ts';
import { runOnce } from '../../etl/run.ts';
import { streams } from '../../etl/streams.ts';
import { type CustomerProfiles, openCustomerProfiles } from '../../mcp-servers/crm_analyzer/repo/customer_profile.ts';
import { readCertificates } from '../../shared/access/certificates.ts';
import { dataKeysIn, KEY_PURPOSES } from '../../shared/access/data_keys.ts';
import { rotateDataKey } from '../../shared/access/data_keys_rotation.ts';
import { contactHashes } from '../../shared/access/identities.ts';
import { renewIdentities } from '../../shared/access/identity_rotation.ts';
import type { PersonalData } from '../../shared/access/personal_data.ts';
import { packageRoot } from '../../shared/config/package_root.ts';
import { openPostgres, type PostgresDatabase } from '../../shared/db/postgres_database.ts';
import type { SqlDatabase } from '../../shared/db/sql_database.ts';
import { type ContactKind, normalisedContact } from '../../shared/domain/contact.ts';
import { deadlineIn } from '../../shared/domain/deadline.ts';
import { createEtlDatabases, type EtlDatabases, fillSources, query } from '../support/etl_databases.ts';
import { type ScratchPostgres, startScratchPostgres } from '../support/scratch_postgres.ts';

const TIME_ZONE = 'America/Costa_Rica';
const soon = () => deadlineIn(20_000);

let server: ScratchPostgres;
let databases: EtlDatabases;
let reader: PostgresDatabase;
let owner: PostgresDatabase;

const crm = (text: string, values?: readonly unknown[]) => query(databases.urls.crm, text, values);
const hub = (text: string, values?: readonly unknown[]) => query(databases.hubOwner, text, values);
const profiles = (keysFolder = databases.urls.keysFolder, database: SqlDatabase = reader): CustomerProfiles =>
  openCustomerProfiles(
    database,
    dataKeysIn(database, () => readCertificates(keysFolder)),
  );

beforeAll(async () => {
  server = await startScratchPostgres();
  await query(server.url('postgres'), `CREATE ROLE reader LOGIN PASSWORD 'reader'`);
});
afterAll(() => server?.stop());

/** Three sources and an empty hub; the emails, phones and names of their 400 customers can be told from all else. */
async function freshDatabases(): Promise<void> {
  await Promise.all([reader?.close(), owner?.close()]);
  databases = await createEtlDatabases(server);
  await fillSources(databases.urls);
  await crm(`UPDATE crm.customers SET first_name = 'Nombre' || customer_id || 'ñ', last_name = CASE WHEN customer_id % 9 > 0 THEN 'Apellido' || customer_id || 'é' END,
               email = 'Correo.' || customer_id || '@Persona.example.com', phone = CASE WHEN customer_id % 7 = 0 THEN 'ninguno' ELSE '+506 87' || 100000 + customer_id END,
               document = '9-0' || 10000 + customer_id || '-0' || 700 + customer_id, birth_date = CASE WHEN customer_id % 5 > 0 THEN date '1951-02-03' + customer_id::integer * 17 END`);
  await query(databases.hubOwner, 'GRANT promptsales_read TO reader');
  reader = await openPostgres(server.url(new URL(databases.hubOwner).pathname.slice(1), 'reader'), { applicationName: 'identities test' });
  owner = await openPostgres(databases.hubOwner, { applicationName: 'identities test' });
}
afterAll(() => Promise.all([reader?.close(), owner?.close()]));

async function round(options: { readonly snapshot?: boolean; readonly keysFolder?: string } = {}): Promise<RunReport> {
  const connections = await openConnections({
    ...databases.urls,
    ...(options.keysFolder === undefined ? {} : { keysFolder: options.keysFolder }),
  });
  try {
    const { runs } = await runOnce({ connections, timeZone: TIME_ZONE, snapshot: options.snapshot ?? false });
    expect(runs.filter(({ table, status }) => table !== 'crm.identities' && status !== 'done')).toEqual([]);
    const run = runs.find(({ table }) => table === 'crm.identities');
    if (run === undefined) throw new Error('there is no stream of identities');
    return run;
  } finally {
    await connections.close();
  }
}

type Customer = PersonalData & { readonly id: number };

async function inSource(): Promise<readonly Customer[]> {
  const rows = await crm(
    `SELECT customer_id::integer AS id, first_name AS "firstName", last_name AS "lastName", email, phone, document, birth_date::text AS "birthDate"
       FROM crm.customers ORDER BY customer_id`,
  );
  return rows as unknown as readonly Customer[];
}

/** Everybody as a server reads them, 50 at a time. */
async function inHub(): Promise<readonly Customer[]> {
  const ids = (await hub('SELECT customer_id::integer AS id FROM crm.identities ORDER BY 1')).map(({ id }) => Number(id));
  const people: Customer[] = [];
  const repo = profiles();
  for (let at = 0; at < ids.length; at += 50) {
    const found = await repo.people(ids.slice(at, at + 50), soon());
    for (const [id, person] of found) people.push({ id, ...person });
  }
  return people.sort((one, other) => one.id - other.id);
}

async function expectInStep(): Promise<void> {
  const source = await inSource();
  expect(source.length).toBeGreaterThan(100);
  expect(await inHub()).toEqual(source);
  const years = source.map(({ id, birthDate }) => ({ id, birth_year: birthDate === null ? null : Number(birthDate.slice(0, 4)) }));
  expect(await hub('SELECT customer_id::integer AS id, birth_year FROM crm.customers ORDER BY 1')).toEqual(years);
}

/** Where in the hub, in any table and any column, a text of the customers can be read. */
async function readable(customers?: readonly Customer[]): Promise<readonly string[]> {
  const secrets = (customers ?? (await inSource())).flatMap(({ firstName, lastName, email, phone, document, birthDate }) =>
    [
      firstName,
      lastName,
      email,
      email.toLowerCase(),
      phone,
      phone.replace(/\D/g, ''),
      document,
      document.replaceAll('-', ''),
      birthDate,
    ].filter((text): text is string => (text?.length ?? 0) >= 9),
  );
  const tables = await hub(
    `SELECT format('%I.%I', n.nspname, c.relname) AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind IN ('r', 'm', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')`,
  );
  const found: string[] = [];
  for (const { name } of tables) {
    const rows = await hub(`SELECT coalesce(string_agg(t::text, E'\\n'), '') AS text FROM ${String(name)} t`);
    const text = String(rows[0]?.text);
    const seen = secrets.find((secret) => text.includes(secret));
    if (seen !== undefined) found.push(`${String(name)}: ${seen}`);
  }
  return found;
}

/** The data keys that values in the hub are under. */
async function keysInUse(): Promise<readonly string[]> {
  const rows = await hub('SELECT substr(sealed, 4, 16) AS key FROM crm.identities UNION SELECT hash_key FROM crm.identities');
  return rows.map(({ key }) => String(key)).sort();
}

async function activeKeys(): Promise<readonly string[]> {
  const rows = await hub('SELECT key_id FROM access.data_keys WHERE retired_at IS NULL');
  return rows.map((row) => String(row.key_id)).sort();
}

async function rotate(): Promise<void> {
  const client = new pg.Client({ connectionString: databases.hubOwner });
  await client.connect();
  try {
    const [certificate] = await readCertificates(databases.urls.keysFolder);
    if (certificate === undefined) throw new Error('there is no certificate');
    for (const purpose of KEY_PURPOSES) await rotateDataKey(client, purpose, certificate);
  } finally {
    await client.end();
  }
}

const freshKeys = () => dataKeysIn(owner, () => readCertificates(databases.urls.keysFolder));

describe('who the customers are, in the hub (S3, S5)', () => {
  beforeAll(freshDatabases);
  beforeEach(async () => {
    expect(await round()).toMatchObject({ status: 'done' });
  });

  it('is what PromptCRM says, encrypted, and nothing of it can be read in any table', async () => {
    await expectInStep();
    expect(await readable()).toEqual([]);
  });

  it('would be found by this search where it is not encrypted', async () => {
    const [somebody] = await inSource();
    await hub(`UPDATE crm.leads SET source = $1 WHERE lead_id = 1`, [`from ${somebody?.email ?? ''}`]);
    expect(await readable()).toEqual([`crm.leads: ${somebody?.email ?? ''}`]);
    await expect(hub('UPDATE crm.identities SET sealed = $1 WHERE customer_id = 1', [somebody?.email])).rejects.toThrow('check constraint');
    await hub(`UPDATE crm.leads SET source = 'organic' WHERE lead_id = 1`);
  });

  it('follows who is new, changed and gone, and writes nobody again who is the same person', async () => {
    const copy = (id: string, firstName: string, email: string, whose: string) =>
      `INSERT INTO crm.customers SELECT ${id}, client_id, customer_type, ${firstName}, last_name, ${email}, phone, document, birth_date, sex, industry,
         segment, potential, city_id, latitude, longitude, created_at, updated_at FROM crm.customers WHERE ${whose}`;
    await crm(copy('customer_id + 400', 'first_name', `'copia.' || email`, 'customer_id BETWEEN 30 AND 35')); // without leads and orders
    expect(await round()).toMatchObject({ mode: 'delta', written: 6 });
    const before = new Map((await hub('SELECT customer_id, sealed FROM crm.identities')).map((row) => [row.customer_id, row.sealed]));
    await crm(`UPDATE crm.customers SET segment = 'vip' WHERE customer_id BETWEEN 20 AND 29;
      UPDATE crm.customers SET email = 'nueva.' || customer_id || '@example.com', last_name = NULL WHERE customer_id IN (21, 22);
      UPDATE crm.customers SET customer_id = 9001 WHERE customer_id = 430; DELETE FROM crm.customers WHERE customer_id BETWEEN 431 AND 435;
      ${copy('9002', `'Recién Llegada'`, `'recien@example.com'`, 'customer_id = 40')}`);
    expect(await round()).toMatchObject({ mode: 'delta', read: 12, written: 4, unchanged: 8, deleted: 6, rejected: 0 });
    await expectInStep();
    const after = await hub('SELECT customer_id, sealed FROM crm.identities');
    expect(
      after
        .filter((row) => before.get(row.customer_id) !== row.sealed)
        .map((row) => Number(row.customer_id))
        .sort((a, b) => a - b),
    ).toEqual([21, 22, 9001, 9002]);
    expect(await readable()).toEqual([]);
  });

  it('stays as it is when everybody is read again', async () => {
    expect(await round({ snapshot: true })).toMatchObject({ mode: 'snapshot', written: 0, deleted: 0 });
    await expectInStep();
  });

  it('is made good from the source where a value cannot be opened', async () => {
    await hub(`UPDATE crm.identities SET sealed = overlay(sealed PLACING 'AAAA' FROM 60) WHERE customer_id IN (3, 4)`);
    await expect(profiles().people([3], soon())).rejects.toThrow('cannot be opened');
    expect(await round({ snapshot: true })).toMatchObject({ written: 2, deleted: 0 });
    await expectInStep();
  });

  it('does not get into a dead letter when a row is refused', async () => {
    const people = await inSource();
    await crm(`ALTER TABLE crm.customers ALTER COLUMN email DROP NOT NULL; ALTER TABLE crm.customers ALTER COLUMN segment DROP NOT NULL;
      UPDATE crm.customers SET email = NULL WHERE customer_id = 50; UPDATE crm.customers SET birth_date = 'infinity' WHERE customer_id = 51`);
    expect(await round()).toMatchObject({ status: 'done', written: 0, rejected: 2 });
    expect(
      await hub(
        `SELECT row_key, reason, row_data FROM etl.dead_letters WHERE table_name = 'crm.identities' AND resolved_at IS NULL ORDER BY 1`,
      ),
    ).toEqual([
      { row_key: '50', reason: 'email is missing', row_data: null },
      { row_key: '51', reason: 'birth_date is not a day of the calendar', row_data: null },
    ]);
    expect(await hub('SELECT count(*)::int AS known FROM crm.identities WHERE customer_id IN (50, 51)')).toEqual([{ known: 2 }]);
    expect(await readable(people)).toEqual([]);
    await crm(
      `UPDATE crm.customers SET email = 'otra.vez@example.com' WHERE customer_id = 50; UPDATE crm.customers SET birth_date = '1980-05-06' WHERE customer_id = 51`,
    );
    await round();
    await expectInStep();
    expect(await hub(`SELECT FROM etl.dead_letters WHERE table_name = 'crm.identities' AND resolved_at IS NULL`)).toEqual([]);
  });

  it('finds everybody by each of their contacts, and nobody by what is no contact', async () => {
    const people = await inSource();
    const repo = profiles();
    for (const person of people.filter(({ id }) => id % 11 === 0 || id < 15)) {
      for (const kind of ['email', 'phone', 'document'] satisfies ContactKind[]) {
        const normalised = normalisedContact(kind, person[kind]);
        if (normalised === undefined) {
          expect(await hub(`SELECT ${kind}_hash AS hash FROM crm.identities WHERE customer_id = $1`, [person.id])).toEqual([
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
    const key = await freshKeys().active('contact-hash', soon());
    const [person] = await inSource();
    if (person === undefined) throw new Error('there is nobody');
    await hub('VACUUM ANALYZE crm.identities');
    for (const [kind, hash] of Object.entries(contactHashes(person, key))) {
      const rows = await hub(
        `SET plan_cache_mode = force_generic_plan; PREPARE asked(bytea[]) AS SELECT i.customer_id FROM crm.identities i WHERE i.${kind}_hash = ANY ($1);
         EXPLAIN EXECUTE asked(ARRAY['\\x${Buffer.from(hash ?? []).toString('hex')}']::bytea[])`,
      );
      expect(rows.map((row) => row['QUERY PLAN']).join('\n')).toContain(`identities_${kind}`);
    }
  });

  it('is shown to the reading login by its two functions only, in constant words', async () => {
    const asReader = (text: string) => reader.rows({ name: text.slice(0, 60), text }, [], (row) => row, soon());
    await expect(asReader('SELECT sealed FROM crm.identities')).rejects.toThrow('permission denied');
    await expect(asReader(`SELECT * FROM crm.customers_of_contact('secret@example.com', '{}')`)).rejects.toThrow(
      /^a contact is an email, a phone or a document$/,
    );
    await expect(asReader(`SELECT * FROM crm.customers_of_contact('email', array_fill('\\x00'::bytea, ARRAY[101]))`)).rejects.toThrow(
      /^at most 100 hashes at a time$/,
    );
    for (const role of ['sales', 'marketing', 'users']) {
      await expect(hub(`SET ROLE ${role}; SELECT sealed FROM crm.identities`)).rejects.toThrow('permission denied');
      await expect(hub(`SET ROLE ${role}; SELECT * FROM crm.people('{1}')`)).rejects.toThrow('permission denied');
    }
  });
});

describe('rotation (S3)', () => {
  beforeAll(async () => {
    await freshDatabases();
    await round();
  });

  it('brings every value under the new keys while reads and lookups go on, and none of them fails or misses', async () => {
    const people = await inSource();
    const running = profiles();
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
          await rotate();
          expect(await renewIdentities(owner, freshKeys(), { batchRows: 20, deadline: soon() })).toEqual({ sealed: 400, hashed: 400 });
        }
      } finally {
        done = true;
      }
    };
    await Promise.all([readOn(() => running), readOn(() => profiles()), rotateOn()]);
    expect(reads).toBeGreaterThan(20);
    expect(await keysInUse()).toEqual(await activeKeys());
    await expectInStep();
    expect(await readable()).toEqual([]);
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
        return { code: await keysCommand(verb, options, databases.urls.keysFolder, databases.hubOwner), out };
      } finally {
        process.stdout.write = write;
      }
    };
    await rotate();
    let statements = 0;
    const killed: SqlDatabase = {
      rows: (statement, values, map, deadline) => {
        statements += 1;
        return statements > 9 ? Promise.reject(new Error('stopped')) : owner.rows(statement, values, map, deadline);
      },
    };
    await expect(renewIdentities(killed, freshKeys(), { batchRows: 50, deadline: soon() })).rejects.toThrow('stopped');
    const left = await told('status', { json: true });
    expect(left.code).toBe(1);
    const { toDo } = JSON.parse(left.out);
    expect(toDo).toEqual([expect.stringMatching(/^\d+ values are still under retired keys: promptsales keys rotate --resume$/)]);
    await expectInStep();

    const keys = await activeKeys();
    expect(await told('rotate', { resume: true })).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^\d+ people encrypted anew, 400 hashed anew/),
    });
    expect(await activeKeys()).toEqual(keys);
    expect(await keysInUse()).toEqual(keys);
    expect((await told('status', {})).code).toBe(0);

    expect((await told('rotate', {})).out).toContain('400 people encrypted anew, 400 hashed anew');
    expect(await activeKeys()).not.toEqual(keys);
    expect(await keysInUse()).toEqual(await activeKeys());
    await expectInStep();
  });

  it('leaves the load to write what is new under the new keys', async () => {
    await rotate();
    await crm(`UPDATE crm.customers SET email = 'despues@example.com' WHERE customer_id = 8`);
    await round();
    const active = await activeKeys();
    const [row] = await hub('SELECT substr(sealed, 4, 16) AS sealed, hash_key FROM crm.identities WHERE customer_id = 8');
    expect([row?.sealed, row?.hash_key].sort()).toEqual(active);
    expect(await profiles().customersByContact('email', 'despues@example.com', soon())).toEqual([8]);
    await renewIdentities(owner, freshKeys(), { deadline: soon() });
    await expectInStep();
  });
});

describe('a hub whose identities are not there', () => {
  beforeEach(freshDatabases);

  it('says so until they are loaded, and loads everything else meanwhile', async () => {
    expect(streams.at(-1)?.table).toBe('crm.identities');
    const before = profiles();
    await expect(before.people([1], soon())).rejects.toMatchObject({
      errorClass: 'unavailable',
      message: expect.stringContaining('still being loaded'),
    });
    expect(await before.contactsAreIndexed(soon())).toBe(false);
    expect(await before.customersByContact('email', 'correo.1@persona.example.com', soon())).toEqual([]);
    await round();
    expect((await before.people([1], soon())).get(1)?.email).toBe('Correo.1@Persona.example.com');
    expect(await before.contactsAreIndexed(soon())).toBe(true);
  });

  it('without a key: the load says what to run, and brings all the rest', async () => {
    await hub('DELETE FROM access.data_keys');
    expect(await round()).toMatchObject({ status: 'failed', written: 0, error: expect.stringContaining('promptsales keys generate') });
    expect(await hub('SELECT count(*)::int AS customers FROM crm.customers')).toEqual([{ customers: 400 }]);
    expect(await hub('SELECT count(*)::int AS known FROM crm.identities')).toEqual([{ known: 0 }]);
    expect(await readable()).toEqual([]);
  });

  it('without the certificate: load and server say which one is missing, other answers go on', async () => {
    const empty = await mkdtemp(join(tmpdir(), 'promptsales-no-keys-'));
    try {
      expect(await round({ keysFolder: empty })).toMatchObject({
        status: 'failed',
        error: expect.stringMatching(/certificate .* is missing here.*keys status/s),
      });
      expect(await round()).toMatchObject({ status: 'done', written: 400 });
      const repo = profiles(empty);
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

  it('because the load was killed in its middle: begins again, nobody lost, nobody doubled, nothing readable', async () => {
    await crm(`INSERT INTO crm.customers SELECT g, 'CLI-1', 'person', 'Persona', 'Apellido' || g, 'masa.' || g || '@example.com', '+506 6' || 1000000 + g, '7-' || g, NULL, NULL,
                 NULL, 'new', 'low', 1, 9.9, -84.1, now(), now() FROM generate_series(10001, 40000) g`);
    const child = spawn(process.execPath, [join(import.meta.dirname, '../support/etl_child.ts')], {
      env: { ...process.env, ETL_URLS: JSON.stringify(databases.urls) },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    await identitiesUnderWay(child);
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
    expect(await hub(`SELECT FROM etl.watermarks WHERE table_name = 'crm.identities'`)).toEqual([]);
    await expect.poll(async () => (await round()).status, { timeout: 20_000 }).toBe('done');
    const [counts] = await hub(
      `SELECT (SELECT count(*)::int FROM crm.identities) AS known, (SELECT count(*)::int FROM crm.customers) AS customers,
              (SELECT count(*)::int FROM pg_indexes WHERE tablename = 'identities') AS indexes`,
    );
    expect(counts).toEqual({ known: 30_400, customers: 30_400, indexes: 4 });
    expect((await profiles().people([40_000], soon())).get(40_000)?.email).toBe('masa.40000@example.com');
    expect(await keysInUse()).toEqual(await activeKeys());
    expect((await hub('SELECT sealed FROM crm.identities')).filter(({ sealed }) => /example\.com|Apellido/.test(String(sealed)))).toEqual(
      [],
    );
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

/** Resolves when the child is in the middle of encrypting: its COPY has sent some of the rows. */
async function identitiesUnderWay(child: ChildProcess): Promise<void> {
  await expect
    .poll(
      async () => {
        if (child.exitCode !== null) throw new Error('the load ended before it could be killed');
        const rows = await hub(`SELECT tuples_processed::int AS rows FROM pg_stat_progress_copy WHERE relid = 'crm.identities'::regclass`);
        return Number(rows[0]?.rows ?? 0);
      },
      { timeout: 30_000, interval: 5 },
    )
    .toBeGreaterThan(1_000);
}
