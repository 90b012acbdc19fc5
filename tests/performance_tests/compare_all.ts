import pg from 'pg';
import { streams } from '../../etl/streams.ts';
import { openPostgres } from '../../shared/db/postgres_database.ts';
import type { SqlDatabase } from '../../shared/db/sql_database.ts';
import { selectedColumn } from '../../shared/sources/postgres_change_source.ts';
import { type Comparison, comparePlans, type SentStatement } from './plan_figures.ts';
import { type PlanQuestion, QUESTIONS, type Subjects } from './questions.ts';

/** A question with what it takes without its indexes and with them. */
export type ComparedQuestion = Pick<PlanQuestion, 'name' | 'asks' | 'tool' | 'indexes' | 'without' | 'saves'> & Comparison;

/** Where the questions are asked, by owners of the databases. `changed`: how many of PromptCRM's customers the ETL finds changed. */
export type ComparedDatabases = { readonly hub: string; readonly crm: string; readonly changed: number };

/** Asks every question of the tools and the ETL's question for what changed. Nothing in the hub is changed; in PromptCRM some customers are touched. */
export async function compareAll({ hub, crm, changed }: ComparedDatabases): Promise<readonly ComparedQuestion[]> {
  const compared: ComparedQuestion[] = [];
  const reader = await openPostgres(hub, { applicationName: 'plans' });
  const owner = await connect(hub);
  try {
    const subjects = await subjectsOf(owner);
    for (const { ask, ...question } of QUESTIONS) {
      const sent: SentStatement[] = [];
      await ask(noting(reader, sent), subjects);
      compared.push({ ...question, ...(await comparePlans(owner, sent, question.indexes)) });
    }
  } finally {
    await owner.end();
    await reader.close();
  }
  compared.push(await etlDelta(crm, changed));
  return compared;
}

/** The database, whose statements are noted beside its answers. */
function noting(database: SqlDatabase, sent: SentStatement[]): SqlDatabase {
  return {
    rows: (statement, values, map, deadline) => {
      sent.push({ statement, values });
      return database.rows(statement, values, map, deadline);
    },
  };
}

/** As shared/sources/postgres_change_source.ts copies the customers that changed since a position. */
async function etlDelta(crm: string, changed: number): Promise<ComparedQuestion> {
  const owner = await connect(crm);
  try {
    const { rows } = await owner.query<{ horizon: string }>('SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS horizon');
    await owner.query(
      'UPDATE crm.customers SET updated_at = updated_at WHERE customer_id IN (SELECT customer_id FROM crm.customers ORDER BY customer_id LIMIT $1)',
      [changed],
    );
    await owner.query('ANALYZE crm.customers');
    const stream = streams.find(({ table }) => table === 'crm.customers');
    if (stream === undefined || !('columns' in stream)) throw new Error('there is no stream of crm.customers');
    const columns = stream.columns.map(selectedColumn).join(', ');
    const text = `SELECT ${columns} FROM crm.customers WHERE changed_xid >= '${rows[0]?.horizon}'::xid8`;
    const indexes = ['crm.customers_changed'];
    return {
      name: 'etl_delta',
      asks: `${changed.toLocaleString('en')} customers changed since the last load`,
      tool: 'etl, every 11 minutes',
      indexes,
      without: 'Seq Scan customers',
      saves: 100,
      ...(await comparePlans(owner, [{ statement: { name: 'etl_delta', text }, values: [] }], indexes)),
    };
  } finally {
    await owner.end();
  }
}

async function subjectsOf(owner: pg.Client): Promise<Subjects> {
  const one = async (text: string): Promise<Record<string, unknown>> => {
    const { rows } = await owner.query<Record<string, unknown>>(text);
    if (rows[0] === undefined) throw new Error(`nothing to ask about: ${text}`);
    return rows[0];
  };
  const campaign = await one(
    `SELECT campaign_id, c.name FROM sales.ad_day d JOIN ads.campaigns c USING (campaign_id) GROUP BY 1, 2 ORDER BY count(*) DESC, 1 LIMIT 1`,
  );
  const client = await one(
    `SELECT client_id FROM (SELECT client_id, count(*) AS n, count(*) OVER () AS clients, row_number() OVER (ORDER BY count(*), client_id) AS place
                              FROM crm.customers GROUP BY 1) c WHERE place = 1 + clients / 2`,
  );
  const customer = await one(
    `SELECT customer_id, k.latitude, k.longitude FROM sales.customer_orders o JOIN crm.customers k USING (customer_id) ORDER BY o.orders DESC, 1 LIMIT 1`,
  );
  const { day } = await one(`SELECT to_char(max(day), 'YYYY-MM-DD') AS day FROM sales.ad_day`);
  return {
    campaignId: String(campaign.campaign_id),
    campaignName: String(campaign.name),
    clientId: String(client.client_id),
    customerId: Number(customer.customer_id),
    latitude: Number(customer.latitude),
    longitude: Number(customer.longitude),
    lastDay: String(day),
  };
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, application_name: 'plans' });
  await client.connect();
  return client;
}
