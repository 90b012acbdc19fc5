import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTouchPaths } from '../../mcp-servers/ads_optimizer/repo/touch_paths.ts';
import type { SqlDatabase } from '../../shared/db/sql_database.ts';
import { query } from '../support/etl_databases.ts';
import { type GeneratedHub, startGeneratedHub, TIME_ZONE } from '../support/generated_hub.ts';
import { differencesFromJourneys } from '../support/journey_checks.ts';

let hub: GeneratedHub;
const sql = (text: string, values?: readonly unknown[]) => query(hub.owner, text, values);

beforeAll(async () => {
  hub = await startGeneratedHub();
});
afterAll(async () => {
  await hub?.stop();
});

/** A paid order of a customer with touches. */
async function someOrder(): Promise<{ order: string; customer: string; at: Date }> {
  const [row] = await sql(
    `SELECT order_id, customer_id, ordered_at FROM crm.orders
      WHERE status = 'paid' AND campaign_id IS NOT NULL AND customer_id IN (SELECT customer_id FROM ads.touches) ORDER BY md5(order_id::text) LIMIT 1`,
  );
  return { order: String(row?.order_id), customer: String(row?.customer_id), at: row?.ordered_at as Date };
}

const addTouch = (id: number, customer: string, at: Date, daysBefore: number): Promise<unknown> =>
  sql(
    `INSERT INTO ads.touches (touch_id, customer_id, campaign_id, channel_id, kind, touched_at)
     SELECT $1, $2, campaign_id, 'a channel never seen', kind, $3::timestamptz - make_interval(days => $4) FROM ads.touches LIMIT 1`,
    [id, customer, at, daysBefore],
  );

