import { spawnSync } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkTsql } from '../../scripts/tsql/check_tsql.ts';
import { missingTools, type TsqlFinding } from '../../scripts/tsql/compiler.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const ADS = 'database/sqlserver_ads';
const missing = missingTools();

/** One thing done wrong: in which file, the text for what was there (all of the file for a new one), and what the gate says of it there. */
type Mistake = {
  readonly name: string;
  readonly file: string;
  readonly edit: readonly [was: string, is: string] | string;
  readonly found: readonly (readonly [rule: string, message: RegExp])[];
};

const procedure = (name: string, parameters: string, body: string): string =>
  `CREATE PROCEDURE ads.${name} ${parameters} AS\nBEGIN\n  SET NOCOUNT ON;\n  ${body}\nEND;\n`;

/** Each in a file of its own, so that what is said of a file is said of its mistake. */
const MISTAKES: readonly Mistake[] = [
  {
    name: 'a misspelt column',
    file: `${ADS}/procedures/ads.read_client_campaigns.sql`,
    edit: ['c.name, c.status', 'c.nome, c.status'],
    found: [['SQL71501', /\[ads\]\.\[campaigns\]\.\[nome\]/]],
  },
  {
    name: 'a table that is not there',
    file: `${ADS}/procedures/ads.read_content_use.sql`,
    edit: ['JOIN ads.campaigns AS c', 'JOIN ads.campaign AS c'],
    found: [['SQL71502', /unresolved reference to object \[ads\]\.\[campaign\]/]],
  },
  {
    name: 'a misspelt column of the other database, over the linked server',
    file: `${ADS}/procedures/ads.read_campaign_return.sql`,
    edit: ['SUM(o.total_usd)', 'SUM(o.total_dollars)'],
    found: [['SQL71502', /\[total_dollars\]/]],
  },
  {
    name: "a linked server's table that is not on the list",
    file: `${ADS}/procedures/ads.read_people.sql`,
    edit: procedure('read_people', '', 'SELECT p.customer_id FROM [PROMPTCRM].[PromptCRM].[crm].[customers] AS p;'),
    found: [['SQL71562', /\[PROMPTCRM\]\.\[PromptCRM\]\.\[crm\]\.\[customers\]/]],
  },
  {
    name: "another database's table named as if it were its own",
    file: `${ADS}/procedures/ads.read_orders.sql`,
    edit: procedure('read_orders', '', 'SELECT o.order_id FROM crm.orders AS o;'),
    found: [['SQL71502', /unresolved reference to object \[crm\]\.\[orders\]/]],
  },
  {
    name: 'what does not parse',
    file: `${ADS}/procedures/etl.read_changes_channels.sql`,
    edit: ['WHERE gone.', 'WHERE WHERE gone.'],
    found: [['syntax', /Incorrect syntax near .*WHERE/]],
  },
  {
    name: 'SELECT *',
    file: `${ADS}/procedures/ads.read_everything.sql`,
    edit: procedure('read_everything', '', 'SELECT * FROM ads.channels AS c;'),
    found: [['select-star', /name the columns/]],
  },
  {
    name: 'a name without its schema',
    file: `${ADS}/procedures/ads.read_budget_state.sql`,
    edit: ['FROM ads.campaign_channels AS k', 'FROM campaign_channels AS k'],
    found: [['qualified-name', /campaign_channels needs its schema/]],
  },
  {
    name: 'a procedure that counts rows aloud',
    file: `${ADS}/procedures/ads.read_customer_journey.sql`,
    edit: ['SET NOCOUNT ON;', ''],
    found: [['nocount', /comes first/]],
  },
  {
    name: 'a procedure that takes rows and has no transaction',
    file: `${ADS}/procedures/ads.check_budget_plan.sql`,
    edit: ['BEGIN TRANSACTION;', ''],
    found: [['tvp-transaction', /begins and commits a transaction/]],
  },
  {
    name: 'rows written before the transaction begins',
    file: `${ADS}/procedures/ads.save_names.sql`,
    edit: procedure(
      'save_names',
      '@channels ads.channel_row READONLY',
      `SET XACT_ABORT ON;
  DELETE FROM ads.change_log WHERE change_id < 0;
  BEGIN TRY
    BEGIN TRANSACTION;
    UPDATE c SET name = n.name FROM ads.channels AS c JOIN @channels AS n ON n.channel_id = c.channel_id;
    COMMIT TRANSACTION;
  END TRY
  BEGIN CATCH
    ROLLBACK TRANSACTION;
    THROW;
  END CATCH;`,
    ),
    found: [['tvp-transaction', /written outside the transaction/]],
  },
  {
    name: 'a failure after which the transaction stays open',
    file: `${ADS}/procedures/ads.apply_budget_plan.sql`,
    edit: ['IF XACT_STATE() <> 0 ROLLBACK TRANSACTION;', ''],
    found: [['tvp-transaction', /CATCH rolls back/]],
  },
  {
    name: 'a procedure that writes without XACT_ABORT',
    file: `${ADS}/procedures/etl.prepare.sql`,
    edit: ['SET XACT_ABORT ON;', ''],
    found: [['xact-abort', /leaves its transaction open/]],
  },
  {
    name: 'NOLOCK',
    file: `${ADS}/procedures/etl.read_changes_touches.sql`,
    edit: ['FROM etl.touches AS v;', 'FROM etl.touches AS v WITH (NOLOCK);'],
    found: [['dirty-read', /NOLOCK/]],
  },
  {
    name: 'text that is executed',
    file: `${ADS}/procedures/ads.run_text.sql`,
    edit: procedure('run_text', '@text nvarchar(400)', 'EXEC (@text);'),
    found: [['dynamic-sql', /takes no parameters/]],
  },
  {
    name: 'a cursor',
    file: `${ADS}/procedures/ads.walk_channels.sql`,
    edit: procedure('walk_channels', '', 'DECLARE walk CURSOR LOCAL FAST_FORWARD FOR SELECT c.name FROM ads.channels AS c;'),
    found: [['cursor', /a set does it/]],
  },
  {
    name: 'an index that serves nobody knows what',
    file: `${ADS}/tables/ads.experiments.sql`,
    edit: ['-- Serves: the tests that ran while a campaign did (ads.read_campaign_history), and the foreign key.', ''],
    found: [['index-comment', /above ix_experiments_campaign: the query it serves/]],
  },
  {
    name: 'a file that is not named after its object',
    file: `${ADS}/views/etl.other_name.sql`,
    edit: 'CREATE VIEW etl.some_name AS SELECT c.channel_id FROM ads.channels AS c;\n',
    found: [['one-object', /named etl\.some_name\.sql/]],
  },
  {
    name: 'a misspelt column in a script that somebody runs',
    file: `${ADS}/scripts/first_rules.sql`,
    edit: ['country, client_id,', 'land, client_id,'],
    found: [['SQL71501', /\[land\]/]],
  },
  {
    name: 'a script for the server that does not parse',
    file: `${ADS}/scripts/server/agent_job.sql`,
    edit: ['EXEC msdb.dbo.sp_add_jobserver', 'EXEC EXEC msdb.dbo.sp_add_jobserver'],
    found: [['syntax', /Incorrect syntax/]],
  },
  {
    name: 'an excuse for nothing',
    file: `${ADS}/procedures/ads.extend_metric_months.sql`,
    edit: ['  SET XACT_ABORT ON;', '  SET XACT_ABORT ON; -- allow cursor: there was one once'],
    found: [['unused-note', /nothing here breaks cursor/]],
  },
];

