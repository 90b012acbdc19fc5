import { query } from './etl_databases.ts';

/** Microseconds from 1970 to the year 2000, from which journeys count. */
const YEAR_2000 = 946_684_800_000_000n;

/**
 * Journeys that differ from what orders and touches say, worked out here row by row. None is right.
 * A journey reads as 'customer of client: campaign/channel@microseconds … | microseconds cents campaign/channel …'.
 */
export async function differencesFromJourneys(hubOwner: string): Promise<string[]> {
  const touches = await query(
    hubOwner,
    `SELECT customer_id, campaign_id || '/' || channel_id AS stop, (extract(epoch FROM touched_at) * 1000000)::bigint AS at
       FROM ads.touches ORDER BY customer_id, touched_at, touch_id`,
  );
  const orders = await query(
    hubOwner,
    `SELECT customer_id, client_id, (total_usd * 100)::bigint AS cents, coalesce(campaign_id || '/' || channel_id, 'none') AS credited,
            (extract(epoch FROM ordered_at) * 1000000)::bigint AS at
       FROM crm.orders WHERE status = 'paid' ORDER BY customer_id, client_id, ordered_at, order_id`,
  );
  const touched = Map.groupBy(touches, ({ customer_id: customer }) => String(customer));
  const bought = Map.groupBy(orders, ({ customer_id: customer, client_id: client }) => `${customer} of ${client}`);
  const right = new Set(
    [...bought].map(([name, own]) => {
      const met = (touched.get(name.split(' ')[0] ?? '') ?? []).map(({ stop, at }) => ` ${stop}@${at}`);
      return `${name}:${met.join('')} |${own.map(({ at, cents, credited }) => ` ${at} ${cents} ${credited}`).join('')}`;
    }),
  );
  const stops = new Map<number, string>([
    [0, 'none'],
    ...(await query(hubOwner, 'SELECT stop, campaign_id, channel_id FROM sales.stops')).map((row): [number, string] => [
      Number(row.stop),
      `${row.campaign_id}/${row.channel_id}`,
    ]),
  ]);
  const kept = (await query(hubOwner, 'SELECT client_id, customer_id, journey FROM sales.journeys')).map((row) => {
    const bytes = row.journey as Buffer;
    const [met, own] = [bytes.readInt32BE(0), bytes.readInt32BE(4)];
    const path = Array.from({ length: met }, (_, i) => {
      const at = 8 + 12 * i;
      return ` ${stops.get(bytes.readInt32BE(at))}@${bytes.readBigInt64BE(at + 4) + YEAR_2000}`;
    });
    const sold = Array.from({ length: own }, (_, i) => {
      const at = 8 + 12 * met + 20 * i;
      return ` ${bytes.readBigInt64BE(at) + YEAR_2000} ${bytes.readBigInt64BE(at + 8)} ${stops.get(bytes.readInt32BE(at + 16))}`;
    });
    return `${row.customer_id} of ${row.client_id}:${path.join('')} |${sold.join('')}`;
  });
  const there = new Set(kept);
  return [
    ...[...right].filter((journey) => !there.has(journey)).map((journey) => `lacks ${journey}`),
    ...kept.filter((journey) => !right.has(journey)).map((journey) => `has ${journey}`),
  ];
}
