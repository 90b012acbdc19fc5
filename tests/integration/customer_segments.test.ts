import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { handleRankCustomers, type RankingRepos } from '../../mcp-servers/crm_analyzer/handlers/rank_customers.ts';
import { handleSegmentCustomers, type SegmentRepos } from '../../mcp-servers/crm_analyzer/handlers/segment_customers.ts';
import { openCustomerOrders } from '../../mcp-servers/crm_analyzer/repo/customer_orders.ts';
import { openCustomerProfiles } from '../../mcp-servers/crm_analyzer/repo/customer_profile.ts';
import { openCustomerRanking } from '../../mcp-servers/crm_analyzer/repo/customer_ranking.ts';
import { RFM_NAMES } from '../../mcp-servers/crm_analyzer/service/rfm.ts';
import { rankCustomers } from '../../mcp-servers/crm_analyzer/tools/rank_customers.ts';
import { segmentCustomers } from '../../mcp-servers/crm_analyzer/tools/segment_customers.ts';
import { openAudit } from '../../shared/access/audit.ts';
import type { Clock } from '../../shared/domain/clock.ts';
import { openClients } from '../../shared/hub/clients.ts';
import type { ToolResult } from '../../shared/mcp/envelope.ts';
import { serve } from '../../shared/mcp/served_tool.ts';
import { query } from '../support/etl_databases.ts';
import { startGeneratedHub, TIME_ZONE, TODAY } from '../support/generated_hub.ts';
import { differencesOfCustomers } from '../support/hub_checks.ts';
import { plainPipeline } from '../support/plain_pipeline.ts';

const DAY_OF = (column: string): string => `(${column} AT TIME ZONE '${TIME_ZONE}')::date`;

type Row = Readonly<Record<string, unknown>>;
type Data = Readonly<Record<string, unknown>>;

let ask: (tool: string, args: unknown, ...scopes: string[]) => Promise<ToolResult>;
let hubOwner: string;
let crmOwner: string;
const closing: (() => Promise<void>)[] = [];
const log: string[] = [];

beforeAll(async () => {
  const generated = await startGeneratedHub();
  closing.unshift(() => generated.stop());
  const { reader: hub, readerUrl } = generated;
  hubOwner = generated.owner;
  crmOwner = generated.sources.crm;
  const audit = await openAudit(readerUrl, { applicationName: 'crm_analyzer test' });
  closing.unshift(() => audit.close());
  const clock: Clock = { now: () => new Date(), today: () => TODAY, timeZone: TIME_ZONE };
  const repos: SegmentRepos & RankingRepos = {
    clients: openClients(hub),
    customerOrders: openCustomerOrders(hub),
    customerRanking: openCustomerRanking(hub),
    customerProfiles: openCustomerProfiles(hub, generated.dataKeys),
    audit,
  };
  const tools = [serve(segmentCustomers, handleSegmentCustomers), serve(rankCustomers, handleRankCustomers)];
  const pipeline = plainPipeline('crm_analyzer', tools, repos, clock, log);
  ask = async (tool, args, ...scopes) =>
    (await pipeline.call(tool, args, { client: 'tests', role: 'sales', scopes: new Set(['crm:read', ...scopes]) })).result;
}, 120_000);

afterAll(async () => {
  for (const close of closing) await close();
  expect(log).toEqual([]);
});

async function answer(tool: string, args: unknown, ...scopes: string[]) {
  const result = await ask(tool, args, ...scopes);
  const [{ text }] = result.content;
  expect(result.isError, text).toBeUndefined();
  const whole = result.structuredContent as Row;
  return { text, whole, data: whole.data as Data, page: whole.page as { total: number; returned: number; nextCursor: string | null } };
}

const rowsOf = (data: Data, name: string): readonly Row[] => data[name] as readonly Row[];

const differences = (): Promise<string[]> => differencesOfCustomers(hubOwner);

