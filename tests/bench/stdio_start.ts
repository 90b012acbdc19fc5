import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { argv, execPath } from 'node:process';
import { fileURLToPath } from 'node:url';
import { type Latencies, latenciesOf } from './latency.ts';

/** What a start of a stdio server cost: until tools/list was answered (milliseconds), and the resident memory then (MiB, median). */
export type StdioStart = Latencies & { readonly residentMiB: number | null };

const OPENING = [
  {
    jsonrpc: '2.0',
    id: 1,
    method: 'initialize',
    params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'bench', version: '1' } },
  },
  { jsonrpc: '2.0', method: 'notifications/initialized' },
  { jsonrpc: '2.0', id: 2, method: 'tools/list' },
];

/** Starts a stdio server `runs` times, one after the other, after one start that fills the caches and does not count. */
export async function measureStdioStart(file: string, runs: number, environment: NodeJS.ProcessEnv = process.env): Promise<StdioStart> {
  const starts: { ms: number; residentKiB: number | undefined }[] = [];
  for (let run = 0; run <= runs; run += 1) {
    const start = await startOnce(file, environment);
    if (run > 0) starts.push(start);
  }
  const memory = starts.flatMap(({ residentKiB }) => residentKiB ?? []).sort((a, b) => a - b);
  const median = memory[Math.floor(memory.length / 2)];
  return { ...latenciesOf(starts.map(({ ms }) => ms)), residentMiB: median === undefined ? null : Math.round(median / 1024) };
}

function startOnce(file: string, env: NodeJS.ProcessEnv): Promise<{ ms: number; residentKiB: number | undefined }> {
  return new Promise((resolve, reject) => {
    const began = performance.now();
    const child = spawn(execPath, [file], { stdio: ['pipe', 'pipe', 'ignore'], env });
    const giveUp = setTimeout(() => child.kill('SIGKILL'), 10_000);
    let text = '';
    child.stdout.on('data', async (chunk: Buffer) => {
      text += chunk.toString('utf8');
      if (!/"id":2\b.*\n/.test(text)) return;
      child.stdout.removeAllListeners('data');
      const ms = performance.now() - began;
      const residentKiB = await residentMemory(child.pid);
      child.removeAllListeners('exit').once('exit', () => {
        clearTimeout(giveUp);
        resolve({ ms, residentKiB });
      });
      child.stdin.end();
    });
    child.once('error', reject);
    child.once('exit', () => reject(new Error(`${file} ended without an answer: ${text.slice(0, 300)}`)));
    child.stdin.write(`${OPENING.map((message) => JSON.stringify(message)).join('\n')}\n`);
  });
}

/** Linux only; elsewhere unknown. */
async function residentMemory(pid: number | undefined): Promise<number | undefined> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const kilobytes = /VmRSS:\s+(\d+)/.exec(status)?.[1];
  return kilobytes === undefined ? undefined : Number(kilobytes);
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  const file = argv[2] ?? 'dist/mcp/sales_dashboard.mjs';
  console.log(JSON.stringify({ file, ...(await measureStdioStart(file, 20)) }));
}
