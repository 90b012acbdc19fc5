import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { packageRoot } from '../../shared/config/package_root.ts';
import { PROGRAMS, programFile } from './programs.ts';

/** What a command did: its exit code and what it printed. */
export type Outcome = { readonly code: number; readonly out: string; readonly err: string };

/** The whole environment of a command, beside the PATH. */
type Environment = Readonly<Record<string, string>>;

const SOURCE = join(packageRoot(), PROGRAMS.promptsales);

/** Runs `promptsales …` as a shell does: a process of its own, with nothing to read. */
export function runPromptsales(environment: Environment, ...words: readonly string[]): Promise<Outcome> {
  return new Promise((done) => {
    const child = execFile(
      process.execPath,
      [programFile('promptsales'), ...words],
      { env: { PATH: process.env.PATH, ...environment }, timeout: 30_000 },
      (error, out, err) => done({ code: error === null ? 0 : Number(error.code ?? 1), out, err }),
    );
    child.stdin?.end();
  });
}

let calls = 0;

/**
 * The same command line within this process: no second of starting for each question. One at a time, and nothing that reads its standard
 * input or is wrongly spelt: those end the process, or wait for it.
 */
export async function callPromptsales(environment: Environment, ...words: readonly string[]): Promise<Outcome> {
  const { argv, env, exitCode, stdout, stderr } = process;
  const [writeOut, writeErr] = [stdout.write, stderr.write];
  const printed = { out: '', err: '' };
  const into = (stream: 'out' | 'err') => (chunk: string | Uint8Array) => {
    printed[stream] += chunk.toString();
    return true;
  };
  process.argv = [process.execPath, SOURCE, ...words];
  process.env = { PATH: env.PATH, ...environment };
  process.exitCode = 0;
  stdout.write = into('out');
  stderr.write = into('err');
  try {
    // The program runs when it is loaded: another name is another load, of this one module.
    await import(/* @vite-ignore */ `${SOURCE}?call=${++calls}`);
    return { code: Number(process.exitCode), ...printed };
  } finally {
    Object.assign(process, { argv, env, exitCode });
    stdout.write = writeOut;
    stderr.write = writeErr;
  }
}
