import { type History, historySecond } from './calendar.ts';
import type { Campaign } from './campaigns.ts';
import { CHANNELS } from './channels.ts';
import type { Client } from './clients.ts';
import type { CustomerPools, Customers } from './customers.ts';
import { CITIES, COUNTRIES, exchangeRates } from './geography.ts';
import { MONTHLY_DEMAND } from './industries.ts';
import type { MetricBlock } from './metrics.ts';
import { type Random, randomStream, weightedPicker } from './random.ts';

const DAY_SECONDS = 86_400;
/** An order is credited to the last touch within these days before it. */
const ATTRIBUTION_DAYS = 30;
/** What an order brings on average against the client's usual basket: customers' and orders' log-normal spreads, companies' larger orders. */
const MEAN_ORDER = 1.34;
const ORDER_SIGMA = 0.55;
/** No customer answers advertising more often than this. */
const MOST_ORDERS = 40;
/** Activity by hour of the day, midnight first. */
const HOURS = [8, 4, 2, 1, 1, 3, 8, 16, 25, 33, 38, 41, 44, 40, 37, 37, 38, 40, 43, 50, 56, 52, 36, 19] as const;
/** How many touches came before the credited one: none, one … four. */
const EARLIER_TOUCHES = [0.3, 0.3, 0.2, 0.13, 0.07] as const;
/** Room for an index beside a second in a number of 53 bits. */
const INDEX_ROOM = 2 ** 21;

/** Who saw or clicked which campaign where, in order of time: touch i has the id i + 1. */
export type Touches = {
  readonly count: number;
  readonly customer: Uint32Array;
  readonly campaign: Uint16Array;
  readonly channel: Uint8Array;
  readonly isClick: Uint8Array;
  /** Seconds of the history. */
  readonly second: Int32Array;
};

/** Orders in order of time: order i has the id i + 1. */
export type Orders = {
  readonly count: number;
  readonly customer: Uint32Array;
  /** Index of the credited touch, or −1. */
  readonly touch: Int32Array;
  /** 0 paid, 1 refunded, 2 cancelled. */
  readonly status: Uint8Array;
  readonly isFirst: Uint8Array;
  /** Hundredths of the currency of the buyer's country. */
  readonly total: Float64Array;
  /** Millionths of that currency for one USD. */
  readonly exchangeRate: Float64Array;
  /** total / exchangeRate, rounded half up to the cent. */
  readonly usdCents: Int32Array;
  readonly second: Int32Array;
};

/** What each customer did, for its segment and dates. Seconds of the history. */
export type CustomerHistory = {
  readonly created: Int32Array;
  /** Last order, touch or creation. */
  readonly lastSeen: Int32Array;
  readonly lastOrder: Int32Array;
  readonly orders: Uint16Array;
};

export type Journeys = { readonly touches: Touches; readonly orders: Orders; readonly customers: CustomerHistory };

/** Collects what advertising caused, campaign by campaign, and at the end works out who bought what and which touch is credited. */
export type JourneyCollector = {
  /** Takes a campaign's daily figures: turns the expected revenue into touches and orders of customers in that city. */
  readonly add: (campaignIndex: number, metrics: MetricBlock) => void;
  readonly finish: () => Journeys;
};

export type JourneyPlan = {
  /** Orders without advertising. */
  readonly organicOrders: number;
  /** Touches that lead nowhere, for a dollar of spend. */
  readonly idleTouches: number;
};

/**
 * Journeys go the way attribution reads them: a day's advertising in a city touches a customer of that client there, who after some days
 * (or not before today) orders. Earlier touches, by the same campaign or another of the client's, may have come before. Orders without
 * advertising are strewn over the days by demand. Only then is each order credited to the last touch in the {@link ATTRIBUTION_DAYS} days before it.
 */
