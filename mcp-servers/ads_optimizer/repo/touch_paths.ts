import { bytesOf, countOf, optionalTextOf, type Row, textOf } from '../../../shared/db/row.ts';
import type { SqlDatabase, Statement } from '../../../shared/db/sql_database.ts';
import type { DayRange } from '../../../shared/domain/calendar_day.ts';
import type { Deadline } from '../../../shared/domain/deadline.ts';
import { type OrderWays, readOrderWays } from '../service/order_ways.ts';
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

/** Touched customers who bought nothing, by their path. */
export type IdlePath = { readonly codes: readonly number[]; readonly customers: number };

export type TouchPaths = {
  /** The campaigns that fit, most revenue in the period first (as PromptCRM credits it); at most `limit`. */
  readonly campaigns: (
    filters: AdFilters,
    period: DayRange,
    limit: number,
    deadline: Deadline,
  ) => Promise<readonly (PathNode & { readonly clientName: string })[]>;
  /**
   * Paid orders of the period, of the client when one is named, and their touches in the {@link PATH_DAYS} days before, those of other campaigns
   * included. Orders without a touch have no path. Divided by time too where a half-life is given.
   */
  readonly ways: (question: PathQuestion, halfLifeDays: number | null, deadline: Deadline) => Promise<OrderWays>;
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
/** Keeps parameters that a form does not need known to the parser. */
const UNUSED = 'coalesce($4::text[], $5::text[]) IS NOT NULL AND coalesce($6::text, $7::text, $3) IS NOT NULL';
const ASKED = (narrowed: boolean) =>
  narrowed ? 'LEFT JOIN (SELECT DISTINCT unnest($5::text[]) AS campaign_id) asked ON asked.campaign_id = t.campaign_id' : '';

const nameOf = (kind: string, { by, narrowed, ofClient }: Form): string =>
  `touch_${kind}_by_${by}${narrowed ? '_narrowed' : ''}${ofClient ? '_of_client' : ''}`;

/** The stops of journeys, and the period's ends as journeys tell time. */
const STOPS: Statement = {
  name: 'journey_stops',
  text: `
  SELECT string_agg(stop || E'\\t' || campaign_id || E'\\t' || channel_id, E'\\n') AS stops,
         ${microseconds(SINCE)}::text AS since, ${microseconds(UNTIL)}::text AS until
    FROM sales.stops`,
};

/** Journeys one behind the other: sums over them do not depend on the order. In pieces, because a row of 20 MB arrives slower. */
const waysOf = (ofClient: boolean): Statement => ({
  name: ofClient ? 'journeys_of_client' : 'journeys',
  text: `
  SELECT string_agg(journey, ''::bytea) AS journeys FROM sales.journeys
   WHERE last_ordered_at >= ${SINCE} AND first_ordered_at < ${UNTIL} AND ${ofClient ? 'client_id = $4' : '$4::text IS NULL'}
   GROUP BY customer_id % ${ofClient ? 4 : 64}`,
});

/** A point in time as timestamptz_send() writes it. */
function microseconds(time: string): string {
  return `((extract(epoch FROM ${time}) - 946684800) * 1000000)::bigint`;
}

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
    ways: async (question, halfLifeDays, deadline) => {
      const { nodes, period, timeZone, filters } = question;
      const { clientId } = filters;
      const [asked, pieces] = await Promise.all([
        askedOf(question, deadline),
        hub.rows(
          waysOf(clientId !== undefined),
          [period.from, period.to, timeZone, clientId ?? null],
          (row) => bytesOf(row, 'journeys'),
          deadline,
        ),
      ]);
      // After the journeys: a stop is never taken away, so none that they name is missing.
      const [known] = await hub.rows(STOPS, [period.from, period.to, timeZone], toStops, deadline);
      const { stops, since, until } = known ?? { stops: [], since: 0, until: 0 };
      return readOrderWays(pieces, {
        since,
        until,
        codeOf: codesOfStops(stops, question, asked),
        codes: FIRST_NODE + nodes.length,
        halfLifeDays,
      });
    },
    idle: (question, deadline) =>
      read(idleOf, question, [], (row) => ({ codes: codesOf(textOf(row, 'path')), customers: countOf(row, 'customers') }), deadline),
  };
}

const ALL_CAMPAIGNS = 1_000_000;

function codesOf(path: string): readonly number[] {
  return Array.from(path, (letter) => letter.charCodeAt(0) - FIRST_LETTER);
}

type Stop = { readonly stop: number; readonly campaignId: string; readonly channelId: string };

function toStops(row: Row): { readonly stops: readonly Stop[]; readonly since: number; readonly until: number } {
  const lines = optionalTextOf(row, 'stops')?.split('\n') ?? [];
  const stops = lines.map((line) => {
    const [stop = '', campaignId = '', channelId = ''] = line.split('\t');
    return { stop: Number(stop), campaignId, channelId };
  });
  return { stops, since: countOf(row, 'since'), until: countOf(row, 'until') };
}

/** The code of each stop, by its number: as {@link letterOf} says. */
function codesOfStops(stops: readonly Stop[], { by, nodes, filters }: PathQuestion, campaigns: readonly string[] | null): Int32Array {
  const codes = new Map(nodes.map(({ id }, index) => [id, FIRST_NODE + index]));
  const asked = campaigns === null ? undefined : new Set(campaigns);
  const codeOfStop = new Int32Array(1 + stops.reduce((most, { stop }) => Math.max(most, stop), 0)).fill(OUTSIDE);
  for (const { stop, campaignId, channelId } of stops) {
    if (asked !== undefined && (!asked.has(campaignId) || (filters.channelId !== undefined && filters.channelId !== channelId))) continue;
    codeOfStop[stop] = codes.get(by === 'channel' ? channelId : campaignId) ?? REST;
  }
  return codeOfStop;
}
