import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { openSqlServer, type SqlServerDatabase } from '../../shared/db/sql_server_database.ts';
import type { ProcedureDeclaration } from '../../shared/db/sql_server_procedure.ts';
import { deadlineIn } from '../../shared/domain/deadline.ts';
import { hasOpenssl, makeAuthority } from '../support/certificates.ts';
import { startTdsEndpoint, type TdsAnswer, type TdsEndpoint, type TdsEndpointOptions, type TdsReply } from '../support/tds_endpoint.ts';

/** What SQL Server answers is scripted here; the driver, its pool and the network are real. */
let endpoint: TdsEndpoint | undefined;
let database: SqlServerDatabase | undefined;

afterEach(async () => {
  await endpoint?.stop();
  await database?.close();
  endpoint = undefined;
  database = undefined;
});

const COUNT = {
  name: 'ads.count_rows',
  parameters: { campaign_id: 'varchar(10)' },
  results: { count: { number: 'int' } },
  isRepeatable: true,
} as const satisfies ProcedureDeclaration;
const ADD = { ...COUNT, name: 'ads.add_row', isRepeatable: false } as const;

const GOOD: TdsReply = { results: [{ columns: { number: 'int' }, rows: [[7]] }] };
const notice = (number: number, more: Partial<TdsReply> = {}): TdsReply => ({ notices: [{ number, message: `error ${number}` }], ...more });

async function open(answer: TdsAnswer | TdsEndpointOptions, query = '?encrypt=false', options = {}): Promise<SqlServerDatabase> {
  endpoint = await startTdsEndpoint(typeof answer === 'function' ? { answer } : answer);
  const address = `mssql://ana:se%40creto@127.0.0.1:${endpoint.port}/PromptAds${query}`;
  database = openSqlServer(address, { applicationName: 'promptsales ads', called: 'PromptAds', ...options });
  return database;
}

/** Answers the first calls as scripted and all others well. */
const first = (...replies: readonly TdsReply[]): TdsAnswer => {
  let calls = 0;
  return () => replies[calls++] ?? GOOD;
};
const soon = () => deadlineIn(10_000);
const count = async (at: SqlServerDatabase, procedure: typeof COUNT | typeof ADD = COUNT, deadline = soon()) =>
  (await at.call(procedure, { campaign_id: 'CMP-1' }, deadline)).rows(0, 'count');

