import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { migrateHub } from '../../database/postgresql/hub/migrate.ts';
import { auditIn, MOST_SUBJECTS, openAudit, type PersonalRead } from '../../shared/access/audit.ts';
import { openPostgres, type PostgresDatabase } from '../../shared/db/postgres_database.ts';
import { deadlineIn } from '../../shared/domain/deadline.ts';
import { freePort } from '../../shared/stack/ports.ts';
import { query } from '../support/etl_databases.ts';
import { type ScratchPostgres, startScratchPostgres } from '../support/scratch_postgres.ts';

let server: ScratchPostgres;
let owner: string;
let reader: string;
let audit: Awaited<ReturnType<typeof openAudit>>;
let readOnly: PostgresDatabase;

const soon = () => deadlineIn(10_000);
const READ: PersonalRead = {
  actor: 'claude-desktop',
  action: 'get_customer_profile',
  subjects: ['customer:1'],
  reason: 'call back about an order',
  details: { tool: 'get_customer_profile' },
};
const lines = () => query(owner, 'SELECT actor, action, subject, reason, details FROM access.audit ORDER BY audit_id');

beforeAll(async () => {
  server = await startScratchPostgres();
  await server.createDatabase('hub');
  owner = server.url('hub');
  reader = server.url('hub', 'reader');
  await migrateHub(owner);
  // As the embedded stack makes the servers' login.
  await query(
    owner,
    `CREATE ROLE reader LOGIN PASSWORD 'reader' IN ROLE promptsales_read;
     ALTER ROLE reader SET default_transaction_read_only = on`,
  );
  audit = await openAudit(reader, { applicationName: 'test' });
  readOnly = await openPostgres(reader, { applicationName: 'test' });
});
afterAll(async () => {
  await Promise.all([audit?.close(), readOnly?.close()]);
  await server?.stop();
});

describe('an unmasked reading (S5)', () => {
  it('is written down by the reading login: who, which customer, why', async () => {
    await audit.recordReads(
      { ...READ, subjects: ['customer:1', 'customer:2', 'customer:1'], reason: '  call back about an order ' },
      soon(),
    );
    const { subjects: _, ...told } = READ;
    expect(await lines()).toEqual([
      { ...told, subject: 'customer:1' },
      { ...told, subject: 'customer:2' },
    ]);
  });

  it('of nobody writes nothing', async () => {
    const before = await lines();
    await audit.recordReads({ ...READ, subjects: [] }, soon());
    expect(await lines()).toEqual(before);
  });

  it.each(['', '  ', ' a ', 'x'.repeat(501)])('needs a reason, and "%s" is none', async (reason) => {
    const before = await lines();
    await expect(audit.recordReads({ ...READ, reason }, soon())).rejects.toMatchObject({
      errorClass: 'invalid_input',
      remedy: expect.stringContaining('reason'),
    });
    expect(await lines()).toEqual(before);
  });

  it('of more people than an answer shows is refused', async () => {
    const subjects = Array.from({ length: MOST_SUBJECTS + 1 }, (_, index) => `customer:${index}`);
    await expect(audit.recordReads({ ...READ, subjects }, soon())).rejects.toMatchObject({ errorClass: 'invalid_input' });
    await audit.recordReads({ ...READ, actor: 'many', subjects: subjects.slice(1) }, soon());
    expect(await query(owner, `SELECT count(*)::int AS lines FROM access.audit WHERE actor = 'many'`)).toEqual([{ lines: MOST_SUBJECTS }]);
  });

  it('does not take place when its line cannot be written', async () => {
    const nobody = await openPostgres(`postgres://reader:reader@127.0.0.1:${await freePort()}/hub`, { applicationName: 'test' });
    try {
      for (const hub of [nobody, readOnly]) {
        await expect(auditIn(hub).recordReads(READ, soon())).rejects.toMatchObject({ errorClass: 'unavailable' });
      }
      await expect(audit.recordReads({ ...READ, actor: '' }, soon())).rejects.toMatchObject({ errorClass: 'unavailable' });
      await expect(audit.recordReads(READ, deadlineIn(1_000, AbortSignal.abort()))).rejects.toMatchObject({ errorClass: 'unavailable' });
    } finally {
      await nobody.close();
    }
    // A hub of fewer lines than people is no audit either.
    await expect(auditIn({ rows: async () => [] }).recordReads(READ, soon())).rejects.toMatchObject({ errorClass: 'unavailable' });
  });
});

