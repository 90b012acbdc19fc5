import { Writable } from 'node:stream';
import { afterEach, describe, expect, it } from 'vitest';
import { runDeploySqlServer } from '../../cli/commands/deploy_sql_server.ts';
import { copyRows } from '../../database/generator/copy_rows.ts';
import { SCALES } from '../../database/generator/scales.ts';
import { sourceData } from '../../database/generator/source_data.ts';
import { targetTables } from '../../database/generator/target_tables.ts';
import { readDeployment } from '../../database/sqlserver/deployment_scripts.ts';
import { readSettings } from '../../shared/config/settings.ts';
import { startTdsEndpoint, type TdsEndpoint, type TdsReply, type TdsRequest } from '../support/tds_endpoint.ts';
import type { TdsTable, TdsValue } from '../support/tds_endpoint_types.ts';

/**
 * `promptsales deploy` over the wire: mssql speaks to an endpoint that keeps the books a server would keep (which scripts are done, how many rows
 * are in a table) and runs no SQL. What the scripts mean is the compile gate's business.
 */
const REFERENCE_DATE = '2026-11-21';

type Books = {
  readonly scripts: Map<string, string>;
  readonly rows: Map<string, (readonly TdsValue[])[]>;
  fill: readonly TdsValue[] | undefined;
  isFilled: boolean;
  /** What the server says against a request, if anything. */
  refuse: (request: TdsRequest) => TdsReply | undefined;
};

let endpoint: TdsEndpoint | undefined;
afterEach(async () => {
  await endpoint?.stop();
  endpoint = undefined;
});

