import type { History } from './calendar.ts';
import { historySecond } from './calendar.ts';
import { CHANNELS } from './channels.ts';
import type { Client } from './clients.ts';
import type { Customers } from './customers.ts';
import { type CustomerHistory, indexesByTime, type Orders, type Touches } from './journeys.ts';
import { randomStream } from './random.ts';

export type LeadPlan = {
  /** Share of clicks that sold nothing which left a lead. */
  readonly perClick: number;
  /** Share of credited orders that began as a lead. */
  readonly perSale: number;
  /** Leads without a campaign. */
  readonly organic: number;
};

export const LEAD_STAGES = ['new', 'contacted', 'qualified', 'proposal', 'won', 'lost'] as const;
export const LEAD_SOURCES = ['paid_social', 'paid_search', 'display', 'email', 'referral', 'organic', 'event'] as const;

/** Leads in order of creation: lead i has the id i + 1. Times are seconds of the history; {@link NOT_REACHED} where a stage was not reached. */
export type Leads = {
  readonly count: number;
  readonly customer: Uint32Array;
  /** Index of the touch that brought it, or −1. */
  readonly touch: Int32Array;
  /** Index in LEAD_SOURCES and in LEAD_STAGES. */
  readonly source: Uint8Array;
  readonly stage: Uint8Array;
  readonly valueCents: Int32Array;
  readonly created: Int32Array;
  readonly contacted: Int32Array;
  readonly qualified: Int32Array;
  readonly proposal: Int32Array;
  readonly closed: Int32Array;
  /** By order: the index of the lead that it won, or −1. */
  readonly leadOfOrder: Int32Array;
};

export const NOT_REACHED = -2_147_483_648;
const DAY_SECONDS = 86_400;

/**
 * Leads of three kinds: those that ended in an order ('won', closed when it was made), clicks that left a name and went some way, and those that no
 * campaign brought. A stage that would have been reached after the reference date has not been reached.
 */