describe('a database of SQL Server', () => {
  it('is connected to by the first call, under its own name, and pools connections', async () => {
    const at = await open(() => ({ ...GOOD, afterMs: 50 }), '?encrypt=false', { maxConnections: 2 });
    expect(endpoint?.connections()).toBe(0);
    expect(await count(at)).toEqual([{ number: 7 }]);
    await Promise.all(Array.from({ length: 6 }, () => count(at)));
    expect(endpoint?.connections()).toBe(2);
    expect(endpoint?.requests).toHaveLength(7);
    expect(endpoint?.requests[0]).toMatchObject({
      kind: 'procedure',
      session: { login: { user: 'ana', password: 'se@creto', database: 'PromptAds' } },
    });
    expect(endpoint?.requests[0]?.session.login.application).toBe('promptsales ads');
  });

  it.each([1204, 1205, 1222, 3960, 10_928, 49_918])('asks again after error %i, which leaves nothing behind', async (number) => {
    const at = await open(first(notice(number), notice(number)));
    expect(await count(at, ADD)).toEqual([{ number: 7 }]);
    expect(endpoint?.requests).toHaveLength(3);
  });

  it('gives up a deadlock after three tries, and says that nothing was changed', async () => {
    const at = await open(() => notice(1205));
    await expect(count(at)).rejects.toMatchObject({
      name: 'ToolError',
      errorClass: 'unavailable',
      message: expect.stringContaining('nothing was changed'),
    });
    expect(endpoint?.requests).toHaveLength(3);
  });

  it('does not ask again after an error that would come again', async () => {
    const at = await open(() => notice(547));
    await expect(count(at)).rejects.toMatchObject({ number: 547 });
    expect(endpoint?.requests).toHaveLength(1);
  });

  it('asks again when the connection broke before an answer, but only what may be repeated: it may have been committed', async () => {
    const at = await open(first({ ...GOOD, breaksAfterRows: 0 }));
    expect(await count(at)).toEqual([{ number: 7 }]);
    expect(endpoint?.requests).toHaveLength(2);
    await endpoint?.stop();
    await at.close();
    const other = await open(first({ ...GOOD, breaksAfterRows: 1 }));
    await expect(count(other, ADD)).rejects.toMatchObject({ errorClass: 'unavailable', message: 'PromptAds cannot be reached just now.' });
    expect(endpoint?.requests).toHaveLength(1);
    expect(await count(other, ADD)).toEqual([{ number: 7 }]);
  });

  it.each([40_197, 40_613])('takes error %i for one after which nobody knows', async (number) => {
    const at = await open(first(notice(number)));
    await expect(count(at, ADD)).rejects.toMatchObject({ errorClass: 'unavailable' });
    expect(await count(at)).toEqual([{ number: 7 }]);
  });

  it('stops a call at its deadline, here and in the server, and its connection serves the next', async () => {
    const at = await open(first({ afterMs: 'never' }), '?encrypt=false', { maxConnections: 1 });
    const started = performance.now();
    await expect(count(at, COUNT, deadlineIn(200))).rejects.toMatchObject({ errorClass: 'timeout' });
    expect(performance.now() - started).toBeLessThan(1_000);
    expect(await count(at)).toEqual([{ number: 7 }]);
    expect([endpoint?.cancelled(), endpoint?.connections()]).toEqual([1, 1]);
  });

  it('stops a call when its caller has gone', async () => {
    const at = await open(first({ afterMs: 'never' }));
    const gone = new AbortController();
    setTimeout(() => gone.abort(), 100);
    await expect(count(at, COUNT, deadlineIn(5_000, gone.signal))).rejects.toMatchObject({ errorClass: 'timeout' });
    await expect.poll(() => endpoint?.cancelled()).toBe(1);
  });

  it('stops a call by itself when its deadline is far', async () => {
    const at = await open(() => ({ afterMs: 'never' }), '?encrypt=false', { requestTimeoutMs: 150 });
    await expect(count(at)).rejects.toMatchObject({ errorClass: 'timeout' });
    expect(endpoint?.cancelled()).toBe(1);
  });

  it('says so when no connection becomes free, and goes on when one does', async () => {
    const at = await open(first({ ...GOOD, afterMs: 600 }), '?encrypt=false', { maxConnections: 1, connectTimeoutMs: 200 });
    const slow = count(at);
    await expect.poll(() => endpoint?.requests.length).toBe(1);
    await expect(count(at)).rejects.toMatchObject({ errorClass: 'unavailable' });
    expect(await slow).toEqual([{ number: 7 }]);
    expect(await count(at)).toEqual([{ number: 7 }]);
  });

  it('cannot be reached with a refused login, or where nothing listens; no part of the address is told', async () => {
    let refuses = true;
    const at = await open({
      answer: () => GOOD,
      refuseLogin: () => (refuses ? { number: 18_456, class: 14, message: "Login failed for user 'ana'." } : undefined),
    });
    const failure = await count(at).catch((error: unknown) => error);
    expect(failure).toMatchObject({ errorClass: 'unavailable', message: 'PromptAds cannot be reached just now.' });
    expect(JSON.stringify(failure)).not.toMatch(/ana|creto|127\.0\.0\.1/);
    refuses = false;
    expect(await count(at)).toEqual([{ number: 7 }]);
    const nowhere = openSqlServer('mssql://ana:secreto@127.0.0.1:1/x', { applicationName: 'x', called: 'PromptAds' });
    await expect(count(nowhere)).rejects.toMatchObject({ errorClass: 'unavailable' });
    await nowhere.close();
  });

  it('is spoken to with encryption unless its address says otherwise: a server without is refused', async () => {
    const at = await open(() => GOOD, '');
    await expect(count(at)).rejects.toMatchObject({ errorClass: 'unavailable', cause: { code: 'EENCRYPT' } });
    expect(endpoint?.requests).toEqual([]);
  });

  it('gives bigints and decimals exactly, dates as text, and a time as it is in UTC', async () => {
    const every = {
      name: 'ads.every_type',
      parameters: {},
      results: {
        row: { a: 'bigint', b: 'decimal(14,2)', c: 'date', d: 'datetime2(7)', e: 'bit?', f: 'nvarchar(max)', g: 'float' },
      },
      isRepeatable: true,
    } as const satisfies ProcedureDeclaration;
    const at = await open(() => ({
      results: [
        {
          columns: { a: 'bigint', b: 'decimal(14,2)', c: 'date', d: 'datetime2(7)', e: 'bit', f: 'nvarchar(max)', g: 'float' },
          rows: [[9_007_199_254_740_993n, '999999999999.99', '2026-02-28', '2026-02-10T18:00:00.1239999', null, 'ñ'.repeat(9_000), 0.1]],
        },
      ],
    }));
    const results = await at.call(every, {}, soon());
    expect(results.rows(0, 'row')).toEqual([
      {
        a: '9007199254740993',
        b: '999999999999.99',
        c: '2026-02-28',
        d: new Date('2026-02-10T18:00:00.123Z'),
        e: null,
        f: 'ñ'.repeat(9_000),
        g: 0.1,
      },
    ]);
  });

  it('does not take a result for what it is not: other columns, a null, a type, a decimal that the driver may have rounded', async () => {
    const declared = {
      ...COUNT,
      results: { row: { number: 'int' }, large: { number: 'decimal(18,2)' }, text: { number: 'varchar(9)' }, none: { x: 'int' } },
    } as const;
    const at = await open(
      first(
        { results: [{ columns: { number: 'int' }, rows: [[null]] }] },
        { results: [{ columns: { number: 'decimal(18,2)' }, rows: [['9999999999999999.99']] }] },
        GOOD,
      ),
    );
    const call = () => at.call(declared, { campaign_id: 'x' }, soon());
    const [withNull, large, good] = [await call(), await call(), await call()];
    expect(() => withNull.rows(0, 'row')).toThrow(TypeError);
    expect(() => large.rows(0, 'large')).toThrow(RangeError);
    expect(() => good.rows(0, 'text')).toThrow(TypeError);
    expect(() => good.rows(0, 'none')).toThrow(/the columns number/);
    expect(() => good.rows(1, 'row')).toThrow(/no result set 2/);
  });

  it('sends no parameter that would be cut off or rounded', async () => {
    const at = await open(() => GOOD);
    await expect(at.call(COUNT, { campaign_id: '12345678901' }, soon())).rejects.toThrow(RangeError);
    const pays = { ...COUNT, parameters: { amount: 'decimal(19,4)' } } as const;
    await expect(at.call(pays, { amount: '1.00001' }, soon())).rejects.toThrow(RangeError);
    await expect(at.call(pays, { amount: '900719925474099.9999' }, soon())).rejects.toThrow(RangeError);
    await at.call(pays, { amount: '999999999999.99' }, soon());
    expect(endpoint?.requests).toMatchObject([{ parameters: [{ name: 'amount', type: 'decimal(19,4)', value: '999999999999.9900' }] }]);
  });
});

