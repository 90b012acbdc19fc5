import type { RowStream } from '../../etl/stream.ts';
import { streams } from '../../etl/streams.ts';
import { type EtlDatabases, openSql, type RunSql } from './etl_databases.ts';

/** Rows that the sources have and the hub has not, or the other way round, of every stream that passes rows through. None is right. */
export async function differencesFromSources({ urls, hubOwner }: EtlDatabases): Promise<string[]> {
  const [ads, crm, hub] = [openSql(urls.ads), openSql(urls.crm), openSql(hubOwner)];
  try {
    const found: string[] = [];
    for (const stream of streams.filter((candidate): candidate is RowStream => candidate.kind === 'rows')) {
      found.push(...(await differencesIn(stream, stream.database === 'PromptAds' ? ads.run : crm.run, hub.run)));
    }
    return found;
  } finally {
    await Promise.all([ads.close(), crm.close(), hub.close()]);
  }
}

async function differencesIn(stream: RowStream, inSource: RunSql, inHub: RunSql): Promise<string[]> {
  const rowsOf = async (run: RunSql, isSource: boolean): Promise<string[]> => {
    const columns = stream.columns
      .map(({ name, yearOf }) => (isSource && yearOf !== undefined ? `date_part('year', ${yearOf})::integer AS ${name}` : name))
      .join(', ');
    const rows = await run(
      `SELECT (SELECT to_jsonb(r) FROM (SELECT ${columns}) r)::text AS row FROM ${stream.table} ORDER BY ${stream.key.join(', ')}`,
    );
    return rows.map((row) => String(row.row));
  };
  const [source, hub] = await Promise.all([rowsOf(inSource, true), rowsOf(inHub, false)]);
  const [sourceRows, hubRows] = [new Set(source), new Set(hub)];
  return [
    ...source.filter((row) => !hubRows.has(row)).map((row) => `${stream.table} lacks ${row}`),
    ...hub.filter((row) => !sourceRows.has(row)).map((row) => `${stream.table} has ${row}`),
    ...(source.length === hub.length ? [] : [`${stream.table} has ${hub.length} rows, its source ${source.length}`]),
  ];
}

const TRAITS = 'customer_type, industry, segment, potential, city_id, sex, birth_year';

/** What the roll-ups that triggers keep hold, added up from their facts. */
const OF_CUSTOMERS: Readonly<Record<string, string>> = {
  'sales.customer_orders': `SELECT b.*, ${TRAITS}
      FROM (SELECT customer_id, min(client_id), sum(1)::integer, min(ordered_at), max(ordered_at), sum(total_usd)::numeric(14,2)
              FROM crm.orders WHERE status = 'paid' GROUP BY 1) b LEFT JOIN crm.customers USING (customer_id)`,
  'sales.customer_counts': `SELECT ${TRAITS}, count(*) FROM crm.customers GROUP BY ${TRAITS}`,
};

/** Rows of the roll-ups of customers that differ from what customers and orders add up to. None is right. */
export const differencesOfCustomers = (hubOwner: string): Promise<string[]> => differencesOf(hubOwner, OF_CUSTOMERS);

/** Groups of the roll-ups that differ from what their facts add up to, worked out here in another way than the ETL does. None is right. */
export async function differencesFromFacts(hubOwner: string, timeZone = 'America/Costa_Rica'): Promise<string[]> {
  return differencesOf(hubOwner, {
    ...OF_CUSTOMERS,
    'sales.ad_day': `SELECT campaign_id, channel_id, day, sum(spend)::numeric(14,2), sum(impressions), sum(clicks), sum(engagements), sum(conversions)
      FROM ads.daily_metrics GROUP BY 1, 2, 3`,
    'sales.order_day': `SELECT campaign_id, channel_id, timezone('${timeZone}', ordered_at)::date,
        sum((status = 'paid')::int), sum(CASE status WHEN 'paid' THEN total_usd ELSE 0 END)::numeric(14,2), sum((status = 'paid' AND first_order)::int),
        sum((status = 'refunded')::int), sum(CASE status WHEN 'refunded' THEN total_usd ELSE 0 END)::numeric(14,2), sum((status = 'cancelled')::int)
      FROM crm.orders WHERE campaign_id IS NOT NULL GROUP BY 1, 2, 3`,
    'sales.lead_day': `SELECT campaign_id, channel_id, timezone('${timeZone}', created_at)::date, count(*), sum((qualified_at IS NOT NULL)::int), sum((stage = 'won')::int)
      FROM crm.leads WHERE campaign_id IS NOT NULL GROUP BY 1, 2, 3`,
  });
}

async function differencesOf(hubOwner: string, expected: Readonly<Record<string, string>>): Promise<string[]> {
  const { run, close } = openSql(hubOwner);
  try {
    const found: string[] = [];
    for (const [rollUp, facts] of Object.entries(expected)) {
      const rows = await run(
        `(SELECT 'lacks' AS what, e.* FROM (${facts}) e EXCEPT ALL SELECT 'lacks', r.* FROM ${rollUp} r)
         UNION ALL (SELECT 'has', r.* FROM ${rollUp} r EXCEPT ALL SELECT 'has', e.* FROM (${facts}) e)`,
      );
      found.push(...rows.map((row) => `${rollUp} ${JSON.stringify(row)}`));
    }
    return found;
  } finally {
    await close();
  }
}