describe('the roll-ups of customers', () => {
  it('hold what the orders add up to, also after changes, cancellations and deletions', async () => {
    const [filled] = await query(hubOwner, 'SELECT count(*)::integer AS n FROM sales.customer_orders WHERE segment IS NOT NULL');
    expect(Number(filled?.n)).toBeGreaterThan(500);
    expect(await differences()).toEqual([]);
    const changes = [
      `UPDATE crm.orders SET status = 'refunded' WHERE order_id % 7 = 0`,
      `UPDATE crm.orders SET customer_id = customer_id + 1 WHERE order_id % 11 = 0`,
      `DELETE FROM crm.orders WHERE order_id % 13 < 5`,
      `INSERT INTO crm.orders SELECT order_id + 100000000, customer_id, client_id, campaign_id, channel_id, touch_id, lead_id, city_id, status, first_order,
         currency, total, exchange_rate, total_usd, ordered_at + interval '1 hour' FROM crm.orders WHERE order_id % 5 = 0`,
      `INSERT INTO crm.orders SELECT * FROM crm.orders WHERE order_id % 3 = 0 ON CONFLICT (order_id) DO UPDATE SET total_usd = excluded.total_usd + 1`,
      `MERGE INTO crm.orders t USING (SELECT order_id, status FROM crm.orders WHERE order_id % 17 = 0) s ON s.order_id = t.order_id
         WHEN MATCHED AND s.status = 'paid' THEN UPDATE SET status = 'cancelled' WHEN MATCHED THEN DELETE`,
      'TRUNCATE crm.orders',
    ];
    await query(hubOwner, 'CREATE SCHEMA kept; CREATE TABLE kept.orders AS TABLE crm.orders');
    for (const change of changes) {
      await query(hubOwner, change);
      expect(await differences(), change).toEqual([]);
    }
    await query(hubOwner, 'INSERT INTO crm.orders TABLE kept.orders; DROP SCHEMA kept CASCADE; ANALYZE crm.orders, sales.customer_orders');
    expect(await differences()).toEqual([]);
  });

  it('hold what the customers are, also after changes and deletions, whoever is loaded first', async () => {
    const changes = [
      `UPDATE crm.customers SET segment = 'vip', industry = NULL WHERE customer_id % 7 = 0`,
      `UPDATE crm.customers SET updated_at = now() WHERE customer_id % 5 = 0`,
      'DELETE FROM crm.customers WHERE customer_id % 13 < 5',
      'INSERT INTO crm.customers SELECT * FROM kept.customers ON CONFLICT (customer_id) DO UPDATE SET segment = excluded.segment, industry = excluded.industry',
      `MERGE INTO crm.customers t USING (SELECT * FROM kept.customers WHERE customer_id % 17 = 0) s ON s.customer_id = t.customer_id
         WHEN MATCHED AND s.sex = 'female' THEN UPDATE SET birth_year = 1900, sex = NULL WHEN MATCHED THEN DELETE`,
      'TRUNCATE crm.customers',
    ];
    await query(hubOwner, 'CREATE SCHEMA kept; CREATE TABLE kept.customers AS TABLE crm.customers');
    for (const change of changes) {
      await query(hubOwner, change);
      expect(await differences(), change).toEqual([]);
    }
    await query(
      hubOwner,
      'INSERT INTO crm.customers TABLE kept.customers; DROP SCHEMA kept CASCADE; ANALYZE crm.customers, sales.customer_counts',
    );
    expect(await differences()).toEqual([]);
  });

  it('know customers whose first orders are loaded at the same time', async () => {
    const [customers, orders] = [new pg.Client({ connectionString: hubOwner }), new pg.Client({ connectionString: hubOwner })];
    await Promise.all([customers.connect(), orders.connect()]);
    try {
      const copy = (table: string, key: string): string =>
        `CREATE TEMP TABLE one AS SELECT * FROM ${table} ORDER BY ${key} LIMIT 1; UPDATE one SET ${key} = 900000001`;
      await customers.query(copy('crm.customers', 'customer_id'));
      await orders.query(`${copy('crm.orders', 'order_id')}; UPDATE one SET customer_id = 900000001, status = 'paid'`);
      await Promise.all([customers.query('BEGIN'), orders.query('BEGIN')]);
      await customers.query('INSERT INTO crm.customers TABLE one');
      const waiting = orders.query('INSERT INTO crm.orders TABLE one');
      await customers.query('COMMIT');
      await waiting;
      await orders.query('COMMIT');
      expect(await differences()).toEqual([]);
    } finally {
      await Promise.all([customers.end(), orders.end()]);
    }
    await query(hubOwner, 'DELETE FROM crm.orders WHERE order_id = 900000001; DELETE FROM crm.customers WHERE customer_id = 900000001');
    expect(await differences()).toEqual([]);
  });
});

