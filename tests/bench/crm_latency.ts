import pg from 'pg';
import { LEAD_GROUPS } from '../../mcp-servers/crm_analyzer/repo/leads.ts';
import { RANKING_METRICS, RANKING_PARTITIONS } from '../../mcp-servers/crm_analyzer/tools/ranking_arguments.ts';
import { SEGMENT_METHODS } from '../../mcp-servers/crm_analyzer/tools/segment_arguments.ts';
import type { BenchStack } from './bench_stack.ts';
import type { Figure } from './figure.ts';
import { at, measureTools, type ToolQuestion } from './tool_latency.ts';

type Subjects = {
  readonly campaigns: readonly string[];
  readonly clients: readonly string[];
  readonly cities: readonly string[];
  readonly customers: readonly string[];
  /** With the longest histories, most first. */
  readonly busyCustomers: readonly string[];
  readonly largestClient: string;
};

const MONTH = { period: 'last month' };
const YEAR = { period: 'last 365 days' };
const MOST_LEADS_MOVED = 200;

/**
 * The tools of the CRM analyzer. Typical: one campaign's or client's month, one place of 25 km, one customer, one lead. Wide: everybody's year by
 * each method, metric, partition and grouping, 500 km, the longest history, 200 leads. Moves leads of the CRM from new to contacted.
 */
export async function measureCrm(stack: BenchStack): Promise<Figure[]> {
  const subjects = await readSubjects(stack.urls.hub);
  const newLeads = await readNewLeads(stack.urls.crm);
  let asked = 0;
  // One whose move was confirmed is not new any more.
  const nextLead = () => at(newLeads, asked++);
  return measureTools(stack, {
    server: 'crm_analyzer',
    typical: [...typicalQuestions(subjects), ...moves(nextLead, 1, 'one lead')],
    wide: [...wideQuestions(subjects), ...moves(nextLead, MOST_LEADS_MOVED, `${MOST_LEADS_MOVED} leads`)],
  });
}

/** From the computation, not from the cache. Where none is kept, nothing has to be said. */
const FRESH = { fresh: true };

function typicalQuestions({ campaigns, clients, cities, customers }: Subjects): readonly ToolQuestion[] {
  const campaign = (i: number) => ({ campaignName: at(campaigns, i) });
  const client = (i: number) => ({ clientName: at(clients, i) });
  const place = (i: number) => ({ place: at(cities, i), radiusKm: 25 });
  return [
    { what: "a campaign's month", tool: 'get_lead_metrics', ask: (i) => ({ ...campaign(i), ...MONTH, ...FRESH }) },
    {
      what: "a client's month by region",
      tool: 'get_lead_metrics',
      ask: (i) => ({ ...client(i), ...MONTH, groupBy: 'region', cohorts: true, ...FRESH }),
    },
    { what: 'a campaign', tool: 'get_lead_funnel', ask: (i) => ({ ...campaign(i), ...FRESH }) },
    { what: "a client's month", tool: 'get_lead_funnel', ask: (i) => ({ ...client(i), ...MONTH, ...FRESH }) },
    { what: "a client's year by RFM", tool: 'segment_customers', ask: (i) => ({ ...client(i), ...FRESH }) },
    {
      what: "a client's month by industry",
      tool: 'segment_customers',
      ask: (i) => ({ ...client(i), ...MONTH, method: 'industry', ...FRESH }),
    },
    { what: "a client's by revenue", tool: 'rank_customers', ask: (i) => ({ ...client(i), metric: 'revenue' }) },
    {
      what: "a client's by churn risk",
      tool: 'rank_customers',
      ask: (i) => ({ ...client(i), metric: 'churn_risk' }),
    },
    {
      what: "a client's by expected value in regions",
      tool: 'rank_customers',
      ask: (i) => ({ ...client(i), metric: 'expected_value', partition: 'region' }),
    },
    { what: '25 km around a city', tool: 'find_nearby_customers', ask: place },
    { what: "a client's, 25 km around a city", tool: 'find_nearby_customers', ask: (i) => ({ ...place(i), ...client(i) }) },
    { what: 'a customer', tool: 'get_customer_profile', ask: (i) => ({ customer: at(customers, i) }) },
  ];
}

