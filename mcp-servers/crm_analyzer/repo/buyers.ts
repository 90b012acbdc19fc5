import { bytesOf, optionalTextOf, type Row, textOf } from '../../../shared/db/row.ts';
import type { SqlDatabase, Statement } from '../../../shared/db/sql_database.ts';
import type { Deadline } from '../../../shared/domain/deadline.ts';
import { keptByVersion, openDataVersion } from '../../../shared/hub/data_version.ts';
import { JOURNEY_BYTES } from '../../../shared/hub/packed_bytes.ts';
import { type Buyers, type PackedTraits, readBuyers } from '../service/buyers.ts';

/** The customers of a client, or of all clients, who have a paid order. */
export type BuyersOf = (clientId: string | undefined, deadline: Deadline) => Promise<Buyers>;

/** Whether a statement is about one client: only then is there a $1, so that the plan knows what it can be narrowed by. */
export type Of = 'client' | 'everybody';

const ofClient = (of: Of): string => (of === 'client' ? 'WHERE client_id = $1' : '');

/** How many touches a journey begins with: int4. */
const TOUCHES = [0, 1, 2, 3].map((byte) => `(get_byte(journey, ${byte}) << ${24 - 8 * byte})`).join(' + ');

/** Journeys without their touches. */
const orders = (of: Of): Statement => ({
  name: `crm_buyers_orders_of_${of}`,
  text: `
  SELECT client_id, string_agg(int8send(customer_id) || substr(journey, 1, ${JOURNEY_BYTES.header}) || substr(journey, ${JOURNEY_BYTES.header + 1} + ${JOURNEY_BYTES.touch} * (${TOUCHES})), ''::bytea) AS packed
    FROM sales.journeys ${ofClient(of)}
   GROUP BY client_id`,
});

export const TRAITS = 'customer_type, industry, segment, potential, sex';

const traits = (of: Of): Statement => ({
  name: `crm_buyers_traits_of_${of}`,
  text: `
  SELECT ${TRAITS}, string_agg(int8send(customer_id) || int4send(coalesce(city_id, 0)) || int4send(coalesce(birth_year, 0)), ''::bytea) AS packed
    FROM sales.customer_orders ${ofClient(of)}
   GROUP BY ${TRAITS}`,
});

const keptBuyers = keptByVersion<Buyers>(1);

/** Reads buyers from the hub. Everybody is read once as long as the data stays the same. */
export function openBuyers(hub: SqlDatabase): BuyersOf {
  const dataVersion = openDataVersion(hub);
  const read = async (of: Of, values: readonly string[], deadline: Deadline): Promise<Buyers> => {
    const toPackedOrders = (row: Row) => ({ clientId: textOf(row, 'client_id'), packed: bytesOf(row, 'packed') });
    const [bought, known] = await Promise.all([
      hub.rows(orders(of), values, toPackedOrders, deadline),
      hub.rows(traits(of), values, toPackedTraits, deadline),
    ]);
    return readBuyers(bought, known);
  };
  return (clientId, deadline) =>
    clientId === undefined
      ? keptBuyers(dataVersion, 'everybody', () => read('everybody', [], deadline), deadline)
      : read('client', [clientId], deadline);
}

export function toPackedTraits(row: Row): PackedTraits {
  return {
    traits: {
      customerType: optionalTextOf(row, 'customer_type'),
      industry: optionalTextOf(row, 'industry'),
      segment: optionalTextOf(row, 'segment'),
      potential: optionalTextOf(row, 'potential'),
      sex: optionalTextOf(row, 'sex'),
    },
    packed: bytesOf(row, 'packed'),
  };
}