describe.skipIf(missing.length > 0)(`the T-SQL gate${missing.length > 0 ? ` (needs ${missing.join(' and ')})` : ''}`, () => {
  let broken: string;
  let found: readonly TsqlFinding[];

  beforeAll(async () => {
    broken = await mkdtemp(join(tmpdir(), 'promptsales-tsql-'));
    for (const folder of ['sqlserver_ads', 'sqlserver_crm']) {
      await cp(join(ROOT, 'database', folder), join(broken, 'database', folder), { recursive: true });
    }
    for (const { file, edit } of MISTAKES) {
      const path = join(broken, file);
      if (typeof edit === 'string') {
        await writeFile(path, edit);
        continue;
      }
      const text = await readFile(path, 'utf8');
      if (!text.includes(edit[0])) throw new Error(`${file} does not have ${edit[0]}`);
      await writeFile(path, text.replace(edit[0], edit[1]));
    }
    ({ findings: found } = await checkTsql(broken));
  });
  afterAll(async () => rm(broken, { recursive: true, force: true }));

  it('finds nothing in the T-SQL as it is, whose models are the accepted ones', async () => {
    const { findings, summary } = await checkTsql();
    expect(findings).toEqual([]);
    expect(summary).toMatch(/PromptAds \d+ tables, .*; PromptCRM \d+ tables, .*; \d+ scripts parsed, .*; 0 findings$/);
  });

  it.each(MISTAKES)('finds $name, where it is and for what it is', ({ file, found: expected }) => {
    const here = found.filter((finding) => finding.file === file);
    for (const [rule, message] of expected) {
      expect(here).toContainEqual({ file, line: expect.any(Number), rule, message: expect.stringMatching(message) });
    }
    const rules = new Set(expected.map(([rule]) => rule));
    // A name that is not there is also missing wherever it is used; nothing of another kind is said.
    expect(here.filter(({ rule }) => !rules.has(rule) && !rule.startsWith('SQL715'))).toEqual([]);
  });

  it('says that what is compiled is no longer the accepted model, and nothing of files that nobody touched', () => {
    const touched = new Set(MISTAKES.map(({ file }) => file));
    const others = found.filter(({ file }) => !touched.has(file));
    expect(others.map(({ file, rule }) => [file, rule])).toContainEqual([`${ADS}/model.json`, 'model']);
    expect(others.filter(({ rule }) => rule !== 'model')).toEqual([]);
  });
});

describe('the T-SQL gate on a machine without the compiler', () => {
  const run = (...options: string[]) =>
    spawnSync(process.execPath, [join(ROOT, 'scripts/tsql/check_tsql.ts'), ...options], { encoding: 'utf8', env: { PATH: '/nowhere' } });

  it('is skipped by name', () => {
    const { status, stdout } = run();
    expect(stdout).toBe("T-SQL skipped: it needs dotnet and mono (the .NET SDK 10, Debian's mono-devel)\n");
    expect(status).toBe(0);
  });

  it('fails where it is asked to be strict, as in .ci/run', async () => {
    const { status, stdout } = run('--strict');
    expect(stdout).toMatch(/^T-SQL FAILED: it needs dotnet and mono/);
    expect(status).toBe(1);
    expect(await readFile(join(ROOT, '.ci/run'), 'utf8')).toMatch(/^step npm run check -- --strict$/m);
    // What npm adds to a script goes to its last command.
    expect(JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')).scripts.check).toMatch(/&& node scripts\/tsql\/check_tsql\.ts$/);
  });
});