describe('journeys of customers', () => {
  it('are what orders and touches say after the first load', async () => {
    expect(await differencesFromJourneys(hub.owner)).toEqual([]);
    const [{ journeys } = {}] = await sql('SELECT count(*)::int AS journeys FROM sales.journeys');
    expect(journeys).toBeGreaterThan(100);
  });

  it('gain a touch that arrives after its order, and one of a campaign and channel never seen before', async () => {
    const { customer, at } = await someOrder();
    await addTouch(-1, customer, at, 31);
    await addTouch(-2, customer, at, 3);
    expect(await differencesFromJourneys(hub.owner)).toEqual([]);
    expect(await sql("SELECT FROM sales.stops WHERE channel_id = 'a channel never seen'")).toHaveLength(1);
  });

  it('hold the first order of a customer whose touches, somewhere nobody was touched before, came first', async () => {
    const { order, at } = await someOrder();
    await addTouch(-3, '-3', at, 2);
    await sql("UPDATE ads.touches SET channel_id = 'another never seen' WHERE touch_id = -3");
    await sql(
      `INSERT INTO crm.orders SELECT (jsonb_populate_record(o, '{"order_id": -3, "customer_id": -3, "touch_id": null}')).* FROM crm.orders o WHERE order_id = $1`,
      [order],
    );
    expect(await differencesFromJourneys(hub.owner)).toEqual([]);
    expect(await sql('SELECT FROM sales.journeys WHERE customer_id = -3')).toHaveLength(1);
  });

  it('are left alone by changes of what they do not hold', async () => {
    const rows = () => sql('SELECT customer_id, xmin::text FROM sales.journeys ORDER BY client_id, customer_id');
    const before = await rows();
    await sql("UPDATE ads.touches SET kind = 'seen' WHERE touch_id IN (SELECT touch_id FROM ads.touches LIMIT 500)");
    await sql('UPDATE crm.orders SET first_order = NOT first_order WHERE order_id IN (SELECT order_id FROM crm.orders LIMIT 500)');
    expect(await rows()).toEqual(before);
  });

  it('are written anew all together when most are concerned, with the same outcome', async () => {
    await sql("UPDATE ads.touches SET touched_at = touched_at + interval '1 second'");
    await sql('UPDATE crm.orders SET total_usd = total_usd + 1');
    expect(await differencesFromJourneys(hub.owner)).toEqual([]);
  });

  it('follow touches that are corrected, moved to another customer, and deleted', async () => {
    const { customer, at } = await someOrder();
    await sql(`UPDATE ads.touches SET touched_at = $2::timestamptz + interval '1 hour' WHERE customer_id = $1 AND touched_at < $2`, [
      customer,
      at,
    ]);
    expect(await differencesFromJourneys(hub.owner)).toEqual([]);
    const other = await someOrder();
    await sql('UPDATE ads.touches SET customer_id = $2 WHERE customer_id = $1', [customer, other.customer]);
    expect(await differencesFromJourneys(hub.owner)).toEqual([]);
    await sql('DELETE FROM ads.touches WHERE customer_id = $1', [other.customer]);
    expect(await differencesFromJourneys(hub.owner)).toEqual([]);
  });

  it('follow orders that are refunded, credited otherwise, and deleted', async () => {
    const { order } = await someOrder();
    await sql('UPDATE crm.orders SET campaign_id = NULL, channel_id = NULL, total_usd = total_usd + 1 WHERE order_id = $1', [order]);
    expect(await differencesFromJourneys(hub.owner)).toEqual([]);
    await sql(`UPDATE crm.orders SET campaign_id = 'CMP-NEVER-TOUCHED', channel_id = 'email' WHERE order_id = $1`, [order]);
    expect(await differencesFromJourneys(hub.owner)).toEqual([]);
    await sql(`UPDATE crm.orders SET status = 'refunded' WHERE order_id = $1`, [order]);
    expect(await differencesFromJourneys(hub.owner)).toEqual([]);
    await sql('DELETE FROM crm.orders WHERE order_id = $1', [(await someOrder()).order]);
    expect(await differencesFromJourneys(hub.owner)).toEqual([]);
  });

  it('hold an order and its touch that were loaded by two transactions at once', async () => {
    const { order, customer, at } = await someOrder();
    const [orders, touches] = [new pg.Client({ connectionString: hub.owner }), new pg.Client({ connectionString: hub.owner })];
    await Promise.all([orders.connect(), touches.connect()]);
    try {
      await orders.query('BEGIN');
      await touches.query('BEGIN');
      await orders.query(
        `INSERT INTO crm.orders SELECT (jsonb_populate_record(o, '{"order_id": -7, "touch_id": null}')).* FROM crm.orders o WHERE order_id = $1`,
        [order],
      );
      const waiting = touches.query(
        `INSERT INTO ads.touches SELECT -7, $1, campaign_id, channel_id, kind, $2::timestamptz - interval '1 minute' FROM ads.touches LIMIT 1`,
        [customer, at],
      );
      await new Promise((resolve) => setTimeout(resolve, 100));
      await orders.query('COMMIT');
      await waiting;
      await touches.query('COMMIT');
    } finally {
      await Promise.all([orders.end(), touches.end()]);
    }
    expect(await differencesFromJourneys(hub.owner)).toEqual([]);
  });

  it('are read through an index, for a client as for everybody, and so are the touches of who did not buy', async () => {
    await sql(`
      INSERT INTO crm.orders SELECT bulk.*
        FROM crm.orders o, generate_series(1, 12000) g,
             jsonb_populate_record(o, jsonb_build_object('order_id', 1000000000 + g, 'client_id', 'BULK-' || g % 40, 'customer_id', 1000000000 + g,
                                                         'ordered_at', timestamptz '2024-01-01Z' + g * interval '50 minutes')) bulk
       WHERE o.order_id = (SELECT min(order_id) FROM crm.orders WHERE status = 'paid');
      INSERT INTO ads.touches SELECT 1000000000 + g, 1000000000 + g, 'BULK-' || g % 9, 'email', 'click', timestamptz '2023-12-31Z' + g * interval '50 minutes'
        FROM generate_series(1, 12000) g;
      ANALYZE crm.orders; ANALYZE ads.touches; ANALYZE sales.journeys`);
    const plans: string[] = [];
    const explained: SqlDatabase = {
      rows: async (statement, values) => {
        plans.push(`${statement.name}:\n${(await sql(`EXPLAIN ${statement.text}`, values)).map((row) => row['QUERY PLAN']).join('\n')}`);
        return [];
      },
    };
    const paths = openTouchPaths(explained);
    const deadline = { signal: new AbortController().signal, remainingMs: () => 1_000 };
    for (const clientId of [undefined, 'BULK-7']) {
      const question = {
        by: 'channel',
        nodes: [],
        filters: { clientId },
        period: { from: '2025-02-01', to: '2025-02-28' },
        timeZone: TIME_ZONE,
      } as const;
      await paths.ways(question, 7, deadline);
      await paths.idle(question, deadline);
    }
    const planOf = (name: string): string | undefined => plans.find((plan) => plan.startsWith(`${name}:`));
    expect(planOf('journeys')).toContain('journeys_time');
    expect(planOf('journeys_of_client')).toContain('journeys_pkey');
    expect(planOf('touch_idle_by_channel')).toContain('touches_time');
  });

  it('are gone with a truncated table', async () => {
    await sql('TRUNCATE crm.orders');
    expect(await sql('SELECT FROM sales.journeys LIMIT 1')).toEqual([]);
  });
});
