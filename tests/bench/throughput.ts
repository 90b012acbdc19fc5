import { readFile } from 'node:fs/promises';
import { readStack } from '../../shared/stack/state.ts';
import { toolCall } from '../support/tool_call.ts';
import { startBareHttp } from './bare_http.ts';
import type { BenchStack } from './bench_stack.ts';
import type { Figure } from './figure.ts';
import { BENCH_CLIENT, HttpToolClient } from './http_client.ts';
import { type Latencies, latenciesOf } from './latency.ts';
import { httpRequest, type Load, type LoadClient, type LoadOutcome, startLoadClient } from './load_client.ts';
import { allowBenchClient, BROKEN_MODES, type Mode, WELL_MODES } from './throughput_modes.ts';
import { type Peer, startPeers } from './throughput_peers.ts';
import { campaignQuestion, type Question, type SqlTool } from './throughput_question.ts';

const BARE = 'bare node:http';

/** One caller, and more than a small machine has cores. */
const FEW = 1;
const MANY = 16;
/** Everybody's turn comes several times, so that what else the machine does hits all alike. */
const TURNS = 4;
const WARM_UP_MS = 500;
const MEASURED_MS = 1_000;
/** 1,000,000 operations a minute (N1). */
const HITS_A_SECOND = 16_667;

/** What a peer is asked: the fastest it can have beside a hit, and what a miss costs the hub. */
const ONE_LOOKUP = 'one lookup';
const SAME_SQL = 'the SQL of a miss';

/** What is measured: whom, what it is asked, and in what state. */
type Subject = {
  readonly name: string;
  readonly url: URL;
  /** The process that answers. */
  readonly pid: () => number | undefined;
  readonly requests: readonly string[];
  readonly expects: Load['expects'];
  readonly mode?: Mode;
};

/** One turn of a subject, and what the answering process took for it, in seconds of CPU, where the system tells. */
type Turn = LoadOutcome & { readonly serverCpuSeconds: number | undefined };

/** Good answers a second over one number of connections. */
type Throughput = Latencies & { readonly perSecond: number; readonly remark: string };

type Measured = { readonly name: string; readonly few: Throughput; readonly many: Throughput };

/**
 * How many calls a second are answered, in one run on one hub: PromptSales from its cache, past it, and with Redis or the hub
 * away; beside it a bare node:http server that answers with as many bytes as a hit has, and two other servers: with
 * one lookup a call, and with the very SQL of a miss. Each connection has one request under way. Client and servers share the machine.
 */
export async function measureThroughput(stack: BenchStack): Promise<Figure[]> {
  await allowBenchClient(stack);
  const question = await campaignQuestion(stack.urls.hub);
  const [hit, miss] = WELL_MODES.map((mode) => askPromptSales(stack, question, mode));
  if (hit === undefined || miss === undefined) throw new Error('there is no mode to measure');

  const client = startLoadClient();
  try {
    const { measured: well, missing } = await besideOthers(client, stack, question, { hit, miss });
    const broken: Measured[] = [];
    for (const mode of BROKEN_MODES) {
      const undo = await mode.begin(stack);
      if (undo === undefined) {
        missing.push(`${mode.name}: cannot be brought about here`);
        continue;
      }
      try {
        broken.push(...(await measureInTurn(client, [askPromptSales(stack, question, mode)])));
      } finally {
        await undo();
      }
    }
    for (const line of missing) process.stderr.write(`left out: ${line}\n`);
    return figuresOf([...well, ...broken]);
  } finally {
    client.close();
  }
}