function wideQuestions({ busyCustomers, largestClient }: Subjects): readonly ToolQuestion[] {
  const partitions = RANKING_METRICS.flatMap((metric) => RANKING_PARTITIONS.map((partition) => ({ metric, partition })));
  const around = { place: 'San José, Costa Rica', radiusKm: 500 };
  return [
    ...LEAD_GROUPS.map((groupBy) => ({
      what: `everybody's year by ${groupBy}`,
      tool: 'get_lead_metrics',
      ask: () => ({ ...YEAR, groupBy, ...FRESH }),
    })),
    {
      what: "everybody's year with cohorts",
      tool: 'get_lead_metrics',
      ask: () => ({ ...YEAR, cohorts: true, groupBy: 'region', ...FRESH }),
    },
    { what: "everybody's year", tool: 'get_lead_funnel', ask: () => ({ ...YEAR, ...FRESH }) },
    ...SEGMENT_METHODS.map((method) => ({
      what: `everybody's year by ${method}`,
      tool: 'segment_customers',
      ask: () => ({ ...YEAR, method, ...FRESH }),
    })),
    ...partitions.map(({ metric, partition }) => ({
      what: `everybody by ${metric} in ${partition}`,
      tool: 'rank_customers',
      ask: () => ({ metric, partition }),
    })),
    { what: '500 km', tool: 'find_nearby_customers', ask: () => around },
    { what: '500 km, one segment', tool: 'find_nearby_customers', ask: () => ({ ...around, segment: 'dormant' }) },
    { what: '500 km, the largest client', tool: 'find_nearby_customers', ask: () => ({ ...around, clientName: largestClient }) },
    { what: '40 km', tool: 'find_nearby_customers', ask: () => ({ ...around, radiusKm: 40 }) },
    { what: 'the longest history', tool: 'get_customer_profile', ask: (i) => ({ customer: at(busyCustomers, i) }) },
  ];
}

/** Planning and confirming the move of so many leads, other ones each time. */
function moves(nextLead: () => number, size: number, what: string): readonly ToolQuestion[] {
  const tool = 'update_lead_stage';
  const ask = () => ({ changes: Array.from({ length: size }, () => ({ leadId: nextLead(), stage: 'contacted' })) });
  return [
    { what: `plan of ${what}`, tool, ask },
    {
      what: `confirmation of ${what}`,
      tool,
      ask,
      next: (asked, { data }) => ({ ...asked, confirmationToken: (data as { confirmationToken: string }).confirmationToken }),
    },
  ];
}

/** In an order that mixes large and small. */
async function readSubjects(hubUrl: string): Promise<Subjects> {
  const hub = new pg.Client({ connectionString: hubUrl });
  await hub.connect();
  const texts = async (sql: string): Promise<string[]> => (await hub.query<{ id: string }>(sql)).rows.map(({ id }) => id);
  const byOrders = 'SELECT customer_id::text AS id FROM sales.customer_orders';
  const [largestClient = ''] = await texts('SELECT client_id AS id FROM crm.customers GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1');
  try {
    return {
      campaigns: await texts(`SELECT campaign_id AS id FROM ads.campaigns WHERE status = 'active' ORDER BY md5(campaign_id)`),
      clients: await texts('SELECT client_id AS id FROM sales.customer_orders GROUP BY client_id ORDER BY md5(client_id)'),
      cities: await texts('SELECT city_id::text AS id FROM crm.cities ORDER BY md5(city_id::text)'),
      customers: await texts(`${byOrders} ORDER BY md5(customer_id::text) LIMIT 50`),
      busyCustomers: await texts(`${byOrders} ORDER BY orders DESC, customer_id LIMIT 10`),
      largestClient,
    };
  } finally {
    await hub.end();
  }
}

/** As PromptCRM has them now: the hub learns of a move with the next load only. */
async function readNewLeads(crmUrl: string): Promise<readonly number[]> {
  const crm = new pg.Client({ connectionString: crmUrl });
  await crm.connect();
  try {
    const { rows } = await crm.query<{ id: number }>(
      `SELECT lead_id::integer AS id FROM crm.leads WHERE stage = 'new' ORDER BY 1 LIMIT 4000`,
    );
    return rows.map(({ id }) => id);
  } finally {
    await crm.end();
  }
}
