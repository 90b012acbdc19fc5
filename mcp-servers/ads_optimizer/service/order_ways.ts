import { JOURNEY_BYTES, viewOf, wholeAt } from '../../../shared/hub/packed_bytes.ts';
import { MOST_TOUCHES, OUTSIDE, PATH_DAYS } from './path_codes.ts';

/** Orders whose customers came the same way. */
export type PathTotals = {
  /** A code a touch, oldest first: OUTSIDE, REST, or a node's. Of more than MOST_TOUCHES, the first and the last ones. */
  readonly codes: readonly number[];
  readonly orders: number;
  /** Of those orders, in cents. */
  readonly cents: number;
  /** Sum of the squares of their cents. */
  readonly squaredCents: number;
  /** Orders that PromptCRM does not credit to the path's last touch: to nothing, to an earlier touch of the path, to another. */
  readonly creditedToNone: number;
  readonly creditedToEarlier: number;
  readonly creditedElsewhere: number;
  /** Orders with more touches than are kept. */
  readonly cut: number;
};

/** What of the orders a node is credited with when a touch counts less the longer ago it was: shares in millionths of an order and of a cent. */
export type DecayCredit = { readonly code: number; readonly orders: bigint; readonly cents: bigint };

export type OrderWays = {
  /** Paid orders of the days asked for, those without a touch too. */
  readonly sold: { readonly orders: number; readonly cents: number };
  /** In the order of their codes. */
  readonly paths: readonly PathTotals[];
  /** Over orders whose path has a touch of what is asked; empty where no half-life was given. */
  readonly decayed: readonly DecayCredit[];
};

/** How the touches and orders of journeys are read. Times are microseconds since the year 2000. */
export type WayQuestion = {
  /** Orders from the first time to before the other. */
  readonly since: number;
  readonly until: number;
  /** The code of each stop by its number. */
  readonly codeOf: Int32Array;
  /** How many codes there are. */
  readonly codes: number;
  /** A touch loses half of its weight in so many days; null: orders are not divided by time. */
  readonly halfLifeDays: number | null;
};

const NOBODY = 0;
const { header: HEADER_BYTES, touch: TOUCH_BYTES, order: ORDER_BYTES } = JOURNEY_BYTES;
const MICROSECONDS_A_DAY = 86_400_000_000;
const PATH_MICROSECONDS = PATH_DAYS * MICROSECONDS_A_DAY;
/** Sums of whole doubles are moved to a BigInt before they stop being exact. */
const EXACT_BELOW = 2 ** 52;

/** Sums of one path; the figures of {@link PathTotals}, by their place. */
const FIGURE = { orders: 0, cents: 1, squaredCents: 2, toNone: 3, toEarlier: 4, elsewhere: 5, cut: 6, width: 7 } as const;

/**
 * Groups orders by their paths, the touches of the {@link PATH_DAYS} days before each, and divides them by time. `pieces` hold the bytes of
 * sales.journeys, one behind the other (the migration that makes the table says how they lie). Shares by time are rounded to a millionth, so
 * that sums do not depend on the order.
 */
export function readOrderWays(pieces: readonly Uint8Array[], { since, until, codeOf, codes, halfLifeDays }: WayQuestion): OrderWays {
  const tree = pathTree(codes);
  const decay = halfLifeDays === null ? undefined : decaySums(codes, halfLifeDays * MICROSECONDS_A_DAY);
  let [soldOrders, soldCents] = [0, 0];
  let touched: Touches = { stops: new Int32Array(256), times: new Float64Array(256) };
  for (const bytes of pieces) {
    const view = viewOf(bytes);
    for (let at = 0; at < view.byteLength; ) {
      const [touches, orders] = [view.getInt32(at), view.getInt32(at + 4)];
      const from = at + HEADER_BYTES;
      const ordersFrom = from + touches * TOUCH_BYTES;
      at = ordersFrom + orders * ORDER_BYTES;
      if (touches > touched.stops.length) touched = { stops: new Int32Array(2 * touches), times: new Float64Array(2 * touches) };
      const { stops, times } = touched;
      for (let i = 0; i < touches; i++) {
        stops[i] = view.getInt32(from + i * TOUCH_BYTES);
        times[i] = wholeAt(view, from + i * TOUCH_BYTES + 4);
      }
      let [first, end] = [0, 0];
      for (let order = ordersFrom; order < at; order += ORDER_BYTES) {
        const time = wholeAt(view, order);
        if (time < since || time >= until) continue;
        const [cents, credited] = [wholeAt(view, order + 8), view.getInt32(order + 16)];
        soldOrders++;
        soldCents += cents;
        while (end < touches && (times[end] as number) <= time) end++;
        while (first < end && (times[first] as number) < time - PATH_MICROSECONDS) first++;
        if (first === end) continue;
        let place = 0;
        let creditedAt = -1;
        let isAsked = false;
        for (let i = first; i < end; i++) {
          const stop = stops[i] as number;
          const code = codeOf[stop] as number;
          if (code !== OUTSIDE) isAsked = true;
          // The latest touch of the credited stop is the last that is seen.
          if (stop === credited) creditedAt = i;
          if (i === first || i > end - MOST_TOUCHES) place = tree.next(place, code);
        }
        tree.add(place, cents, {
          toNone: credited === NOBODY,
          toEarlier: creditedAt >= 0 && (times[creditedAt] as number) < (times[end - 1] as number),
          elsewhere: creditedAt < 0 && credited !== NOBODY,
          cut: end - first > MOST_TOUCHES,
        });
        if (decay !== undefined && isAsked) decay.add(touched, first, end, time, codeOf, cents);
      }
    }
  }
  return { sold: { orders: soldOrders, cents: soldCents }, paths: tree.totals(), decayed: decay?.credits() ?? [] };
}

