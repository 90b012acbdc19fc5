import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FillReport, fillSources, readFill, type SourceUrls, showcaseCampaign } from '../../database/generator/fill_sources.ts';
import { packageRoot } from '../../shared/config/package_root.ts';
import { BinaryCopyWriter, copyInto } from '../../shared/db/binary_copy.ts';
import { type ScratchPostgres, startScratchPostgres } from '../support/scratch_postgres.ts';

const TODAY = '2026-11-21';
/** The instant at which the reference date begins in the business time zone. */
const NOW = `timestamptz '${TODAY} 00:00 America/Costa_Rica'`;
const SOURCES = ['ads', 'crm', 'content'] as const;

let postgres: ScratchPostgres;
let urls: SourceUrls;
let report: FillReport;
/** The three sources' tables side by side in one database, so that one statement can compare them. */
let together: pg.Client;
const progress: { readonly done: number; readonly total: number }[] = [];

beforeAll(async () => {
  postgres = await startScratchPostgres();
  for (const source of SOURCES) await postgres.createDatabase(source);
  await postgres.createDatabase('together');
  urls = { ads: postgres.url('ads'), crm: postgres.url('crm'), content: postgres.url('content') };
  report = await fillSources(urls, { seed: 7, referenceDate: TODAY, scale: 'small', onProgress: (p) => progress.push(p) });
  together = await connected('together');
  const folder = join(packageRoot(), 'database', 'postgresql');
  await together.query(await readFile(join(folder, 'tracking.sql'), 'utf8'));
  for (const source of SOURCES) {
    await together.query(await readFile(join(folder, source, 'schema.sql'), 'utf8'));
    const client = await connected(source);
    for (const table of Object.keys(report.rows).filter((name) => name.startsWith(`${source}.`))) {
      const { rows } = await client.query(`SELECT coalesce(json_agg(t), '[]')::text AS rows FROM ${table} t`);
      await together.query(`INSERT INTO ${table} SELECT * FROM json_populate_recordset(null::${table}, $1)`, [rows[0].rows]);
    }
    await client.end();
  }
  // Two of the checks look once for each order and each channel.
  await together.query(
    'CREATE INDEX ON ads.touches (customer_id, touched_at); CREATE INDEX ON ads.daily_metrics (campaign_id, channel_id)',
  );
  await together.query('ANALYZE');
});

afterAll(async () => {
  await together?.end();
  await postgres?.stop();
});

async function connected(database: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: postgres.url(database) });
  await client.connect();
  return client;
}

async function count(text: string): Promise<number> {
  const { rows } = await together.query<{ count: string }>(`SELECT count(*) FROM (${text}) violations`);
  return Number(rows[0]!.count);
}

describe('fillSources', () => {
  it('writes every table it reports, at the size of the scale', async () => {
    for (const [table, rows] of Object.entries(report.rows)) expect(await count(`SELECT FROM ${table}`), table).toBe(rows);
    expect(report.rows['ads.campaigns']).toBe(60);
    expect(report.rows['crm.customers']).toBe(3000);
    expect(report.rows['content.imagenes']).toBe(120);
    expect(report.rows['content.clientes']).toBe(12);
    expect(report.rows['ads.daily_metrics']).toBeGreaterThan(12_000);
    expect(report.rows['ads.daily_metrics']).toBeLessThan(35_000);
    expect(report.rows['crm.orders']).toBeGreaterThan(3000);
    expect(report.rows['crm.orders']).toBeLessThan(6000);
  });

  it('tells its progress, which only grows and ends at the whole', () => {
    expect(progress.length).toBeGreaterThan(5);
    expect(progress.map(({ done }) => done)).toEqual(progress.map(({ done }) => done).sort((one, other) => one - other));
    expect(progress.at(-1)!.done).toBe(progress.at(-1)!.total);
  });

  it('leaves keys, foreign keys and change tracking in place', async () => {
    const ads = await connected('ads');
    try {
      await expect(ads.query(`INSERT INTO ads.touches VALUES (0, 1, 'CMP-NO', 'email', 'view', now())`)).rejects.toThrow(/foreign key/);
      const { rows: keys } = await ads.query(
        `SELECT count(*)::int AS n FROM pg_constraint WHERE contype = 'p' AND connamespace = 'ads'::regnamespace`,
      );
      expect(keys[0].n).toBe(11);
      await ads.query(`DELETE FROM ads.experiment_days WHERE experiment_id = (SELECT min(experiment_id) FROM ads.experiment_days)`);
      const { rows: deleted } = await ads.query(
        `SELECT count(*)::int AS n FROM tracking.deleted_rows WHERE table_name = 'experiment_days'`,
      );
      expect(deleted[0].n).toBeGreaterThan(10);
    } finally {
      await ads.end();
    }
  });

  it('is told apart from a fill that was cut short (D8)', async () => {
    const filled = { seed: 7, referenceDate: TODAY, scale: 'small', generatorVersion: report.generatorVersion };
    expect(await readFill(urls)).toEqual(filled);
    await postgres.createDatabase('never_filled');
    expect(await readFill({ ...urls, crm: postgres.url('never_filled') })).toBeUndefined();

    const blocker = await connected('crm');
    try {
      // A table that cannot be dropped ends the second fill after it has begun in the other databases.
      await blocker.query('BEGIN; LOCK TABLE crm.orders');
      const separator = urls.crm.includes('?') ? '&' : '?';
      const impatient = { ...urls, crm: `${urls.crm}${separator}options=-c%20lock_timeout%3D200` };
      await expect(fillSources(impatient, { seed: 8, referenceDate: TODAY, scale: 'small', onProgress: () => {} })).rejects.toThrow(
        /lock timeout/,
      );
      expect(await readFill(urls)).toBeUndefined();
    } finally {
      await blocker.query('ROLLBACK');
      await blocker.end();
    }
    await fillSources(urls, { seed: 7, referenceDate: TODAY, scale: 'small', onProgress: () => {} });
    expect(await readFill(urls)).toEqual(filled);
  });
});

