import { mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { keysCommand } from '../../cli/commands/keys.ts';
import { migrateHub } from '../../database/postgresql/hub/migrate.ts';
import { type Certificate, makeCertificate, readCertificates } from '../../shared/access/certificates.ts';
import { ACTIVE_MS, CONTACT_HASH, type DataKeys, dataKeysIn, openFields, PERSONAL_DATA } from '../../shared/access/data_keys.ts';
import { listDataKeys, reencryptColumn, rewrapDataKeys, rotateDataKey, type SealedColumn } from '../../shared/access/data_keys_rotation.ts';
import { keyIdOf, sealField } from '../../shared/access/envelope.ts';
import { openPostgres, type PostgresDatabase } from '../../shared/db/postgres_database.ts';
import { textOf } from '../../shared/db/row.ts';
import type { SqlDatabase } from '../../shared/db/sql_database.ts';
import { deadlineIn } from '../../shared/domain/deadline.ts';
import { query } from '../support/etl_databases.ts';
import { type ScratchPostgres, startScratchPostgres } from '../support/scratch_postgres.ts';

const COLUMN: SealedColumn = { table: 'crm.contacts', column: 'email', row: 'contact_id', rowType: 'bigint' };
const PEOPLE = 1_000;
const emailOf = (row: number | string) => `persona.${row}@example.com`;
const placeOf = (row: number | string) => ({ table: COLUMN.table, column: COLUMN.column, row: String(row) });
const soon = () => deadlineIn(30_000);

let server: ScratchPostgres;
let url: string;
let owner: pg.Client;
let ownerPool: PostgresDatabase;
let reader: PostgresDatabase;
let folder: string;
let hubs = 0;

beforeAll(async () => {
  server = await startScratchPostgres();
  await query(server.url('postgres'), `CREATE ROLE reader LOGIN PASSWORD 'reader'; CREATE ROLE loader LOGIN PASSWORD 'loader'`);
});
afterAll(() => server?.stop());

beforeEach(async () => {
  hubs += 1;
  await server.createDatabase(`hub_${hubs}`);
  url = server.url(`hub_${hubs}`);
  await migrateHub(url);
  await query(
    url,
    `GRANT promptsales_read TO reader; GRANT promptsales_etl TO loader; ALTER ROLE reader SET default_transaction_read_only = on;
     CREATE TABLE crm.contacts (contact_id bigint PRIMARY KEY, email text NOT NULL); GRANT SELECT ON crm.contacts TO promptsales_read`,
  );
  owner = new pg.Client({ connectionString: url });
  await owner.connect();
  ownerPool = await openPostgres(url, { applicationName: 'test' });
  reader = await openPostgres(server.url(`hub_${hubs}`, 'reader'), { applicationName: 'test' });
  folder = await mkdtemp(join(tmpdir(), 'promptsales-keys-'));
});
afterEach(async () => {
  vi.restoreAllMocks();
  await Promise.all([owner?.end(), ownerPool?.close(), reader?.close()]);
  await rm(folder, { recursive: true, force: true });
});

const certificates = () => readCertificates(folder);
const newCertificate = () => makeCertificate(folder, { name: 'test', from: new Date(), keyBits: 2_048 });
/** The keys as a process that has just begun sees them: with the reading login. */
const freshKeys = (hub: SqlDatabase = reader): DataKeys => dataKeysIn(hub, certificates);

async function fill(people = PEOPLE): Promise<void> {
  const key = await freshKeys().active(PERSONAL_DATA, soon());
  const rows = Array.from({ length: people }, (_, index) => index + 1);
  await owner.query('INSERT INTO crm.contacts SELECT * FROM unnest($1::bigint[], $2::text[])', [
    rows,
    rows.map((row) => sealField(emailOf(row), placeOf(row), key)),
  ]);
}

async function read(keys: DataKeys, rows: readonly number[], hub: SqlDatabase = reader): Promise<readonly string[]> {
  const found = await hub.rows(
    {
      name: 'contacts',
      text: 'SELECT c.contact_id::text AS row, c.email FROM crm.contacts c WHERE c.contact_id = ANY($1) ORDER BY c.contact_id',
    },
    [rows],
    (row) => ({ row: textOf(row, 'row'), sealed: textOf(row, 'email') }),
    soon(),
  );
  return openFields(
    found.map(({ row, sealed }) => ({ sealed, place: placeOf(row) })),
    keys,
    soon(),
  );
}

/** The rows' keys, counted. */
async function keysInUse(): Promise<Record<string, number>> {
  const { rows } = await owner.query<{ email: string }>('SELECT email FROM crm.contacts');
  const counts: Record<string, number> = {};
  for (const { email } of rows) counts[keyIdOf(email) ?? 'plain'] = (counts[keyIdOf(email) ?? 'plain'] ?? 0) + 1;
  return counts;
}

describe('data keys in the hub (S3)', () => {
  it('close and open values for the logins of servers and ETL, which cannot change them', async () => {
    await rotateDataKey(owner, PERSONAL_DATA, await newCertificate());
    await fill(3);
    expect(await read(freshKeys(), [1, 2, 3])).toEqual([1, 2, 3].map(emailOf));
    const loader = await openPostgres(server.url(`hub_${hubs}`, 'loader'), { applicationName: 'test' });
    try {
      await freshKeys(loader).active(PERSONAL_DATA, soon());
      for (const login of [reader, loader]) {
        for (const text of ['DELETE FROM access.data_keys', 'UPDATE access.data_keys SET retired_at = NULL']) {
          await expect(login.rows({ name: text, text }, [], () => 1, soon())).rejects.toThrow(/permission denied|read-only/);
        }
      }
    } finally {
      await loader.close();
    }
  });

  it('are unwrapped once a process, however many ask at once', async () => {
    const keyId = await rotateDataKey(owner, PERSONAL_DATA, await newCertificate());
    const reads = vi.fn(certificates);
    const keys = dataKeysIn(reader, reads);
    const found = await Promise.all(Array.from({ length: 50 }, () => keys.byId(keyId, soon())));
    expect(new Set(found).size).toBe(1);
    await keys.active(PERSONAL_DATA, soon());
    await keys.byId(keyId, soon());
    expect(reads).toHaveBeenCalledTimes(1);
  });

  it('that were not found are asked for again', async () => {
    const keys = freshKeys();
    const missing = { errorClass: 'unavailable', remedy: expect.stringContaining('promptsales keys generate') };
    await expect(keys.active(PERSONAL_DATA, soon())).rejects.toMatchObject(missing);
    await expect(keys.byId('0123456789abcdef', soon())).rejects.toMatchObject(missing);
    const keyId = await rotateDataKey(owner, PERSONAL_DATA, await newCertificate());
    expect((await keys.active(PERSONAL_DATA, soon())).keyId).toBe(keyId);
  });

  it('have one active for each purpose, even when two rotate at once', async () => {
    const certificate = await newCertificate();
    const other = new pg.Client({ connectionString: url });
    await other.connect();
    try {
      const made = await Promise.all([owner, other].map((connection) => rotateDataKey(connection, PERSONAL_DATA, certificate)));
      await rotateDataKey(owner, 'exports', certificate);
      const stored = await listDataKeys(owner);
      expect(stored.filter(({ purpose }) => purpose === PERSONAL_DATA).map(({ keyId }) => keyId)).toEqual(expect.arrayContaining(made));
      expect(stored.filter(({ retiredAt }) => retiredAt === null).map(({ purpose }) => purpose)).toEqual(['exports', PERSONAL_DATA]);
    } finally {
      await other.end();
    }
  });

  it('leave a line in the audit, and nothing of the key in it', async () => {
    const certificate = await newCertificate();
    const keyId = await rotateDataKey(owner, PERSONAL_DATA, certificate);
    expect(await query(url, 'SELECT actor, action, subject, details FROM access.audit')).toEqual([
      {
        actor: 'postgres',
        action: 'data key made',
        subject: keyId,
        details: { purpose: PERSONAL_DATA, certificate: certificate.fingerprint },
      },
    ]);
  });

  it('whose certificate is lost say which one, and come back with it', async () => {
    const certificate = await newCertificate();
    await rotateDataKey(owner, PERSONAL_DATA, certificate);
    await fill(1);
    const away = `${folder}-away`;
    await rename(folder, away);
    try {
      const keys = freshKeys();
      await expect(read(keys, [1])).rejects.toMatchObject({
        errorClass: 'unavailable',
        message: expect.stringContaining('certificate'),
        remedy: expect.stringContaining(certificate.fingerprint.slice(0, 16)),
      });
      await rename(away, folder);
      expect(await read(keys, [1])).toEqual([emailOf(1)]);
    } finally {
      await rm(away, { recursive: true, force: true });
    }
  });

  it('that were altered in the hub do not open', async () => {
    const keyId = await rotateDataKey(owner, PERSONAL_DATA, await newCertificate());
    await owner.query(`UPDATE access.data_keys SET wrapped_key = 'A' || substr(wrapped_key, 2)`);
    const other = await rotateDataKey(owner, PERSONAL_DATA, await newCertificate());
    // Another key's wrapped bytes under this id are no better.
    await owner.query(
      'UPDATE access.data_keys SET (wrapped_key, certificate_fingerprint) = (SELECT k.wrapped_key, k.certificate_fingerprint FROM access.data_keys k WHERE k.key_id = $2) WHERE key_id = $1',
      [keyId, other],
    );
    await expect(freshKeys().byId(keyId, soon())).rejects.toMatchObject({
      errorClass: 'unavailable',
      message: expect.stringContaining('cannot be unwrapped'),
    });
  });
});

describe('rotation (S3)', () => {
  it('gives a new key for what is new within a minute, and goes on opening what is old', async () => {
    const certificate = await newCertificate();
    let now = 0;
    const keys = dataKeysIn(reader, certificates, () => now);
    const first = await rotateDataKey(owner, PERSONAL_DATA, certificate);
    await fill(2);
    expect((await keys.active(PERSONAL_DATA, soon())).keyId).toBe(first);
    const second = await rotateDataKey(owner, PERSONAL_DATA, certificate);
    now = ACTIVE_MS - 1;
    expect((await keys.active(PERSONAL_DATA, soon())).keyId).toBe(first);
    now = ACTIVE_MS + 1;
    const active = await keys.active(PERSONAL_DATA, soon());
    expect(active.keyId).toBe(second);
    await owner.query('UPDATE crm.contacts SET email = $1 WHERE contact_id = 2', [sealField('nueva@example.com', placeOf(2), active)]);
    expect(await read(freshKeys(), [1, 2])).toEqual([emailOf(1), 'nueva@example.com']);
  });

  it('under a new certificate touches no value and needs the old one no more', async () => {
    const old = await newCertificate();
    await rotateDataKey(owner, PERSONAL_DATA, old);
    await fill(5);
    await rotateDataKey(owner, PERSONAL_DATA, old);
    const before = await query(url, 'SELECT * FROM crm.contacts ORDER BY contact_id');
    const target = await newCertificate();
    expect(await rewrapDataKeys(owner, [old], target)).toBe(2);
    expect(await rewrapDataKeys(owner, [old, target], target)).toBe(0);
    expect(await query(url, 'SELECT * FROM crm.contacts ORDER BY contact_id')).toEqual(before);
    for (const end of ['crt', 'key']) await rm(join(folder, `${old.fingerprint.slice(0, 16)}.${end}`));
    expect(await read(freshKeys(), [1, 2, 3, 4, 5])).toEqual([1, 2, 3, 4, 5].map(emailOf));
  });

  it('under a new certificate changes nothing at all when one key cannot be unwrapped', async () => {
    const [lost, held, target] = [await newCertificate(), await newCertificate(), await newCertificate()];
    await rotateDataKey(owner, PERSONAL_DATA, held);
    await rotateDataKey(owner, PERSONAL_DATA, lost);
    const before = await listDataKeys(owner);
    await expect(rewrapDataKeys(owner, [held], target)).rejects.toMatchObject({ errorClass: 'unavailable' });
    expect(await listDataKeys(owner)).toEqual(before);
  });

  it('encrypts all values anew in batches that can be stopped and started again', async () => {
    const certificate = await newCertificate();
    const first = await rotateDataKey(owner, PERSONAL_DATA, certificate);
    await fill(250);
    const second = await rotateDataKey(owner, PERSONAL_DATA, certificate);
    let statements = 0;
    const killed: SqlDatabase = {
      rows: (statement, values, map, deadline) => {
        statements += 1;
        // In the middle of the third batch: read, but not written.
        return statements > 6 ? Promise.reject(new Error('stopped')) : ownerPool.rows(statement, values, map, deadline);
      },
    };
    const again = (hub: SqlDatabase) =>
      reencryptColumn(hub, COLUMN, freshKeys(), { purpose: PERSONAL_DATA, batchRows: 40, deadline: soon() });
    await expect(again(killed)).rejects.toThrow('stopped');
    expect(await keysInUse()).toEqual({ [second]: 120, [first]: 130 });
    expect(await again(ownerPool)).toBe(130);
    expect(await keysInUse()).toEqual({ [second]: 250 });
    expect(await again(ownerPool)).toBe(0);
    const rows = Array.from({ length: 250 }, (_, index) => index + 1);
    expect(await read(freshKeys(), rows)).toEqual(rows.map(emailOf));
  });

  it('leaves a value that somebody writes meanwhile to them', async () => {
    const certificate = await newCertificate();
    await rotateDataKey(owner, PERSONAL_DATA, certificate);
    await fill(10);
    await rotateDataKey(owner, PERSONAL_DATA, certificate);
    const active = await freshKeys().active(PERSONAL_DATA, soon());
    const overtaken: SqlDatabase = {
      rows: async (statement, values, map, deadline) => {
        if (statement.name.startsWith('seal_again')) {
          await owner.query('UPDATE crm.contacts SET email = $1 WHERE contact_id = 7', [
            sealField('nueva@example.com', placeOf(7), active),
          ]);
        }
        return ownerPool.rows(statement, values, map, deadline);
      },
    };
    expect(await reencryptColumn(overtaken, COLUMN, freshKeys(), { purpose: PERSONAL_DATA, deadline: soon() })).toBe(9);
    expect(await read(freshKeys(), [6, 7])).toEqual([emailOf(6), 'nueva@example.com']);
  });

  it('takes names of tables and columns only', async () => {
    const wrong = { ...COLUMN, table: 'crm.contacts; DROP TABLE crm.contacts' };
    await expect(reencryptColumn(ownerPool, wrong, freshKeys(), { purpose: PERSONAL_DATA, deadline: soon() })).rejects.toThrow(RangeError);
  });

  it('of keys, certificates and values goes on while processes old and new read and write, and none of them fails', async () => {
    const first: Certificate = await newCertificate();
    await rotateDataKey(owner, PERSONAL_DATA, first);
    await fill();
    let done = false;
    let reads = 0;
    let writes = 0;
    const longLived = freshKeys();
    const readOn = async (keysOf: () => DataKeys): Promise<void> => {
      for (let turn = 0; !done; turn += 1) {
        const rows = Array.from({ length: 20 }, (_, index) => 1 + ((turn * 37 + index * 53) % PEOPLE)).sort((a, b) => a - b);
        const unique = [...new Set(rows)];
        expect(await read(keysOf(), unique)).toEqual(unique.map(emailOf));
        reads += 1;
      }
    };
    const writeOn = async (): Promise<void> => {
      for (let turn = 0; !done; turn += 1) {
        const row = 1 + ((turn * 91) % PEOPLE);
        const key = await longLived.active(PERSONAL_DATA, soon());
        const values = [row, sealField(emailOf(row), placeOf(row), key)];
        await ownerPool.rows({ name: 'write', text: 'UPDATE crm.contacts SET email = $2 WHERE contact_id = $1' }, values, () => 1, soon());
        writes += 1;
      }
    };
    const rotate = async (): Promise<void> => {
      try {
        for (let round = 0; round < 3; round += 1) {
          await rotateDataKey(owner, PERSONAL_DATA, (await certificates())[0] ?? first);
          await reencryptColumn(ownerPool, COLUMN, freshKeys(), { purpose: PERSONAL_DATA, batchRows: 100, deadline: soon() });
          await rewrapDataKeys(owner, await certificates(), await newCertificate());
        }
      } finally {
        done = true;
      }
    };
    await Promise.all([readOn(() => longLived), readOn(freshKeys), writeOn(), rotate()]);
    expect(reads).toBeGreaterThan(10);
    expect(writes).toBeGreaterThan(10);
    // The writer had its key in memory; what it wrote meanwhile is the next run's.
    await reencryptColumn(ownerPool, COLUMN, freshKeys(), { purpose: PERSONAL_DATA, deadline: soon() });
    const active = (await listDataKeys(owner)).find(({ retiredAt }) => retiredAt === null);
    expect(await keysInUse()).toEqual({ [active?.keyId ?? '']: PEOPLE });
    expect(new Set((await listDataKeys(owner)).map((key) => key.certificateFingerprint)).size).toBe(1);
  });
});

describe('promptsales keys (S3)', () => {
  const run = async (...[verb, options = {}, now]: [Parameters<typeof keysCommand>[0], Parameters<typeof keysCommand>[1]?, Date?]) => {
    let told = '';
    const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
      told += String(text);
      return true;
    });
    try {
      return { code: await keysCommand(verb, options, join(folder, 'keys'), url, now), told };
    } finally {
      write.mockRestore();
    }
  };
  const status = async (now?: Date) => {
    const { code, told } = await run('status', { json: true }, now);
    return { code, ...JSON.parse(told) };
  };

  it('generates a certificate and the first data keys, once', async () => {
    expect((await run('status')).code).toBe(1);
    const { code, told } = await run('generate');
    expect(code).toBe(0);
    expect(told).toContain('Keep a copy');
    expect(told).not.toContain('PRIVATE KEY');
    for (const file of await readdir(join(folder, 'keys'))) expect((await stat(join(folder, 'keys', file))).mode & 0o777).toBe(0o600);
    expect((await run('generate')).code).toBe(1);
    expect(await status()).toMatchObject({
      code: 0,
      certificates: [{ subject: 'CN=PromptSales data keys', dataKeys: 2 }],
      dataKeys: [
        { purpose: CONTACT_HASH, state: 'active', opens: true, values: 0 },
        { purpose: PERSONAL_DATA, state: 'active', opens: true, values: 0 },
      ],
      toDo: [],
    });
    expect((await run('status')).told).toMatch(/^certificate [0-9a-f]{16} .*\n(data key [0-9a-f]{16} .*active.*\n){2}$/);
  });

  it('generates with the certificate of a run that was interrupted', async () => {
    await makeCertificate(join(folder, 'keys'), { name: 'before', from: new Date(Date.now() - 60_000), keyBits: 2_048 });
    expect((await run('generate')).code).toBe(0);
    expect(await status()).toMatchObject({ code: 0, certificates: [{ subject: 'CN=before', dataKeys: 2 }] });
  });

  it('makes the key that is missing where there is only the other', async () => {
    await rotateDataKey(
      owner,
      PERSONAL_DATA,
      await makeCertificate(join(folder, 'keys'), { name: 'one', from: new Date(Date.now() - 60_000), keyBits: 2_048 }),
    );
    expect(await status()).toMatchObject({ code: 1, toDo: ['There is no data key for contact-hash: promptsales keys generate'] });
    expect((await run('generate')).told).toMatch(/New data key [0-9a-f]{16} \(contact-hash\)/);
    expect(await status()).toMatchObject({ code: 0, certificates: [{ subject: 'CN=one', dataKeys: 2 }] });
  });

  it('rotates the data keys, and the certificate', async () => {
    await expect(run('rotate')).rejects.toMatchObject({ remedy: expect.stringContaining('promptsales keys generate') });
    await run('generate');
    expect((await run('rotate')).code).toBe(0);
    const { code, told } = await run('rotate', { certificate: true });
    expect(code).toBe(0);
    expect(told).toContain('4 data keys wrapped under it; no encrypted value was touched');
    const { certificates: held, dataKeys, ...rest } = await status();
    expect(rest).toMatchObject({ code: 0, toDo: [] });
    expect(held.map((one: { dataKeys: number }) => one.dataKeys).sort()).toEqual([0, 4]);
    expect(dataKeys.map((key: { state: string }) => key.state)).toEqual(['active', 'retired', 'active', 'retired']);
  });

  it('says when a certificate ends soon, and rotates one that has ended', async () => {
    await run('generate');
    const later = new Date(Date.now() + 710 * 86_400_000);
    expect(await status(later)).toMatchObject({ code: 1, toDo: [expect.stringContaining('promptsales keys rotate --certificate')] });
    const after = new Date(Date.now() + 740 * 86_400_000);
    await expect(run('rotate', {}, after)).rejects.toMatchObject({ remedy: expect.stringContaining('rotate --certificate') });
    expect((await run('rotate', { certificate: true }, after)).code).toBe(0);
    expect((await run('rotate', {}, new Date(after.getTime() + 1_000))).code).toBe(0);
    expect(await status(after)).toMatchObject({ code: 0 });
  });

  it('says which certificate is lost, and makes none in its stead', async () => {
    await run('generate');
    const [fingerprint] = (await readdir(join(folder, 'keys'))).map((file) => file.slice(0, 16));
    await rm(join(folder, 'keys'), { recursive: true });
    expect(await status()).toMatchObject({
      code: 1,
      dataKeys: [{ opens: false }, { opens: false }],
      toDo: Array(2).fill(expect.stringContaining(`put certificate ${fingerprint}`)),
    });
    await expect(run('rotate')).rejects.toMatchObject({ remedy: expect.stringContaining('backup') });
    await expect(run('rotate', { certificate: true })).rejects.toMatchObject({ remedy: expect.stringContaining(fingerprint ?? '?') });
    expect(await readdir(folder)).toEqual([]);
  });
});
