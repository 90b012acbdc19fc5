import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { createInterface } from 'node:readline';
import { packageRoot } from '../../shared/config/package_root.ts';
import type { BenchStack } from './bench_stack.ts';
import type { Figure } from './figure.ts';
import { HttpToolClient } from './http_client.ts';
import { latenciesOf } from './latency.ts';

const COLD_STARTS = 3;
const TYPICAL_CALLS = 20;
const WARM_UP_CALLS = 5;
const COLD_GOAL_MS = 400;
const TYPICAL_GOAL_MS = 50;

type Arguments = Readonly<Record<string, unknown>>;
type Content = Readonly<Record<string, unknown>>;

/** What is asked of a tool, each time of another subject. */
export type ToolQuestion = {
  readonly what: string;
  readonly tool: string;
  readonly ask: (index: number) => Arguments;
  /** A second call that needs the answer of the first: this one is measured then. */
  readonly next?: (asked: Arguments, answer: Content) => Arguments;
};

export type ServerQuestions = {
  readonly server: string;
  /** Asked often, of a small part of the data: measured warm and cold. */
  readonly typical: readonly ToolQuestion[];
  /** Asked seldom, of all of it: measured cold. */
  readonly wide: readonly ToolQuestion[];
};

/**
 * A server's tools, each answer computed, none from a cache. Warm: over HTTP, from a server that has answered the same question of other
 * subjects before; p50 of 20 calls. Cold: the first question of a server that has just started, over stdio, the database warm, the
 * connection to it not yet made; p95 of 3 starts, which is the slowest. A confirmation is the second question: its plan came from the same server.
 */
export async function measureTools({ home, urls }: BenchStack, { server, typical, wide }: ServerQuestions): Promise<Figure[]> {
  const figures: Figure[] = [];
  const client = new HttpToolClient(`${urls.http}/${server}/mcp`);
  try {
    for (const { what, tool, ask, next } of typical) {
      const times: number[] = [];
      for (let i = 0; i < WARM_UP_CALLS + TYPICAL_CALLS; i++) {
        let args = ask(i);
        if (next !== undefined) args = next(args, (await client.call(tool, args)).structuredContent);
        const began = performance.now();
        await client.call(tool, args);
        if (i >= WARM_UP_CALLS) times.push(performance.now() - began);
      }
      figures.push(figureOf(`${tool}, ${what}`, times, 'p50', TYPICAL_GOAL_MS));
    }
  } finally {
    client.close();
  }
  for (const question of [...typical, ...wide]) {
    const times: number[] = [];
    for (let i = 0; i <= COLD_STARTS; i++) {
      const time = await firstCall(home, server, question, i);
      // The first start of all reads the program from disk.
      if (i > 0) times.push(time);
    }
    figures.push(figureOf(`${question.tool}, ${question.what}, cold`, times, 'p95', COLD_GOAL_MS));
  }
  return figures;
}

function figureOf(what: string, times: readonly number[], which: 'p50' | 'p95', goal: number): Figure {
  const sorted = [...times].sort((a, b) => a - b);
  const { p50, max } = latenciesOf(times);
  const p95 = sorted[Math.ceil(0.95 * sorted.length) - 1] ?? Number.NaN;
  return {
    what: `${what}, ${which}`,
    value: which === 'p50' ? p50 : p95,
    unit: 'ms',
    goal,
    note: `p50 ${p50.toFixed(1)}, p95 ${p95.toFixed(1)}, slowest ${max.toFixed(1)} ms of ${times.length}`,
  };
}

/** One of a list, which begins anew at its end. */
export function at<T>(list: readonly T[], index: number): T {
  const found = list[index % list.length];
  if (found === undefined) throw new Error('the hub holds nothing to ask about');
  return found;
}

/** Milliseconds of the first measured tool call that a server answers; it has only been initialized before. */
function firstCall(home: string, serverName: string, { tool, ask, next }: ToolQuestion, index: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = spawn(execPath, [join(packageRoot(), 'dist', 'mcp', `${serverName}.mjs`)], {
      stdio: ['pipe', 'pipe', 'ignore'],
      env: { ...process.env, PROMPTSALES_HOME: home },
    });
    const giveUp = setTimeout(() => server.kill('SIGKILL'), 30_000);
    const send = (message: object) => server.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
    let args = ask(index);
    const call = (id: number) => send({ id, method: 'tools/call', params: { name: tool, arguments: args } });
    const last = next === undefined ? 2 : 3;
    let began = 0;
    createInterface({ input: server.stdout }).on('line', (line) => {
      const message = JSON.parse(line) as { id?: number; result?: { isError?: boolean; structuredContent?: Content } };
      if (message.id === 1) {
        send({ method: 'notifications/initialized' });
        began = performance.now();
        call(2);
        return;
      }
      if (message.id === undefined) return;
      const time = performance.now() - began;
      const answer = message.result?.isError === true ? undefined : message.result?.structuredContent;
      if (message.id !== last && next !== undefined && answer !== undefined) {
        args = next(args, answer);
        began = performance.now();
        call(3);
        return;
      }
      server.removeAllListeners('exit').once('exit', () => {
        clearTimeout(giveUp);
        if (answer === undefined) reject(new Error(`${tool} ${JSON.stringify(args)}: ${line.slice(0, 500)}`));
        else resolve(time);
      });
      server.stdin.end();
    });
    server.once('error', reject);
    server.once('exit', () => reject(new Error(`${tool} ${JSON.stringify(args)}: the server ended without an answer`)));
    send({
      id: 1,
      method: 'initialize',
      params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'bench', version: '1' } },
    });
  });
}
