import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, globSync } from 'node:fs';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';

export type TsqlFinding = { readonly file: string; readonly line: number; readonly rule: string; readonly message: string };

/** A column or parameter; the type as T-SQL writes it ('decimal(14,2)'), null where it is an expression's. */
type Typed = { readonly name: string; readonly type: string | null };
type Column = Typed & { readonly nullable: boolean };

/** What of a compiled database its callers rely on. Result sets: one for each SELECT that goes to the caller, in the order of the text. */
export type TsqlModel = {
  readonly tables: Readonly<Record<string, readonly Column[]>>;
  readonly tableTypes: Readonly<Record<string, readonly Column[]>>;
  readonly views: Readonly<Record<string, readonly Typed[]>>;
  readonly procedures: Readonly<
    Record<
      string,
      {
        readonly parameters: readonly (Typed & { readonly readOnly: boolean; readonly output: boolean })[];
        readonly resultSets: readonly (readonly Typed[])[];
      }
    >
  >;
};

/** Files are named from `root`. */
export type CompilerPlan = {
  readonly root: string;
  readonly databases: readonly { readonly name: string; readonly files: readonly string[] }[];
  /** Names of servers and databases that lead from one of the databases to the other. */
  readonly linked: readonly string[];
  /** Scripts whose names are resolved against both databases, and those that speak to the server and are only parsed. */
  readonly scripts: readonly string[];
  readonly serverScripts: readonly string[];
};

export type CompilerAnswer = {
  readonly databases: readonly { readonly name: string; readonly counts: Readonly<Record<string, number>>; readonly model: TsqlModel }[];
  readonly scripts: { readonly parsed: number; readonly resolved: number };
  /** isJoint: found where the two databases are compiled as one, so that what one reads of the other over a linked server is resolved too. */
  readonly findings: readonly (TsqlFinding & { readonly isJoint: boolean })[];
};

/** What the compiler needs and this machine has not; empty when it can run. */
export function missingTools(): string[] {
  return ['dotnet', 'mono'].filter((tool) => spawnSync(tool, ['--version'], { stdio: 'ignore' }).status !== 0);
}

/** Errors: Error when the compiler cannot be built or run; what is wrong with the T-SQL is in the findings. */
export async function compile(plan: CompilerPlan): Promise<CompilerAnswer> {
  const child = spawn('mono', [await builtProgram()], { stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin.end(JSON.stringify(plan));
  const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
  if (output === '') throw new Error(`the T-SQL compiler did not run: ${errors.slice(0, 2_000)}`);
  return JSON.parse(output);
}

/** The compiler's program, built once for what its source is now. Built aside and moved, so that two at once do not meet. */
async function builtProgram(): Promise<string> {
  const here = import.meta.dirname;
  const hash = createHash('sha256');
  for (const source of globSync('*.{cs,csproj}', { cwd: here }).sort()) {
    hash.update(source).update(await readFile(join(here, source)));
  }
  const folder = join(resolve(here, '../../node_modules/.cache/tsql'), hash.digest('hex').slice(0, 16));
  const program = join(folder, 'TSqlGate.exe');
  if (existsSync(program)) return program;
  const aside = `${folder}.${process.pid}`;
  await mkdir(aside, { recursive: true });
  const project = join(here, 'TSqlGate.csproj');
  const built = spawnSync(
    'dotnet',
    ['build', project, '-c', 'Release', '-nologo', '-o', join(aside, 'out'), `-p:BaseIntermediateOutputPath=${aside}/obj/`],
    { encoding: 'utf8', env: { ...process.env, DOTNET_CLI_TELEMETRY_OPTOUT: '1', DOTNET_NOLOGO: '1' } },
  );
  if (built.status !== 0) {
    await rm(aside, { recursive: true, force: true });
    throw new Error(`the T-SQL compiler could not be built:\n${built.stdout.slice(-4_000)}${built.stderr}`);
  }
  await rename(join(aside, 'out'), folder).catch((error: unknown) => {
    if (!existsSync(program)) throw error;
  });
  await rm(aside, { recursive: true, force: true });
  return program;
}
