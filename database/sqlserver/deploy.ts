import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packageRoot } from '../../shared/config/package_root.ts';
import { StackError } from '../../shared/stack/stack_error.ts';
import { type DeploymentScript, readDeployment, splitBatches } from './deployment_scripts.ts';
import type { OwnerSession, OwnerTransaction } from './owner_session.ts';

export type Deployment = {
  readonly folder: 'sqlserver_ads' | 'sqlserver_crm';
  /** Scripts below scripts/ that come first and last, each time, outside a transaction: each looks itself what is done. */
  readonly before: readonly string[];
  readonly after: readonly string[];
  /** Values of $(NAME) in those. */
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly onScript: (progress: { readonly label: string; readonly done: number; readonly total: number }) => void;
};

export type DeploymentReport = { readonly deployed: readonly string[]; readonly replaced: readonly string[]; readonly unchanged: number };

const RECORDS = `
IF SCHEMA_ID(N'deploy') IS NULL EXEC (N'CREATE SCHEMA deploy AUTHORIZATION dbo');
IF OBJECT_ID(N'deploy.scripts') IS NULL
  CREATE TABLE deploy.scripts (
    script      nvarchar(200) COLLATE Latin1_General_100_BIN2 NOT NULL CONSTRAINT pk_scripts PRIMARY KEY,
    hash        char(64)      COLLATE Latin1_General_100_BIN2 NOT NULL,
    deployed_at datetime2(7)  NOT NULL CONSTRAINT df_scripts_deployed_at DEFAULT SYSUTCDATETIME(),
    deployed_by nvarchar(128) NOT NULL CONSTRAINT df_scripts_deployed_by DEFAULT ORIGINAL_LOGIN()
  );
IF OBJECT_ID(N'deploy.fill') IS NULL
  CREATE TABLE deploy.fill (
    only_row          bit          NOT NULL CONSTRAINT pk_fill PRIMARY KEY CONSTRAINT ck_fill_only_row CHECK (only_row = 1),
    seed              bigint       NOT NULL,
    reference_date    char(10)     NOT NULL,
    scale             varchar(10)  NOT NULL,
    generator_version int          NOT NULL,
    begun_at          datetime2(7) NOT NULL CONSTRAINT df_fill_begun_at DEFAULT SYSUTCDATETIME(),
    completed_at      datetime2(7) NULL
  );`;
/** One deployment at a time writes; released with the transaction. */
const LOCK = `DECLARE @locked int; EXEC @locked = sys.sp_getapplock @Resource = N'promptsales deploy', @LockMode = N'Exclusive', @LockTimeout = 60000;
IF @locked < 0 THROW 50007, N'another deployment is under way', 1;`;

/**
 * Brings a database to what its project says, script by script in the order of their dependencies. Each is one transaction together with the
 * line that it is done: a deployment that was cut short goes on where it stopped, and one that has nothing to do changes nothing. Code and rights
 * whose file has changed are deployed again. Errors: StackError that names script, line and the server's words; for a changed table or
 * type, which only SqlPackage can bring over, before anything is done; for a variable that is not set.
 */
export async function deploy(session: OwnerSession, { folder, before, after, variables, onScript }: Deployment): Promise<DeploymentReport> {
  const scripts = await readDeployment(folder);
  const total = before.length + scripts.length + after.length;
  let done = 0;
  const runEach = async (names: readonly string[]): Promise<void> => {
    for (const name of names) {
      const path = `scripts/${name}`;
      onScript({ label: path, done: done++, total });
      const text = withVariables(path, await readFile(join(packageRoot(), 'database', folder, path), 'utf8'), variables);
      for (const { line, text: batch } of splitBatches(text)) await located(path, line, () => session.batch(batch));
    }
  };
  await runEach(before);
  await session.batch(RECORDS);
  const rows = await session.batch('SELECT s.script, s.hash FROM deploy.scripts AS s');
  const known = new Map(rows.map(({ script, hash }) => [script, hash]));
  const changed = scripts.filter(({ path, hash, kind }) => kind === 'once' && known.has(path) && known.get(path) !== hash);
  if (changed.length > 0) {
    throw new StackError(
      `Changed since they were deployed, and holding data or used by what does: ${changed.map(({ path }) => path).join(', ')}.`,
      'Publish the project with SqlPackage, which works out the ALTER statements, or deploy to an empty database.',
    );
  }
  const report = { deployed: [] as string[], replaced: [] as string[], unchanged: 0 };
  for (const script of scripts) {
    onScript({ label: script.path, done: done++, total });
    if (known.get(script.path) === script.hash) report.unchanged++;
    else if (await session.whole((transaction) => deployScript(transaction, script))) {
      (known.has(script.path) ? report.replaced : report.deployed).push(script.path);
    } else report.unchanged++;
  }
  await runEach(after);
  onScript({ label: 'deployed', done: total, total });
  return report;
}

/** Whether there was anything to do: another deployment may have been a moment faster. */
async function deployScript(transaction: OwnerTransaction, { path, hash, batches }: DeploymentScript): Promise<boolean> {
  await located(path, 1, () => transaction.batch(LOCK));
  const [row] = await transaction.query('SELECT s.hash FROM deploy.scripts AS s WHERE s.script = @script', { script: path });
  if (row?.hash === hash) return false;
  for (const { line, text } of batches) await located(path, line, () => transaction.batch(text));
  const record =
    row === undefined
      ? 'INSERT INTO deploy.scripts (script, hash) VALUES (@script, @hash)'
      : 'UPDATE deploy.scripts SET hash = @hash, deployed_at = SYSUTCDATETIME(), deployed_by = ORIGINAL_LOGIN() WHERE script = @script';
  await transaction.query(record, { script: path, hash });
  return true;
}

async function located<T>(path: string, line: number, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    // The server counts lines from the beginning of the batch.
    const within = 'lineNumber' in error && typeof error.lineNumber === 'number' ? error.lineNumber : 1;
    const number = 'number' in error && typeof error.number === 'number' ? `error ${error.number}: ` : '';
    throw new StackError(
      `${path}, line ${line + within - 1}: ${number}${error.message}`,
      'Nothing of this script was done; those before it stay. Run the same command again when it is mended.',
      { cause: error },
    );
  }
}

function withVariables(path: string, text: string, variables: Readonly<Record<string, string | undefined>>): string {
  return text.replace(/\$\((\w+)\)/g, (_, name: string) => {
    const value = variables[name];
    if (value === undefined || value === '') {
      throw new StackError(`${path} needs ${name}, and it is not set.`, `Set PROMPTSALES_${name} in the environment.`);
    }
    return value.replaceAll("'", "''");
  });
}
