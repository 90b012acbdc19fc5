import { BinaryCopyWriter, encodeText } from '../../shared/db/binary_copy.ts';
import { withoutAccents } from '../../shared/domain/fold.ts';
import { type History, historySecond, instant } from './calendar.ts';
import type { Campaign } from './campaigns.ts';
import { CHANNELS } from './channels.ts';
import { type Client, phoneOf } from './clients.ts';
import type { Customers } from './customers.ts';
import { documentOf } from './documents.ts';
import { CITIES, COUNTRIES } from './geography.ts';
import { INTERACTION_KINDS, INTERACTION_OUTCOMES, type Interactions } from './interactions.ts';
import type { CustomerHistory, Orders, Touches } from './journeys.ts';
import { LEAD_SOURCES, LEAD_STAGES, type Leads, NOT_REACHED } from './leads.ts';
import { COMPANY_INDUSTRIES, COMPANY_KINDS, FEMALE_NAMES, MALE_NAMES, SURNAMES } from './names.ts';
import { type Random, randomStream } from './random.ts';

const ORDER_STATUSES = ['paid', 'refunded', 'cancelled'].map(encodeText);
const MAIL_HOSTS = ['example.com', 'example.net', 'example.org'] as const;

export function* cityRows(): Generator<Uint8Array> {
  const rows = new BinaryCopyWriter();
  for (const city of CITIES) {
    const country = COUNTRIES[city.country] as (typeof COUNTRIES)[number];
    rows
      .row(8)
      .int4(city.cityId)
      .text(city.name)
      .text(city.region)
      .text(country.code)
      .text(country.name)
      .float8(city.latitude)
      .float8(city.longitude)
      .int4(city.population);
  }
  yield rows.end();
}

/** Customers with names, addresses and documents as their country writes them. The same person's data whatever they bought. */
export function* customerRows(
  seed: number,
  history: History,
  clients: readonly Client[],
  customers: Customers,
  past: CustomerHistory,
): Generator<Uint8Array> {
  const random = randomStream(seed, 'customer rows');
  const clientIds = clients.map((client) => encodeText(client.clientId));
  const given = { female: FEMALE_NAMES.map(nameForms), male: MALE_NAMES.map(nameForms) };
  const surnames = SURNAMES.map(nameForms);
  const kinds = COMPANY_KINDS.map(nameForms);
  // Ages in days, 18 to 80 years, most around 30.
  const ages = Float64Array.from({ length: 65_536 }, () => Math.floor(365.25 * (18 + Math.min(62, random.gamma(3, 19)))));
  const zero = instant(history, 0, 0);
  const now = historySecond(history.today, 0);
  const rows = new BinaryCopyWriter();
  for (let i = 0; i < customers.count; i++) {
    const city = CITIES[customers.city[i] as number] as (typeof CITIES)[number];
    const country = (COUNTRIES[city.country] as (typeof COUNTRIES)[number]).code;
    const isCompany = customers.isCompany[i] === 1;
    const isFemale = random.chance(0.53);
    const surname = common(random, surnames);
    const second = common(random, surnames);
    const first = isCompany ? random.pick(kinds) : common(random, isFemale ? given.female : given.male);
    const id = i + 1;
    rows
      .row(18)
      .int8(id)
      .encoded(clientIds[customers.client[i] as number] as Uint8Array);
    const host = MAIL_HOSTS[random.below(3)];
    if (isCompany) {
      rows
        .text('company')
        .text(`${first.name} ${surname.name}${random.chance(0.4) ? ` y ${second.name}` : ''}`)
        .null();
      rows.text(`ventas.${surname.mail}${id}@${host}`);
    } else {
      rows.text('person').encoded(first.field).text(`${surname.name} ${second.name}`);
      rows.text(`${first.mail}.${surname.mail}${id}@${host}`);
    }
    rows.text(phoneOf(country, random.below)).text(documentOf(country, isCompany, random.below));
    if (isCompany) rows.null().null().text(random.pick(COMPANY_INDUSTRIES));
    else
      rows
        .date(history.firstEpochDay + history.today - (ages[random.uint32() >>> 16] as number))
        .text(isFemale ? 'female' : 'male')
        .null();
    rows.text(segmentOf(past, i, now)).text(potentialOf(customers, i));
    const spread = Math.min(0.09, 0.016 * Math.sqrt(city.population / 100_000));
    rows
      .int4(city.cityId)
      .float8(rounded(city.latitude + spread * random.normal()))
      .float8(rounded(city.longitude + spread * random.normal()))
      .timestamptz(zero + (past.created[i] as number) * 1000)
      .timestamptz(zero + (past.lastSeen[i] as number) * 1000);
    if (rows.full) yield rows.take();
  }
  yield rows.end();
}

