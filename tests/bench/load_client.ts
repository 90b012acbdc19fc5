import { fork } from 'node:child_process';
import { connect } from 'node:net';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';

/** What a load client is to do: a closed loop, so each connection has one request under way. */
export type Load = {
  readonly host: string;
  readonly port: number;
  /** Whole HTTP/1.1 requests as they go over the wire, asked in turn. */
  readonly requests: readonly string[];
  readonly connections: number;
  /** Milliseconds that do not count, then those that do. */
  readonly warmUpMs: number;
  readonly measuredMs: number;
  /** What an answer must be to count: a JSON-RPC result that is no error, or any JSON with status 200. */
  readonly expects: 'result' | 'json';
};

export type LoadOutcome = {
  /** Of each good answer, milliseconds from the request's write to the answer's last byte. */
  readonly latenciesMs: Float64Array;
  readonly seconds: number;
  /** Answers that were no good, and the first of them. */
  readonly failed: number;
  readonly firstFailure: string | undefined;
  /** The body of a good answer. */
  readonly sample: string;
  /** What the client itself took, in seconds of CPU. */
  readonly cpuSeconds: number;
};

export type LoadClient = { readonly run: (load: Load) => Promise<LoadOutcome>; readonly close: () => void };

/** A load client in a process of its own, so that the server it drives has its event loop to itself. */
export function startLoadClient(): LoadClient {
  const child = fork(fileURLToPath(import.meta.url), { serialization: 'advanced', execArgv: [] });
  return {
    run: (load) =>
      new Promise((resolve, reject) => {
        const ended = () => reject(new Error('the load client ended'));
        child.once('exit', ended);
        child.once('message', (outcome: LoadOutcome | { error: string }) => {
          child.off('exit', ended);
          if ('error' in outcome) reject(new Error(outcome.error));
          else resolve(outcome);
        });
        child.send(load);
      }),
    close: () => child.kill(),
  };
}

/** A request as it goes over the wire. */
export function httpRequest(url: URL, headers: Readonly<Record<string, string>>, body: string): string {
  const lines = Object.entries({ host: url.host, ...headers, 'content-length': String(Buffer.byteLength(body)) });
  return `POST ${url.pathname} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`;
}

/** Long beyond any answer's deadline: a server that has stopped answering must not hang the bench. */
const SILENCE_MS = 30_000;
/** One answer of so many is parsed whole; of the others only the status, the length and the mark of an error are looked at. */
const PARSED_OF = 500;
const ERROR_MARK = Buffer.from('"isError":true');
const HEAD_END = Buffer.from('\r\n\r\n');
const LENGTH = /\r\ncontent-length: *(\d+)/i;
const CHUNKED = /\r\ntransfer-encoding: *chunked/i;

