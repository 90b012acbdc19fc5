import { join } from 'node:path';
import { packageRoot } from '../shared/config/package_root.ts';

/** Asks a running server, and returns the text of its answer. Rejects when the answer is an error. */
export type Ask = (
  tool: string,
  args: Readonly<Record<string, unknown>>,
) => Promise<{ readonly text: string; readonly structured: Readonly<Record<string, unknown>> }>;

type Seed = { readonly question: (campaign: string) => string; readonly tool: string; readonly period?: string };

/** The four questions the product was made for. */
const SEED_QUESTIONS: readonly Seed[] = [
  { question: (name) => `How did the campaign "${name}" do last month?`, tool: 'get_campaign_performance', period: 'last month' },
  { question: (name) => `¿Cuánto dinero generó "${name}" el mes pasado?`, tool: 'get_sales_data', period: 'el mes pasado' },
  { question: (name) => `In which cities does "${name}" have most impact?`, tool: 'get_campaign_locations', period: 'last month' },
  { question: (name) => `¿En qué redes se publicó "${name}"?`, tool: 'get_campaign_channels', period: 'el mes pasado' },
];

/** Longer answers are cut here, and the cut is said: this is a greeting, the host shows all. */
const LINES_SHOWN = 14;

/** What a person sees when all is up: how to connect a host, and the four seed questions answered on the data at hand. */
export async function announcement(httpUrl: string, servers: readonly string[], ask: Ask): Promise<string> {
  return [hostConfiguration(httpUrl, servers), '', await seedAnswers(ask)].join('\n');
}

/** Ready to paste: the stdio command for Claude Desktop and hosts like it, the addresses for hosts that speak HTTP. */
function hostConfiguration(httpUrl: string, servers: readonly string[]): string {
  const stdio = Object.fromEntries(
    servers.map((name) => [name, { command: process.execPath, args: [join(packageRoot(), 'dist', 'mcp', `${name}.mjs`)] }]),
  );
  return [
    'Claude Desktop, Cursor and other hosts that start a server (claude_desktop_config.json, mcp.json):',
    JSON.stringify({ mcpServers: stdio }, undefined, 2),
    'Hosts and scripts that speak HTTP:',
    ...servers.map((name) => `  ${httpUrl}/${name}/mcp`),
  ].join('\n');
}

async function seedAnswers(ask: Ask): Promise<string> {
  const campaign = await bestSeller(ask);
  if (campaign === undefined) return 'No running campaign has sold anything last month, so there is nothing to show yet.';
  const answers: string[] = [];
  for (const { question, tool, period } of SEED_QUESTIONS) {
    const args = { campaignName: campaign, ...(period === undefined ? {} : { period }) };
    const { text } = await ask(tool, args);
    answers.push(`? ${question(campaign)}\n  ${tool} ${JSON.stringify(args)}\n${indent(shortened(text))}`);
  }
  return answers.join('\n\n');
}

/** The running campaign with the highest revenue of last month: any data set has one that is worth asking about. */
async function bestSeller(ask: Ask): Promise<string | undefined> {
  const { structured } = await ask('rank_campaigns', { metric: 'revenue', period: 'last month', status: 'active', limit: 1 });
  const { campaigns } = structured['data'] as { readonly campaigns: readonly { readonly name: string }[] };
  return campaigns[0]?.name;
}

function shortened(text: string): string {
  const lines = text.split('\n');
  return lines.length <= LINES_SHOWN ? text : [...lines.slice(0, LINES_SHOWN), `… ${lines.length - LINES_SHOWN} more lines`].join('\n');
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, '  ');
}
