import pg from 'pg';
import { startBareHttp } from './bare_http.ts';
import type { BenchStack } from './bench_stack.ts';
import type { Figure } from './figure.ts';
import { HttpToolClient } from './http_client.ts';
import { timeCalls } from './latency.ts';

const REPEATED_CALLS = 3_000;
const COLD_CALLS = 600;

/** A repeated question and many different ones, over HTTP on one connection, beside a bare node:http server of the same answer size. */
export async function measureHttp({ urls }: BenchStack): Promise<Figure[]> {
  const campaigns = await campaignIds(urls.hub);
  const [first] = campaigns;
  if (first === undefined) throw new Error('the hub holds no campaign with sales');
  const client = new HttpToolClient(`${urls.http}/sales_dashboard/mcp`);
  const question = { campaignName: first, period: 'last month' };
  const answer = await client.call('get_campaign_performance', question);

  const bare = await startBareHttp(JSON.stringify(answer).length);
  const floor = new HttpToolClient(bare.url);
  const bareCalls = await timeCalls(REPEATED_CALLS, 300, async () => {
    await floor.post(JSON.stringify(question));
  });
  floor.close();
  await bare.stop();

  const repeated = await timeCalls(REPEATED_CALLS, 300, async () => {
    await client.call('get_campaign_performance', question);
  });

  const asked = [
    (campaignName: string) => client.call('get_campaign_performance', { campaignName, period: 'last month', fresh: true }),
    (campaignName: string) => client.call('get_sales_data', { campaignName, fresh: true }),
    (campaignName: string) => client.call('get_campaign_locations', { campaignName, granularity: 'city', fresh: true }),
    (campaignName: string) => client.call('get_campaign_channels', { campaignName, fresh: true }),
    () => client.call('rank_campaigns', { metric: 'roas', period: 'last month', fresh: true }),
    () => client.call('rank_campaigns', { metric: 'revenue', period: 'last 12 months', fresh: true }),
  ];
  const cold = await timeCalls(COLD_CALLS, asked.length * 8, async (i) => {
    await asked[i % asked.length]?.(campaigns[i % campaigns.length] ?? first);
  });
  client.close();

  const ratio = (repeated.p50 / bareCalls.p50).toFixed(1);
  return [
    {
      what: 'repeated call over HTTP, p50',
      value: repeated.p50,
      unit: 'ms',
      goal: 1.5,
      note: `${ratio} × a bare node:http answer of its size`,
    },
    { what: 'repeated call over HTTP, p99', value: repeated.p99, unit: 'ms', goal: 5, note: `bare: ${bareCalls.p99.toFixed(2)} ms` },
    {
      what: 'cold question over HTTP, p50',
      value: cold.p50,
      unit: 'ms',
      goal: undefined,
      note: `${COLD_CALLS} calls of ${asked.length} kinds, fresh`,
    },
    { what: 'cold question over HTTP, p99', value: cold.p99, unit: 'ms', goal: 50, note: `slowest ${cold.max.toFixed(1)} ms` },
  ];
}

/** Campaigns with sales, in an order that mixes large and small. */
export async function campaignIds(hubUrl: string): Promise<string[]> {
  const client = new pg.Client({ connectionString: hubUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ campaign_id: string }>(
      `SELECT campaign_id FROM (SELECT DISTINCT campaign_id FROM sales.order_day) sold
         JOIN ads.campaigns USING (campaign_id) WHERE status = 'active' ORDER BY md5(campaign_id)`,
    );
    return rows.map((row) => row.campaign_id);
  } finally {
    await client.end();
  }
}