async function drive({ host, port, requests, connections, warmUpMs, measuredMs, expects }: Load): Promise<LoadOutcome> {
  const buffers = requests.map((request) => Buffer.from(request));
  const latencies: number[] = [];
  let failed = 0;
  let firstFailure: string | undefined;
  let sample = '';
  let asked = 0;
  let answered = 0;
  const begin = performance.now() + warmUpMs;
  const end = begin + measuredMs;
  let cpuAtBegin: NodeJS.CpuUsage | undefined;

  const judge = (data: Buffer, head: string, bodyAt: number, chunked: boolean): boolean => {
    answered += 1;
    if (head.startsWith('HTTP/1.1 200') && data.indexOf(ERROR_MARK, bodyAt) === -1) {
      if (answered % PARSED_OF !== 1) return true;
      const body = bodyOf(data, bodyAt, chunked);
      if (isGood(body, expects)) {
        sample = body;
        return true;
      }
    }
    failed += 1;
    firstFailure ??= `${head.slice(0, head.indexOf('\r\n'))}: ${bodyOf(data, bodyAt, chunked).slice(0, 400)}`;
    return false;
  };

  const loop = () =>
    new Promise<void>((resolve, reject) => {
      let sentAt = 0;
      let partial: Buffer | undefined;
      const next = () => {
        sentAt = performance.now();
        if (sentAt >= end) {
          socket.destroy();
          return resolve();
        }
        if (sentAt >= begin) cpuAtBegin ??= process.cpuUsage();
        socket.write(buffers[asked++ % buffers.length] ?? '');
      };
      const socket = connect({
        host,
        port,
        noDelay: true,
        onread: {
          buffer: Buffer.allocUnsafe(128 * 1024),
          callback: (bytes, read) => {
            const piece = Buffer.from(read.buffer, read.byteOffset, bytes);
            const data = partial === undefined ? piece : Buffer.concat([partial, piece]);
            const headEnd = data.indexOf(HEAD_END);
            const head = headEnd === -1 ? '' : data.toString('latin1', 0, headEnd);
            const bodyAt = headEnd + HEAD_END.length;
            const length = LENGTH.exec(head)?.[1];
            const chunked = length === undefined && CHUNKED.test(head);
            if (headEnd !== -1 && length === undefined && !chunked) {
              socket.destroy();
              reject(new Error(`an answer without a length: ${head}`));
              return false;
            }
            const whole = headEnd !== -1 && (chunked ? chunkedEnd(data, bodyAt) !== -1 : data.length >= bodyAt + Number(length));
            if (!whole) {
              // The read buffer is used again.
              partial = Buffer.from(data);
              return true;
            }
            partial = undefined;
            const good = judge(data, head, bodyAt, chunked);
            if (good && sentAt >= begin) latencies.push(performance.now() - sentAt);
            next();
            return true;
          },
        },
      });
      socket.setTimeout(SILENCE_MS, () => socket.destroy(new Error(`no answer within ${SILENCE_MS / 1_000} s`)));
      socket.once('connect', next);
      socket.once('error', reject);
      socket.once('close', () => reject(new Error(`the server closed a connection after ${answered} answers`)));
    });

  await Promise.all(Array.from({ length: connections }, loop));
  const seconds = (performance.now() - begin) / 1_000;
  const cpu = process.cpuUsage(cpuAtBegin);
  return {
    latenciesMs: Float64Array.from(latencies),
    seconds,
    failed,
    firstFailure,
    sample,
    cpuSeconds: (cpu.user + cpu.system) / 1_000_000,
  };
}

/** Where a chunked body ends, -1 while the rest is still to come. */
function chunkedEnd(data: Buffer, from: number): number {
  let at = from;
  for (;;) {
    const lineEnd = data.indexOf('\r\n', at);
    if (lineEnd === -1) return -1;
    const size = Number.parseInt(data.toString('latin1', at, lineEnd), 16);
    at = lineEnd + 2 + size + 2;
    if (at > data.length) return -1;
    if (size === 0) return at;
  }
}

function bodyOf(data: Buffer, from: number, chunked: boolean): string {
  if (!chunked) return data.toString('utf8', from);
  const pieces: Buffer[] = [];
  let at = from;
  for (;;) {
    const lineEnd = data.indexOf('\r\n', at);
    const size = Number.parseInt(data.toString('latin1', at, lineEnd), 16);
    if (lineEnd === -1 || !(size > 0)) return Buffer.concat(pieces).toString('utf8');
    pieces.push(data.subarray(lineEnd + 2, lineEnd + 2 + size));
    at = lineEnd + 2 + size + 2;
  }
}

function isGood(body: string, expects: Load['expects']): boolean {
  try {
    const message = JSON.parse(body) as { result?: { isError?: boolean } };
    return expects === 'json' || (message.result !== undefined && message.result.isError !== true);
  } catch {
    return false;
  }
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  process.on('message', async (load: Load) => {
    try {
      process.send?.(await drive(load));
    } catch (error) {
      process.send?.({ error: error instanceof Error ? error.message : String(error) });
    }
  });
}
