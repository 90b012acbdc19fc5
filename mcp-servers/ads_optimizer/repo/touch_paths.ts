import { countOf, type Row, textOf } from '../../../shared/db/row.ts';
import type { SqlDatabase, Statement } from '../../../shared/db/sql_database.ts';
import type { DayRange } from '../../../shared/domain/calendar_day.ts';
import type { Deadline } from '../../../shared/domain/deadline.ts';
import { FIRST_NODE, MOST_TOUCHES, OUTSIDE, PATH_DAYS, REST } from '../service/path_codes.ts';
import type { AdFilters } from './ad_days.ts';

/** What sales are distributed over. */
export type AttributionBy = 'channel' | 'campaign';

/** A channel or campaign that touches are counted for. */
export type PathNode = { readonly id: string; readonly name: string };

/** The question that touches and orders are read for. */
export type PathQuestion = {
  readonly by: AttributionBy;
  /** In the order of their codes: node i has the code {@link FIRST_NODE} + i. */
  readonly nodes: readonly PathNode[];
  readonly filters: AdFilters;
  readonly period: DayRange;
  readonly timeZone: string;
};

/** Orders whose customers came the same way. */
export type PathTotals = {
  /** A code a touch, oldest first: {@link OUTSIDE}, {@link REST}, or a node's. Of more than {@link MOST_TOUCHES}, the first and the last ones. */
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

/** Touched customers who bought nothing, by their path. */
export type IdlePath = { readonly codes: readonly number[]; readonly customers: number };

/** What of the orders a node is credited with when a touch counts less the longer ago it was: shares in millionths of an order and of a cent. */
export type DecayCredit = { readonly code: number; readonly orders: bigint; readonly cents: bigint };

export type SoldTotals = { readonly orders: number; readonly revenue: string };

export type TouchPaths = {
  /** The campaigns that fit, most revenue in the period first (as PromptCRM credits it); at most `limit`. */
  readonly campaigns: (
    filters: AdFilters,
    period: DayRange,
    limit: number,
    deadline: Deadline,
  ) => Promise<readonly (PathNode & { readonly clientName: string })[]>;
  /** Paid orders of the period, of the client's customers when one is named. */
  readonly sold: (question: PathQuestion, deadline: Deadline) => Promise<SoldTotals>;
  /** The orders' touches in the {@link PATH_DAYS} days before, those of other campaigns included. Orders without a touch have no path. */
  readonly paths: (question: PathQuestion, deadline: Deadline) => Promise<readonly PathTotals[]>;
  /** As {@link paths}, over orders whose path has a touch of what is asked. */
  readonly decayed: (question: PathQuestion, halfLifeDays: number, deadline: Deadline) => Promise<readonly DecayCredit[]>;
  /** Customers touched in the period by what is asked, with no paid order from its first day to {@link PATH_DAYS} days after its last: their last touches. */
  readonly idle: (question: PathQuestion, deadline: Deadline) => Promise<readonly IdlePath[]>;
};

/** A path is a text with a letter a touch, so that equal paths are one group. Code 0 is the letter 256: none of them is special to anybody. */
const FIRST_LETTER = 256;

type Form = { readonly by: AttributionBy; readonly narrowed: boolean; readonly ofClient: boolean };

/** The letter of a touch `t`. */
function letterOf({ by, narrowed }: Form): string {
  const node = `chr(${FIRST_LETTER + FIRST_NODE} - 1 + coalesce(array_position($4::text[], t.${by}_id), ${REST - FIRST_NODE + 1}))`;
  return narrowed
    ? `CASE WHEN asked.campaign_id IS NOT NULL AND ($6::text IS NULL OR t.channel_id = $6) THEN ${node} ELSE chr(${FIRST_LETTER + OUTSIDE}) END`
    : node;
}

// Parameters of every statement: $1 and $2 first and last day, $3 time zone, $4 node ids, $5 campaigns asked about, $6 channel, $7 client.
const SINCE = '($1::date::timestamp AT TIME ZONE $3)';
const UNTIL = '(($2::date + 1)::timestamp AT TIME ZONE $3)';
const SOLD_WHERE = (ofClient: boolean) =>
  `o.status = 'paid' AND o.ordered_at >= ${SINCE} AND o.ordered_at < ${UNTIL}${ofClient ? ' AND o.client_id = $7' : ''}`;
/** Keeps parameters that a form does not need known to the parser. */
const UNUSED = 'coalesce($4::text[], $5::text[]) IS NOT NULL AND coalesce($6::text, $7::text, $3) IS NOT NULL';
const ASKED = (narrowed: boolean) =>
  narrowed ? 'LEFT JOIN (SELECT DISTINCT unnest($5::text[]) AS campaign_id) asked ON asked.campaign_id = t.campaign_id' : '';

const nameOf = (kind: string, { by, narrowed, ofClient }: Form): string =>
  `touch_${kind}_by_${by}${narrowed ? '_narrowed' : ''}${ofClient ? '_of_client' : ''}`;

const soldOf = (form: Form): Statement => ({
  name: nameOf('sold', form),
  text: `SELECT count(*) AS orders, coalesce(sum(o.total_usd), 0) AS revenue FROM crm.orders o WHERE ${SOLD_WHERE(form.ofClient)} AND ${UNUSED}`,
});

/** One sort by order and time, over narrow rows. The credited touch is compared as "is the last touch one of the credited campaign and channel". */
const pathsOf = (form: Form): Statement => ({
  name: nameOf('paths', form),
  text: `
  WITH way AS (
    SELECT o.order_id, min((o.total_usd * 100)::bigint) AS cents,
           string_agg(${letterOf(form)}, '' ORDER BY t.touched_at, t.touch_id) AS path,
           bool_or(o.campaign_id IS NULL) AS to_none,
           max(t.touched_at) AS last_at,
           max(t.touched_at) FILTER (WHERE t.campaign_id = o.campaign_id AND t.channel_id = o.channel_id) AS credited_at
      FROM crm.orders o
      JOIN ads.touches t ON t.customer_id = o.customer_id AND t.touched_at <= o.ordered_at AND t.touched_at >= o.ordered_at - interval '${PATH_DAYS} days'
      ${ASKED(form.narrowed)}
     WHERE ${SOLD_WHERE(form.ofClient)} AND ${UNUSED}
     GROUP BY o.order_id
  )
  SELECT CASE WHEN length(path) > ${MOST_TOUCHES} THEN left(path, 1) || right(path, ${MOST_TOUCHES - 1}) ELSE path END AS path,
         count(*) AS orders, sum(cents)::bigint AS cents, sum(cents::float8 * cents) AS squared_cents,
         count(*) FILTER (WHERE to_none) AS to_none,
         count(*) FILTER (WHERE credited_at < last_at) AS to_earlier,
         count(*) FILTER (WHERE credited_at IS NULL AND NOT to_none) AS to_another,
         count(*) FILTER (WHERE length(path) > ${MOST_TOUCHES}) AS cut
    FROM way
   GROUP BY 1
   ORDER BY 1`,
});

/** Weights halve every $8 days; each is rounded to a millionth, so that the sum does not depend on the order of adding up. */
const decayedOf = (form: Form): Statement => ({
  name: nameOf('decayed', form),
  text: `
  WITH touched AS (
    SELECT o.order_id, (o.total_usd * 100)::float8 AS cents, ${letterOf(form)} AS letter,
           power(0.5, extract(epoch FROM o.ordered_at - t.touched_at)::float8 / (86400 * $8::float8)) AS weight
      FROM crm.orders o
      JOIN ads.touches t ON t.customer_id = o.customer_id AND t.touched_at <= o.ordered_at AND t.touched_at >= o.ordered_at - interval '${PATH_DAYS} days'
      ${ASKED(form.narrowed)}
     WHERE ${SOLD_WHERE(form.ofClient)} AND ${UNUSED}
  ), of_order AS (
    SELECT order_id, sum(weight) AS weight FROM touched GROUP BY order_id HAVING bool_or(letter <> chr(${FIRST_LETTER + OUTSIDE}))
  )
  SELECT letter, sum(round(1e6 * touched.weight / of_order.weight))::numeric::text AS orders,
         sum(round(1e6 * cents * touched.weight / of_order.weight)::numeric)::text AS cents
    FROM touched
    JOIN of_order USING (order_id)
   GROUP BY letter
   ORDER BY letter`,
});

const idleOf = (form: Form): Statement => ({
  name: nameOf('idle', form),
  text: `
  WITH reached AS (
    SELECT t.customer_id, max(t.touched_at) AS last_at
      FROM ads.touches t
     WHERE t.touched_at >= ${SINCE} AND t.touched_at < ${UNTIL} AND ${UNUSED}
       ${form.narrowed ? 'AND t.campaign_id = ANY ($5::text[]) AND ($6::text IS NULL OR t.channel_id = $6)' : ''}
     GROUP BY t.customer_id
  ), way AS (
    SELECT t.customer_id, string_agg(${letterOf(form)}, '' ORDER BY t.touched_at, t.touch_id) AS path
      FROM reached r
      JOIN ads.touches t ON t.customer_id = r.customer_id AND t.touched_at <= r.last_at AND t.touched_at >= r.last_at - interval '${PATH_DAYS} days'
      ${ASKED(form.narrowed)}
     WHERE NOT EXISTS (
             SELECT FROM crm.orders o
              WHERE o.customer_id = r.customer_id AND o.status = 'paid' AND o.ordered_at >= ${SINCE} AND o.ordered_at < ${UNTIL} + interval '${PATH_DAYS} days')
     GROUP BY t.customer_id
  )
  SELECT CASE WHEN length(path) > ${MOST_TOUCHES} THEN left(path, 1) || right(path, ${MOST_TOUCHES - 1}) ELSE path END AS path, count(*) AS customers
    FROM way
   GROUP BY 1
   ORDER BY 1`,
});

const CAMPAIGNS: Statement = {
  name: 'attributed_campaigns',
  text: `
  SELECT c.campaign_id AS id, c.name, coalesce(cl.company, c.client_id) AS client_name
    FROM ads.campaigns c
    LEFT JOIN business.clients cl USING (client_id)
    LEFT JOIN (SELECT campaign_id, sum(revenue) AS revenue FROM sales.order_day WHERE day BETWEEN $1 AND $2 GROUP BY campaign_id) s USING (campaign_id)
   WHERE ($3::text IS NULL OR c.client_id = $3)
     AND ($4::text IS NULL OR c.objective = $4)
     AND ($5::text IS NULL OR c.status = $5)
   ORDER BY s.revenue DESC NULLS LAST, c.campaign_id
   LIMIT $6`,
};

/** The ways that customers came by, as the hub's touches and orders tell them. Dates and time zone as in the question. */
export function openTouchPaths(hub: SqlDatabase): TouchPaths {
  const formOf = ({ by, filters }: PathQuestion, campaigns: readonly string[] | null): Form => ({
    by,
    narrowed: campaigns !== null,
    ofClient: filters.clientId !== undefined,
  });
  /** Campaigns asked about, or null for all. */
  const askedOf = async ({ filters, period }: PathQuestion, deadline: Deadline): Promise<readonly string[] | null> => {
    if (filters.campaignId !== undefined) return [filters.campaignId];
    const { clientId, channelId, objective, status } = filters;
    if ([clientId, channelId, objective, status].every((filter) => filter === undefined)) return null;
    return (await campaigns(filters, period, ALL_CAMPAIGNS, deadline)).map(({ id }) => id);
  };
  const campaigns: TouchPaths['campaigns'] = ({ clientId, objective, status }, { from, to }, limit, deadline) =>
    hub.rows(
      CAMPAIGNS,
      [from, to, clientId ?? null, objective ?? null, status ?? null, limit],
      (row) => ({ id: textOf(row, 'id'), name: textOf(row, 'name'), clientName: textOf(row, 'client_name') }),
      deadline,
    );
  const read = async <T>(
    statementOf: (form: Form) => Statement,
    question: PathQuestion,
    more: readonly unknown[],
    map: (row: Row) => T,
    deadline: Deadline,
  ): Promise<T[]> => {
    const asked = await askedOf(question, deadline);
    const { nodes, period, timeZone, filters } = question;
    const ids = nodes.map(({ id }) => id);
    const values = [period.from, period.to, timeZone, ids, asked, filters.channelId ?? null, filters.clientId ?? null, ...more];
    return hub.rows(statementOf(formOf(question, asked)), values, map, deadline);
  };
  return {
    campaigns,
    sold: async (question, deadline) => {
      const [totals] = await read(
        soldOf,
        question,
        [],
        (row) => ({ orders: countOf(row, 'orders'), revenue: textOf(row, 'revenue') }),
        deadline,
      );
      return totals ?? { orders: 0, revenue: '0' };
    },
    paths: (question, deadline) => read(pathsOf, question, [], toPathTotals, deadline),
    decayed: (question, halfLifeDays, deadline) => read(decayedOf, question, [halfLifeDays], toDecayCredit, deadline),
    idle: (question, deadline) =>
      read(idleOf, question, [], (row) => ({ codes: codesOf(textOf(row, 'path')), customers: countOf(row, 'customers') }), deadline),
  };
}

const ALL_CAMPAIGNS = 1_000_000;

function codesOf(path: string): readonly number[] {
  return Array.from(path, (letter) => letter.charCodeAt(0) - FIRST_LETTER);
}

function toPathTotals(row: Row): PathTotals {
  return {
    codes: codesOf(textOf(row, 'path')),
    orders: countOf(row, 'orders'),
    cents: countOf(row, 'cents'),
    squaredCents: Number(row.squared_cents),
    creditedToNone: countOf(row, 'to_none'),
    creditedToEarlier: countOf(row, 'to_earlier'),
    creditedElsewhere: countOf(row, 'to_another'),
    cut: countOf(row, 'cut'),
  };
}

function toDecayCredit(row: Row): DecayCredit {
  return {
    code: textOf(row, 'letter').charCodeAt(0) - FIRST_LETTER,
    orders: BigInt(textOf(row, 'orders')),
    cents: BigInt(textOf(row, 'cents')),
  };
}
