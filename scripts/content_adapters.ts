import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
const DOCUMENT = join(ROOT, 'documentation/content_adapters.md');
const CONTRACT = 'tests/integration/content_store.test.ts';
/** The engines that the contract's suites are named after. */
const ENGINES = ['PostgreSQL', 'MongoDB'] as const;
/** Parts that are not the store's but the database's or the ETL's: the file, and what its cases are about. */
const OTHERS: readonly (readonly [file: string, about: string])[] = [
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

/** The test that holds the document to the suite; it fails while the document is written anew. */
export const IS_TOLD = 'is told case by case in documentation/content_adapters.md: node scripts/content_adapters.ts makes it so';

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

/** The cases of the contract that the document tells. */
export async function documentedCases(): Promise<string[]> {
  const [, contract = ''] = (await readFile(DOCUMENT, 'utf8')).split(/^## .*$/m);
  return contract
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
  const contract = casesIn(CONTRACT);
  const resultOf = (engine: string, name: string) =>
    contract.find(({ titles: [suite = '', ...rest] }) => suite.startsWith(`PromptContent on ${engine}`) && nameOf(rest) === name)?.result;
  const cases = contract.flatMap(({ titles: [suite, ...rest] }) => (suite === 'PromptContent on PostgreSQL' ? [nameOf(rest)] : []));
  const rows = cases
    .filter((name) => name !== IS_TOLD)
    .map((name) => [cell(name), ...ENGINES.map((engine) => resultOf(engine, name) ?? 'has no such case')]);
  const ran = contract.some(({ titles: [suite = ''], result }) => suite.startsWith('PromptContent on MongoDB') && result !== 'not run');
  return `${[
    '# The adapters of PromptContent, case by case',
    'Written by `node scripts/content_adapters.ts`, which runs the suites named below; the names are the tests’. The contract’s suite fails when a case is not told here.',
    '## The contract',
    `[${CONTRACT}](../${CONTRACT}), the same cases on each adapter, on a real server. ${
      ran
        ? 'MongoDB’s ran on the server that `TEST_CONTENT_URL` named.'
        : 'No MongoDB was at hand when this was written (`TEST_CONTENT_URL` named none), so its cases are not run; [docker/compose.yaml](../docker/compose.yaml) has one and the command that runs them on it.'
    }`,
    tableOf([['case', ...ENGINES], ...rows]),
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
  const asked = ['run', '--reporter=json', `--outputFile=${file}`, '--maxWorkers=1', CONTRACT, ...OTHERS.map(([path]) => path)];
  try {
    // Tests that fail are told in the report; without one the read below says so.
    await new Promise<void>((done) => void execFile(process.execPath, [vitest, ...asked], { cwd: ROOT }, () => done()));
    return JSON.parse(await readFile(file, 'utf8'));
  } finally {
    await rm(folder, { recursive: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await writeFile(DOCUMENT, documentOf(await ran()));