describe.skipIf(!hasOpenssl)('a database of SQL Server over TLS (needs openssl for a certificate)', () => {
  it('is trusted when the certificate is vouched for or its address says so, and not otherwise', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sql-server-'));
    const before = getCACertificates('default');
    try {
      const authority = makeAuthority(folder, 'authority');
      const { cert, key } = authority.issue('sqlserver');
      const certificate = { certificate: readFileSync(cert, 'utf8'), privateKey: readFileSync(key, 'utf8') };
      const at = await open({ answer: () => GOOD, certificate }, '');
      await expect(count(at)).rejects.toMatchObject({ errorClass: 'unavailable' });
      expect(endpoint?.requests).toEqual([]);
      const address = `mssql://ana:x@127.0.0.1:${endpoint?.port}/PromptAds`;
      const trusting = openSqlServer(`${address}?trustServerCertificate=true`, { applicationName: 'x', called: 'PromptAds' });
      expect(await count(trusting)).toEqual([{ number: 7 }]);
      await trusting.close();
      setDefaultCACertificates([...before, readFileSync(authority.ca, 'utf8')]); // what NODE_EXTRA_CA_CERTS does for a process
      const checking = openSqlServer(address, { applicationName: 'x', called: 'PromptAds' });
      expect(await count(checking)).toEqual([{ number: 7 }]);
      await checking.close();
      expect(endpoint?.requests.map(({ session }) => session.isEncrypted)).toEqual([true, true]);
    } finally {
      setDefaultCACertificates(before);
      rmSync(folder, { recursive: true });
    }
  });
});