export function* orderRows(
  history: History,
  clients: readonly Client[],
  campaigns: readonly Campaign[],
  customers: Customers,
  touches: Touches,
  orders: Orders,
  leads: Leads,
): Generator<Uint8Array> {
  const clientIds = clients.map((client) => encodeText(client.clientId));
  const campaignIds = campaigns.map((campaign) => encodeText(campaign.campaignId));
  const channelIds = CHANNELS.map((channel) => encodeText(channel.channelId));
  const currencies = COUNTRIES.map((country) => encodeText(country.currency));
  const zero = instant(history, 0, 0);
  const rows = new BinaryCopyWriter();
  for (let i = 0; i < orders.count; i++) {
    const customer = orders.customer[i] as number;
    const city = customers.city[customer] as number;
    const touch = orders.touch[i] as number;
    const lead = leads.leadOfOrder[i] as number;
    rows
      .row(15)
      .int8(i + 1)
      .int8(customer + 1)
      .encoded(clientIds[customers.client[customer] as number] as Uint8Array);
    if (touch < 0) rows.null().null().null();
    else {
      rows.encoded(campaignIds[touches.campaign[touch] as number] as Uint8Array);
      rows.encoded(channelIds[touches.channel[touch] as number] as Uint8Array);
      rows.int8(touch + 1);
    }
    if (lead < 0) rows.null();
    else rows.int8(lead + 1);
    rows
      .int4(city + 1)
      .encoded(ORDER_STATUSES[orders.status[i] as number] as Uint8Array)
      .bool(orders.isFirst[i] === 1)
      .encoded(currencies[CITIES[city]?.country ?? 0] as Uint8Array)
      .decimal(orders.total[i] as number, 2)
      .decimal(orders.exchangeRate[i] as number, 6)
      .decimal(orders.usdCents[i] as number, 2)
      .timestamptz(zero + (orders.second[i] as number) * 1000);
    if (rows.full) yield rows.take();
  }
  yield rows.end();
}

export function* leadRows(
  history: History,
  clients: readonly Client[],
  campaigns: readonly Campaign[],
  customers: Customers,
  touches: Touches,
  leads: Leads,
): Generator<Uint8Array> {
  const clientIds = clients.map((client) => encodeText(client.clientId));
  const campaignIds = campaigns.map((campaign) => encodeText(campaign.campaignId));
  const channelIds = CHANNELS.map((channel) => encodeText(channel.channelId));
  const sources = LEAD_SOURCES.map(encodeText);
  const stages = LEAD_STAGES.map(encodeText);
  const zero = instant(history, 0, 0);
  const rows = new BinaryCopyWriter();
  const time = (second: number) => (second === NOT_REACHED ? rows.null() : rows.timestamptz(zero + second * 1000));
  for (let i = 0; i < leads.count; i++) {
    const customer = leads.customer[i] as number;
    const touch = leads.touch[i] as number;
    rows
      .row(13)
      .int8(i + 1)
      .int8(customer + 1)
      .encoded(clientIds[customers.client[customer] as number] as Uint8Array);
    if (touch < 0) rows.null().null();
    else {
      rows.encoded(campaignIds[touches.campaign[touch] as number] as Uint8Array);
      rows.encoded(channelIds[touches.channel[touch] as number] as Uint8Array);
    }
    rows.encoded(sources[leads.source[i] as number] as Uint8Array).encoded(stages[leads.stage[i] as number] as Uint8Array);
    rows.decimal(leads.valueCents[i] as number, 2);
    time(leads.created[i] as number);
    time(leads.contacted[i] as number);
    time(leads.qualified[i] as number);
    time(leads.proposal[i] as number);
    time(leads.closed[i] as number);
    if (rows.full) yield rows.take();
  }
  yield rows.end();
}

export function* interactionRows(history: History, interactions: Interactions): Generator<Uint8Array> {
  const kinds = INTERACTION_KINDS.map(encodeText);
  const outcomes = INTERACTION_OUTCOMES.map(encodeText);
  const zero = instant(history, 0, 0);
  const rows = new BinaryCopyWriter();
  for (let i = 0; i < interactions.count; i++) {
    rows
      .row(5)
      .int8(i + 1)
      .int8((interactions.customer[i] as number) + 1)
      .encoded(kinds[interactions.kind[i] as number] as Uint8Array)
      .encoded(outcomes[interactions.outcome[i] as number] as Uint8Array)
      .timestamptz(zero + (interactions.second[i] as number) * 1000);
    if (rows.full) yield rows.take();
  }
  yield rows.end();
}

/** A name as it is written, as a column, and in the letters of a mail address. */
function nameForms(name: string): { readonly name: string; readonly field: Uint8Array; readonly mail: string } {
  return { name, field: encodeText(name), mail: withoutAccents(name).replace(/[^a-z]/g, '') };
}

/** One of the list, the first ones likelier. */
function common<T>(random: Random, items: readonly T[]): T {
  return items[Math.floor(items.length * random.unit() ** 1.6)] as T;
}

/** What the CRM calls a customer, from the paid orders: how many, and how long ago the last. */
function segmentOf(past: CustomerHistory, customer: number, now: number): 'new' | 'occasional' | 'loyal' | 'vip' | 'dormant' {
  const orders = past.orders[customer] as number;
  const dayAgo = (second: number) => (now - second) / 86_400;
  if (orders === 0) return dayAgo(past.created[customer] as number) <= 180 ? 'new' : 'dormant';
  if (dayAgo(past.lastOrder[customer] as number) > 300) return 'dormant';
  if (orders >= 8) return 'vip';
  if (orders >= 3) return 'loyal';
  return orders === 1 && dayAgo(past.created[customer] as number) <= 60 ? 'new' : 'occasional';
}

/** What it could buy in a year: how often it tends to buy times how much. */
function potentialOf(customers: Customers, customer: number): 'low' | 'medium' | 'high' {
  const value = (customers.rate[customer] as number) * (customers.basket[customer] as number);
  return value > 2.4 ? 'high' : value > 0.6 ? 'medium' : 'low';
}

/** To five decimals: about a metre. */
function rounded(degrees: number): number {
  return Math.round(degrees * 100_000) / 100_000;
}
