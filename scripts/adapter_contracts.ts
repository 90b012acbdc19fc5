import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
const DOCUMENT = join(ROOT, 'documentation/adapter_contracts.md');
/** The test that holds the document to a suite; it fails while the document is written anew. */
export const IS_TOLD = 'is told case by case in documentation/adapter_contracts.md: node scripts/adapter_contracts.ts makes it so';

/** A port's contract: the suite that each adapter has to pass, the engines it is named after, and what sets the second one's address. */
type Contract = { readonly subject: string; readonly file: string; readonly engines: readonly [string, string]; readonly setting: string };

const CONTRACTS: readonly Contract[] = [
  { subject: 'PromptAds', file: 'tests/integration/ads_store.test.ts', engines: ['PostgreSQL', 'SQL Server'], setting: 'TEST_ADS_URL' },
  { subject: 'PromptCRM', file: 'tests/integration/crm_store.test.ts', engines: ['PostgreSQL', 'SQL Server'], setting: 'TEST_CRM_URL' },
  {
    subject: 'PromptContent',
    file: 'tests/integration/content_store.test.ts',
    engines: ['PostgreSQL', 'MongoDB'],
    setting: 'TEST_CONTENT_URL',
  },
];
/** What is not the contract's but the database's, the driver's or the ETL's: the file, and what its cases are about. */
const OTHERS: readonly (readonly [file: string, about: string])[] = [
  [
    'tests/unit/sql_server_declarations.test.ts',
    'Procedures, parameters and columns as TypeScript declares them, and as the T-SQL was compiled',
  ],
  ['tests/unit/sqlserver_etl_contract.test.ts', 'What SQL Server hands to the ETL, as the T-SQL was compiled'],
  ['tests/integration/sql_server_database.test.ts', 'The driver of SQL Server under failures, on the TDS endpoint'],
  ['tests/integration/sql_server_stores.test.ts', 'The stores’ calls to SQL Server, on the TDS endpoint'],
  ['tests/integration/sql_server_row_source.test.ts', 'The ETL from SQL Server to a hub, on the TDS endpoint'],
  ['tests/integration/deploy_sql_server.test.ts', 'The deployment to SQL Server, on the TDS endpoint'],
  ['tests/unit/content_rules.test.ts', 'What the validators of MongoDB take, decided by the manual’s rules for each keyword'],
  ['tests/integration/content_checks.test.ts', 'What the checks of PostgreSQL take'],
  ['tests/integration/deploy_content.test.ts', 'The deployment to MongoDB, on the scripted endpoint'],
  ['tests/integration/mongo_database.test.ts', 'The store’s commands to MongoDB, on the scripted endpoint'],
  ['tests/integration/mongo_change_source.test.ts', 'The ETL’s commands to MongoDB, on the scripted endpoint'],
  ['tests/integration/mongo_etl.test.ts', 'The ETL from MongoDB to a hub, on the scripted endpoint'],
  ['tests/integration/prepare_mongo.test.ts', 'A start beside a filled PromptContent on MongoDB, on the scripted endpoint'],
  ['tests/integration/credentials.test.ts', 'Credentials, on PostgreSQL and on the scripted endpoint'],
  ['tests/chaos/etl_crash.test.ts', 'The ETL’s runner killed, from PostgreSQL'],
  ['tests/chaos/mongo_etl_crash.test.ts', 'The ETL’s runner killed, from the scripted endpoint'],
];

/** A suite or a test as the runner has it. */
type Task = { readonly name: string; readonly tasks?: readonly Task[] };

/** The cases of a suite as the document calls them, in its order. */
export function casesOf({ tasks = [] }: Task): string[] {
  return tasks.flatMap((task) => (task.tasks === undefined ? [task.name] : casesOf(task).map((inner) => nameOf([task.name, inner]))));
}

/** Names of suites end as a sentence goes on, some with a comma. */
function nameOf([...titles]: readonly string[]): string {
  const last = titles.pop() ?? '';
  return [...titles.map((title) => title.replace(/,$/, '')), last].join(': ');
}