describe('the sources together (D7)', () => {
  const nothing: Readonly<Record<string, string>> = {
    'a campaign of a client that does not exist': `SELECT FROM ads.campaigns c WHERE NOT EXISTS (SELECT FROM content.clientes k WHERE k.id = c.client_id)`,
    'a campaign without its document, or another way round': `SELECT FROM ads.campaigns c FULL JOIN content.campanas d ON d.id = c.campaign_id
       WHERE d.id IS NULL OR c.campaign_id IS NULL OR d.document->>'name' <> c.name OR d.document->>'status' <> c.status
          OR (d.document->>'startDate')::date <> c.start_date OR (d.document->>'endDate')::date <> c.end_date OR d.document->>'clientId' <> c.client_id`,
    'an image of a campaign that does not exist': `SELECT FROM content.imagenes i, jsonb_array_elements_text(i.document->'campanas_asociadas') used
       WHERE NOT EXISTS (SELECT FROM ads.campaigns c WHERE c.campaign_id = used)`,
    'an image and a campaign that disagree about each other': `SELECT FROM content.campanas d, jsonb_array_elements_text(d.document->'usedImages') image
       WHERE NOT EXISTS (SELECT FROM content.imagenes i WHERE i.id = image AND i.document->'campanas_asociadas' ? d.id)`,
    'an ad with an image its campaign does not use': `SELECT FROM ads.ads a JOIN content.campanas d ON d.id = a.campaign_id WHERE NOT d.document->'usedImages' ? a.content_id`,
    'a publication outside its campaign': `SELECT FROM ads.ads a JOIN ads.campaigns c USING (campaign_id)
       WHERE a.published_at < c.start_date::timestamp AT TIME ZONE 'America/Costa_Rica' OR a.published_at >= ${NOW}`,
    'figures of a city nobody knows': `SELECT FROM ads.daily_metrics m WHERE NOT EXISTS (SELECT FROM crm.cities WHERE city_id = m.city_id)`,
    'figures outside the campaign, its countries, or from today on': `SELECT FROM ads.daily_metrics m JOIN ads.campaigns c USING (campaign_id) JOIN crm.cities USING (city_id)
       WHERE m.day NOT BETWEEN c.start_date AND c.end_date OR m.day >= '${TODAY}' OR country_code <> ALL (c.countries)`,
    'a customer of a client that does not exist': `SELECT FROM crm.customers c WHERE NOT EXISTS (SELECT FROM content.clientes k WHERE k.id = c.client_id)`,
    'a touch of somebody unknown, or by another client': `SELECT FROM ads.touches t JOIN ads.campaigns c USING (campaign_id) LEFT JOIN crm.customers p USING (customer_id)
       WHERE p.client_id IS DISTINCT FROM c.client_id`,
    'a touch while its campaign was not running': `SELECT FROM ads.touches t JOIN ads.campaigns c USING (campaign_id)
       WHERE (t.touched_at AT TIME ZONE 'America/Costa_Rica')::date NOT BETWEEN c.start_date AND c.end_date OR t.touched_at >= ${NOW}`,
    'a touch in a country the campaign is not in': `SELECT FROM ads.touches t JOIN ads.campaigns c USING (campaign_id) JOIN crm.customers USING (customer_id) JOIN crm.cities USING (city_id)
       WHERE country_code <> ALL (c.countries)`,
    'an order that is not credited to the last touch in 30 days': `SELECT FROM crm.orders o LEFT JOIN LATERAL (
         SELECT touch_id, campaign_id, channel_id FROM ads.touches t
          WHERE t.customer_id = o.customer_id AND t.touched_at BETWEEN o.ordered_at - interval '720 hours' AND o.ordered_at
          ORDER BY touched_at DESC, touch_id DESC LIMIT 1) last ON true
       WHERE (o.touch_id, o.campaign_id, o.channel_id) IS DISTINCT FROM (last.touch_id, last.campaign_id, last.channel_id)`,
    'an order of another client, city or currency than its customer': `SELECT FROM crm.orders o JOIN crm.customers c USING (customer_id) JOIN crm.cities t ON t.city_id = c.city_id
       WHERE o.client_id <> c.client_id OR o.city_id <> c.city_id
          OR o.currency <> (ARRAY['CRC','MXN','COP','GTQ','USD','PEN','CLP','USD','EUR'])[array_position(ARRAY['CR','MX','CO','GT','PA','PE','CL','EC','ES'], country_code)]`,
    'an order before its customer, or from today on': `SELECT FROM crm.orders o JOIN crm.customers c USING (customer_id) WHERE o.ordered_at < c.created_at OR o.ordered_at >= ${NOW}`,
    'a first order that is not the first': `SELECT FROM (SELECT first_order, row_number() OVER (PARTITION BY customer_id ORDER BY ordered_at, order_id) AS n FROM crm.orders) o
       WHERE first_order <> (n = 1)`,
    'an amount in dollars that does not follow from the local one': `SELECT FROM crm.orders WHERE total_usd <> round(total / exchange_rate, 2)`,
    'a customer changed before it was made': `SELECT FROM crm.customers WHERE updated_at < created_at OR updated_at >= ${NOW}`,
    'a mail address used twice': `SELECT email FROM crm.customers GROUP BY email HAVING count(*) > 1`,
    'a mail address that somebody could own': `SELECT FROM crm.customers WHERE email !~ '@example\\.(com|net|org)$'`,
    'a customer far from its city': `SELECT FROM crm.customers p JOIN crm.cities c USING (city_id) WHERE abs(p.latitude - c.latitude) > 0.6 OR abs(p.longitude - c.longitude) > 0.6`,
    'a lead whose stage and times disagree': `SELECT FROM crm.leads WHERE
         (stage IN ('won', 'lost')) <> (closed_at IS NOT NULL) OR (stage = 'proposal' AND proposal_at IS NULL) OR (stage = 'qualified' AND qualified_at IS NULL)
         OR (stage = 'contacted' AND contacted_at IS NULL) OR (stage = 'new' AND contacted_at IS NOT NULL) OR (stage = 'contacted' AND qualified_at IS NOT NULL)
         OR (stage = 'qualified' AND proposal_at IS NOT NULL) OR (qualified_at IS NOT NULL AND contacted_at IS NULL) OR (proposal_at IS NOT NULL AND qualified_at IS NULL)
         OR contacted_at < created_at OR qualified_at < contacted_at OR proposal_at < qualified_at
         OR closed_at < coalesce(proposal_at, qualified_at, contacted_at, created_at) OR greatest(created_at, contacted_at, qualified_at, proposal_at, closed_at) >= ${NOW}`,
    'a lead before its customer, or of another client': `SELECT FROM crm.leads l JOIN crm.customers c USING (customer_id) WHERE l.created_at < c.created_at OR l.client_id <> c.client_id`,
    'a lead of a campaign that did not run then': `SELECT FROM crm.leads l JOIN ads.campaigns c USING (campaign_id)
       WHERE (l.created_at AT TIME ZONE 'America/Costa_Rica')::date NOT BETWEEN c.start_date AND c.end_date + 1 OR l.client_id <> c.client_id`,
    'a won lead without its order, or an order with another lead': `SELECT FROM crm.leads l FULL JOIN crm.orders o USING (lead_id)
       WHERE (l.stage = 'won' AND (o.order_id IS NULL OR o.ordered_at <> l.closed_at)) OR (o.lead_id IS NOT NULL AND (l.stage <> 'won' OR l.customer_id <> o.customer_id))`,
    'a lead and a source that disagree': `SELECT FROM crm.leads WHERE (campaign_id IS NOT NULL) <> (source IN ('paid_social', 'paid_search', 'display', 'email'))`,
    'an interaction before its customer': `SELECT FROM crm.interactions i JOIN crm.customers c USING (customer_id) WHERE i.occurred_at < c.created_at OR i.occurred_at >= ${NOW}`,
    'a budget that its months do not add up to': `SELECT campaign_id FROM ads.campaigns LEFT JOIN ads.campaign_budgets b USING (campaign_id) GROUP BY campaign_id HAVING sum(b.planned) IS DISTINCT FROM min(budget)`,
    'a budget whose shares are not the whole': `SELECT campaign_id FROM ads.campaign_channels GROUP BY campaign_id HAVING sum(budget_share) <> 1`,
    'a reach above the impressions': `SELECT FROM ads.campaign_channels c WHERE reach > (SELECT coalesce(sum(impressions), 0) + 1 FROM ads.daily_metrics m WHERE (m.campaign_id, m.channel_id) = (c.campaign_id, c.channel_id))`,
    'an experiment outside its campaign': `SELECT FROM ads.experiment_days d JOIN ads.experiments e USING (experiment_id) JOIN ads.campaigns c USING (campaign_id)
       WHERE d.day NOT BETWEEN c.start_date AND c.end_date OR d.day < e.started_on OR d.day > e.ended_on OR d.day >= '${TODAY}'`,
    'a change from today on': `SELECT FROM ads.change_log WHERE changed_at >= ${NOW}`,
    'a subscription without a plan of the hub': `SELECT FROM content.clientes, jsonb_array_elements(document->'subscriptions') s
       WHERE s->>'planId' NOT IN ('PLAN-STARTER', 'PLAN-GROWTH', 'PLAN-ENTERPRISE') OR (s->'usageTracking'->'imagenes_ia'->>'resetDate')::date <= '${TODAY}'`,
    'usage above its limit': `SELECT FROM content.clientes, jsonb_array_elements(document->'subscriptions') s, jsonb_each(s->'usageTracking') f
       WHERE (f.value->>'used')::int > (f.value->>'limit')::int`,
  };

  it.each(Object.entries(nothing))('hold no case of: %s', async (_, text) => {
    expect(await count(text)).toBe(0);
  });

  it('have the cases the checks above are about', async () => {
    for (const some of [
      'SELECT FROM crm.orders WHERE touch_id IS NOT NULL',
      'SELECT FROM crm.orders WHERE touch_id IS NULL',
      'SELECT FROM crm.orders WHERE lead_id IS NOT NULL',
      'SELECT FROM crm.orders WHERE NOT first_order',
      "SELECT FROM crm.leads WHERE stage = 'lost'",
      "SELECT FROM crm.leads WHERE stage IN ('contacted', 'qualified', 'proposal')",
      "SELECT FROM crm.interactions WHERE kind = 'complaint'",
      "SELECT FROM crm.customers WHERE customer_type = 'company'",
    ]) {
      expect(await count(some), some).toBeGreaterThan(10);
    }
  });

  it('have data for every day of last month, and for the showcase campaign sales in every week of it (D8)', async () => {
    const { rows } = await together.query(
      `SELECT count(DISTINCT day)::int AS days FROM ads.daily_metrics WHERE day BETWEEN '2026-10-01' AND '2026-10-31'`,
    );
    expect(rows[0].days).toBe(31);
    const { campaignId } = showcaseCampaign(TODAY);
    const sales = await together.query(
      `SELECT count(DISTINCT extract(week FROM ordered_at))::int AS weeks, sum(total_usd) AS revenue FROM crm.orders
        WHERE campaign_id = $1 AND status = 'paid' AND ordered_at >= '2026-10-01' AND ordered_at < '2026-11-01'`,
      [campaignId],
    );
    expect(sales.rows[0].weeks).toBeGreaterThanOrEqual(4);
    expect(Number(sales.rows[0].revenue)).toBeGreaterThan(1000);
  });

  it('sell for about three dollars a dollar spent, some campaigns for far less and some for far more', async () => {
    const { rows } = await together.query<{ roas: number[] }>(
      `SELECT percentile_cont(ARRAY[0.1, 0.5, 0.9]) WITHIN GROUP (ORDER BY revenue / spend) AS roas
         FROM (SELECT campaign_id, sum(spend) AS spend FROM ads.daily_metrics GROUP BY 1) m
         JOIN (SELECT campaign_id, sum(total_usd) AS revenue FROM crm.orders WHERE status = 'paid' GROUP BY 1) s USING (campaign_id)`,
    );
    const [low, middle, high] = rows[0]!.roas.map(Number);
    expect(middle).toBeGreaterThan(1.5);
    expect(middle).toBeLessThan(4.5);
    expect(low).toBeLessThan(0.75 * middle!);
    expect(high).toBeGreaterThan(1.5 * middle!);
  });
});