export function collectJourneys(
  seed: number,
  history: History,
  clients: readonly Client[],
  campaigns: readonly Campaign[],
  customers: Customers,
  pools: CustomerPools,
  plan: JourneyPlan,
): JourneyCollector {
  const random = randomStream(seed, 'journeys');
  const pickHour = weightedPicker(HOURS);
  const pickEarlier = weightedPicker(EARLIER_TOUCHES);
  const secondOfDay = (): number => pickHour(random) * 3600 + random.below(3600);
  const nowSecond = historySecond(history.today, 0);
  const touches = new EventColumns();
  const intents = new EventColumns();
  const bought = new Uint8Array(customers.count);
  const campaignsOfClient = clients.map((_, client) => campaigns.flatMap((campaign, index) => (campaign.client === client ? [index] : [])));

  /** A customer of the client in the city who can be reached on the day, the frequent buyers likelier; −1 when none is found. */
  const pickBuyer = (client: number, city: number, day: number): number => {
    const from = pools.starts[client * 256 + city] as number;
    const to = pools.starts[client * 256 + city + 1] as number;
    if (from === to) return -1;
    const low = pools.cumulativeRate[from] as number;
    const width = (pools.cumulativeRate[to] as number) - low;
    for (let tries = 0; tries < 10; tries++) {
      const member = pools.members[searchFrom(pools.cumulativeRate, from, to, low + random.unit() * width)] as number;
      // Nobody buys without end, however few the customers of a small town are.
      const before = bought[member] as number;
      if (random.below(MOST_ORDERS) < before || !reachable(customers, member, day)) continue;
      bought[member] = before + 1;
      return member;
    }
    return -1;
  };

  const pickAnyone = (client: number, city: number, day: number): number => {
    const from = pools.starts[client * 256 + city] as number;
    const size = (pools.starts[client * 256 + city + 1] as number) - from;
    if (size === 0) return -1;
    for (let tries = 0; tries < 4; tries++) {
      const member = pools.members[from + random.below(size)] as number;
      if (reachable(customers, member, day)) return member;
    }
    return -1;
  };

  /** Another campaign of the client's that ran on the day in the country, or the same. */
  const companion = (campaignIndex: number, client: number, country: number, day: number): number => {
    const candidates = campaignsOfClient[client] as readonly number[];
    for (let tries = 0; tries < 3; tries++) {
      const index = candidates[random.below(candidates.length)] as number;
      const other = campaigns[index] as Campaign;
      if (day >= other.start && day < other.factsEnd && other.countries.includes(country)) return index;
    }
    return campaignIndex;
  };

  const add = (campaignIndex: number, metrics: MetricBlock): void => {
    const campaign = campaigns[campaignIndex] as Campaign;
    const perOrder = (clients[campaign.client] as Client).basket * MEAN_ORDER;
    for (let row = 0; row < metrics.rows; row++) {
      const city = metrics.city[row] as number;
      const day = metrics.day[row] as number;
      const channelIndex = metrics.channel[row] as number;
      const clickShare = (CHANNELS[channelIndex] as (typeof CHANNELS)[number]).clickTouches;
      for (let sales = random.poisson((metrics.expectedRevenue[row] as number) / perOrder); sales > 0; sales--) {
        const buyer = pickBuyer(campaign.client, city, day);
        if (buyer < 0) continue;
        const second = historySecond(day, secondOfDay());
        touches.push(buyer, campaignIndex, channelIndex, random.chance(0.4 + 0.6 * clickShare) ? 1 : 0, second);
        const lag = 300 + Math.floor(random.exponential(1.3 * DAY_SECONDS));
        if (lag < 29 * DAY_SECONDS && second + lag < nowSecond) intents.push(buyer, 0, 0, 0, second + lag);
        for (let earlier = pickEarlier(random); earlier > 0; earlier--) {
          const before = second - 600 - Math.floor(random.exponential(4.5 * DAY_SECONDS));
          const dayBefore = Math.floor(before / DAY_SECONDS);
          if (second - before > 28 * DAY_SECONDS || dayBefore < 0 || !reachable(customers, buyer, dayBefore)) continue;
          const index = random.chance(0.2)
            ? companion(campaignIndex, campaign.client, CITIES[city]?.country ?? 0, dayBefore)
            : campaignIndex;
          const source = campaigns[index] as Campaign;
          if (dayBefore < source.start || dayBefore >= source.factsEnd) continue;
          const sourceChannel = source.channels[random.below(source.channels.length)] as number;
          const clicks = (CHANNELS[sourceChannel] as (typeof CHANNELS)[number]).clickTouches;
          touches.push(buyer, index, sourceChannel, random.chance(clicks) ? 1 : 0, before);
        }
      }
      for (let idle = random.poisson((plan.idleTouches * (metrics.spendCents[row] as number)) / 100); idle > 0; idle--) {
        const person = pickAnyone(campaign.client, city, day);
        if (person >= 0)
          touches.push(person, campaignIndex, channelIndex, random.chance(clickShare) ? 1 : 0, historySecond(day, secondOfDay()));
      }
    }
  };

  const finish = (): Journeys => {
    addOrganicOrders(randomStream(seed, 'organic orders'), history, clients, customers, plan.organicOrders, secondOfDay, intents);
    const sortedTouches = touchesByTime(touches);
    const orders = creditOrders(seed, history, clients, customers, sortedTouches, intents);
    return {
      touches: sortedTouches,
      orders,
      customers: customerHistory(randomStream(seed, 'customer dates'), customers, sortedTouches, orders, nowSecond),
    };
  };
  return { add, finish };
}

