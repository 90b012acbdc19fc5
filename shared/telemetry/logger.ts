import { hostname } from 'node:os';
import type { Logger } from 'pino';

export type { Logger } from 'pino';

/** A logger of JSON lines on stderr: stdout belongs to JSON-RPC and to what the command line prints. */
export async function createLogger(options: { readonly level: string; readonly name: string }): Promise<Logger> {
  // The default export: a bundle does not give a CommonJS package's named ones to a dynamic import.
  const { default: pino } = await import('pino');
  return pino(
    {
      name: options.name,
      level: options.level,
      base: { host: hostname(), pid: process.pid },
      redact: ['password', '*.password', 'authorization', '*.authorization'],
    },
    pino.destination({ dest: 2, sync: true }),
  );
}
