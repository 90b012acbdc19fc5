import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inDependencyOrder, readDeployment, type ScriptFile, splitBatches, toScript } from '../../database/sqlserver/deployment_scripts.ts';

const file = (path: string, text: string): ScriptFile => ({ path, text });
const order = (...files: readonly ScriptFile[]) => inDependencyOrder(files).map(({ path }) => path);

describe('batches of a T-SQL script', () => {
  it('are parted by GO alone on its line, and know the line they begin at', () => {
    expect(splitBatches('SELECT 1\nGO\n\nSELECT 2\n  go -- next\nSELECT 3')).toEqual([
      { line: 1, text: 'SELECT 1' },
      { line: 3, text: '\nSELECT 2' },
      { line: 6, text: 'SELECT 3' },
    ]);
  });

  it('are not parted by GO within a comment or a text, nor by a name that begins so', () => {
    for (const text of ["SELECT '\nGO\n'", '/*\nGO\n*/ SELECT 1', 'SELECT goal\nGOAL']) expect(splitBatches(text)).toHaveLength(1);
    expect(splitBatches("SELECT 'it''s' -- don't\nGO\nSELECT 2")).toHaveLength(2);
  });

  it('of nothing but comments and space are none', () => {
    expect(splitBatches('-- one\nGO\n/* two */\nGO\n\n')).toEqual([]);
  });

  it('hold the whole script, whatever it is', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('SELECT 1', "SELECT '--'", '/* b */', 'GO', '-- a', '')), (lines) => {
        const kept = splitBatches(lines.join('\n')).flatMap(({ text }) => text.split('\n'));
        expect(kept.filter((line) => line === 'SELECT 1')).toHaveLength(lines.filter((line) => line === 'SELECT 1').length);
      }),
    );
  });
});

describe('the order of scripts', () => {
  const schema = file('schema/crm.sql', 'CREATE SCHEMA crm');
  it('puts each after those that make what it names, whatever their names and folders', () => {
    expect(
      order(
        file('views/crm.a.sql', 'CREATE VIEW crm.a AS SELECT b.id FROM crm.b AS b'),
        file('views/crm.b.sql', 'CREATE VIEW crm.b AS SELECT t.id FROM [crm].[t] AS t'),
        file('tables/crm.u.sql', 'CREATE TABLE crm.u (id int REFERENCES crm.z (id))'),
        file('tables/crm.t.sql', 'CREATE TABLE crm.t (id int)'),
        file('tables/crm.z.sql', 'CREATE TABLE crm.z (id int)'),
        file('permissions/p.sql', 'GRANT SELECT ON crm.a TO reader'),
        file('security/role.reader.sql', 'CREATE ROLE reader'),
        schema,
      ),
    ).toEqual([
      'schema/crm.sql',
      'security/role.reader.sql',
      'tables/crm.t.sql',
      'tables/crm.z.sql',
      'tables/crm.u.sql',
      'views/crm.b.sql',
      'views/crm.a.sql',
      'permissions/p.sql',
    ]);
  });

  it('follows names in texts, such as that of a certificate, and none in comments or on another server', () => {
    expect(
      order(
        schema,
        file('security/a.sql', "CREATE VIEW crm.v AS SELECT CERT_ID('cert') AS id -- crm.w\n"),
        file('security/b.sql', "CREATE CERTIFICATE cert WITH SUBJECT = 'x'"),
        file('synonyms/crm.s.sql', 'CREATE SYNONYM crm.s FOR [OTHER].[Other].[crm].[w]'),
        file('views/crm.w.sql', 'CREATE VIEW crm.w AS SELECT s.id FROM crm.s AS s'),
      ),
    ).toEqual(['schema/crm.sql', 'security/b.sql', 'security/a.sql', 'synonyms/crm.s.sql', 'views/crm.w.sql']);
  });

  it('names the scripts of a circle', () => {
    const circle = [
      file('views/a.sql', 'CREATE VIEW crm.a AS SELECT b.x FROM crm.b AS b'),
      file('views/b.sql', 'CREATE VIEW crm.b AS SELECT a.x FROM crm.a AS a'),
    ];
    expect(() => order(...circle)).toThrow('scripts need each other: views/a.sql → views/b.sql → views/a.sql');
  });
});

describe('a script', () => {
  it('of code alone replaces its older version', () => {
    const script = toScript(file('p.sql', '-- What it does: CREATE nothing.\nCREATE PROCEDURE crm.p AS SELECT 1'));
    expect(script).toMatchObject({
      kind: 'code',
      batches: [{ line: 1, text: '-- What it does: CREATE nothing.\nCREATE OR ALTER PROCEDURE crm.p AS SELECT 1' }],
    });
  });

  it('of rights alone can be repeated, and of anything else not', () => {
    expect(toScript(file('p.sql', 'GRANT SELECT ON crm.a TO b;\nGO\nDENY SELECT ON crm.c TO b')).kind).toBe('rights');
    expect(toScript(file('t.sql', 'CREATE TABLE crm.t (id int);\nGO\nCREATE INDEX i ON crm.t (id)')).kind).toBe('once');
    expect(toScript(file('t.sql', 'CREATE VIEW crm.v AS SELECT 1 AS a;\nGO\nCREATE INDEX i ON crm.t (id)')).kind).toBe('once');
  });

  it('has the same hash with the line ends of Windows', () => {
    expect(toScript(file('a', 'SELECT 1\r\nGO\r\n')).hash).toBe(toScript(file('a', 'SELECT 1\nGO\n')).hash);
  });
});

describe.each(['sqlserver_ads', 'sqlserver_crm'] as const)('%s', (folder) => {
  it('has an order, in which every object comes after its schema and what it refers to', async () => {
    const scripts = await readDeployment(folder);
    expect(scripts.length).toBeGreaterThan(30);
    expect(scripts.every(({ path }) => !path.startsWith('scripts/'))).toBe(true);
    const place = (path: string) => scripts.findIndex((script) => script.path === path);
    for (const [index, script] of scripts.entries()) {
      const name = script.path.split('/').at(-1) ?? '';
      if (/^\w+\.\w+\.sql$/.test(name) && script.path.startsWith('tables/'))
        expect(place(`schema/${name.split('.')[0]}.sql`)).toBeLessThan(index);
      for (const { text } of script.batches) {
        for (const [, table = ''] of text.matchAll(/\bREFERENCES (\w+\.\w+)/g)) {
          expect(place(`tables/${table}.sql`), `${script.path} refers to ${table}`).toBeGreaterThanOrEqual(0);
          expect(place(`tables/${table}.sql`), `${script.path} refers to ${table}`).toBeLessThanOrEqual(index);
        }
      }
    }
  });
});
