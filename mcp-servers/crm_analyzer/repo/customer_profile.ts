import { contactHash } from '../../../shared/access/contact_hash.ts';
import { CONTACT_HASH, type DataKeys, openFields } from '../../../shared/access/data_keys.ts';
import { identityPlace } from '../../../shared/access/identities.ts';
import { type PersonalData, personOf } from '../../../shared/access/personal_data.ts';
import { countOf, flagOf, optionalTextOf, type Row, textOf } from '../../../shared/db/row.ts';
import type { SqlDatabase, Statement } from '../../../shared/db/sql_database.ts';
import type { ContactKind } from '../../../shared/domain/contact.ts';
import type { Deadline } from '../../../shared/domain/deadline.ts';
import { ToolError } from '../../../shared/domain/tool_error.ts';

/** A customer without what identifies it; the position is personal too. Times are 'YYYY-MM-DD HH:MM' in the business time zone. */
export type Customer = {
  readonly customerId: number;
  readonly clientId: string;
  readonly clientName: string;
  readonly customerType: string;
  readonly industry: string | null;
  readonly segment: string;
  readonly potential: string;
  readonly city: string;
  readonly region: string;
  readonly country: string;
  readonly latitude: number;
  readonly longitude: number;
  readonly since: string;
};

/** All that is known of a customer, counted. Money is US dollars, exact; days are 'YYYY-MM-DD'. */
export type HistoryTotals = {
  readonly leads: number;
  readonly leadsWon: number;
  readonly ordersPaid: number;
  readonly ordersRefunded: number;
  readonly ordersCancelled: number;
  readonly touches: number;
  readonly interactions: number;
  /** Of the timeline: each stage of a lead is one. */
  readonly events: number;
  readonly revenue: string;
  readonly refunds: string;
  readonly firstOrder: string | null;
  readonly lastOrder: string | null;
};

export type HistoryEvent = {
  readonly at: string;
  readonly kind: 'lead' | 'order' | 'touch' | 'interaction';
  readonly id: number;
  /** The stage, the order's status, the kind of touch, or the interaction's kind and outcome. */
  readonly what: string;
  readonly campaignId: string | null;
  readonly campaign: string | null;
  readonly channel: string | null;
  readonly amount: string | null;
};

export type ReachingCampaign = {
  readonly campaignId: string;
  readonly campaign: string;
  readonly touches: number;
  readonly leads: number;
  readonly orders: number;
  readonly revenue: string;
  readonly last: string;
};

export type CustomerProfiles = {
  readonly customer: (customerId: number, timeZone: string, deadline: Deadline) => Promise<Customer | undefined>;
  /**
   * What identifies these customers: at most 50 at a time. Throws ToolError 'unavailable' while the hub's first load is still encrypting it, and
   * where its key or certificate is missing.
   */
  readonly people: (customerIds: readonly number[], deadline: Deadline) => Promise<ReadonlyMap<number, PersonalData>>;
  readonly totals: (customerId: number, timeZone: string, deadline: Deadline) => Promise<HistoryTotals>;
  /** The latest events, the oldest of them first. */
  readonly events: (customerId: number, limit: number, timeZone: string, deadline: Deadline) => Promise<readonly HistoryEvent[]>;
  /** Every campaign that touched the customer or got a lead or order from it, the one of the latest event first. */
  readonly campaigns: (customerId: number, timeZone: string, deadline: Deadline) => Promise<readonly ReachingCampaign[]>;
  /** Whose contact this is, by its keyed hash: at most 9. Nobody's while contacts are not indexed. Throws as `people` does for keys. */
  readonly customersByContact: (kind: ContactKind, normalised: string, deadline: Deadline) => Promise<readonly number[]>;
  /** Whether any contact can be found at all. */
  readonly contactsAreIndexed: (deadline: Deadline) => Promise<boolean>;
};