/** Whether the customer is there on the day; those who were customers before, from the day after. */
function reachable(customers: Customers, customer: number, day: number): boolean {
  return day > (customers.activeFrom[customer] as number) && day <= (customers.activeUntil[customer] as number);
}

function addOrganicOrders(
  random: Random,
  history: History,
  clients: readonly Client[],
  customers: Customers,
  count: number,
  secondOfDay: () => number,
  intents: EventColumns,
): void {
  const pickCustomer = weightedPicker(customers.rate);
  const weekdays = [0.98, 0.95, 0.97, 1.0, 1.09, 1.1, 0.91] as const;
  for (let i = 0; i < count; ) {
    const customer = pickCustomer(random);
    const day = random.below(history.today);
    if (!reachable(customers, customer, day)) continue;
    const industry = (clients[customers.client[customer] as number] as Client).industry;
    const demand =
      ((MONTHLY_DEMAND[industry] as Float64Array)[history.month[day] as number] as number) *
      (weekdays[history.weekday[day] as number] as number);
    if (random.unit() * 2 > demand) continue;
    intents.push(customer, 0, 0, 0, historySecond(day, secondOfDay()));
    i++;
  }
}

function touchesByTime(events: EventColumns): Touches {
  const { count } = events;
  const order = indexesByTime(events.second, count);
  const touches = {
    count,
    customer: new Uint32Array(count),
    campaign: new Uint16Array(count),
    channel: new Uint8Array(count),
    isClick: new Uint8Array(count),
    second: new Int32Array(count),
  };
  for (let i = 0; i < count; i++) {
    const event = order[i] as number;
    touches.customer[i] = events.customer[event] as number;
    touches.campaign[i] = events.campaign[event] as number;
    touches.channel[i] = events.channel[event] as number;
    touches.isClick[i] = events.kind[event] as number;
    touches.second[i] = events.second[event] as number;
  }
  return touches;
}

/** Puts the orders in order of time, prices them and credits each to the customer's last touch before it. */
function creditOrders(
  seed: number,
  history: History,
  clients: readonly Client[],
  customers: Customers,
  touches: Touches,
  intents: EventColumns,
): Orders {
  const random = randomStream(seed, 'orders');
  const rates = exchangeRates(seed, history);
  const byTime = indexesByTime(intents.second, intents.count);
  const count = intents.count;
  const orders = {
    count,
    customer: new Uint32Array(count),
    touch: new Int32Array(count),
    status: new Uint8Array(count),
    isFirst: new Uint8Array(count),
    total: new Float64Array(count),
    exchangeRate: new Float64Array(count),
    usdCents: new Int32Array(count),
    second: new Int32Array(count),
  };
  const lastTouch = new Int32Array(customers.count).fill(-1);
  const hasBought = new Uint8Array(customers.count);
  let nextTouch = 0;
  for (let i = 0; i < count; i++) {
    const intent = byTime[i] as number;
    const customer = intents.customer[intent] as number;
    const second = intents.second[intent] as number;
    while (nextTouch < touches.count && (touches.second[nextTouch] as number) <= second) {
      lastTouch[touches.customer[nextTouch] as number] = nextTouch;
      nextTouch++;
    }
    const touch = lastTouch[customer] as number;
    const credited = touch >= 0 && second - (touches.second[touch] as number) <= ATTRIBUTION_DAYS * DAY_SECONDS;
    const country = CITIES[customers.city[customer] as number]?.country ?? 0;
    const rate = (rates[country] as Float64Array)[Math.floor(second / DAY_SECONDS)] as number;
    const basket = (clients[customers.client[customer] as number] as Client).basket * (customers.basket[customer] as number);
    const usd = Math.min(25_000, basket * Math.exp(ORDER_SIGMA * random.normal()));
    const step = COUNTRIES[country]?.priceDecimals === 0 ? 100 : 1;
    const total = Math.max(step, Math.round((usd * rate) / 10_000 / step) * step);
    const luck = random.unit();
    orders.customer[i] = customer;
    orders.second[i] = second;
    orders.touch[i] = credited ? touch : -1;
    orders.isFirst[i] = hasBought[customer] === 0 ? 1 : 0;
    hasBought[customer] = 1;
    orders.status[i] = luck < 0.95 ? 0 : luck < 0.98 ? 1 : 2;
    orders.total[i] = total;
    orders.exchangeRate[i] = rate;
    orders.usdCents[i] = dividedHalfUp(total * 1_000_000, rate);
  }
  return orders;
}