/** PromptSales as it should be, in turn with the bare server and the peers that can be started here. */
async function besideOthers(
  client: LoadClient,
  { urls }: BenchStack,
  question: Question,
  { hit, miss }: { readonly hit: Subject; readonly miss: Subject },
): Promise<{ readonly measured: readonly Measured[]; readonly missing: string[] }> {
  const { sameSql, oneLookup } = question;
  const bare = await startBareHttp(await answerBytes(hit.url, question));
  const { peers, missing } = await startPeers(urls.hub, [sameSql, oneLookup]);
  try {
    const measured = await measureInTurn(client, [
      { name: BARE, url: new URL(bare.url), pid: () => process.pid, requests: hit.requests, expects: 'json' },
      hit,
      ...peers.map((peer) => askPeer(peer, ONE_LOOKUP, oneLookup)),
      miss,
      ...peers.map((peer) => askPeer(peer, SAME_SQL, sameSql)),
    ]);
    return { measured, missing: [...missing] };
  } finally {
    await bare.stop();
    for (const peer of peers) await peer.stop();
  }
}

function askPromptSales({ home, urls }: BenchStack, question: Question, mode: Mode): Subject {
  const url = new URL(`${urls.http}/sales_dashboard/mcp`);
  const asked = mode.asks === 'repeated' ? question.asked.slice(0, 1) : question.asked.map((one) => ({ ...one, fresh: true }));
  return {
    name: mode.name,
    url,
    pid: () => readStack(home)?.parts.find(({ name }) => name === 'http')?.process?.pid,
    requests: asked.map((args) => callRequest(url, question.tool, args)),
    expects: 'result',
    mode,
  };
}

function askPeer({ name, url, pid }: Peer, what: string, { name: tool, calls }: SqlTool): Subject {
  return { name: `${name}, ${what}`, url, pid: () => pid, requests: calls.map((args) => callRequest(url, tool, args)), expects: 'result' };
}

function callRequest(url: URL, tool: string, args: Readonly<Record<string, unknown>>): string {
  const { headers, body } = toolCall(tool, args, { client: BENCH_CLIENT });
  return httpRequest(url, headers, body);
}

async function answerBytes(url: URL, { tool, asked: [first = { campaignName: '', period: '' }] }: Question): Promise<number> {
  const client = new HttpToolClient(url.href);
  try {
    return Buffer.byteLength(JSON.stringify(await client.call(tool, first)));
  } finally {
    client.close();
  }
}

async function measureInTurn(client: LoadClient, subjects: readonly Subject[]): Promise<Measured[]> {
  const turns = subjects.map((subject) => ({ subject, few: [] as Turn[], many: [] as Turn[] }));
  for (let turn = 0; turn < TURNS; turn += 1) {
    for (const { subject, few, many } of turns) {
      few.push(await drive(client, subject, FEW));
      many.push(await drive(client, subject, MANY));
    }
  }
  return turns.map(({ subject, few, many }) => ({ name: subject.name, few: together(subject, few), many: together(subject, many) }));
}

async function drive(client: LoadClient, { name, url, pid, requests, expects, mode }: Subject, connections: number): Promise<Turn> {
  const server = pid();
  const before = await cpuSecondsOf(server);
  const began = performance.now();
  const outcome = await client.run({
    host: url.hostname,
    port: Number(url.port),
    requests,
    connections,
    warmUpMs: WARM_UP_MS,
    measuredMs: MEASURED_MS,
    expects,
  });
  const seconds = (performance.now() - began) / 1_000;
  const after = await cpuSecondsOf(server);
  if (mode?.cached !== undefined && outcome.sample !== '') {
    const { hit } = readAnswer(outcome.sample).cache;
    if (hit !== mode.cached) throw new Error(`${name}: an answer said cache.hit = ${hit}`);
  }
  // The warm-up is in it: what it took is shared out over the whole time.
  const share = outcome.seconds / seconds;
  return { ...outcome, serverCpuSeconds: before === undefined || after === undefined ? undefined : (after - before) * share };
}

/** What a process has taken so far, all its threads together. Linux only; elsewhere unknown. */
async function cpuSecondsOf(pid: number | undefined): Promise<number | undefined> {
  const line = pid === undefined ? '' : await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // The second field, the program's name in parentheses, may hold spaces; utime and stime are the 14th and 15th, in hundredths.
  const [user, system] = line
    .slice(line.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13)
    .map(Number);
  return user === undefined || system === undefined ? undefined : (user + system) / 100;
}

