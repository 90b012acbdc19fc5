import type { History } from './calendar.ts';
import type { Client } from './clients.ts';
import { CITIES, CITIES_OF_COUNTRY, CITY_AUDIENCE, COUNTRIES } from './geography.ts';
import { randomStream, weightedPicker } from './random.ts';

/**
 * Customers by column; customer i has the id i + 1. How often one buys is drawn from a gamma distribution and how long they stay from a mixture
 * of exponentials with gamma rates (Pareto/NBD: Schmittlein, Morrison and Colombo 1987, the model behind BG/NBD).
 */
export type Customers = {
  readonly count: number;
  /** Index of the client whose customer it is. */
  readonly client: Uint16Array;
  /** Index in CITIES. */
  readonly city: Uint8Array;
  readonly isCompany: Uint8Array;
  /** How often it buys, against the others. */
  readonly rate: Float32Array;
  /** Size of its orders against the client's usual one. */
  readonly basket: Float32Array;
  /** Days between which it can be reached; `activeFrom` may lie before the history. */
  readonly activeFrom: Int16Array;
  readonly activeUntil: Int16Array;
  /** 1: became a customer through its first touch or order. 0: was one since `activeFrom`. */
  readonly acquired: Uint8Array;
};

/** Customers of one client in one city, so that a sale in a city finds a buyer there. */
export type CustomerPools = {
  /** Customer indexes, grouped by client and city. */
  readonly members: Uint32Array;
  /** Where the group client · 256 + city begins in `members`; one more entry ends the last. */
  readonly starts: Uint32Array;
  /** Running sum of `rate` over `members`, one longer. */
  readonly cumulativeRate: Float64Array;
};

/** Shape of the purchase rates: below 1 most buy seldom and a few often. */
const RATE_SHAPE = 0.9;
/** Shape of the rates at which customers leave; mean stay of the typical one in days. */
const STAY = { shape: 0.9, days: 330 } as const;
const SHARE_OF_COMPANIES = 0.08;

export function generateCustomers(seed: number, history: History, clients: readonly Client[], count: number): Customers {
  const random = randomStream(seed, 'customers');
  const pickClient = weightedPicker(clients.map((client) => client.size));
  const cityPickers = clients.map((client) => {
    const cities = client.countries.flatMap((country) => CITIES_OF_COUNTRY[country] ?? []);
    const pick = weightedPicker(
      cities.map(
        (city) =>
          (CITY_AUDIENCE[city] ?? 1) ** 1.2 *
          (COUNTRIES[CITIES[city]?.country ?? 0]?.weight ?? 0.1) ** 0.5 *
          (CITIES[city]?.country === client.countries[0] ? 2 : 1),
      ),
    );
    return { cities, pick };
  });
  const customers = {
    count,
    client: new Uint16Array(count),
    city: new Uint8Array(count),
    isCompany: new Uint8Array(count),
    rate: new Float32Array(count),
    basket: new Float32Array(count),
    activeFrom: new Int16Array(count),
    activeUntil: new Int16Array(count),
    acquired: new Uint8Array(count),
  };
  const { today } = history;
  // Gamma numbers are dear; half a million are taken from tables of 65,536.
  const rates = Float64Array.from({ length: 65_536 }, () => random.gamma(RATE_SHAPE, 1) + 0.01);
  const stays = Float64Array.from(
    { length: 65_536 },
    () => (random.exponential(1) * STAY.days) / (random.gamma(STAY.shape, 1) + 0.05) + 20,
  );
  for (let i = 0; i < count; i++) {
    const client = pickClient(random);
    const { cities, pick } = cityPickers[client] as (typeof cityPickers)[number];
    customers.client[i] = client;
    customers.city[i] = cities[pick(random)] as number;
    const isCompany = random.chance(SHARE_OF_COMPANIES);
    customers.isCompany[i] = isCompany ? 1 : 0;
    customers.rate[i] = rates[random.uint32() >>> 16] as number;
    customers.basket[i] = random.logNormal(isCompany ? 2.1 : 1, 0.35);
    const old = random.chance(0.38);
    const from = old ? -random.between(1, 700) : Math.floor((today - 1) * random.unit() ** 0.85);
    const stay = stays[random.uint32() >>> 16] as number;
    customers.activeFrom[i] = from;
    // Whoever was there before the history has not left before it.
    customers.activeUntil[i] = Math.min(today, Math.max(from, 0) + stay);
    customers.acquired[i] = !old && random.chance(0.8) ? 1 : 0;
  }
  return customers;
}

export function poolCustomers(customers: Customers, clientCount: number): CustomerPools {
  const groups = clientCount * 256;
  const starts = new Uint32Array(groups + 1);
  for (let i = 0; i < customers.count; i++) {
    const group = (customers.client[i] as number) * 256 + (customers.city[i] as number) + 1;
    starts[group] = (starts[group] as number) + 1;
  }
  for (let group = 0; group < groups; group++) starts[group + 1] = (starts[group + 1] as number) + (starts[group] as number);
  const next = starts.slice();
  const members = new Uint32Array(customers.count);
  for (let i = 0; i < customers.count; i++) {
    const group = (customers.client[i] as number) * 256 + (customers.city[i] as number);
    const at = next[group] as number;
    members[at] = i;
    next[group] = at + 1;
  }
  const cumulativeRate = new Float64Array(customers.count + 1);
  for (let at = 0; at < customers.count; at++) {
    cumulativeRate[at + 1] = (cumulativeRate[at] as number) + (customers.rate[members[at] as number] as number);
  }
  return { members, starts, cumulativeRate };
}