/** The cases of a port's contract that the document tells. */
export async function documentedCases(subject: string): Promise<string[]> {
  const section = (await readFile(DOCUMENT, 'utf8')).split(/^(?=## )/m).find((part) => part.startsWith(`## ${subject}\n`)) ?? '';
  return section
    .split('\n')
    .flatMap((line) => /^\| (.*) \| [^|]* \| [^|]* \|$/.exec(line)?.[1] ?? [])
    .slice(2);
}

/** Text as it stands in a cell of a table. */
export function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}

type Status = 'passed' | 'failed' | 'skipped' | 'pending' | 'todo';
type Report = {
  readonly testResults: readonly {
    readonly name: string;
    readonly assertionResults: readonly { readonly ancestorTitles: readonly string[]; readonly title: string; readonly status: Status }[];
  }[];
};

const RESULTS: Readonly<Record<Status, string>> = {
  passed: 'holds',
  failed: 'FAILS',
  skipped: 'not run',
  pending: 'not run',
  todo: 'not run',
};

function documentOf(report: Report): string {
  const casesIn = (file: string) =>
    (report.testResults.find(({ name }) => name.endsWith(file))?.assertionResults ?? []).map(({ ancestorTitles, title, status }) => ({
      titles: [...ancestorTitles, title],
      result: RESULTS[status],
    }));
  const sectionOf = ({ subject, file, engines, setting }: Contract): string[] => {
    const contract = casesIn(file);
    const suiteOf = (engine: string) => contract.filter(({ titles: [suite = ''] }) => suite.startsWith(`${subject} on ${engine}`));
    const [first, second] = engines.map(suiteOf);
    const cases = (first ?? []).map(({ titles: [, ...rest] }) => nameOf(rest)).filter((name) => name !== IS_TOLD);
    const isRun = (second ?? []).some(({ result }) => result !== 'not run');
    const resultIn = (suite: typeof contract = [], name: string, otherwise: string) =>
      suite.find(({ titles: [, ...rest] }) => nameOf(rest) === name)?.result ?? otherwise;
    const rows = cases.map((name) => [
      cell(name),
      resultIn(first, name, ''),
      resultIn(second, name, isRun ? 'has no such case' : 'not run'),
    ]);
    return [
      `## ${subject}`,
      `[${file}](../${file}), the same cases on each adapter, on a real server. ${
        isRun
          ? `${engines[1]}’s ran on the server that \`${setting}\` named.`
          : `No ${engines[1]} was at hand when this was written (\`${setting}\` named none), so its cases are not run; [docker/compose.yaml](../docker/compose.yaml) has one and the command that runs them on it.`
      }`,
      tableOf([['case', ...engines], ...rows]),
    ];
  };
  return `${[
    '# The adapters of the sources, case by case',
    'Written by `node scripts/adapter_contracts.ts`, which runs the suites named below; the names are the tests’. A contract’s suite fails when a case of it is not told here.',
    ...CONTRACTS.flatMap(sectionOf),
    ...OTHERS.flatMap(([file, about]) => [
      `## ${about}`,
      `[${file}](../${file})`,
      tableOf([['case', 'result'], ...casesIn(file).map(({ titles, result }) => [cell(nameOf(titles)), result])]),
    ]),
  ].join('\n\n')}\n`;
}

function tableOf([heads = [], ...rows]: readonly (readonly string[])[]): string {
  return [heads, heads.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

/** The report of a run of the suites. */
async function ran(): Promise<Report> {
  const folder = await mkdtemp(join(tmpdir(), 'promptsales-adapters-'));
  const file = join(folder, 'report.json');
  const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs');
  const asked = [
    'run',
    '--reporter=json',
    `--outputFile=${file}`,
    '--maxWorkers=1',
    ...CONTRACTS.map((contract) => contract.file),
    ...OTHERS.map(([path]) => path),
  ];
  try {
    // Tests that fail are told in the report; without one the read below says so.
    await new Promise<void>((done) => void execFile(process.execPath, [vitest, ...asked], { cwd: ROOT }, () => done()));
    return JSON.parse(await readFile(file, 'utf8'));
  } finally {
    await rm(folder, { recursive: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await writeFile(DOCUMENT, documentOf(await ran()));