const CUSTOMER: Statement = {
  name: 'customer_by_id',
  text: `
  SELECT k.customer_id, k.client_id, coalesce(b.company, k.client_id) AS client_name, k.customer_type, k.industry, k.segment, k.potential,
         coalesce(p.name, 'city ' || k.city_id) AS city, coalesce(p.region, 'unknown region') AS region, coalesce(p.country, 'unknown country') AS country,
         k.latitude::text, k.longitude::text, to_char(k.created_at AT TIME ZONE $2, 'YYYY-MM-DD HH24:MI') AS since
    FROM crm.customers k
    LEFT JOIN business.clients b USING (client_id)
    LEFT JOIN crm.cities p USING (city_id)
   WHERE k.customer_id = $1`,
};

const PEOPLE: Statement = {
  name: 'people_by_id',
  text: 'SELECT customer_id, sealed FROM crm.people($1::bigint[])',
};

const TOTALS: Statement = {
  name: 'customer_history_totals',
  text: `
  SELECT l.leads, l.won, l.stages + o.orders + t.touches + i.interactions AS events, o.paid, o.refunded, o.cancelled, o.revenue, o.refunds,
         o.first_order, o.last_order, t.touches, i.interactions
    FROM (SELECT count(*) AS leads, count(*) FILTER (WHERE stage = 'won') AS won,
                 count(created_at) + count(contacted_at) + count(qualified_at) + count(proposal_at) + count(closed_at) AS stages
            FROM crm.leads WHERE customer_id = $1) l,
         (SELECT count(*) AS orders, count(*) FILTER (WHERE status = 'paid') AS paid, count(*) FILTER (WHERE status = 'refunded') AS refunded,
                 count(*) FILTER (WHERE status = 'cancelled') AS cancelled, coalesce(sum(total_usd) FILTER (WHERE status = 'paid'), 0) AS revenue,
                 coalesce(sum(total_usd) FILTER (WHERE status = 'refunded'), 0) AS refunds,
                 to_char(min(ordered_at) FILTER (WHERE status = 'paid') AT TIME ZONE $2, 'YYYY-MM-DD') AS first_order,
                 to_char(max(ordered_at) FILTER (WHERE status = 'paid') AT TIME ZONE $2, 'YYYY-MM-DD') AS last_order
            FROM crm.orders WHERE customer_id = $1) o,
         (SELECT count(*) AS touches FROM ads.touches WHERE customer_id = $1) t,
         (SELECT count(*) AS interactions FROM crm.interactions WHERE customer_id = $1) i`,
};

// Of equal times, a touch comes before what it led to; within a lead the stages stand in their order.
const EVENTS: Statement = {
  name: 'customer_history_events',
  text: `
  WITH happened AS (
    SELECT touched_at AS at, 1 AS place, 'touch' AS kind, touch_id AS id, kind AS what, campaign_id, channel_id, NULL::numeric AS amount
      FROM ads.touches WHERE customer_id = $1
    UNION ALL
    SELECT s.at, 1 + s.place, 'lead', l.lead_id, s.what, l.campaign_id, l.channel_id, l.value_usd
      FROM crm.leads l
     CROSS JOIN LATERAL (VALUES (1, l.created_at, 'new, from ' || l.source), (2, l.contacted_at, 'contacted'), (3, l.qualified_at, 'qualified'),
                                (4, l.proposal_at, 'proposal'), (5, l.closed_at, CASE WHEN l.stage IN ('won', 'lost') THEN l.stage ELSE 'closed' END)
                        ) s(place, at, what)
     WHERE l.customer_id = $1 AND s.at IS NOT NULL
    UNION ALL
    SELECT occurred_at, 7, 'interaction', interaction_id, kind || ', ' || outcome, NULL, NULL, NULL FROM crm.interactions WHERE customer_id = $1
    UNION ALL
    SELECT ordered_at, 8, 'order', order_id, status || CASE WHEN first_order THEN ', the first' ELSE '' END, campaign_id, channel_id, total_usd
      FROM crm.orders WHERE customer_id = $1
  ), latest AS (
    SELECT at, place, kind, id, what, campaign_id, channel_id, amount FROM happened ORDER BY at DESC, place DESC, id DESC LIMIT $2
  )
  SELECT to_char(h.at AT TIME ZONE $3, 'YYYY-MM-DD HH24:MI') AS at, h.kind, h.id, h.what, h.campaign_id,
         coalesce(c.name, h.campaign_id) AS campaign, coalesce(n.name, h.channel_id) AS channel, h.amount
    FROM latest h
    LEFT JOIN ads.campaigns c USING (campaign_id)
    LEFT JOIN ads.channels n USING (channel_id)
   ORDER BY h.at, h.place, h.id`,
};

