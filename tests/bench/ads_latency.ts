import pg from 'pg';
import type { BenchStack } from './bench_stack.ts';
import type { Figure } from './figure.ts';
import { at, measureTools, type ToolQuestion } from './tool_latency.ts';

type Subjects = {
  readonly campaigns: readonly string[];
  readonly clients: readonly string[];
  readonly experiments: readonly string[];
  readonly plans: readonly { readonly campaign: string; readonly month: string; readonly channel: string; readonly planned: number }[];
};

/**
 * The tools of the ads optimizer. Typical: a campaign's or a client's month, each time of another one and computed anew by a server that has answered
 * before; what it keeps for a version of the data (the company's response curves) it still has. Wide: everybody's, up to a year.
 */
export async function measureAds(stack: BenchStack): Promise<Figure[]> {
  const subjects = await readSubjects(stack.urls.hub);
  return measureTools(stack, {
    server: 'ads_optimizer',
    typical: typicalQuestions(subjects).map(freshly),
    wide: wideQuestions.map(freshly),
  });
}

/** Answers come from the computation, not from the cache; a plan is never cached. */
const freshly = (question: ToolQuestion): ToolQuestion =>
  question.tool === 'apply_budget_plan' ? question : { ...question, ask: (index) => ({ ...question.ask(index), fresh: true }) };

const MONTH = { period: 'last month' };

function typicalQuestions({ campaigns, clients, experiments, plans }: Subjects): readonly ToolQuestion[] {
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
const wideQuestions: readonly ToolQuestion[] = [
  { what: "everybody's month", tool: 'get_attribution', ask: () => MONTH },
  { what: "everybody's month by campaign", tool: 'get_attribution', ask: () => ({ ...MONTH, by: 'campaign' }) },
  { what: "everybody's year", tool: 'get_attribution', ask: () => ({ period: 'last 365 days' }) },
  { what: "everybody's year by campaign", tool: 'get_attribution', ask: () => ({ period: 'last 365 days', by: 'campaign' }) },
  { what: "everybody's last 90 days", tool: 'find_ad_anomalies', ask: () => ({}) },
  { what: 'everybody', tool: 'recommend_budget', ask: () => ({}) },
  { what: "everybody's month", tool: 'get_campaign_pacing', ask: () => ({}) },
];

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
