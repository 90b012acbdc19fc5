import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { createInterface } from 'node:readline';
import pg from 'pg';
import { packageRoot } from '../../shared/config/package_root.ts';
import type { BenchStack } from './bench_stack.ts';
import type { Figure } from './figure.ts';
import { HttpToolClient } from './http_client.ts';
import { latenciesOf } from './latency.ts';

const COLD_STARTS = 3;
const TYPICAL_CALLS = 20;
const COLD_GOAL_MS = 400;
const TYPICAL_GOAL_MS = 50;

type Arguments = Readonly<Record<string, unknown>>;

/** What is asked of a tool, each time of another campaign, client or experiment. */
type Question = { readonly what: string; readonly tool: string; readonly ask: (index: number) => Arguments };

type Subjects = {
  readonly campaigns: readonly string[];
  readonly clients: readonly string[];
  readonly experiments: readonly string[];
  readonly plans: readonly { readonly campaign: string; readonly month: string; readonly channel: string; readonly planned: number }[];
};

/**
 * The tools of the ads optimizer, p50 and p95 of each question. Typical: a campaign's or a client's month over HTTP, each time of another one and
 * computed anew, from a server that has answered before; what it keeps for a version of the data (the company's response curves) it still has.
 * Cold: the first question of a server that has just started and keeps nothing, over stdio, database warm; those for everybody are the worst there are.
 */
export async function measureAds({ home, urls }: BenchStack): Promise<Figure[]> {
  const subjects = await readSubjects(urls.hub);
  const figures: Figure[] = [];
  const client = new HttpToolClient(`${urls.http}/ads_optimizer/mcp`);
  try {
    for (const { what, tool, ask } of typicalQuestions(subjects)) {
      const times: number[] = [];
      for (let i = -5; i < TYPICAL_CALLS; i++) {
        const began = performance.now();
        await client.call(tool, { ...ask(i + 5), ...freshly(tool) });
        if (i >= 0) times.push(performance.now() - began);
      }
      figures.push(figureOf(`${tool}, ${what}`, times, 'p50', TYPICAL_GOAL_MS));
    }
  } finally {
    client.close();
  }
  for (const { what, tool, ask } of [...typicalQuestions(subjects), ...wideQuestions]) {
    const times: number[] = [];
    for (let i = 0; i <= COLD_STARTS; i++) {
      const time = await firstCall(home, tool, { ...ask(i), ...freshly(tool) });
      // The first start of all reads the program from disk.
      if (i > 0) times.push(time);
    }
    figures.push(figureOf(`${tool}, ${what}, cold`, times, 'p95', COLD_GOAL_MS));
  }
  return figures;
}

/** Answers come from the computation, not from the cache; a plan is never cached. */
const freshly = (tool: string): Arguments => (tool === 'apply_budget_plan' ? {} : { fresh: true });

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

const MONTH = { period: 'last month' };

function typicalQuestions({ campaigns, clients, experiments, plans }: Subjects): readonly Question[] {
  const campaign = (i: number) => ({ campaignName: at(campaigns, i) });
  const client = (i: number) => ({ clientName: at(clients, i) });
  return [
    { what: "a campaign's month", tool: 'get_attribution', ask: (i) => ({ ...campaign(i), ...MONTH }) },
    { what: "a client's month", tool: 'get_attribution', ask: (i) => ({ ...client(i), ...MONTH }) },
    { what: "a campaign's month", tool: 'find_ad_anomalies', ask: (i) => ({ ...campaign(i), ...MONTH }) },
    { what: "a client's month", tool: 'find_ad_anomalies', ask: (i) => ({ ...client(i), ...MONTH }) },
    { what: 'a campaign', tool: 'recommend_budget', ask: campaign },
    { what: 'a client', tool: 'recommend_budget', ask: client },
    { what: "a campaign's month", tool: 'get_campaign_pacing', ask: campaign },
    { what: "a client's month", tool: 'get_campaign_pacing', ask: client },
    { what: 'an experiment', tool: 'analyze_experiment', ask: (i) => ({ experiment: at(experiments, i) }) },
    {
      what: "a campaign's month",
      tool: 'apply_budget_plan',
      ask: (i) => {
        const { campaign: campaignName, month, channel, planned } = at(plans, i);
        return { campaignName, month, changes: [{ channel, planned }] };
      },
    },
  ];
}

