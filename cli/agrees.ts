import { createInterface } from 'node:readline/promises';

/** Asks whoever sits at the terminal; anything but y or yes is no, Ctrl-C too. */
export async function agrees(question: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const given = new AbortController();
  // The terminal is the question's while it waits: nobody else would hear of Ctrl-C.
  terminal.once('SIGINT', () => given.abort()).once('close', () => given.abort());
  try {
    return /^y(es)?$/i.test((await terminal.question(`${question} [y/N] `, { signal: given.signal })).trim());
  } catch (error) {
    if (!given.signal.aborted) throw error;
    process.stderr.write('\n');
    return false;
  } finally {
    terminal.close();
  }
}
