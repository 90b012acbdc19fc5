import { type History, historySecond } from './calendar.ts';
import type { Customers } from './customers.ts';
import { type CustomerHistory, indexesByTime, type Orders } from './journeys.ts';
import { randomStream, weightedPicker } from './random.ts';

export const INTERACTION_KINDS = ['call', 'email', 'meeting', 'chat', 'visit', 'complaint'] as const;
export const INTERACTION_OUTCOMES = ['positive', 'neutral', 'negative', 'no_answer'] as const;

/** Contacts with customers in order of time: interaction i has the id i + 1. Kind and outcome are indexes of the lists above. */
export type Interactions = {
  readonly count: number;
  readonly customer: Uint32Array;
  readonly kind: Uint8Array;
  readonly outcome: Uint8Array;
  /** Seconds of the history. */
  readonly second: Int32Array;
};

/** How each kind tends to end, in the order of the outcomes. */
const OUTCOMES: readonly (readonly number[])[] = [
  [0.34, 0.26, 0.1, 0.3],
  [0.3, 0.38, 0.07, 0.25],
  [0.56, 0.34, 0.1, 0],
  [0.48, 0.36, 0.12, 0.04],
  [0.58, 0.33, 0.09, 0],
  [0.1, 0.35, 0.55, 0],
];

/** Refunded orders bring complaints; the rest are contacts with buyers, mostly, at any time since they became customers. */
export function generateInteractions(
  seed: number,
  history: History,
  customers: Customers,
  orders: Orders,
  customerHistory: CustomerHistory,
  count: number,
): Interactions {
  const random = randomStream(seed, 'interactions');
  const now = historySecond(history.today, 0);
  const pickKind = weightedPicker([0.3, 0.3, 0.07, 0.25, 0.08]);
  const pickOutcome = OUTCOMES.map((weights) => weightedPicker(weights));
  const drawn = { customer: new Uint32Array(count), kind: new Uint8Array(count), second: new Int32Array(count) };
  let at = 0;
  const complaint = INTERACTION_KINDS.indexOf('complaint');
  for (let order = 0; order < orders.count && at < count / 3; order++) {
    if (orders.status[order] !== 1 || !random.chance(0.5)) continue;
    const second = (orders.second[order] as number) + 3600 + Math.floor(random.exponential(3 * 86_400));
    if (second >= now) continue;
    drawn.customer[at] = orders.customer[order] as number;
    drawn.kind[at] = complaint;
    drawn.second[at++] = second;
  }
  while (at < count) {
    const customer = random.below(customers.count);
    if (customerHistory.orders[customer] === 0 && !random.chance(0.25)) continue;
    const from = Math.max(0, customerHistory.created[customer] as number);
    drawn.customer[at] = customer;
    drawn.kind[at] = pickKind(random);
    drawn.second[at++] = Math.min(now - 1, from + 60 + Math.floor((now - from) * random.unit()));
  }
  const byTime = indexesByTime(drawn.second, count);
  return {
    count,
    customer: Uint32Array.from(byTime, (i) => drawn.customer[i] as number),
    kind: Uint8Array.from(byTime, (i) => drawn.kind[i] as number),
    outcome: Uint8Array.from(byTime, (i) => (pickOutcome[drawn.kind[i] as number] as (typeof pickOutcome)[number])(random)),
    second: Int32Array.from(byTime, (i) => drawn.second[i] as number),
  };
}
