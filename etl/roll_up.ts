import type { ClientBase } from 'pg';
import pg from 'pg';

/**
 * Totals by campaign, channel and day, kept in the transaction that loads their facts.
 * `day`, `sameDay` and the totals are SQL over a fact row `f`; `sameDay` also over a group `g`.
 */
export type RollUp = {
  readonly table: string;
  /** Which facts count. */
  readonly counts: string;
  /** The fact's day in the business time zone. */
  readonly day: (timeZone: string, row: string) => string;
  /** Finds the facts of a day through an index. */
  readonly ofDay: (timeZone: string) => string;
  readonly totals: Readonly<Record<string, string>>;
};

const calendarDay = {
  day: (_timeZone: string, row: string) => `${row}.day`,
  ofDay: () => 'f.day = g.day',
};

/** A point in time belongs to the day that a clock on the business's wall shows. */
function dayOf(column: string): Pick<RollUp, 'day' | 'ofDay'> {
  const day = (timeZone: string, row: string) => `(${row}.${column} AT TIME ZONE ${pg.escapeLiteral(timeZone)})::date`;
  return {
    day,
    // The bounds are for the index, wide enough for a midnight that a change of summer time skips or repeats.
    ofDay: (timeZone) => {
      const midnight = (date: string) => `((${date})::timestamp AT TIME ZONE ${pg.escapeLiteral(timeZone)})`;
      return `f.${column} >= ${midnight('g.day')} - interval '3 hours' AND f.${column} < ${midnight('g.day + 1')} + interval '3 hours' AND ${day(timeZone, 'f')} = g.day`;
    },
  };
}

/** What advertising cost and reached, from ads.daily_metrics. */
export const adDay: RollUp = {
  table: 'sales.ad_day',
  counts: 'true',
  ...calendarDay,
  totals: {
    spend: 'sum(f.spend)',
    impressions: 'sum(f.impressions)',
    clicks: 'sum(f.clicks)',
    engagements: 'sum(f.engagements)',
    conversions: 'sum(f.conversions)',
  },
};

/** Sales credited to a campaign, from crm.orders. */
export const orderDay: RollUp = {
  table: 'sales.order_day',
  counts: 'f.campaign_id IS NOT NULL',
  ...dayOf('ordered_at'),
  totals: {
    orders: `count(*) FILTER (WHERE f.status = 'paid')`,
    revenue: `coalesce(sum(f.total_usd) FILTER (WHERE f.status = 'paid'), 0)`,
    first_orders: `count(*) FILTER (WHERE f.status = 'paid' AND f.first_order)`,
    refunded_orders: `count(*) FILTER (WHERE f.status = 'refunded')`,
    refunds: `coalesce(sum(f.total_usd) FILTER (WHERE f.status = 'refunded'), 0)`,
    cancelled_orders: `count(*) FILTER (WHERE f.status = 'cancelled')`,
  },
};

/** Leads a campaign brought, from crm.leads, by the day they came. */
export const leadDay: RollUp = {
  table: 'sales.lead_day',
  counts: 'f.campaign_id IS NOT NULL',
  ...dayOf('created_at'),
  totals: {
    leads: 'count(*)',
    qualified: 'count(f.qualified_at)',
    won: `count(*) FILTER (WHERE f.stage = 'won')`,
  },
};

const GROUP = 'campaign_id, channel_id, day';

/**
 * Computes the whole roll-up anew. `nobodyReads`: the facts are locked anyway, so the roll-up's indexes may be built after its rows.
 */
export async function rebuildRollUp(
  client: ClientBase,
  facts: string,
  rollUp: RollUp,
  timeZone: string,
  nobodyReads: boolean,
): Promise<void> {
  await client.query(`DELETE FROM ${rollUp.table}`); // not TRUNCATE, which would lock out whoever reads
  if (nobodyReads) {
    await client.query('SELECT etl.defer_indexes($1::regclass)', [rollUp.table]);
  }
  // In order: the days of a campaign then lie side by side, and reading all of them takes forty pages instead of three thousand.
  await client.query(`${insertInto(rollUp)}
    SELECT f.campaign_id, f.channel_id, ${rollUp.day(timeZone, 'f')}, ${Object.values(rollUp.totals).join(', ')}
      FROM ${facts} f WHERE ${rollUp.counts} GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`);
  if (nobodyReads) {
    await client.query('SELECT etl.restore_indexes($1::regclass)', [rollUp.table]);
  }
}

/**
 * Notes the groups that a load is about to change in the temporary table `touched`: those of new and changed rows of
 * `stage`, as they are and as they were, and those of the rows that `gone` names. To be called before the load changes the facts.
 * Returns how many there are.
 */
export async function noteTouchedGroups(
  client: ClientBase,
  load: { readonly facts: string; readonly sameKey: string; readonly differs: string; readonly hasGone: boolean },
  rollUp: RollUp,
  timeZone: string,
): Promise<number> {
  const group = (row: string) => `${row}.campaign_id, ${row}.channel_id, ${rollUp.day(timeZone, row)}`;
  const ofGone = `UNION SELECT ${group('t')} FROM gone s JOIN ${load.facts} t ON ${load.sameKey} WHERE t.campaign_id IS NOT NULL`;
  const { rowCount } = await client.query(`CREATE TEMP TABLE touched ON COMMIT DROP AS
    SELECT DISTINCT version.*
      FROM stage s
      LEFT JOIN ${load.facts} t ON ${load.sameKey}
      CROSS JOIN LATERAL (VALUES (${group('s')}), (${group('t')})) AS version (${GROUP})
     WHERE ${load.differs} AND version.campaign_id IS NOT NULL
    ${load.hasGone ? ofGone : ''}`);
  await client.query('ANALYZE touched');
  return rowCount ?? 0;
}

/** Computes the groups of `touched` anew. To be called after the load changed the facts. */
export async function refreshTouchedGroups(client: ClientBase, facts: string, rollUp: RollUp, timeZone: string): Promise<void> {
  await client.query(
    `DELETE FROM ${rollUp.table} r USING touched g WHERE (r.campaign_id, r.channel_id, r.day) = (g.campaign_id, g.channel_id, g.day)`,
  );
  await client.query(`${insertInto(rollUp)}
    SELECT g.campaign_id, g.channel_id, g.day, ${Object.values(rollUp.totals).join(', ')}
      FROM touched g
      JOIN ${facts} f ON f.campaign_id = g.campaign_id AND f.channel_id = g.channel_id AND ${rollUp.ofDay(timeZone)}
     WHERE ${rollUp.counts}
     GROUP BY 1, 2, 3`);
}

function insertInto(rollUp: RollUp): string {
  return `INSERT INTO ${rollUp.table} (${GROUP}, ${Object.keys(rollUp.totals).join(', ')})`;
}