const CAMPAIGNS: Statement = {
  name: 'customer_campaigns',
  text: `
  WITH reached AS (
    SELECT campaign_id, 1 AS touches, 0 AS leads, 0 AS orders, 0::numeric AS revenue, touched_at AS at FROM ads.touches WHERE customer_id = $1
    UNION ALL
    SELECT campaign_id, 0, 1, 0, 0, created_at FROM crm.leads WHERE customer_id = $1 AND campaign_id IS NOT NULL
    UNION ALL
    SELECT campaign_id, 0, 0, 1, total_usd, ordered_at FROM crm.orders WHERE customer_id = $1 AND campaign_id IS NOT NULL AND status = 'paid'
  ), added AS (
    SELECT campaign_id, sum(touches) AS touches, sum(leads) AS leads, sum(orders) AS orders, sum(revenue) AS revenue, max(at) AS last
      FROM reached GROUP BY campaign_id
  )
  SELECT a.campaign_id, coalesce(c.name, a.campaign_id) AS campaign, a.touches, a.leads, a.orders, a.revenue,
         to_char(a.last AT TIME ZONE $2, 'YYYY-MM-DD') AS last
    FROM added a
    LEFT JOIN ads.campaigns c USING (campaign_id)
   ORDER BY a.last DESC, a.campaign_id`,
};

const BY_CONTACT: Statement = {
  name: 'customers_by_contact',
  text: 'SELECT customer_id FROM crm.customers_of_contact($1, $2::bytea[])',
};

const ARE_LOADED: Statement = {
  name: 'identities_are_loaded',
  text: `SELECT EXISTS (SELECT FROM etl.watermarks
                         WHERE database_name = 'PromptCRM' AND table_name = 'crm.identities' AND position <> '') AS are_loaded`,
};

/** Customers of the hub, one at a time. `keys` are asked for with the first identity or contact. */
export function openCustomerProfiles(hub: SqlDatabase, keys: DataKeys): CustomerProfiles {
  const areLoaded = async (deadline: Deadline): Promise<boolean> =>
    (await hub.rows(ARE_LOADED, [], (row) => flagOf(row, 'are_loaded'), deadline))[0] === true;

  const byContact = async (
    kind: ContactKind,
    normalised: string,
    deadline: Deadline,
    tried: ReadonlySet<string>,
  ): Promise<readonly number[]> => {
    const hashKeys = await keys.all(CONTACT_HASH, deadline);
    if (hashKeys.every(({ keyId }) => tried.has(keyId))) return [];
    const hashes = hashKeys.map((key) => contactHash(kind, normalised, key));
    const found = await hub.rows(BY_CONTACT, [kind, hashes], (row) => countOf(row, 'customer_id'), deadline);
    // A rotation may have begun in between, and hashed the one who is asked for under a key that was not there yet.
    return found.length > 0 ? found : byContact(kind, normalised, deadline, new Set(hashKeys.map(({ keyId }) => keyId)));
  };

  return {
    customer: async (id, timeZone, deadline) => (await hub.rows(CUSTOMER, [id, timeZone], toCustomer, deadline))[0],
    people: async (ids, deadline) => {
      const found = await hub.rows(PEOPLE, [ids], toSealed, deadline);
      if (found.length < ids.length && !(await areLoaded(deadline))) throw notLoaded();
      const texts = await openFields(found, keys, deadline);
      return new Map(found.map(({ customerId }, index) => [customerId, personOf(texts[index] ?? '')]));
    },
    totals: async (id, timeZone, deadline) => {
      const [totals] = await hub.rows(TOTALS, [id, timeZone], toTotals, deadline);
      if (totals === undefined) throw new Error('a statement of totals gave no row');
      return totals;
    },
    events: (id, limit, timeZone, deadline) => hub.rows(EVENTS, [id, limit, timeZone], toEvent, deadline),
    campaigns: (id, timeZone, deadline) => hub.rows(CAMPAIGNS, [id, timeZone], toCampaign, deadline),
    customersByContact: async (kind, normalised, deadline) =>
      (await areLoaded(deadline)) ? byContact(kind, normalised, deadline, new Set()) : [],
    contactsAreIndexed: areLoaded,
  };
}