describe('the reading login (S4)', () => {
  /** The reading login with everything it can give itself. */
  const asReader = (text: string, values?: readonly unknown[]) =>
    query(`${reader}?options=${encodeURIComponent('-c default_transaction_read_only=off')}`, text, values);

  it.each([
    'SELECT * FROM access.audit',
    `INSERT INTO access.audit (actor, action, subject) VALUES ('a', 'b', 'c')`,
    `UPDATE access.audit SET reason = 'another'`,
    'DELETE FROM access.audit',
    'TRUNCATE access.audit',
    `SELECT setval('access.audit_audit_id_seq', 1)`,
    'SELECT * FROM access.users',
    `UPDATE access.data_keys SET retired_at = now()`,
    `INSERT INTO access.data_keys SELECT * FROM access.data_keys`,
    'CREATE TABLE access.mine (x int)',
    `CREATE FUNCTION access.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'`,
  ])('writes lines of the audit by the function only: %s', async (text) => {
    await expect(asReader(text)).rejects.toThrow('permission denied');
  });

  it.each<readonly [string, readonly unknown[]]>([
    ['actor', [null, 'a', ['s'], 'reason', {}]],
    ['actor', ['x'.repeat(201), 'a', ['s'], 'reason', {}]],
    ['action', ['x', '', ['s'], 'reason', {}]],
    ['subject', ['x', 'a', [], 'reason', {}]],
    ['subject', ['x', 'a', null, 'reason', {}]],
    ['subject', ['x', 'a', [['s'], ['t']], 'reason', {}]],
    ['subject', ['x', 'a', ['s', null], 'reason', {}]],
    ['subject', ['x', 'a', ['s'.repeat(201)], 'reason', {}]],
    ['reason', ['x', 'a', ['s'], null, {}]],
    ['reason', ['x', 'a', ['s'], '  x  ', {}]],
    ['details', ['x', 'a', ['s'], 'reason', '[]']],
    ['details', ['x', 'a', ['s'], 'reason', { long: 'x'.repeat(4_000) }]],
    ['details', ['x', 'a', ['s'], 'reason', null]],
  ])('is told by the database when a line has no proper %s', async (part, values) => {
    const before = await lines();
    await expect(asReader('SELECT access.record_read($1, $2, $3, $4, $5)', values)).rejects.toMatchObject({
      code: '22023',
      message: expect.stringContaining(part),
    });
    expect(await lines()).toEqual(before);
  });

  it('is the only one that may call it, beside the owner', async () => {
    await query(owner, `CREATE ROLE somebody LOGIN PASSWORD 'somebody'`);
    await expect(query(server.url('hub', 'somebody'), `SELECT access.record_read('a', 'b', '{c}', 'reason', '{}')`)).rejects.toThrow(
      'permission denied',
    );
  });

  it('is not led astray by tables of its own', async () => {
    const [before] = await query(owner, 'SELECT count(*)::int AS lines FROM access.audit');
    await asReader(
      `CREATE TEMPORARY TABLE audit (actor text, action text, subject text, reason text, details jsonb);
       CREATE FUNCTION pg_temp.length(text) RETURNS int LANGUAGE sql AS 'SELECT 5';
       SET search_path = pg_temp, pg_catalog, access;
       SELECT access.record_read('reader', 'b', '{c}', 'reason', '{}')`,
    );
    const [after] = await query(owner, 'SELECT count(*)::int AS lines FROM access.audit');
    expect(Number(after?.lines)).toBe(Number(before?.lines) + 1);
  });
});