describe('segment_customers', () => {
  it('tells the segments whole', async () => {
    const { text, whole } = await answer('segment_customers', { method: 'rfm', period: '2026' });
    expect({ text, data: whole.data, next: whole.next, warnings: whole.warnings }).toMatchSnapshot();
    expect(Math.ceil(text.length / 4)).toBeLessThan(2_000);
  });

  it('divides buyers as window functions over the orders do, worked out in another way', async () => {
    const { data } = await answer('segment_customers', { method: 'rfm', startDate: '2026-01-01', endDate: TODAY }, 'crm:pii');
    const truth = await query(
      hubOwner,
      `WITH buyers AS (
         SELECT customer_id, date '${TODAY}' - max(${DAY_OF('ordered_at')}) AS days, count(*) AS orders, sum(total_usd) AS revenue
           FROM crm.orders WHERE status = 'paid' AND ${DAY_OF('ordered_at')} BETWEEN '2026-01-01' AND '${TODAY}' GROUP BY 1
       ), placed AS (
         SELECT *, rank() OVER (ORDER BY days) - 1 AS days_below, rank() OVER (ORDER BY orders) - 1 AS orders_below,
                rank() OVER (ORDER BY revenue) - 1 AS revenue_below, count(*) OVER () AS n
           FROM buyers
       ), scored AS (
         -- A cut point at k/5 is below a value when at least k/5 of all values are.
         SELECT *, 5 - floor(least(5.0 * days_below / n, 4)) AS r, 1 + floor(least(5.0 * orders_below / n, 4)) AS f, 1 + floor(least(5.0 * revenue_below / n, 4)) AS m
           FROM placed
       )
       SELECT ($1::text[])[(25 * (r - 1) + 5 * (f - 1) + m)::integer] AS segment, count(*)::integer AS customers, sum(orders)::integer AS orders, sum(revenue)::text AS revenue,
              percentile_disc(0.5) WITHIN GROUP (ORDER BY days) AS days
         FROM scored GROUP BY 1 ORDER BY sum(revenue) DESC, 1`,
      [RFM_NAMES],
    );
    expect(truth.length).toBeGreaterThan(5);
    expect(
      rowsOf(data, 'segments').map(({ segment, customers, orders, revenue, medianDaysSinceOrder }) => [
        segment,
        customers,
        orders,
        revenue,
        medianDaysSinceOrder,
      ]),
    ).toEqual(truth.map(({ segment, customers, orders, revenue, days }) => [segment, customers, orders, Number(revenue), days]));
  });

  it('by attribute counts every customer, and the revenue of all segments is that of the orders', async () => {
    const [truth] = await query(
      hubOwner,
      `SELECT (SELECT count(*)::integer FROM crm.customers) AS customers,
              sum(total_usd)::text AS revenue FROM crm.orders WHERE status = 'paid' AND ${DAY_OF('ordered_at')} BETWEEN '2026-01-01' AND '2026-06-30'`,
    );
    for (const method of ['type', 'industry', 'potential', 'region', 'segment']) {
      const { data } = await answer('segment_customers', { method, period: 'H1 2026' }, 'crm:pii');
      const rows = rowsOf(data, 'segments');
      expect(
        rows.reduce((sum, { customers }) => sum + Number(customers), 0),
        method,
      ).toBe(truth?.customers);
      expect(
        rows.reduce((sum, { revenue }) => sum + Math.round(Number(revenue) * 100), 0),
        method,
      ).toBe(Math.round(Number(truth?.revenue) * 100));
    }
  });

  it.each([
    ['industry', `coalesce(c.industry, 'none')`],
    ['region', `y.region || ', ' || y.country`],
    ['potential', 'c.potential'],
  ])('by %s counts people, days and regions as SQL over customers and orders does, for everybody and for a client', async (method, key) => {
    const [client] = await query(hubOwner, 'SELECT client_id FROM crm.customers GROUP BY 1 ORDER BY count(*) DESC LIMIT 1');
    for (const clientName of [undefined, String(client?.client_id)]) {
      const { data } = await answer(
        'segment_customers',
        { method, period: 'H1 2026', ...(clientName === undefined ? {} : { clientName }) },
        'crm:pii',
      );
      const truth = await query(
        hubOwner,
        `WITH bought AS (SELECT customer_id, count(*) AS orders, date '2026-06-30' - max(${DAY_OF('ordered_at')}) AS days FROM crm.orders
                          WHERE status = 'paid' AND ${DAY_OF('ordered_at')} BETWEEN '2026-01-01' AND '2026-06-30' GROUP BY 1),
              named AS (SELECT ${key} AS key, c.*, y.region, orders, days FROM crm.customers c JOIN crm.cities y USING (city_id) LEFT JOIN bought USING (customer_id)
                         WHERE $1::text IS NULL OR c.client_id = $1)
         SELECT key AS segment, count(*)::integer AS customers, coalesce(sum(orders), 0)::integer AS orders, percentile_disc(0.5) WITHIN GROUP (ORDER BY days) AS days,
                round(100.0 * count(*) FILTER (WHERE customer_type = 'person') / count(*), 1)::float8 AS people,
                mode() WITHIN GROUP (ORDER BY region) AS region
           FROM named GROUP BY 1`,
        [clientName ?? null],
      );
      const told = rowsOf(data, 'segments').map((row) => [
        row.segment,
        [row.customers, row.orders ?? 0, row.medianDaysSinceOrder, row.peopleShare, row.topRegion],
      ]);
      expect(Object.fromEntries(told as [string, unknown][])).toEqual(
        Object.fromEntries(truth.map((row) => [row.segment, [row.customers, row.orders, row.days, row.people, row.region]])),
      );
    }
  });

  it('says who moved: those who bought now and not before, and the other way round', async () => {
    const { data, whole } = await answer('segment_customers', { method: 'type', period: 'Q3 2026' }, 'crm:pii');
    expect(whole.previousPeriod).toEqual({ from: '2026-04-01', to: '2026-06-30' });
    const bought = (from: string, to: string): string =>
      `SELECT customer_id FROM crm.orders WHERE status = 'paid' AND ${DAY_OF('ordered_at')} BETWEEN '${from}' AND '${to}'`;
    const [now, before] = [bought('2026-07-01', '2026-09-30'), bought('2026-04-01', '2026-06-30')];
    const truth = await query(
      hubOwner,
      `SELECT customer_type AS segment, (count(*) FILTER (WHERE customer_id IN (${now} EXCEPT ${before})))::integer AS moved_in,
              (count(*) FILTER (WHERE customer_id IN (${before} EXCEPT ${now})))::integer AS moved_out FROM crm.customers GROUP BY 1`,
    );
    const told = new Map(rowsOf(data, 'segments').map((row) => [row.segment, [row.movedIn, row.movedOut]]));
    expect(told).toEqual(new Map(truth.map((row) => [row.segment, [row.moved_in, row.moved_out]])));
  });

  it('does not break down groups below 5 without crm:pii, and says so (S5)', async () => {
    await query(
      hubOwner,
      `UPDATE crm.customers SET industry = 'rare' WHERE customer_id IN (SELECT customer_id FROM crm.customers ORDER BY 1 LIMIT 3)`,
    );
    const of = async (...scopes: string[]) => {
      const { data, text, whole } = await answer('segment_customers', { method: 'industry' }, ...scopes);
      return {
        row: rowsOf(data, 'segments').find(({ segment }) => segment === 'rare'),
        text,
        warnings: whole.warnings as readonly string[],
      };
    };
    const masked = await of();
    expect(masked.row).toMatchObject({ customers: null, revenue: null, orders: null, topRegion: null });
    expect(masked.text).toContain('rare | not told');
    expect(masked.warnings.join()).toContain('below 5');
    expect((await of('crm:pii')).row).toMatchObject({ customers: 3 });
  });

  it('has no data, which is not zero, where nobody bought', async () => {
    const { data, text } = await answer('segment_customers', { method: 'rfm', period: '2019' });
    expect(data.segments).toEqual([]);
    expect(text).toContain('No data');
  });
});

