import { spawnSync } from 'node:child_process';
import { existsSync, globSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type CompilerAnswer, compile, missingTools, type TsqlFinding, type TsqlModel } from './compiler.ts';

const REPOSITORY = resolve(import.meta.dirname, '../..');
const ALLOWED_NAMES = 'scripts/tsql/allowed_names.json';
const DATABASES = [
  { name: 'ads', title: 'PromptAds', folder: 'database/sqlserver_ads' },
  { name: 'crm', title: 'PromptCRM', folder: 'database/sqlserver_crm' },
] as const;

export type TsqlReport = {
  readonly findings: readonly TsqlFinding[];
  readonly models: Readonly<Record<string, TsqlModel>>;
  /** One line: objects by kind, scripts, names allowed, findings. */
  readonly summary: string;
};

/**
 * A name that a model cannot know, the folder that uses it, and why. 'linked': of the other database, over a linked server; where both are compiled
 * as one it has to be there. 'system': of the server.
 */
type AllowedName = { readonly in: string; readonly kind: 'linked' | 'system'; readonly name: string; readonly reason: string };

/**
 * Compiles both databases as SQL Server 2019 would, alone and as one, and checks our rules on every T-SQL file below `root`, and that model.json beside
 * each database is what was compiled. Errors: Error when the compiler cannot be built or run; what is wrong with the T-SQL is in the findings.
 */
export async function checkTsql(root = REPOSITORY): Promise<TsqlReport> {
  const files = (pattern: string): string[] => globSync(pattern, { cwd: root }).sort();
  const databases = DATABASES.map(({ name, folder }) => ({
    name,
    files: files(`${folder}/**/*.sql`).filter((file) => !file.includes('/scripts/')),
  }));
  const scripts = [
    ...files('database/sqlserver_*/scripts/**/*.sql'),
    ...files('tests/{deadlock_tests,performance_tests}/**/sqlserver/**/*.sql'),
  ];
  const isForServer = (file: string): boolean => file.includes('/server/');
  const answer = await compile({
    root,
    databases,
    linked: DATABASES.map(({ title }) => title),
    scripts: scripts.filter((file) => !isForServer(file)),
    serverScripts: scripts.filter(isForServer),
  });
  const names: readonly AllowedName[] = JSON.parse(await readFile(join(REPOSITORY, ALLOWED_NAMES), 'utf8'));
  const unexplained = withoutNames(answer.findings, names);
  const models = Object.fromEntries(answer.databases.map(({ name, model }) => [name, model]));
  const findings = [
    ...(await withoutNotes(unexplained, [...databases.flatMap((database) => database.files), ...scripts], root)),
    ...(await staleModels(models, root)),
  ];
  return { findings, models, summary: summaryOf(answer, names.length, findings.length) };
}

/** Only where the compiler cannot find a name. The list is of names that are used: one that no longer is, is a finding too. */
function withoutNames(findings: CompilerAnswer['findings'], allowed: readonly AllowedName[]): TsqlFinding[] {
  const used = new Set<AllowedName>();
  const left = new Map<string, TsqlFinding>();
  for (const { isJoint, ...finding } of findings) {
    const { file, rule, message } = finding;
    const entry = allowed.find(
      ({ in: folder, kind, name }) => file.startsWith(`${folder}/`) && message.includes(name) && (kind === 'system' || !isJoint),
    );
    if (entry !== undefined && /^SQL715(01|02|61|62)$/.test(rule)) used.add(entry);
    else left.set(JSON.stringify(finding), finding);
  }
  const unused = allowed.filter((entry) => !used.has(entry));
  return [
    ...left.values(),
    ...unused.map(({ in: folder, name }) => ({
      file: ALLOWED_NAMES,
      line: 1,
      rule: 'unused-name',
      message: `${folder} does not use ${name}`,
    })),
  ];
}

/** `-- allow <rule>: <why>` on the line of a finding of our rules, or on the line above it. Notes that excuse nothing are findings. */
async function withoutNotes(findings: readonly TsqlFinding[], files: readonly string[], root: string): Promise<TsqlFinding[]> {
  const excused = new Set<TsqlFinding>();
  const stale: TsqlFinding[] = [];
  for (const file of files) {
    for (const [index, text] of (await readFile(join(root, file), 'utf8')).split('\n').entries()) {
      const rule = /--\s*allow ([a-z-]+): \S/.exec(text)?.[1];
      if (rule === undefined) continue;
      const here = findings.filter((each) => each.file === file && each.rule === rule && [index + 1, index + 2].includes(each.line));
      for (const each of here) excused.add(each);
      if (here.length === 0) stale.push({ file, line: index + 1, rule: 'unused-note', message: `nothing here breaks ${rule}` });
    }
  }
  return [...findings.filter((finding) => !excused.has(finding)), ...stale];
}

/** The models that are not as they were last accepted: what the adapters' declarations are tested against on machines without the compiler. */
async function staleModels(models: TsqlReport['models'], root: string): Promise<TsqlFinding[]> {
  const stale: TsqlFinding[] = [];
  for (const [name, model] of Object.entries(models)) {
    const file = modelFile(name);
    const accepted = existsSync(join(root, file)) ? JSON.stringify(JSON.parse(await readFile(join(root, file), 'utf8'))) : '';
    if (accepted !== JSON.stringify(model)) {
      stale.push({ file, line: 1, rule: 'model', message: 'not what the T-SQL says: npm run check:tsql -- --write' });
    }
  }
  return stale;
}

function modelFile(name: string): string {
  return `database/sqlserver_${name}/model.json`;
}

function summaryOf({ databases, scripts }: CompilerAnswer, names: number, findings: number): string {
  const objects = databases.map(({ name, counts }) => {
    const title = DATABASES.find((database) => database.name === name)?.title ?? name;
    const kinds = Object.entries(counts).map(([kind, count]) => `${count} ${kind}`);
    return `${title} ${kinds.join(', ') || 'empty'}`;
  });
  const read = `${scripts.parsed} scripts parsed, ${scripts.resolved} of them with names resolved`;
  return `T-SQL for SQL Server 2019: ${[...objects, read, `${names} names allowed`].join('; ')}; ${findings} findings`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exit(await main(process.argv.slice(2)));

/** `--strict`: without the compiler it fails. `--write`: the models are accepted as they are now. */
async function main(options: readonly string[]): Promise<number> {
  const missing = missingTools();
  if (missing.length > 0) {
    const strict = options.includes('--strict');
    console.log(`T-SQL ${strict ? 'FAILED' : 'skipped'}: it needs ${missing.join(' and ')} (the .NET SDK 10, Debian's mono-devel)`);
    return strict ? 1 : 0;
  }
  let report = await checkTsql();
  if (options.includes('--write') && report.findings.some(({ rule }) => rule === 'model')) {
    for (const [name, model] of Object.entries(report.models)) {
      const file = join(REPOSITORY, modelFile(name));
      await writeFile(file, `${JSON.stringify(model, null, 2)}\n`);
      spawnSync('biome', ['format', '--write', file], { stdio: 'ignore' });
    }
    report = await checkTsql();
  }
  for (const { file, line, rule, message } of report.findings) console.log(`${file}:${line} ${rule} ${message}`);
  console.log(report.summary);
  return report.findings.length > 0 ? 1 : 0;
}