/** What is asked for everybody. */
const wideQuestions: readonly Question[] = [
  { what: "everybody's month", tool: 'get_attribution', ask: () => MONTH },
  { what: "everybody's month by campaign", tool: 'get_attribution', ask: () => ({ ...MONTH, by: 'campaign' }) },
  { what: "everybody's year", tool: 'get_attribution', ask: () => ({ period: 'last 365 days' }) },
  { what: "everybody's year by campaign", tool: 'get_attribution', ask: () => ({ period: 'last 365 days', by: 'campaign' }) },
  { what: "everybody's last 90 days", tool: 'find_ad_anomalies', ask: () => ({}) },
  { what: 'everybody', tool: 'recommend_budget', ask: () => ({}) },
  { what: "everybody's month", tool: 'get_campaign_pacing', ask: () => ({}) },
];

function at<T>(list: readonly T[], index: number): T {
  const found = list[index % list.length];
  if (found === undefined) throw new Error('the hub holds nothing to ask about');
  return found;
}

/** In an order that mixes large and small. */
async function readSubjects(hubUrl: string): Promise<Subjects> {
  const hub = new pg.Client({ connectionString: hubUrl });
  await hub.connect();
  const texts = async (sql: string): Promise<string[]> => (await hub.query<{ id: string }>(sql)).rows.map(({ id }) => id);
  try {
    const running = `status = 'active' AND campaign_id IN (SELECT campaign_id FROM sales.order_day)`;
    const plans = await hub.query<{ campaign: string; month: string; channel: string; planned: string }>(
      `SELECT c.campaign_id AS campaign, to_char(b.month, 'YYYY-MM') AS month, b.channel_id AS channel, round(b.planned * 0.98, 2)::text AS planned
         FROM ads.campaigns c JOIN ads.campaign_budgets b USING (campaign_id)
        WHERE c.status = 'active' AND b.month > current_date ORDER BY md5(c.campaign_id), b.month, b.channel_id`,
    );
    return {
      campaigns: await texts(`SELECT campaign_id AS id FROM ads.campaigns WHERE ${running} ORDER BY md5(campaign_id)`),
      clients: await texts(`SELECT client_id AS id FROM ads.campaigns WHERE ${running} GROUP BY client_id ORDER BY md5(client_id)`),
      experiments: await texts('SELECT experiment_id AS id FROM ads.experiments ORDER BY md5(experiment_id)'),
      plans: plans.rows.map((row) => ({ ...row, planned: Number(row.planned) })),
    };
  } finally {
    await hub.end();
  }
}

/** Milliseconds of the first tool call that a server answers; it has only been initialized before. */
function firstCall(home: string, tool: string, args: Arguments): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = spawn(execPath, [join(packageRoot(), 'dist', 'mcp', 'ads_optimizer.mjs')], {
      stdio: ['pipe', 'pipe', 'ignore'],
      env: { ...process.env, PROMPTSALES_HOME: home },
    });
    const giveUp = setTimeout(() => server.kill('SIGKILL'), 30_000);
    const send = (message: object) => server.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
    let began = 0;
    createInterface({ input: server.stdout }).on('line', (line) => {
      const message = JSON.parse(line) as { id?: number; result?: { isError?: boolean } };
      if (message.id === 1) {
        send({ method: 'notifications/initialized' });
        began = performance.now();
        send({ id: 2, method: 'tools/call', params: { name: tool, arguments: args } });
      } else if (message.id === 2) {
        const time = performance.now() - began;
        const failed = message.result === undefined || message.result.isError === true;
        server.removeAllListeners('exit').once('exit', () => {
          clearTimeout(giveUp);
          if (failed) reject(new Error(`${tool} ${JSON.stringify(args)}: ${line.slice(0, 500)}`));
          else resolve(time);
        });
        server.stdin.end();
      }
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