describe('rank_customers', () => {
  it('tells a ranking whole, names masked', async () => {
    const { text, whole } = await answer('rank_customers', { metric: 'revenue', limit: 5 });
    expect({ text: text.replace(/cursor "[^"]*"/, 'cursor "…"'), data: whole.data, next: whole.next }).toMatchSnapshot();
    for (const row of rowsOf(whole.data as Data, 'customers')) expect(row.name).toMatch(/^\p{L}••••( \p{L}••••)?$/u);
  });

  it.each([
    ['revenue', 'none', 'revenue DESC', `''`],
    ['orders', 'segment', 'orders DESC', 'c.segment'],
    ['recency', 'country', 'days ASC', 'y.country'],
    ['orders', 'region', 'orders DESC', `y.region || ', ' || y.country`],
    ['revenue', 'client', 'revenue DESC', 'b.company'],
    ['recency', 'industry', 'days ASC', `coalesce(c.industry, 'none')`],
  ])('by %s within %s gives the ranks of SQL over the orders, on every page, ties together', async (metric, partition, order, key) => {
    const truth = await query(
      hubOwner,
      `WITH bought AS (SELECT customer_id, sum(total_usd) AS revenue, count(*) AS orders, date '${TODAY}' - ${DAY_OF('max(ordered_at)')} AS days
                         FROM crm.orders WHERE status = 'paid' GROUP BY 1),
            ranked AS (SELECT ${key} AS key, customer_id::integer AS id, (rank() OVER (PARTITION BY ${key} ORDER BY ${order}))::integer AS rank
                         FROM bought JOIN crm.customers c USING (customer_id) JOIN crm.cities y USING (city_id) LEFT JOIN business.clients b USING (client_id)),
            tied AS (SELECT *, (count(*) OVER (PARTITION BY key, rank))::integer AS tied, count(*) OVER (PARTITION BY key) AS size FROM ranked)
       SELECT * FROM tied WHERE size >= 5 AND rank <= 4 ORDER BY key, rank, id`,
    );
    const pages: Row[] = [];
    let cursor: string | null = null;
    do {
      const { data, page } = await answer('rank_customers', {
        metric,
        partition,
        top: 4,
        limit: 50,
        ...(cursor === null ? {} : { cursor }),
      });
      if (partition !== 'none') expect(page.total).toBe(truth.length);
      pages.push(...rowsOf(data, 'customers'));
      cursor = page.nextCursor;
    } while (cursor !== null && pages.length < truth.length);
    expect(pages.slice(0, truth.length).map((row) => [row.partition, row.rank, row.customerId, row.tied])).toEqual(
      truth.map((row) => [row.key, row.rank, row.id, row.tied]),
    );
  });

  it('pages without a gap or a repeat, and refuses a cursor of another question', async () => {
    const one = await answer('rank_customers', { metric: 'orders', limit: 30 });
    const first = await answer('rank_customers', { metric: 'orders', limit: 12 });
    const second = await answer('rank_customers', { metric: 'orders', limit: 18, cursor: first.page.nextCursor });
    expect([...rowsOf(first.data, 'customers'), ...rowsOf(second.data, 'customers')]).toEqual(rowsOf(one.data, 'customers'));
    const refused = await ask('rank_customers', { metric: 'revenue', limit: 12, cursor: first.page.nextCursor });
    expect(refused.structuredContent.error).toMatchObject({ class: 'invalid_input' });
  });

  it('ranks by models that are told with their parameters and their calibration', async () => {
    for (const metric of ['churn_risk', 'expected_value']) {
      const { data, text } = await answer('rank_customers', { metric, limit: 20 });
      const values = rowsOf(data, 'customers').map(({ value }) => Number(value));
      expect(values).toEqual(values.toSorted((one, other) => other - one));
      expect(values.length).toBe(20);
      if (metric === 'churn_risk') expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
      expect(text).toMatch(/repeat orders predicted, \d+ happened/);
      expect(text).toContain('alpha');
    }
  });

  it('cannot say from too few customers, and offers what can be said', async () => {
    const [few] = await query(hubOwner, 'SELECT client_id FROM sales.customer_orders GROUP BY 1 ORDER BY count(*) LIMIT 1');
    const [known] = await query(hubOwner, 'SELECT count(*)::integer AS n FROM sales.customer_orders WHERE client_id = $1', [
      few?.client_id,
    ]);
    const { data, whole } = await answer('rank_customers', { metric: 'churn_risk', clientName: few?.client_id });
    if (Number(known?.n) < 200) {
      expect(data.status).toBe('cannot_say');
      expect(whole.next).toMatchObject([{ tool: 'rank_customers', arguments: { metric: 'recency' } }]);
    } else {
      expect(data.status).not.toBe('no_data');
    }
  });

  it('shows names only with crm:pii and a reason, and writes down who read whom and why (S5)', async () => {
    const refused = await ask('rank_customers', { limit: 3 }, 'crm:pii');
    expect(refused.structuredContent.error).toMatchObject({ class: 'invalid_input', remedy: expect.stringContaining('reason') });
    const { data } = await answer('rank_customers', { limit: 3, reason: 'call the best customers' }, 'crm:pii');
    const rows = rowsOf(data, 'customers');
    const truth = await query(
      crmOwner,
      `SELECT customer_id::integer AS id, trim(first_name || ' ' || coalesce(last_name, '')) AS name FROM crm.customers WHERE customer_id = ANY ($1)`,
      [rows.map(({ customerId }) => customerId)],
    );
    expect(new Map(rows.map((row) => [row.customerId, row.name]))).toEqual(new Map(truth.map((row) => [row.id, row.name])));
    const written = await query(
      hubOwner,
      `SELECT actor, action, subject, reason FROM access.audit WHERE action = 'rank_customers' ORDER BY subject`,
    );
    expect(written).toEqual(
      rows
        .map((row) => ({
          actor: 'tests',
          action: 'rank_customers',
          subject: `customer:${String(row.customerId)}`,
          reason: 'call the best customers',
        }))
        .toSorted((one, other) => (one.subject < other.subject ? -1 : 1)),
    );
    const masked = await answer('rank_customers', { limit: 3 });
    for (const { name } of truth) expect(JSON.stringify(masked.whole) + masked.text).not.toContain(String(name));
  });
});
