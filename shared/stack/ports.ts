import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { commandLineOf, processIds } from './process_identity.ts';
import { errorCode, StackError } from './stack_error.ts';

/** A TCP port of that address nothing listens on now. Another process may take it before it is used: whoever starts on it must look. */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  return listenOnce(host, 0);
}

/**
 * The port the HTTP part will use: the given one, or any free one for 0. Throws {@link StackError} when it is taken or cannot be used,
 * naming what holds it where the system tells.
 */
export async function requirePort(host: string, port: number): Promise<number> {
  try {
    return await listenOnce(host, port);
  } catch (error) {
    switch (errorCode(error)) {
      case 'EADDRINUSE': {
        const holder = portHolder(port);
        throw new StackError(
          `Port ${port} on ${host} is taken${holder === undefined ? '' : ` by ${holder}`}.`,
          `Stop that program, or choose another port: PROMPTSALES_PORT=${port < 65_535 ? port + 1 : 7400} (0 takes any free one).`,
          { cause: error },
        );
      }
      case 'EACCES':
        throw new StackError(`Port ${port} on ${host} may not be used by this user.`, 'Choose one above 1023 with PROMPTSALES_PORT.', {
          cause: error,
        });
      case 'EADDRNOTAVAIL':
      case 'ENOTFOUND':
        throw new StackError(`${host} is not an address of this machine.`, 'Set PROMPTSALES_HOST to 127.0.0.1 or to an address it has.', {
          cause: error,
        });
      default:
        throw error;
    }
  }
}

function listenOnce(host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ host, port, exclusive: true }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : port));
    });
  });
}

/** The process that listens on a port, as 'name (pid 123)'; undefined where the system does not tell. */
function portHolder(port: number): string | undefined {
  try {
    const pid = process.platform === 'linux' ? listenerOnLinux(port) : listenerByLsof(port);
    if (pid === undefined) return undefined;
    const command = commandLineOf(pid);
    return command === undefined ? `process ${pid}` : `process ${pid} (${command.length > 100 ? `${command.slice(0, 100)}…` : command})`;
  } catch {
    return undefined; // the message does without it
  }
}

function listenerOnLinux(port: number): number | undefined {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const listening = '0A';
  const inodes = new Set(
    ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((table) =>
      readLines(table).flatMap((line) => {
        const [, local, , state, , , , , , inode] = line.trim().split(/\s+/);
        return local?.endsWith(suffix) && state === listening && inode !== undefined ? [`socket:[${inode}]`] : [];
      }),
    ),
  );
  return processIds().find((pid) => openFiles(pid).some((target) => inodes.has(target)));
}

function readLines(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').split('\n');
  } catch {
    return []; // no IPv6 here
  }
}

function openFiles(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).map((fd) => {
      try {
        return readlinkSync(`/proc/${pid}/fd/${fd}`);
      } catch {
        return '';
      }
    });
  } catch {
    return []; // another user's process
  }
}

function listenerByLsof(port: number): number | undefined {
  const output = execFileSync('lsof', ['-nP', `-iTCP:${port}`, '-sTCP:LISTEN', '-t'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const pid = Number.parseInt(output, 10);
  return Number.isNaN(pid) ? undefined : pid;
}