function customerHistory(random: Random, customers: Customers, touches: Touches, orders: Orders, nowSecond: number): CustomerHistory {
  const never = 2_147_483_647;
  const created = new Int32Array(customers.count).fill(never);
  const lastSeen = new Int32Array(customers.count).fill(-never);
  const lastOrder = new Int32Array(customers.count).fill(-never);
  const bought = new Uint16Array(customers.count);
  const seen = (customer: number, second: number): void => {
    if (second < (created[customer] as number)) created[customer] = second;
    if (second > (lastSeen[customer] as number)) lastSeen[customer] = second;
  };
  for (let i = 0; i < touches.count; i++) seen(touches.customer[i] as number, touches.second[i] as number);
  for (let i = 0; i < orders.count; i++) {
    const customer = orders.customer[i] as number;
    seen(customer, orders.second[i] as number);
    if (orders.status[i] === 0) {
      bought[customer] = (bought[customer] as number) + 1;
      lastOrder[customer] = orders.second[i] as number;
    }
  }
  for (let i = 0; i < customers.count; i++) {
    // Drawn for everybody, so that one customer's purchase does not change the next one's dates.
    const entered = historySecond(customers.activeFrom[i] as number, 28_800 + random.below(50_000));
    const moments = 60 + random.below(840);
    const first = created[i] as number;
    if (first === never || customers.acquired[i] === 0) created[i] = entered;
    else created[i] = first - moments;
    lastSeen[i] = Math.min(nowSecond - 1, Math.max(lastSeen[i] as number, created[i] as number));
  }
  return { created, lastSeen, lastOrder, orders: bought };
}

/** Positions of the first `count` events in order of time; equal times in order of position. */
export function indexesByTime(second: Int32Array, count: number): Uint32Array {
  // Second and index packed in one number: sorted natively, without a comparing function.
  const keys = new Float64Array(count);
  for (let i = 0; i < count; i++) keys[i] = (second[i] as number) * INDEX_ROOM + i;
  keys.sort();
  const indexes = new Uint32Array(count);
  for (let i = 0; i < count; i++) {
    const key = keys[i] as number;
    // Not the remainder operator: seconds before the history are negative.
    indexes[i] = key - Math.floor(key / INDEX_ROOM) * INDEX_ROOM;
  }
  return indexes;
}

/** n / d to the nearest whole number, halves up, as PostgreSQL's round() does for positive numerics. Exact: both are below 2^53. */
export function dividedHalfUp(n: number, d: number): number {
  const quotient = Math.floor(n / d);
  const rest = n - quotient * d;
  return rest * 2 >= d ? quotient + 1 : quotient;
}

/** The last position in [from, to) whose running sum is not above the value. */
function searchFrom(sums: Float64Array, from: number, to: number, value: number): number {
  let low = from;
  let high = to - 1;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if ((sums[middle] as number) <= value) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Events by column, growing as needed. */
class EventColumns {
  count = 0;
  customer = new Uint32Array(65_536);
  campaign = new Uint16Array(65_536);
  channel = new Uint8Array(65_536);
  kind = new Uint8Array(65_536);
  second = new Int32Array(65_536);

  push(customer: number, campaign: number, channel: number, kind: number, second: number): void {
    const at = this.count++;
    if (at === this.customer.length) this.#grow();
    this.customer[at] = customer;
    this.campaign[at] = campaign;
    this.channel[at] = channel;
    this.kind[at] = kind;
    this.second[at] = second;
  }

  #grow(): void {
    const size = this.customer.length * 2;
    if (size > INDEX_ROOM) throw new RangeError(`more than ${INDEX_ROOM} events`);
    const grown = <T extends Uint32Array | Uint16Array | Uint8Array | Int32Array>(made: T, old: T): T => {
      made.set(old);
      return made;
    };
    this.customer = grown(new Uint32Array(size), this.customer);
    this.campaign = grown(new Uint16Array(size), this.campaign);
    this.channel = grown(new Uint8Array(size), this.channel);
    this.kind = grown(new Uint8Array(size), this.kind);
    this.second = grown(new Int32Array(size), this.second);
  }
}
