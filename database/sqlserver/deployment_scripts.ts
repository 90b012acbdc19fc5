import { createHash } from 'node:crypto';
import { glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packageRoot } from '../../shared/config/package_root.ts';

/** A T-SQL file of a database project. */
export type ScriptFile = { readonly path: string; readonly text: string };

/** One file as it is deployed. */
export type DeploymentScript = {
  /** Below the project's folder: what a deployed script is known by. */
  readonly path: string;
  /** SHA-256 of the file, in hex. */
  readonly hash: string;
  /** Each with the line of the file it begins at. */
  readonly batches: readonly { readonly line: number; readonly text: string }[];
  /**
   * 'code' (procedures, functions, views, triggers) and 'rights' can be deployed over an older version of themselves; 'once' holds data or is
   * used by what does.
   */
  readonly kind: 'code' | 'rights' | 'once';
};

const FOLDERS = [
  'schema',
  'storage',
  'security',
  'types',
  'tables',
  'functions',
  'views',
  'synonyms',
  'procedures',
  'reports',
  'permissions',
];
const CREATED =
  /\bCREATE\s+(?:OR\s+ALTER\s+)?(?:SCHEMA|TABLE|TYPE|VIEW|PROCEDURE|FUNCTION|TRIGGER|SYNONYM|SEQUENCE|ROLE|USER|CERTIFICATE|SYMMETRIC\s+KEY|PARTITION\s+FUNCTION|PARTITION\s+SCHEME)\s+([\w.[\]]+)/gi;
const CODE = /^\s*CREATE(?:\s+OR\s+ALTER)?(\s+(?:VIEW|PROCEDURE|FUNCTION|TRIGGER)\b)/i;
const RIGHTS = /^\s*(?:GRANT|DENY|REVOKE)\b/i;

/** The files of a database project in the order in which they can be deployed: all of them but those below scripts/. */
export async function readDeployment(folder: 'sqlserver_ads' | 'sqlserver_crm'): Promise<readonly DeploymentScript[]> {
  const root = join(packageRoot(), 'database', folder);
  const files: ScriptFile[] = [];
  for await (const found of glob('**/*.sql', { cwd: root })) {
    const path = found.replaceAll('\\', '/');
    if (!path.startsWith('scripts/')) files.push({ path, text: await readFile(join(root, found), 'utf8') });
  }
  return inDependencyOrder(files).map(toScript);
}

/**
 * Files in an order in which each comes after those that make what it names; otherwise by kind of object and name. Throws an Error that names
 * the scripts of a circle.
 */
export function inDependencyOrder(files: readonly ScriptFile[]): readonly ScriptFile[] {
  const sorted = [...files].sort((a, b) => rankOf(a) - rankOf(b) || (a.path < b.path ? -1 : 1));
  const makers = new Map<string, ScriptFile>();
  for (const file of sorted) for (const [, name = ''] of withoutComments(file.text).matchAll(CREATED)) makers.set(plainName(name), file);
  const ordered = new Set<ScriptFile>();
  const waiting: ScriptFile[] = [];
  const place = (file: ScriptFile): void => {
    if (ordered.has(file)) return;
    if (waiting.includes(file)) {
      const circle = [...waiting.slice(waiting.indexOf(file)), file].map(({ path }) => path);
      throw new Error(`scripts need each other: ${circle.join(' → ')}`);
    }
    waiting.push(file);
    const needed = new Set([...namesIn(file.text)].map((name) => makers.get(name)));
    for (const other of sorted) if (other !== file && needed.has(other)) place(other);
    waiting.pop();
    ordered.add(file);
  };
  for (const file of sorted) place(file);
  return [...ordered];
}

/** A file as batches: code replaces its older version. */
export function toScript({ path, text }: ScriptFile): DeploymentScript {
  const batches = splitBatches(text);
  const statements = batches.map((batch) => withoutComments(batch.text));
  const isAll = (pattern: RegExp) => statements.length > 0 && statements.every((statement) => pattern.test(statement));
  const kind = isAll(CODE) ? 'code' : isAll(RIGHTS) ? 'rights' : 'once';
  const hash = createHash('sha256').update(text.replaceAll('\r\n', '\n')).digest('hex');
  return { path, hash, kind, batches: kind === 'code' ? batches.map(({ line, text }) => ({ line, text: replacing(text) })) : batches };
}

/** The batches of a script, which lines with GO alone part. GO within a comment or a text is none. */
export function splitBatches(script: string): { readonly line: number; readonly text: string }[] {
  const batches: { line: number; text: string }[] = [];
  const lines = script.split(/\r?\n/);
  let first = 0;
  let open: 'comment' | 'text' | undefined;
  const end = (line: number): void => {
    const text = lines.slice(first, line).join('\n');
    if (withoutComments(text).trim() !== '') batches.push({ line: first + 1, text });
    first = line + 1;
  };
  for (const [number, line] of lines.entries()) {
    if (open === undefined && /^\s*GO\s*;?\s*(--.*)?$/i.test(line)) end(number);
    else open = stateAfter(line, open);
  }
  end(lines.length);
  return batches;
}

/** Whether a line ends within a block comment or a quoted text. */
function stateAfter(line: string, before: 'comment' | 'text' | undefined): 'comment' | 'text' | undefined {
  let state = before;
  for (const [token] of line.matchAll(/--|\/\*|\*\/|'/g)) {
    if (state === 'comment') state = token === '*/' ? undefined : state;
    else if (state === 'text') state = token === "'" ? undefined : state;
    else if (token === '--') return undefined;
    else if (token === '/*') state = 'comment';
    else if (token === "'") state = 'text';
  }
  return state;
}

/** CREATE as CREATE OR ALTER, which SQL Server has and the compiler of database projects has not. */
function replacing(batch: string): string {
  const at = withoutComments(batch).search(/\bCREATE\b/i);
  return `${batch.slice(0, at)}${batch.slice(at).replace(CODE, 'CREATE OR ALTER$1')}`;
}

/** Comments as spaces, so that every other position stays what it was. Knows '…', in which nothing is a comment. */
function withoutComments(text: string): string {
  return text.replace(/'(?:[^']|'')*'|--[^\n]*|\/\*[\s\S]*?\*\//g, (found) =>
    found.startsWith("'") ? found : found.replace(/[^\n]/g, ' '),
  );
}

/** Every name a file uses: single ones, and the first two parts of longer ones. */
function namesIn(text: string): Set<string> {
  const names = new Set<string>();
  for (const [found] of withoutComments(text).matchAll(/[\w[\]]+(?:\.[\w[\]]+)*/g)) {
    const [first = '', second] = plainName(found).split('.');
    names.add(first);
    if (second !== undefined) names.add(`${first}.${second}`);
  }
  return names;
}

function plainName(name: string): string {
  return name.replace(/[[\]]/g, '').toLowerCase();
}

function rankOf({ path }: ScriptFile): number {
  const rank = FOLDERS.indexOf(path.split('/')[0] ?? '');
  return rank < 0 ? FOLDERS.length : rank;
}