function together({ expects, mode }: Subject, turns: readonly Turn[]): Throughput {
  const latencies = turns.flatMap(({ latenciesMs }) => Array.from(latenciesMs));
  const sum = (of: (turn: Turn) => number | undefined) => turns.reduce((total, turn) => total + (of(turn) ?? Number.NaN), 0);
  const microseconds = (seconds: number) => ((1_000_000 * seconds) / latencies.length).toFixed(0);
  const serverCpu = sum(({ serverCpuSeconds }) => serverCpuSeconds);
  const failure = turns.find(({ firstFailure }) => firstFailure !== undefined)?.firstFailure;
  const sample = turns.find(({ sample }) => sample !== '')?.sample;
  const warning = mode?.begin === undefined || mode.asks === 'fresh' || sample === undefined ? undefined : readAnswer(sample).warnings[0];
  const remarks = [
    latencies.length === 0 || Number.isNaN(serverCpu) ? '' : `${microseconds(serverCpu)} µs of the server's CPU a call`,
    expects === 'json' ? `${microseconds(sum(({ cpuSeconds }) => cpuSeconds))} µs of the client's` : '',
    failure === undefined ? '' : `${sum(({ failed }) => failed)} failed: ${shortFailure(failure)}`,
    warning === undefined ? '' : `says "${warning.slice(0, 100)}"`,
  ];
  return {
    ...latenciesOf(latencies),
    perSecond: latencies.length / sum(({ seconds }) => seconds),
    remark: remarks.filter((remark) => remark !== '').join(', '),
  };
}

/** The text of a tool's error where there is one, else the beginning of the answer. */
function shortFailure(failure: string): string {
  return (/"text":"((?:[^"\\]|\\.)*)/.exec(failure)?.[1] ?? failure).split('\\n', 1)[0]?.slice(0, 120) ?? '';
}

function readAnswer(body: string): { readonly cache: { readonly hit: boolean }; readonly warnings: readonly string[] } {
  const { structuredContent } = (
    JSON.parse(body) as { result: { structuredContent: { cache: { hit: boolean }; warnings?: readonly string[] } } }
  ).result;
  return { cache: structuredContent.cache, warnings: structuredContent.warnings ?? [] };
}

function figuresOf(measured: readonly Measured[]): Figure[] {
  const find = (name: string) => measured.find((one) => one.name === name);
  const floor = find(BARE);
  const row = (name: string, connections: number, throughput: Throughput, bare: Throughput | undefined): Figure => ({
    what: `${name}, ${connections} connection${connections === 1 ? '' : 's'}`,
    value: throughput.perSecond,
    unit: '/s',
    goal: name === 'hit' && connections === MANY ? HITS_A_SECOND : undefined,
    least: true,
    note: [
      Number.isNaN(throughput.p50) ? '' : `p50 ${throughput.p50.toFixed(2)} ms, p99 ${throughput.p99.toFixed(2)} ms`,
      bare === undefined || bare === throughput ? '' : `${(throughput.perSecond / bare.perSecond).toFixed(3)} × bare`,
      throughput.remark,
    ]
      .filter((part) => part !== '')
      .join(', '),
  });
  const ratio = (one: string, other: string, goal: number): Figure[] => {
    const [above, below] = [find(one), find(other)];
    if (above === undefined || below === undefined) return [];
    return [
      {
        what: `${one} ÷ ${other}, ${MANY} connections`,
        value: above.many.perSecond / below.many.perSecond,
        unit: 'ratio',
        goal,
        least: true,
        note: `${(above.few.perSecond / below.few.perSecond).toFixed(2)} at ${FEW} connection`,
      },
    ];
  };
  return [
    ...measured.flatMap(({ name, few, many }) => [row(name, FEW, few, floor?.few), row(name, MANY, many, floor?.many)]),
    ...ratio('hit', `Toolbox, ${ONE_LOOKUP}`, 2),
    ...ratio('miss', `DBHub, ${SAME_SQL}`, 1),
    ...ratio('miss', `Toolbox, ${SAME_SQL}`, 0.5),
  ];
}