async function start(): Promise<Books> {
  const books: Books = { scripts: new Map(), rows: new Map(), fill: undefined, isFilled: false, refuse: () => undefined };
  let undone: (() => void)[] = [];
  let bulkInto = '';
  const rowsOf = (table: string) => books.rows.get(table) ?? books.rows.set(table, []).get(table) ?? [];
  endpoint = await startTdsEndpoint({
    answer(request) {
      const refused = books.refuse(request);
      if (refused !== undefined) return refused;
      switch (request.kind) {
        case 'transaction':
          if (request.what === 'rollback') for (const undo of undone) undo();
          undone = [];
          return {};
        case 'bulk':
          rowsOf(bulkInto).push(...request.rows);
          return { written: request.rows.length };
        case 'procedure': {
          const { value } = request.parameters[0] ?? {};
          rowsOf('crm.customers').push(...(value as TdsTable).rows);
          return { results: [{ columns: { inserted: 'int', updated: 'int' }, rows: [[(value as TdsTable).rows.length, 0]] }] };
        }
        case 'statement':
          return answer(request.sql, new Map(request.parameters.map(({ name, value }) => [name.replace(/^@/, ''), value])));
      }
    },
  });
  const answer = (sql: string, given: ReadonlyMap<string, TdsValue>): TdsReply => {
    bulkInto = /^insert bulk \[?(\w+)\]?\.\[?(\w+)/i.exec(sql)?.slice(1).join('.') ?? bulkInto;
    const counted = /^SELECT COUNT_BIG\(\*\) AS count FROM (\S+)/.exec(sql)?.[1];
    if (counted !== undefined) return { results: [{ columns: { count: 'bigint' }, rows: [[BigInt(rowsOf(counted).length)]] }] };
    if (sql.startsWith('SELECT s.script')) {
      return {
        results: [
          { columns: { script: 'nvarchar(200)', hash: 'char(64)' }, rows: [...books.scripts].map(([script, hash]) => [script, hash]) },
        ],
      };
    }
    if (sql.startsWith('SELECT s.hash')) {
      const hash = books.scripts.get(String(given.get('script')));
      return { results: [{ columns: { hash: 'char(64)' }, rows: hash === undefined ? [] : [[hash]] }] };
    }
    if (/deploy\.scripts/.test(sql) && given.has('hash')) {
      const script = String(given.get('script'));
      const before = books.scripts.get(script);
      undone.push(() => (before === undefined ? books.scripts.delete(script) : books.scripts.set(script, before)));
      books.scripts.set(script, String(given.get('hash')));
    }
    if (sql.startsWith('SELECT f.seed')) {
      const columns = { seed: 'bigint', referenceDate: 'char(10)', scale: 'varchar(10)', version: 'int' } as const;
      return { results: [{ columns, rows: books.fill === undefined ? [] : [books.fill] }] };
    }
    if (sql.startsWith('INSERT INTO deploy.fill')) {
      books.fill = [
        given.get('seed') ?? null,
        given.get('referenceDate') ?? null,
        given.get('scale') ?? null,
        Number(given.get('version')),
      ];
    }
    if (sql.startsWith('UPDATE deploy.fill')) books.isFilled = true;
    return {};
  };
  return books;
}

async function deploy(database: 'ads' | 'crm', { fill = false, environment = {} as NodeJS.ProcessEnv } = {}) {
  let said = '';
  const output = new Writable({
    write(chunk, _encoding, done) {
      said += String(chunk);
      done();
    },
  });
  const url = `mssql://owner:s3cret@127.0.0.1:${endpoint?.port}/${database}?encrypt=false`;
  const settings = readSettings({
    ADS_DATABASE_URL: url,
    CRM_DATABASE_URL: url,
    PROMPTSALES_SCALE: 'small',
    PROMPTSALES_SEED: '7',
    PROMPTSALES_REFERENCE_DATE: REFERENCE_DATE,
    ...environment,
  });
  const variables = { PROMPTSALES_MASTER_KEY_PASSWORD: "it's long", ...environment };
  const code = await runDeploySqlServer(database, { fill }, settings, variables, output as unknown as NodeJS.WriteStream);
  return { code, said };
}

const statements = () => endpoint?.requests.flatMap((request) => (request.kind === 'statement' ? [request.sql] : [])) ?? [];
const failing =
  (test: RegExp): Books['refuse'] =>
  (request) =>
    request.kind === 'statement' && test.test(request.sql)
      ? { notices: [{ number: 2714, class: 16, state: 6, line: 2, message: 'There is already an object of that name.' }], rollsBack: false }
      : undefined;

describe.each(['ads', 'crm'] as const)('promptsales deploy %s', (database) => {
  it('runs every script once, in the order of their dependencies, and nothing when it is run again', async () => {
    const books = await start();
    const scripts = await readDeployment(`sqlserver_${database}`);
    expect((await deploy(database)).said).toContain(`${scripts.length} scripts deployed, 0 replaced, 0 as they were`);
    expect([...books.scripts.keys()]).toEqual(scripts.map(({ path }) => path));
    const sent = statements();
    const wanted = scripts.flatMap(({ batches }) => batches.map(({ text }) => text));
    expect(sent.filter((sql) => wanted.includes(sql))).toEqual(wanted);

    const before = endpoint?.requests.length ?? 0;
    expect((await deploy(database)).said).toContain(`0 scripts deployed, 0 replaced, ${scripts.length} as they were`);
    expect(endpoint?.requests.slice(before).some((request) => request.kind === 'transaction')).toBe(false);
  });

  it('goes on where it was cut short: a script that failed leaves nothing, those before it stay', async () => {
    const books = await start();
    const scripts = await readDeployment(`sqlserver_${database}`);
    const broken = scripts.findIndex(({ path, batches }) => path.startsWith('tables/') && batches.length > 1);
    const { path = '', batches = [] } = scripts[broken] ?? {};
    const second = batches[1]?.text ?? '';
    books.refuse = (request) => (request.kind === 'statement' && request.sql === second ? failing(/./)(request) : undefined);
    const line = (batches[1]?.line ?? 0) + 1;
    await expect(deploy(database)).rejects.toThrow(`${path}, line ${line}: error 2714: There is already an object of that name.`);
    expect([...books.scripts.keys()]).toEqual(scripts.slice(0, broken).map((script) => script.path));
    books.refuse = () => undefined;
    expect((await deploy(database)).said).toContain(`${scripts.length - broken} scripts deployed, 0 replaced, ${broken} as they were`);
  });

  it('deploys changed code again over its older version, and changes no table behind SqlPackage', async () => {
    const books = await start();
    await deploy(database);
    const paths = [...books.scripts.keys()];
    const procedure = paths.find((path) => path.startsWith('procedures/')) ?? '';
    books.scripts.set(procedure, '0'.repeat(64));
    expect((await deploy(database)).said).toContain('0 scripts deployed, 1 replaced');
    const { batches } = (await readDeployment(`sqlserver_${database}`)).find(({ path }) => path === procedure) ?? {};
    expect(batches?.[0]?.text).toMatch(/^CREATE OR ALTER PROCEDURE/m);
    expect(statements().filter((sql) => sql === batches?.[0]?.text)).toHaveLength(2);

    const table = paths.find((path) => path.startsWith('tables/')) ?? '';
    books.scripts.set(table, '0'.repeat(64));
    books.scripts.set(procedure, '0'.repeat(64));
    await expect(deploy(database)).rejects.toMatchObject({
      message: expect.stringContaining(table),
      remedy: expect.stringContaining('SqlPackage'),
    });
    expect(books.scripts.get(procedure)).toBe('0'.repeat(64));
  });

  it('fills an empty database with the rows that PostgreSQL gets, to the cent, and only that one', { timeout: 60_000 }, async () => {
    const books = await start();
    await deploy(database, { fill: true });
    expect(books.isFilled).toBe(true);
    const data = sourceData(7, REFERENCE_DATE, 'small');
    const targets = await targetTables(database);
    for (const _ of data.metrics.chunks()) {
      // What comes after is drawn from it.
    }
    const { touches, sales } = data.afterMetrics();
    for (const table of database === 'ads' ? [...data.ads, touches] : [data.cities, ...sales]) {
      const columns = targets.of(table);
      const generated = [
        ...copyRows(
          table.chunks(),
          columns.map(({ copied }) => copied),
        ),
      ];
      const loaded = books.rows.get(table.table) ?? [];
      expect(loaded, table.table).toHaveLength(generated.length);
      // Amounts as the server reads them off the wire.
      for (const [place, { copied, type }] of columns.filter(({ type }) => type !== undefined).entries()) {
        const from = columns.findIndex(({ name }) => name === columns.filter((c) => c.type !== undefined)[place]?.name);
        if (copied === 'numeric' || copied === 'int8' || copied === 'text') {
          expect(
            loaded.map((row) => (row[place] === null ? null : String(row[place]))),
            `${table.table}, ${type}`,
          ).toEqual(generated.map((row) => (row[from] === null ? null : String(row[from]))));
        }
      }
    }
    if (database === 'crm') expect(books.rows.get('crm.customers')).toHaveLength(SCALES.small.customers);
    else expect(books.rows.get('ads.campaign_countries')?.length).toBeGreaterThan(SCALES.small.campaigns.count);
    for (const table of books.rows.keys()) expect(statements()).toContain(`ALTER TABLE ${table} WITH CHECK CHECK CONSTRAINT ALL`);
  });

  it('goes on with a fill that was cut short, behind the last whole batch', { timeout: 60_000 }, async () => {
    const books = await start();
    const last = database === 'ads' ? /insert bulk .*touches/i : /insert bulk .*interactions/i;
    books.refuse = failing(last);
    await expect(deploy(database, { fill: true })).rejects.toThrow('There is already an object');
    expect(books.isFilled).toBe(false);
    const whole = new Map([...books.rows].filter(([, rows]) => rows.length > 0).map(([table, rows]) => [table, rows.length]));
    // As if a table had got a part of its rows.
    const [cut = ''] = [...whole].find(([table]) => table.endsWith(database === 'ads' ? 'daily_metrics' : 'orders')) ?? [];
    books.rows.get(cut)?.splice(1000);
    books.refuse = () => undefined;
    await deploy(database, { fill: true });
    expect(books.isFilled).toBe(true);
    for (const [table, count] of whole) expect(books.rows.get(table), table).toHaveLength(count);
    const ids = (books.rows.get(cut) ?? []).map((row) =>
      JSON.stringify(row.slice(0, 4), (_, value) => (typeof value === 'bigint' ? String(value) : value)),
    );
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('refuses a database that holds something else', async () => {
    const books = await start();
    books.rows.set(database === 'ads' ? 'ads.channels' : 'crm.cities', [[1]]);
    await expect(deploy(database, { fill: true })).rejects.toThrow('holds 1 rows that no fill of this made');
    books.rows.clear();
    books.fill = [8n, REFERENCE_DATE, 'small', 1];
    await expect(deploy(database, { fill: true })).rejects.toThrow('was filled with seed 8');
  });

  it('says what is missing, and tells no password', async () => {
    await start();
    const nowhere = 'mssql://owner:s3cret@127.0.0.1:1/x?encrypt=false';
    const failure = await deploy(database, { environment: { ADS_DATABASE_URL: nowhere, CRM_DATABASE_URL: nowhere } }).catch(
      (error: unknown) => error,
    );
    expect(failure).toMatchObject({ message: expect.stringContaining('cannot be reached') });
    expect(String(failure)).not.toContain('s3cret');
    const postgres = { ADS_DATABASE_URL: 'postgres://a@b/c', CRM_DATABASE_URL: 'postgres://a@b/c' };
    await expect(deploy(database, { environment: postgres })).rejects.toThrow('is no address of SQL Server');
  });
});

describe('the master key of PromptCRM', () => {
  it('gets its password from the environment, quoted, and nothing is done without it', async () => {
    await start();
    await expect(deploy('crm', { environment: { PROMPTSALES_MASTER_KEY_PASSWORD: '' } })).rejects.toMatchObject({
      message: expect.stringContaining('needs MASTER_KEY_PASSWORD'),
      remedy: expect.stringContaining('PROMPTSALES_MASTER_KEY_PASSWORD'),
    });
    await deploy('crm');
    expect(statements().find((sql) => sql.includes('CREATE MASTER KEY'))).toContain("N'it''s long'");
  });
});
