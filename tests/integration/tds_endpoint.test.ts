import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import fc from 'fast-check';
import sql from 'mssql';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { hasOpenssl, makeAuthority } from '../support/certificates.ts';
import { hasProgram } from '../support/redis_servers.ts';
import { startTdsEndpoint, type TdsEndpoint, type TdsEndpointOptions, type TdsReply, type TdsRequest } from '../support/tds_endpoint.ts';
import type { TdsResult } from '../support/tds_endpoint_tokens.ts';
import type { TdsType, TdsValue } from '../support/tds_endpoint_types.ts';

/** SQL Server does not run here: what stands in for it on the wire is judged by two clients that others wrote, mssql and FreeTDS. */
let endpoint: TdsEndpoint | undefined;
let pool: sql.ConnectionPool | undefined;

afterEach(async () => {
  await endpoint?.stop(); // before the pool, which would wait for what still runs
  await pool?.close();
  pool = undefined;
  endpoint = undefined;
});

async function start(options: TdsEndpointOptions['answer'] | TdsEndpointOptions): Promise<TdsEndpoint> {
  endpoint = await startTdsEndpoint(typeof options === 'function' ? { answer: options } : (options ?? {}));
  return endpoint;
}

async function connect(more: Partial<sql.config> = {}): Promise<sql.ConnectionPool> {
  pool = new sql.ConnectionPool({
    server: '127.0.0.1',
    port: endpoint?.port ?? 0,
    user: 'ana',
    password: 'contraseña ñ€',
    database: 'PromptAds',
    // Otherwise mssql asks for SELECT 1 whenever it takes a connection from its pool.
    validateConnection: 'socket',
    options: { encrypt: false },
    ...more,
  });
  pool.on('error', () => undefined);
  return pool.connect();
}

const result = (columns: TdsResult['columns'], ...rows: TdsResult['rows']): TdsResult => ({ columns, rows });
const asked = (): TdsRequest => endpoint?.requests.at(-1) ?? expect.fail('nothing was asked');
const one = (type: TdsType, value: TdsValue): TdsReply => ({ results: [{ columns: { value: type }, rows: [[value]] }] });