export function generateLeads(
  seed: number,
  history: History,
  clients: readonly Client[],
  customers: Customers,
  touches: Touches,
  orders: Orders,
  customerHistory: CustomerHistory,
  plan: LeadPlan,
): Leads {
  const random = randomStream(seed, 'leads');
  const now = historySecond(history.today, 0);
  const drafts: { customer: number; touch: number; source: number; order: number; created: number }[] = [];
  const soldBy = new Uint8Array(touches.count);
  const sourceOfChannel = CHANNELS.map((channel) => LEAD_SOURCES.indexOf(channel.leadSource));
  const organicSource = (): number => {
    const luck = random.unit();
    return LEAD_SOURCES.indexOf(luck < 0.5 ? 'organic' : luck < 0.82 ? 'referral' : 'event');
  };

  for (let order = 0; order < orders.count; order++) {
    const touch = orders.touch[order] as number;
    const ordered = orders.second[order] as number;
    const customer = orders.customer[order] as number;
    if (touch >= 0) {
      const first = soldBy[touch] === 0;
      soldBy[touch] = 1;
      if (!first || touches.isClick[touch] === 0 || !random.chance(plan.perSale)) continue;
      const touched = touches.second[touch] as number;
      const created = touched + Math.min(1200, Math.floor((ordered - touched) * 0.2));
      drafts.push({ customer, touch, source: sourceOfChannel[touches.channel[touch] as number] as number, order, created });
    } else if (random.chance(plan.perSale * 0.5)) {
      const since = Math.max(customerHistory.created[customer] as number, ordered - Math.floor(random.exponential(6 * DAY_SECONDS)) - 1800);
      drafts.push({ customer, touch: -1, source: organicSource(), order, created: Math.min(since, ordered - 60) });
    }
  }
  for (let touch = 0; touch < touches.count; touch++) {
    if (soldBy[touch] === 1 || touches.isClick[touch] === 0 || !random.chance(plan.perClick)) continue;
    const created = Math.min(now - 1, (touches.second[touch] as number) + random.between(20, 1200));
    drafts.push({
      customer: touches.customer[touch] as number,
      touch,
      source: sourceOfChannel[touches.channel[touch] as number] as number,
      order: -1,
      created,
    });
  }
  for (let i = 0; i < plan.organic; i++) {
    const customer = random.below(customers.count);
    const from = Math.max(0, customerHistory.created[customer] as number);
    // Most people ask before or soon after they become customers.
    const created = Math.min(now - 1, from + 60 + Math.floor((now - from) * random.unit() ** 2.5));
    drafts.push({ customer, touch: -1, source: organicSource(), order: -1, created });
  }

  const byTime = indexesByTime(
    Int32Array.from(drafts, (draft) => draft.created),
    drafts.length,
  );
  const leads = emptyLeads(drafts.length, orders.count);
  for (let i = 0; i < drafts.length; i++) {
    const draft = drafts[byTime[i] as number] as (typeof drafts)[number];
    leads.customer[i] = draft.customer;
    leads.touch[i] = draft.touch;
    leads.source[i] = draft.source;
    leads.created[i] = draft.created;
    if (draft.order >= 0) {
      const closed = orders.second[draft.order] as number;
      const span = closed - draft.created;
      const [first, second, third] = [random.unit(), random.unit(), random.unit()].sort((one, other) => one - other) as [
        number,
        number,
        number,
      ];
      leads.contacted[i] = draft.created + Math.floor(span * first);
      leads.qualified[i] = draft.created + Math.floor(span * second);
      leads.proposal[i] = draft.created + Math.floor(span * third);
      leads.closed[i] = closed;
      leads.stage[i] = LEAD_STAGES.indexOf('won');
      leads.valueCents[i] = orders.usdCents[draft.order] as number;
      leads.leadOfOrder[draft.order] = i;
      continue;
    }
    const client = clients[customers.client[draft.customer] as number] as Client;
    leads.valueCents[i] = Math.min(2_000_000, Math.round(client.basket * random.logNormal(140, 0.7)));
    // How far it goes, were there time enough: first contact after hours, the rest after days; 'lost' from any stage.
    const contacted = draft.created + 600 + Math.floor(random.exponential(0.7 * DAY_SECONDS));
    const qualified = contacted + 3600 + Math.floor(random.exponential(3 * DAY_SECONDS));
    const proposal = qualified + 7200 + Math.floor(random.exponential(5 * DAY_SECONDS));
    const reaches = random.chance(0.86) ? (random.chance(0.55) ? (random.chance(0.5) ? 3 : 2) : 1) : 0;
    const [hasContact, isQualified, hasProposal] = [
      reaches >= 1 && contacted < now,
      reaches >= 2 && qualified < now,
      reaches >= 3 && proposal < now,
    ];
    if (hasContact) leads.contacted[i] = contacted;
    if (isQualified) leads.qualified[i] = qualified;
    if (hasProposal) leads.proposal[i] = proposal;
    const lastStep = hasProposal ? proposal : isQualified ? qualified : hasContact ? contacted : draft.created;
    const lost = lastStep + 14_400 + Math.floor(random.exponential(18 * DAY_SECONDS));
    if (random.chance(0.8) && lost < now) {
      leads.closed[i] = lost;
      leads.stage[i] = LEAD_STAGES.indexOf('lost');
    } else {
      leads.stage[i] = LEAD_STAGES.indexOf(hasProposal ? 'proposal' : isQualified ? 'qualified' : hasContact ? 'contacted' : 'new');
    }
  }
  return leads;
}

function emptyLeads(count: number, orders: number): Leads {
  const times = () => new Int32Array(count).fill(NOT_REACHED);
  return {
    count,
    customer: new Uint32Array(count),
    touch: new Int32Array(count),
    source: new Uint8Array(count),
    stage: new Uint8Array(count),
    valueCents: new Int32Array(count),
    created: new Int32Array(count),
    contacted: times(),
    qualified: times(),
    proposal: times(),
    closed: times(),
    leadOfOrder: new Int32Array(orders).fill(-1),
  };
}
