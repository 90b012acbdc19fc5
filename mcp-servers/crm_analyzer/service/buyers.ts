import { JOURNEY_BYTES, viewOf, wholeAt } from '../../../shared/hub/packed_bytes.ts';

/** What customers are divided by; null where it is not known, or they have none. Without a type the hub does not know the customer. */
export type Traits = {
  readonly customerType: string | null;
  readonly industry: string | null;
  readonly segment: string | null;
  readonly potential: string | null;
  readonly sex: string | null;
};

/** Customers with the same traits, packed one behind the other. */
export type PackedTraits = { readonly traits: Traits; readonly packed: Uint8Array };

/** A client's customers and their paid orders, packed one behind the other. */
export type PackedOrders = { readonly clientId: string; readonly packed: Uint8Array };

/** In a column of cities or of years of birth: not known. */
export const UNKNOWN = 0;

/** Customers with a paid order, a column each; times are microseconds since the year 2000. */
export type Buyers = {
  readonly ids: Float64Array;
  /** Places in the list of clients. */
  readonly clientOf: Int32Array;
  readonly clientIds: readonly string[];
  /** A customer's orders are from one place to before the next one's; oldest first. */
  readonly ordersFrom: Int32Array;
  readonly times: Float64Array;
  readonly cents: Float64Array;
  /** Places in the list of traits. */
  readonly traitsOf: Int32Array;
  readonly traits: readonly Traits[];
  readonly cityIds: Int32Array;
  readonly birthYears: Int32Array;
};

const NOT_KNOWN: Traits = { customerType: null, industry: null, segment: null, potential: null, sex: null };
const CUSTOMER_BYTES = 8 + JOURNEY_BYTES.header;
const ORDER_BYTES = JOURNEY_BYTES.order;
const TRAITS_BYTES = 16;

/**
 * Reads buyers. Orders: for each customer int8 id, then int4 touches (not used), int4 orders and the orders as sales.journeys has them. Traits: int8 id,
 * int4 city, int4 year of birth; of other customers too, and perhaps not of all.
 */
export function readBuyers(orders: readonly PackedOrders[], traits: readonly PackedTraits[]): Buyers {
  const { customers, orders: all } = sizesOf(orders);
  const [ids, times, cents] = [new Float64Array(customers), new Float64Array(all), new Float64Array(all)];
  const [clientOf, ordersFrom] = [new Int32Array(customers), new Int32Array(customers + 1)];
  const rowOf = new Map<number, number>();
  let [row, order] = [0, 0];
  for (const [client, { packed }] of orders.entries()) {
    const view = viewOf(packed);
    for (let at = 0; at < packed.byteLength; row++) {
      const id = wholeAt(view, at);
      const end = at + CUSTOMER_BYTES + view.getInt32(at + 12) * ORDER_BYTES;
      ids[row] = id;
      rowOf.set(id, row);
      clientOf[row] = client;
      for (at += CUSTOMER_BYTES; at < end; at += ORDER_BYTES, order++) {
        times[order] = wholeAt(view, at);
        cents[order] = wholeAt(view, at + 8);
      }
      ordersFrom[row + 1] = order;
    }
  }
  const [traitsOf, cityIds, birthYears] = [new Int32Array(customers), new Int32Array(customers), new Int32Array(customers)];
  for (const [index, { packed }] of traits.entries()) {
    const view = viewOf(packed);
    for (let at = 0; at < packed.byteLength; at += TRAITS_BYTES) {
      const known = rowOf.get(wholeAt(view, at));
      if (known === undefined) continue;
      traitsOf[known] = index + 1;
      cityIds[known] = view.getInt32(at + 8);
      birthYears[known] = view.getInt32(at + 12);
    }
  }
  return {
    ids,
    clientOf,
    clientIds: orders.map(({ clientId }) => clientId),
    ordersFrom,
    times,
    cents,
    traitsOf,
    traits: [NOT_KNOWN, ...traits.map((known) => known.traits)],
    cityIds,
    birthYears,
  };
}

function sizesOf(pieces: readonly PackedOrders[]): { readonly customers: number; readonly orders: number } {
  let [customers, orders] = [0, 0];
  for (const { packed } of pieces) {
    const view = viewOf(packed);
    for (let at = 0; at < packed.byteLength; customers++) {
      const own = view.getInt32(at + 12);
      orders += own;
      at += CUSTOMER_BYTES + own * ORDER_BYTES;
    }
  }
  return { customers, orders };
}

export const traitsAt = ({ traits, traitsOf }: Buyers, row: number): Traits => traits[traitsOf[row] as number] as Traits;