describe('the TDS endpoint, asked by mssql', () => {
  it('knows who logs in', async () => {
    await start(() => one('int', 1));
    await (await connect()).request().query('SELECT 1 AS value');
    expect(asked().session.login).toMatchObject({ user: 'ana', password: 'contraseña ñ€', database: 'PromptAds' });
    expect(asked()).toMatchObject({ kind: 'statement', sql: 'SELECT 1 AS value', session: { isEncrypted: false } });
  });

  it('takes a procedure with typed parameters, and gives result sets, output parameters and a return status', async () => {
    await start(() => ({
      results: [
        result({ a: 'int', b: 'nvarchar(max)' }, [1, 'ñ😀'], [null, null]),
        result({ c: 'varchar(20)' }),
        result({ d: 'bit' }, [true]),
      ],
      outputs: { total: { type: 'bigint', value: 9_007_199_254_740_993n } },
      status: 7,
    }));
    const answered = await (await connect())
      .request()
      .input('plan_id', sql.VarChar(64), 'plan-1')
      .input('who', sql.NVarChar(200), 'Íñigo')
      .input('note', sql.NVarChar(sql.MAX), null)
      .input('at', sql.DateTime2(7), new Date('2026-02-10T18:00:00.123Z'))
      .input('today', sql.Date, '2026-02-10')
      .input('amount', sql.Decimal(14, 2), '450.10')
      .input('version', sql.BigInt, '9007199254740993')
      .input('is_new', sql.Bit, true)
      .output('total', sql.BigInt)
      .execute('ads.apply_budget_plan');
    expect(answered).toMatchObject({
      recordsets: [
        [
          { a: 1, b: 'ñ😀' },
          { a: null, b: null },
        ],
        [],
        [{ d: true }],
      ],
      output: { total: '9007199254740993' },
      returnValue: 7,
    });
    expect(asked()).toMatchObject({
      kind: 'procedure',
      procedure: 'ads.apply_budget_plan',
      parameters: [
        { name: 'plan_id', type: 'varchar(64)', value: 'plan-1' },
        { name: 'who', type: 'nvarchar(200)', value: 'Íñigo' },
        { name: 'note', type: 'nvarchar(max)', value: null },
        { name: 'at', type: 'datetime2(7)', value: '2026-02-10T18:00:00.1230000' },
        { name: 'today', type: 'date', value: '2026-02-10' },
        { name: 'amount', type: 'decimal(14,2)', value: '450.10' },
        { name: 'version', type: 'bigint', value: 9_007_199_254_740_993n },
        { name: 'is_new', type: 'bit', value: true },
        { name: 'total', type: 'bigint', isOutput: true, value: null },
      ],
    });
  });

  it('takes the rows of a table-valued parameter, empty ones and large ones too', async () => {
    await start(() => ({}));
    const table = (rows: readonly (readonly [number, string, string | null, number])[]): sql.Table => {
      const changes = new sql.Table('ads.budget_change');
      changes.columns.add('id', sql.BigInt);
      changes.columns.add('campaign_id', sql.NVarChar(64));
      changes.columns.add('month', sql.Date);
      changes.columns.add('planned', sql.Decimal(14, 2));
      for (const row of rows) changes.rows.add(...row);
      return changes;
    };
    const call = (rows: Parameters<typeof table>[0]) =>
      pool?.request().input('changes', sql.TVP('ads.budget_change'), table(rows)).execute('p');
    await connect();
    await call([
      [3_000_000_000, 'CMP-ñ', '2026-02-01', 0.01],
      [2, '', null, 999_999_999_999.99],
    ]);
    const columnTypes = ['bigint', 'nvarchar(64)', 'date', 'decimal(14,2)'];
    expect(asked()).toMatchObject({
      parameters: [
        {
          name: 'changes',
          type: 'ads.budget_change',
          value: {
            type: 'ads.budget_change',
            columnTypes,
            rows: [
              [3_000_000_000n, 'CMP-ñ', '2026-02-01', '0.01'],
              [2n, '', null, '999999999999.99'],
            ],
          },
        },
      ],
    });
    await call([]);
    expect(asked()).toMatchObject({ parameters: [{ value: { columnTypes, rows: [] } }] });
    await call(Array.from({ length: 5_000 }, (_, index) => [index, `CMP-${index}`, '2026-02-01', index / 100]));
    const { parameters } = asked() as Extract<TdsRequest, { kind: 'procedure' }>;
    expect(parameters[0]?.value).toMatchObject({
      rows: expect.objectContaining({ length: 5_000, 4999: [4999n, 'CMP-4999', '2026-02-01', '49.99'] }),
    });
  });

  it('gives every value back as the driver reads it', async () => {
    let reply: TdsReply = {};
    await start(() => reply);
    await connect();
    const read = async (type: TdsType, value: TdsValue): Promise<unknown> => {
      reply = one(type, value);
      return (await pool?.request().query('SELECT value'))?.recordset[0].value;
    };
    expect(await read('bigint', -9_223_372_036_854_775_808n)).toBe('-9223372036854775808');
    expect(await read('tinyint', 255)).toBe(255);
    expect(await read('smallint', -32_768)).toBe(-32_768);
    expect(await read('float', 0.1)).toBe(0.1);
    expect(await read('decimal(14,2)', '-12.34')).toBe(-12.34);
    expect(await read('date', '0001-01-01')).toEqual(new Date('0001-01-01T00:00:00Z'));
    expect(await read('datetime2(7)', '2026-02-10T18:00:00.1234567')).toEqual(new Date('2026-02-10T18:00:00.123Z'));
    expect(await read('datetime2(0)', '9999-12-31T23:59:59')).toEqual(new Date('9999-12-31T23:59:59Z'));
    expect(await read('uniqueidentifier', '6F9619FF-8B86-D011-B42D-00C04FC964FF')).toBe('6F9619FF-8B86-D011-B42D-00C04FC964FF');
    expect(await read('binary(8)', Buffer.from('00000000000007d1', 'hex'))).toEqual(Buffer.from('00000000000007d1', 'hex'));
    expect(await read('varbinary(max)', Buffer.alloc(100_000, 7))).toEqual(Buffer.alloc(100_000, 7));
    expect(await read('nvarchar(max)', 'ñ'.repeat(100_000))).toBe('ñ'.repeat(100_000));
    expect(await read('char(3)', 'USD')).toBe('USD');
    expect(await read('nchar(2)', 'CR')).toBe('CR');
  });

  it('understands decimals, bigints and times of any size as they were sent', async () => {
    await start(() => ({}));
    await connect();
    const cents = fc.bigInt({ min: -99_999_999_999_999n, max: 99_999_999_999_999n });
    const times = fc.date({ min: new Date('1753-01-01T00:00:00Z'), max: new Date('9999-12-31T00:00:00Z'), noInvalidDate: true });
    const property = fc.asyncProperty(cents, fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), times, async (amount, large, time) => {
      const digits = String(amount < 0n ? -amount : amount).padStart(3, '0');
      const text = `${amount < 0n ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
      await pool
        ?.request()
        .input('a', sql.Decimal(14, 2), text)
        .input('b', sql.BigInt, large)
        .input('c', sql.DateTime2(3), time)
        .execute('p');
      expect(asked()).toMatchObject({ parameters: [{ value: text }, { value: large }, { value: time.toISOString().slice(0, -1) }] });
    });
    await fc.assert(property, { numRuns: 200 });
  });

  it('gives twenty thousand rows over many packets', async () => {
    const rows = Array.from({ length: 20_000 }, (_, index) => [index, `row ${index}`]);
    await start(() => ({ results: [{ columns: { id: 'int', name: 'nvarchar(100)' }, rows }] }));
    const { recordset } = await (await connect()).request().query('SELECT');
    expect([recordset.length, recordset[19_999]]).toEqual([20_000, { id: 19_999, name: 'row 19999' }]);
  });

  it('keeps transactions, and a deadlock victim has lost its own', async () => {
    await start((request) =>
      request.kind === 'statement' && request.sql === 'deadlock'
        ? {
            notices: [{ number: 1205, class: 13, state: 51, message: 'Transaction was deadlocked', procedure: 'ads.p', line: 12 }],
            rollsBack: true,
          }
        : { written: 3 },
    );
    await connect();
    const transaction = pool?.transaction() ?? expect.fail();
    await transaction.begin(sql.ISOLATION_LEVEL.SERIALIZABLE);
    expect((await transaction.request().query('UPDATE')).rowsAffected).toEqual([3]);
    expect(asked().inTransaction).toBe(true);
    await transaction.commit();
    const victim = pool?.transaction() ?? expect.fail();
    await victim.begin();
    await expect(victim.request().query('deadlock')).rejects.toMatchObject({ number: 1205, class: 13, procName: 'ads.p', lineNumber: 12 });
    await expect(victim.rollback()).rejects.toMatchObject({ code: 'EABORT' });
    await pool?.request().query('afterwards');
    expect(asked().inTransaction).toBe(false);
    const steps = endpoint?.requests.map((request) => (request.kind === 'transaction' ? request.what : request.kind));
    expect(steps).toEqual(['begin', 'statement', 'commit', 'begin', 'statement', 'statement']);
  });

  it('tells an error after rows, and a message that is none', async () => {
    await start(() => ({ ...one('int', 1), notices: [{ number: 50_001, message: 'Límite superado', state: 3 }] }));
    await expect((await connect()).request().execute('p')).rejects.toMatchObject({ number: 50_001, state: 3, message: 'Límite superado' });
    await endpoint?.stop();
    await start(() => ({ ...one('int', 1), notices: [{ number: 0, class: 0, message: 'printed' }] }));
    const request = (await connect()).request();
    const heard: string[] = [];
    request.on('info', ({ message }: { message: string }) => heard.push(message));
    await request.execute('p');
    expect(heard).toEqual(['printed']);
  });

  it('breaks in the middle of a result, and the pool goes on with another connection', async () => {
    let breaks = true;
    await start(() => ({ ...one('int', 1), ...(breaks ? { breaksAfterRows: 1 } : {}) }));
    await connect({ pool: { max: 1 } });
    await expect(pool?.request().query('SELECT')).rejects.toThrow(/socket hang up|Connection lost|ECONNRESET/);
    breaks = false;
    expect((await pool?.request().query('SELECT'))?.recordset).toEqual([{ value: 1 }]);
  });

  it('is slow when told to, and lets itself be cancelled, by time or by hand', async () => {
    await start((request) =>
      request.kind === 'statement' && request.sql === 'never' ? { afterMs: 'never' } : { ...one('int', 1), afterMs: 100 },
    );
    await connect({ pool: { max: 1 }, requestTimeout: 300 });
    expect((await pool?.request().query('slow'))?.recordset).toEqual([{ value: 1 }]);
    await expect(pool?.request().query('never')).rejects.toMatchObject({ code: 'ETIMEOUT' });
    const request = pool?.request() ?? expect.fail();
    setTimeout(() => request.cancel(), 50);
    await expect(request.query('never')).rejects.toMatchObject({ code: 'ECANCEL' });
    expect(endpoint?.cancelled()).toBe(2);
    expect((await pool?.request().query('slow'))?.recordset).toEqual([{ value: 1 }]);
    expect(endpoint?.connections()).toBe(1);
  });

  it('refuses a login', async () => {
    await start({ refuseLogin: ({ user }) => ({ number: 18_456, class: 14, message: `Login failed for user '${user}'.` }) });
    await expect(connect()).rejects.toMatchObject({ name: 'ConnectionError', code: 'ELOGIN', message: "Login failed for user 'ana'." });
  });

  it('ends a connection with an error of class 20', async () => {
    await start(() => ({ notices: [{ number: 40_197, class: 20, message: 'The service has encountered an error' }] }));
    await expect((await connect()).request().query('SELECT')).rejects.toThrow();
    await expect.poll(() => endpoint?.connections()).toBe(0);
  });

  it('takes a bulk load, row by row', async () => {
    await start((request) => (request.kind === 'statement' ? {} : undefined));
    const table = new sql.Table('ads.channels');
    table.columns.add('channel_id', sql.NVarChar(32), { nullable: false });
    table.columns.add('reach', sql.BigInt, { nullable: true });
    table.columns.add('share', sql.Decimal(5, 4), { nullable: false });
    table.columns.add('since', sql.DateTime2(7), { nullable: true });
    for (let index = 0; index < 2_000; index++) table.rows.add(`c${index}`, index % 2 === 0 ? null : index, 0.25, new Date(index));
    expect(await (await connect()).request().bulk(table)).toEqual({ rowsAffected: 2_000 });
    const [announced, load] = endpoint?.requests ?? [];
    expect(announced).toMatchObject({ kind: 'statement', sql: expect.stringMatching(/^insert bulk \[ads\]\.\[channels\]/i) });
    expect(load).toMatchObject({
      kind: 'bulk',
      columns: [{ name: 'channel_id', type: 'nvarchar(32)' }, { name: 'reach', type: 'bigint' }, {}, {}],
    });
    expect(load).toMatchObject({ rows: { length: 2_000, 1999: ['c1999', 1999n, '0.2500', '1970-01-01T00:00:01.9990000'] } });
  });

  it('says so of what it was not told to answer', async () => {
    await start({});
    await expect((await connect()).request().execute('ads.nothing')).rejects.toMatchObject({ number: 2812 });
  });
});

const folder = mkdtempSync(join(tmpdir(), 'tds-'));
afterAll(() => rmSync(folder, { recursive: true }));
const certificate = () => {
  const authority = makeAuthority(folder, 'authority');
  const { cert, key } = authority.issue('sqlserver');
  return { ca: authority.ca, pair: { certificate: readFileSync(cert, 'utf8'), privateKey: readFileSync(key, 'utf8') } };
};

describe.skipIf(!hasOpenssl)('the TDS endpoint with TLS inside its packets (needs openssl for a certificate)', () => {
  it('is believed when an authority that the client knows vouches for it, and refused otherwise', async () => {
    const { ca, pair } = certificate();
    await start({ certificate: pair, answer: () => one('nvarchar(max)', 'ñ'.repeat(200_000)) });
    await expect(connect({ options: { encrypt: true } })).rejects.toThrow(/unable to verify the first certificate/);
    await expect(connect({ options: { encrypt: false } })).rejects.toThrow(/requires encryption/);
    await connect({ options: { encrypt: true, cryptoCredentialsDetails: { ca: readFileSync(ca, 'utf8') } } });
    const { recordset } = (await pool?.request().input('text', sql.NVarChar(sql.MAX), 'ü'.repeat(200_000)).execute('p')) ?? expect.fail();
    expect(recordset[0]?.value).toHaveLength(200_000);
    expect(asked()).toMatchObject({ session: { isEncrypted: true }, parameters: [{ value: 'ü'.repeat(200_000) }] });
  });
});

const hasFreeTds = hasProgram('tsql', '-C') && hasProgram('fisql', '-v');
const run = promisify(execFile);

describe.skipIf(!hasFreeTds)('the TDS endpoint, asked by FreeTDS (needs freetds-bin)', () => {
  const environment = () => ({ ...process.env, TDSVER: '7.4', FREETDSCONF: join(folder, 'freetds.conf') });
  const configure = (lines: readonly string[] = []) => {
    const server = ['[endpoint]', 'host = 127.0.0.1', `port = ${endpoint?.port}`, 'tds version = 7.4', 'client charset = UTF-8', ...lines];
    writeFileSync(join(folder, 'freetds.conf'), server.join('\n'));
  };
  const ask = (program: string, parameters: readonly string[], input: string) => {
    const running = run(program, parameters, { env: environment(), timeout: 20_000 });
    running.child.stdin?.end(input);
    return running;
  };

  it('answers tsql: login, result sets with their types, and an error', async () => {
    await start((request) =>
      request.kind === 'statement' && request.sql.includes('broken')
        ? { notices: [{ number: 208, message: "Invalid object name 'broken'." }] }
        : {
            results: [
              result(
                { id: 'bigint', name: 'nvarchar(40)', amount: 'decimal(14,2)', at: 'datetime2(7)', day: 'date', note: 'nvarchar(max)' },
                [3_000_000_000n, 'Ñandú', '450.10', '2026-02-10T18:00:00.1234567', '2026-02-01', null],
              ),
              result({ b: 'int' }, [1], [2]),
            ],
          },
    );
    configure();
    const parameters = ['-S', 'endpoint', '-U', 'ana', '-P', 'secreto', '-D', 'PromptAds'];
    const { stdout, stderr } = await ask('tsql', parameters, 'SELECT 1\ngo\nSELECT broken\ngo\nexit\n');
    expect(stdout).toContain('id\tname\tamount\tat\tday\tnote');
    expect(stdout).toMatch(/3000000000\tÑandú\t450\.10\tFeb 10 2026 06:00PM\tFeb {2}1 2026 12:00AM\tNULL/);
    expect(stdout).toMatch(/\nb\n1\n2\n\(2 rows affected\)/);
    expect(`${stdout}${stderr}`).toMatch(/Msg 208.*"Invalid object name 'broken'\."|Invalid object name 'broken'/s);
    expect(endpoint?.requests[0]?.session.login).toMatchObject({ user: 'ana', password: 'secreto', database: 'PromptAds' });
  });

  it('answers fisql, and refuses its login', async () => {
    await start({
      answer: () => one('varchar(40)', 'desde el servidor'),
      refuseLogin: ({ user }) => (user === 'eva' ? { number: 18_456, class: 14, message: 'Login failed' } : undefined),
    });
    configure();
    const { stdout } = await ask('fisql', ['-S', 'endpoint', '-U', 'ana', '-P', 'x'], 'SELECT value\ngo\nexit\n');
    expect(stdout).toContain('desde el servidor');
    await expect(ask('fisql', ['-S', 'endpoint', '-U', 'eva', '-P', 'x'], 'exit\n')).rejects.toThrow(/msgno 20002/);
  });

  it('takes the bulk load of freebcp', async () => {
    await start((request) =>
      request.kind === 'statement' && /fmtonly/i.test(request.sql)
        ? { results: [{ columns: { id: 'int', name: 'nvarchar(40)' }, rows: [] }] }
        : request.kind === 'statement'
          ? {}
          : undefined,
    );
    configure();
    const file = join(folder, 'rows.txt');
    writeFileSync(file, '1\tuno\n2\tdos\n');
    const { stdout } = await ask('freebcp', ['PromptAds.ads.t', 'in', file, '-c', '-S', 'endpoint', '-U', 'ana', '-P', 'x'], '');
    expect(stdout).toMatch(/2 rows copied/);
    expect(endpoint?.requests.find(({ kind }) => kind === 'bulk')).toMatchObject({
      columns: [{ name: 'id' }, { name: 'name' }],
      rows: [
        [1, 'uno'],
        [2, 'dos'],
      ],
    });
  });

  it.skipIf(!hasOpenssl)('speaks TLS with tsql as it does with mssql', async () => {
    const { pair } = certificate();
    await start({ certificate: pair, answer: () => one('int', 42) });
    configure(['encryption = require']);
    const { stdout } = await ask('tsql', ['-S', 'endpoint', '-U', 'ana', '-P', 'x'], 'SELECT 42\ngo\nexit\n');
    expect(stdout).toMatch(/value\n42\n/);
    expect(asked()).toMatchObject({ session: { isEncrypted: true } });
  });
});