function notLoaded(): ToolError {
  return new ToolError('unavailable', 'Who the customers are is still being loaded: it is encrypted after everything else.', {
    remedy:
      'Try again in half a minute; answers without names go on meanwhile. If it stays so, an administrator looks at `promptsales etl status`.',
    retryAfterSeconds: 30,
  });
}

function toSealed(row: Row) {
  const customerId = countOf(row, 'customer_id');
  return { customerId, sealed: textOf(row, 'sealed'), place: identityPlace(customerId) };
}

function toCustomer(row: Row): Customer {
  return {
    customerId: countOf(row, 'customer_id'),
    clientId: textOf(row, 'client_id'),
    clientName: textOf(row, 'client_name'),
    customerType: textOf(row, 'customer_type'),
    industry: optionalTextOf(row, 'industry'),
    segment: textOf(row, 'segment'),
    potential: textOf(row, 'potential'),
    city: textOf(row, 'city'),
    region: textOf(row, 'region'),
    country: textOf(row, 'country'),
    latitude: Number(textOf(row, 'latitude')),
    longitude: Number(textOf(row, 'longitude')),
    since: textOf(row, 'since'),
  };
}

function toTotals(row: Row): HistoryTotals {
  return {
    leads: countOf(row, 'leads'),
    leadsWon: countOf(row, 'won'),
    ordersPaid: countOf(row, 'paid'),
    ordersRefunded: countOf(row, 'refunded'),
    ordersCancelled: countOf(row, 'cancelled'),
    touches: countOf(row, 'touches'),
    interactions: countOf(row, 'interactions'),
    events: countOf(row, 'events'),
    revenue: textOf(row, 'revenue'),
    refunds: textOf(row, 'refunds'),
    firstOrder: optionalTextOf(row, 'first_order'),
    lastOrder: optionalTextOf(row, 'last_order'),
  };
}

function toEvent(row: Row): HistoryEvent {
  return {
    at: textOf(row, 'at'),
    kind: kindOf(textOf(row, 'kind')),
    id: countOf(row, 'id'),
    what: textOf(row, 'what'),
    campaignId: optionalTextOf(row, 'campaign_id'),
    campaign: optionalTextOf(row, 'campaign'),
    channel: optionalTextOf(row, 'channel'),
    amount: optionalTextOf(row, 'amount'),
  };
}

function kindOf(kind: string): HistoryEvent['kind'] {
  if (kind === 'lead' || kind === 'order' || kind === 'touch' || kind === 'interaction') return kind;
  throw new Error('an event is of an unknown kind');
}

function toCampaign(row: Row): ReachingCampaign {
  return {
    campaignId: textOf(row, 'campaign_id'),
    campaign: textOf(row, 'campaign'),
    touches: countOf(row, 'touches'),
    leads: countOf(row, 'leads'),
    orders: countOf(row, 'orders'),
    revenue: textOf(row, 'revenue'),
    last: textOf(row, 'last'),
  };
}