/** A customer's touches, oldest first; the arrays are longer than there are touches. */
type Touches = { readonly stops: Int32Array; readonly times: Float64Array };

type Told = { readonly toNone: boolean; readonly toEarlier: boolean; readonly elsewhere: boolean; readonly cut: boolean };

/** Paths as a tree of codes: a step is one look into an array, where a text a path would be made and hashed for every order. */
function pathTree(codes: number) {
  let room = 1 << 12;
  let children = new Int32Array(room * codes);
  let sums = new Float64Array(room * FIGURE.width);
  let places = 1;
  const grow = (): void => {
    room *= 2;
    const [wider, longer] = [new Int32Array(room * codes), new Float64Array(room * FIGURE.width)];
    wider.set(children);
    longer.set(sums);
    children = wider;
    sums = longer;
  };
  const plus = (at: number, value: number): void => {
    sums[at] = (sums[at] as number) + value;
  };
  return {
    next: (place: number, code: number): number => {
      const known = children[place * codes + code] as number;
      if (known !== 0) return known;
      if (places === room) grow();
      children[place * codes + code] = places;
      return places++;
    },
    add: (place: number, cents: number, { toNone, toEarlier, elsewhere, cut }: Told): void => {
      const at = place * FIGURE.width;
      plus(at + FIGURE.orders, 1);
      plus(at + FIGURE.cents, cents);
      plus(at + FIGURE.squaredCents, cents * cents);
      if (toNone) plus(at + FIGURE.toNone, 1);
      if (toEarlier) plus(at + FIGURE.toEarlier, 1);
      if (elsewhere) plus(at + FIGURE.elsewhere, 1);
      if (cut) plus(at + FIGURE.cut, 1);
    },
    totals: (): readonly PathTotals[] => {
      const found: PathTotals[] = [];
      const path: number[] = [];
      const visit = (place: number): void => {
        const at = place * FIGURE.width;
        if ((sums[at] as number) > 0) {
          found.push({
            codes: path.slice(),
            orders: sums[at + FIGURE.orders] as number,
            cents: sums[at + FIGURE.cents] as number,
            squaredCents: sums[at + FIGURE.squaredCents] as number,
            creditedToNone: sums[at + FIGURE.toNone] as number,
            creditedToEarlier: sums[at + FIGURE.toEarlier] as number,
            creditedElsewhere: sums[at + FIGURE.elsewhere] as number,
            cut: sums[at + FIGURE.cut] as number,
          });
        }
        for (let code = 0; code < codes; code++) {
          const child = children[place * codes + code] as number;
          if (child === 0) continue;
          path.push(code);
          visit(child);
          path.pop();
        }
      };
      visit(0);
      return found;
    },
  };
}

function decaySums(codes: number, halfLife: number) {
  const exact = Array.from({ length: codes }, () => ({ orders: 0n, cents: 0n }));
  const [orderSums, centSums] = [new Float64Array(codes), new Float64Array(codes)];
  const seen = new Uint8Array(codes);
  const weights = new Float64Array(1 << 10);
  const flush = (code: number): void => {
    const sum = exact[code] as { orders: bigint; cents: bigint };
    sum.orders += BigInt(orderSums[code] as number);
    sum.cents += BigInt(centSums[code] as number);
    orderSums[code] = 0;
    centSums[code] = 0;
  };
  return {
    add: ({ stops, times }: Touches, first: number, end: number, time: number, codeOf: Int32Array, cents: number): void => {
      const own = end - first <= weights.length ? weights : new Float64Array(end - first);
      let whole = 0;
      for (let i = first; i < end; i++) {
        const weight = 0.5 ** ((time - (times[i] as number)) / halfLife);
        own[i - first] = weight;
        whole += weight;
      }
      for (let i = first; i < end; i++) {
        const code = codeOf[stops[i] as number] as number;
        const weight = own[i - first] as number;
        seen[code] = 1;
        orderSums[code] = (orderSums[code] as number) + Math.round((1e6 * weight) / whole);
        centSums[code] = (centSums[code] as number) + Math.round((1e6 * cents * weight) / whole);
        if ((centSums[code] as number) > EXACT_BELOW) flush(code);
      }
    },
    credits: (): readonly DecayCredit[] => {
      for (let code = 0; code < codes; code++) flush(code);
      return exact.flatMap((sum, code) => (seen[code] === 1 ? [{ code, ...sum }] : []));
    },
  };
}