describe('copyInto', () => {
  it('carries every type there and back, and says how many rows the server took', async () => {
    await together.query(
      `CREATE TEMP TABLE kinds (a bool, b smallint, c int, d bigint, e float8, f text, g text[], h numeric, i date, j timestamptz, k jsonb, l uuid, m bytea, n numeric(14,2))`,
    );
    const rows = new BinaryCopyWriter();
    rows
      .row(14)
      .bool(true)
      .int2(-2)
      .int4(70_000)
      .int8(-(2n ** 62n))
      .float8(0.1)
      .text('año 🎉')
      .textArray(['a', null, 'ñ"'])
      .numeric('-12345678901234567890.000000123');
    rows
      .date(20_778)
      .timestamptz(1_795_237_200_123)
      .jsonb('{"ñ": [1, null]}')
      .uuid('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11')
      .bytes(Buffer.from([0, 255]))
      .decimal(-123_456, 2);
    rows.row(14);
    for (let i = 0; i < 14; i++) rows.null();
    expect(await copyInto(together, 'COPY kinds FROM STDIN (FORMAT binary)', [rows.end()])).toBe(2);
    const { rows: read } = await together.query(`SELECT row_to_json(kinds) AS row FROM kinds WHERE a`);
    expect(read[0].row).toEqual({
      a: true,
      b: -2,
      c: 70_000,
      d: -(2 ** 62),
      e: 0.1,
      f: 'año 🎉',
      g: ['a', null, 'ñ"'],
      h: expect.any(Number), // exactly, below
      i: '2026-11-21',
      j: expect.stringContaining('2026-11-21T'),
      k: { ñ: [1, null] },
      l: 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11',
      m: '\\x00ff',
      n: -1234.56,
    });
    const { rows: exact } = await together.query(`SELECT h::text, extract(epoch FROM j)::text AS epoch FROM kinds WHERE a`);
    expect(exact[0]).toEqual({ h: '-12345678901234567890.000000123', epoch: '1795237200.123000' });
  });

  it("fails with the server's reason, with the chunks' error, and leaves the connection usable", async () => {
    await together.query('CREATE TEMP TABLE one (a int NOT NULL)');
    const oneRow = (write: (rows: BinaryCopyWriter) => void) => {
      const rows = new BinaryCopyWriter();
      write(rows.row(1));
      return rows.end();
    };
    await expect(copyInto(together, 'COPY one FROM STDIN (FORMAT binary)', [oneRow((rows) => rows.null())])).rejects.toThrow(/null value/);
    await expect(copyInto(together, 'COPY absent FROM STDIN (FORMAT binary)', [oneRow((rows) => rows.int4(1))])).rejects.toThrow(
      /does not exist/,
    );
    const broken = function* () {
      const rows = new BinaryCopyWriter();
      rows.row(1).int4(1);
      yield rows.take();
      throw new Error('no more rows');
    };
    await expect(copyInto(together, 'COPY one FROM STDIN (FORMAT binary)', broken())).rejects.toThrow('no more rows');
    expect(await count('SELECT FROM one')).toBe(0);
    expect(await copyInto(together, 'COPY one FROM STDIN (FORMAT binary)', [oneRow((rows) => rows.int4(1))])).toBe(1);
  });

  it('fails when the connection is lost half-way, and does not wait for ever', async () => {
    const client = await connected('together');
    client.on('error', () => undefined);
    await client.query('CREATE TABLE public.lost (a int)');
    const { rows: session } = await client.query('SELECT pg_backend_pid() AS pid');
    const endless = async function* () {
      for (let n = 0; n < 5000; n++) {
        const rows = new BinaryCopyWriter();
        for (let i = 0; i < 5000; i++) rows.row(1).int4(i);
        yield n === 0 ? rows.take() : rows.take().subarray(19);
        if (n === 10) await together.query('SELECT pg_terminate_backend($1)', [session[0].pid]);
      }
    };
    await expect(copyInto(client, 'COPY public.lost FROM STDIN (FORMAT binary)', endless())).rejects.toThrow(
      /terminat|connection|ECONNRESET|EPIPE/i,
    );
    await client.end().catch(() => undefined);
  });
});
